"""Graphs as text a person can read: one line a node, the user's line beside it."""

from __future__ import annotations

from typing import Any

from .constants import Bits, constant, is_const, proj
from .graph import Body, Graph, bodies, order_of
from .node import Node, Origin, origin
from .prove import is_token
from .types import TensorType
from .window import window_of

_HIDDEN = ("constant", "token", "affine")


def graph_text(graph: Graph) -> str:
    """The graph as an indented listing, bodies of loops and branches included."""
    printer = _Printer()
    args = ", ".join(f"{printer.leaf(n)}: {n.type}" for n in graph.inputs)
    printer.put(f"graph {graph.name}({args}):")
    printer.block(graph.roots, ())
    for g in graph.guards:
        printer.put(f"  guard {printer.name(g)} >= 0")
    printer.put(f"  return {', '.join(printer.name(o) for o in graph.outputs)}")
    return "\n".join(printer.lines)


def call_text(n: Node) -> str:
    """The op with its attributes and constant operands; other operands are dots."""
    printer = _Printer()
    for x in (*n.inputs, *order_of(n.inputs)):
        if not is_const(x):
            printer.names[x] = "·"
    return n.op.name if "body" in n.op.traits else printer.call(n)


class _Printer:
    """Names nodes as it meets them."""

    def __init__(self) -> None:
        self.names: dict[Node, str] = {}
        self.lines: list[str] = []
        self.depth = 1
        self.taken: set[str] = set()
        self.line: tuple[str, int] | None = None

    def put(self, text: str) -> None:
        self.lines.append(text)

    def leaf(self, n: Node) -> str:
        if n not in self.names:
            base = str(dict(n.attrs).get("name", n.op.name))
            name, k = base, 1
            while name in self.taken:
                k += 1
                name = f"{base}_{k}"
            self.taken.add(name)
            self.names[n] = name
        return self.names[n]

    def name(self, n: Node) -> str:
        if is_const(n):
            bits: Bits = n.attr("bits")
            return ("~" if n.type.weak else "") + str(bits)
        if n.op.name == "affine":
            return self.affine(n)
        if n.op.name in ("input", "param", "index", "token"):
            return self.leaf(n)
        if n not in self.names:
            self.names[n] = f"%{len(self.names)}"
        return self.names[n]

    def affine(self, n: Node) -> str:
        parts = []
        for x, k in zip(n.inputs, n.attr("coefs"), strict=True):
            parts.append(self.name(x) if k == 1 else f"{k}*{self.name(x)}")
        const = n.attr("const")
        return f"({' + '.join([*parts, *([str(const)] if const else [])])})".replace("+ -", "- ")

    def block(self, roots: tuple[Node, ...], outside: tuple[Node, ...]) -> None:
        """List what is not listed yet under `roots`."""
        shown = set(self.names)
        for n in order_of(roots, stop=lambda n: n in shown and n.op.name not in ("input",)):
            if n.op.name in _HIDDEN or n.op.name in ("input", "param", "index"):
                continue
            self.node(n)

    def node(self, n: Node) -> None:
        pad = "  " * self.depth
        text = f"{pad}{self.name(n)} = {self.call(n)}"
        where = origin.get(n)
        note = self.note(where)
        t = n.type if isinstance(n.type, TensorType) else "(" + ", ".join(map(str, n.type)) + ")"
        self.put(f"{text} : {t}{note}")
        for body in bodies(n):
            self.body(body)

    def note(self, where: Origin | None) -> str:
        if where is None or (where.file, where.line) == self.line:
            return ""
        self.line = (where.file, where.line)
        return f"    # {where.file.rsplit('/', 1)[-1]}:{where.line}  {where.expression}"

    def call(self, n: Node) -> str:
        if n.op.name in ("view", "set_item", "add_at"):
            return self.windowed(n)
        args = [self.name(x) for x in n.inputs if not is_token(x)]
        for k, v in n.attrs:
            if k != "bodies":
                args.append(f"{k}={self.value(v)}")
        if n.op is proj:
            return f"{args[0]}[{n.attr('k')}]"
        return f"{n.op.name}({', '.join(args)})"

    def value(self, v: Any) -> str:
        if isinstance(v, Node):
            return self.name(v)
        if isinstance(v, tuple):
            return "(" + ", ".join(self.value(x) for x in v) + ("," if len(v) == 1 else "") + ")"
        return str(v)

    def windowed(self, n: Node) -> str:
        w = window_of(n)
        axes = []
        for start, step, axis in zip(w.starts, w.steps, w.axes, strict=True):
            at = self.name(start)
            axes.append(at if axis < 0 else f"{at}+{'' if step == 1 else f'{step}*'}r{axis}")
        text = f"{self.name(n.inputs[0])}[{', '.join(axes)}]"
        if n.op.name == "view":
            return f"view {text}"
        sign = "=" if n.op.name == "set_item" else "+="
        return f"{n.op.name} {text} {sign} {self.name(n.inputs[-1])}"

    def body(self, body: Body) -> None:
        pad = "  " * (self.depth + 1)
        head = []
        if body.index is not None:
            lo, hi, step = (body.index.attr(k) for k in ("lo", "hi", "step"))
            head.append(
                f"for {self.leaf(body.index)} in [{self.name(lo)}, {self.name(hi)}) by {step}"
            )
        head += [f"{self.leaf(p)}: {p.type}" for p in body.params]
        self.put(f"{pad}body ({', '.join(head)}):")
        self.depth += 2
        self.block(body.roots, ())
        inner = "  " * self.depth
        if body.cond is not None:
            self.put(f"{inner}while {self.name(body.cond)}")
        self.put(f"{inner}yield {', '.join(self.name(r) for r in (*body.results, *body.stacks))}")
        self.depth -= 2


__all__ = ["call_text", "constant", "graph_text"]
