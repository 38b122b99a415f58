"""`debugprint`: graphs as trees, results at the root, as Theano printed them.

A node that is used again is printed once, and named by its id from then on.  Importing this module
also makes `print(graph)` and `print(program)` show their listings: the classes cannot import the
modules that print them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any, Literal

from ..fxgraph.constants import is_const
from ..fxgraph.graph import Body, Graph, bodies
from ..fxgraph.node import Node, origin
from ..fxgraph.prove import is_token
from ..fxgraph.text import graph_text
from ..optimize.loopnest.program import Program
from ..optimize.loopnest.program_text import program_text

Graph.__str__ = graph_text  # type: ignore[method-assign,assignment]
Graph.__repr__ = graph_text  # type: ignore[method-assign,assignment]
Program.__str__ = program_text  # type: ignore[method-assign,assignment]
Program.__repr__ = program_text  # type: ignore[method-assign,assignment]

#: Levels that are drawn with bars; deeper ones are numbered.
_BARS = 30


def debugprint(
    what: Any,
    *args: Any,
    depth: int | None = None,
    origins: bool = False,
    file: IO[str] | Literal["str"] | None = None,
    **kwargs: Any,
) -> str | None:
    """Print what computes a result as a tree: op, id and type of every node, operands below it.

    what: a compiled function, then arguments for it (without any: all it was traced for so far); a
    Graph; a node or a list of nodes.  depth: levels to print.  origins: the user's line beside each
    node.  file: where to, standard output by default; "str" returns the text.  Raises TypeError
    for anything else.
    """
    tree = _Tree(depth, origins)
    for title, roots in _roots(what, args, kwargs):
        if title:
            tree.lines.append(title)
        tree.roots(roots)
    text = "\n".join(tree.lines)
    if file == "str":
        return text
    print(text, file=file or sys.stdout)
    return None


def _roots(
    what: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[tuple[str, tuple[Node, ...]]]:
    if isinstance(what, Node):
        yield "", (what,)
    elif isinstance(what, Graph):
        yield "", what.roots
    elif callable(getattr(what, "trace_of", None)):  # a compiled function
        if args or kwargs:
            yield "", what.graph(*args, **kwargs).roots
        for trace in () if args or kwargs else what.traces:
            arguments = ", ".join(f"{n.attr('name')}: {n.type}" for n in trace.graph.inputs)
            yield f"{trace.name}({arguments})", trace.graph.roots
    elif isinstance(what, Iterable) and not isinstance(what, str | bytes):
        yield "", tuple(what)
    else:
        raise TypeError(
            f"debugprint takes a compiled function, a Graph or nodes, not {type(what).__name__}; "
            f"print a function that is not compiled through ag.compile(f)"
        )


class _Tree:
    def __init__(self, depth: int | None, origins: bool) -> None:
        self.lines: list[str] = []
        self.depth = depth
        self.origins = origins
        self.ids: dict[Node, str] = {}
        self.inner: list[Node] = []  # loops and branches whose bodies are still to be printed

    def roots(self, roots: Iterable[Node]) -> None:
        self.walk(roots)
        while self.inner:
            n = self.inner.pop(0)
            for k, body in enumerate(bodies(n)):
                self.lines.append("")
                self.lines.append(f"{n.op.name} [id {self.ids[n]}], body {k}: {self.head(body)}")
                self.walk(body.roots)

    def walk(self, roots: Iterable[Node]) -> None:
        stack = [(n, 0) for n in reversed(tuple(roots))]
        while stack:
            n, level = stack.pop()
            first = n not in self.ids
            self.lines.append(self.line(n, level, first))
            if not first or (self.depth is not None and level + 1 >= self.depth):
                continue
            if bodies(n):
                self.inner.append(n)
            stack.extend((x, level + 1) for x in reversed(n.inputs) if not is_token(x))

    def line(self, n: Node, level: int, first: bool) -> str:
        indent = " |" * level if level <= _BARS else " |" * _BARS + f" ({level})"
        if is_const(n):
            return f"{indent}{n.attr('bits')} <{n.type}>"
        if first:
            self.ids[n] = _letters(len(self.ids))
        text = f"{indent}{_named(n)} [id {self.ids[n]}]"
        if not first:
            return text + (" ..." if n.inputs else "")
        kind = n.type if not isinstance(n.type, tuple) else ", ".join(map(str, n.type))
        where = origin.get(n) if self.origins else None
        return f"{text} <{kind}>" + (f"    # {where}: {where.expression}" if where else "")

    def head(self, body: Body) -> str:
        names = [f"{_named(p)} <{p.type}>" for p in body.params]
        if body.index is not None:
            names.insert(0, f"counter {_named(body.index)}")
        return ", ".join(names) or "no state"


def _named(n: Node) -> str:
    """The op, with what makes this use of it special; leaves by name."""
    attrs = dict(n.attrs)
    if n.op.name in ("input", "param", "index"):
        return str(attrs.get("name", n.op.name))
    shown = {
        k: v
        for k, v in n.attrs
        if k in ("axes", "dtype", "k", "coefs", "const", "kind", "mode") and not _holds_nodes(v)
    }
    inside = ", ".join(f"{k}={v}" for k, v in shown.items())
    return f"{n.op.name}{{{inside}}}" if inside else n.op.name


def _holds_nodes(value: Any) -> bool:
    return isinstance(value, Node) or (
        isinstance(value, tuple) and any(isinstance(x, Node) for x in value)
    )


def _letters(k: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    text = ""
    k += 1
    while k:
        k, rest = divmod(k - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
