"""Values of a function's variables, by name and line, for one call; each step of a loop apart.

A node belongs to a variable when the user's line assigns the expression that the node came from.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..fxgraph.node import Node, Origin, origin
from ..fxgraph.types import TensorType
from ..trace.convert.quiet import parsed
from ..trace.interpreted import run
from ..trace.plan import Trace
from .inputs import fresh


@dataclass(frozen=True)
class Value:
    """What was assigned to `name` at `line`; `step` counts the times the line was reached."""

    name: str
    line: int
    step: int
    value: Any

    def __str__(self) -> str:
        text = np.array2string(np.asarray(self.value), threshold=8, precision=6)
        return f"line {self.line}, step {self.step}: {self.name} = {text}"


@dataclass(frozen=True)
class Values:
    """All assignments that were computed, in the order in which they happened."""

    rows: tuple[Value, ...]

    def __getitem__(self, name: str) -> Any:
        """The last value of a variable.  Raises KeyError for one that was not computed."""
        found = [r.value for r in self.rows if r.name == name]
        if not found:
            raise KeyError(f"no value of {name!r} was computed; there are {', '.join(self.names)}")
        return found[-1]

    def steps(self, name: str, line: int | None = None) -> list[Any]:
        """Every value of a variable, step by step (those of one line, if given)."""
        return [r.value for r in self.rows if r.name == name and line in (None, r.line)]

    @property
    def names(self) -> list[str]:
        return sorted({r.name for r in self.rows})

    def __str__(self) -> str:
        return "\n".join(map(str, self.rows))


@dataclass(frozen=True)
class Seen:
    """One operation of a run, as callbacks get it: with its `value` after it, with the values of
    its `operands` before it (those that its own bodies do not compute)."""

    op: str
    value: Any
    origin: Origin | None
    name: str
    operands: tuple[Any, ...] = ()


def values_of(trace: Trace, leaves: Sequence[Any]) -> Values:
    """Run the trace on copies of the arguments and note what each line assigns.

    What the answer and the checks do not need is not computed.  Raises what the function raises.
    """
    rows: list[tuple[Node, str, int, Any]] = []

    def watch(n: Node, value: Any) -> None:
        where = origin.get(n)
        name = variable(where) if where is not None else ""
        if name and where is not None and isinstance(n.type, TensorType):
            if rows and rows[-1][1:3] == (name, where.line) and rows[-1][0] in n.inputs:
                rows.pop()  # the last node of an expression has its value
            rows.append((n, name, where.line, value))

    with np.errstate(all="ignore"):
        run(trace, fresh(leaves), watch)
    steps: dict[Any, int] = {}
    out = []
    for n, name, line, value in rows:
        step = steps[n] = steps.get(n, -1) + 1
        out.append(Value(name, line, step, np.array(value)[()]))
    return Values(tuple(out))


Callback = Callable[[Seen], None]


def monitored(
    trace: Trace, leaves: Sequence[Any], after: Callback | None, before: Callback | None = None
) -> Any:
    """The answer of a run on copies of the arguments, with callbacks around each operation, inside
    loops too; they may raise to stop."""
    return run(trace, fresh(leaves), Watch(after, before))


class Watch:
    """What the interpreter calls."""

    def __init__(self, after: Callback | None, before: Callback | None) -> None:
        self._after, self._before = after, before

    def __call__(self, n: Node, value: Any) -> None:
        if self._after is not None and _is_operation(n):
            where = origin.get(n)
            self._after(Seen(n.op.name, value, where, variable(where) if where else ""))

    def before(self, n: Node, operands: tuple[Any, ...]) -> None:
        if self._before is not None and _is_operation(n):
            where = origin.get(n)
            name = variable(where) if where else ""
            self._before(Seen(n.op.name, None, where, name, operands))


def _is_operation(n: Node) -> bool:
    return isinstance(n.type, TensorType) and n.op.name not in ("constant", "token")


def variable(where: Origin) -> str:
    """The variable that the user's line assigns this expression to, or ""."""
    return where.name or _assigned(where.file, where.line).get(_squeezed(where.expression), "")


@functools.lru_cache(4096)
def _assigned(file: str, line: int) -> dict[str, str]:
    """Expression -> variable, for the statement on a line."""
    text = linecache.getline(file, line).strip()
    try:
        tree = parsed(text)
    except SyntaxError:
        return {}
    found: dict[str, str] = {}
    for s in ast.walk(tree):
        if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name):
            name = s.targets[0].id
            found[_squeezed(ast.get_source_segment(text, s.value) or "")] = name
        elif isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Name):
            name = s.target.id
            found[_squeezed(ast.get_source_segment(text, s) or "")] = name
        else:
            continue
        found[_squeezed(text)] = name
    return found


def _squeezed(text: str) -> str:
    return "".join(text.split())
