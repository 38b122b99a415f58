"""side * side chunks of a loop's steps, and what stands before each: the sums of those before it.

Chunks are counted by two numbers, so that the sums of one side's chunks are made at once and only
`side` sums are left for a single thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import const, lit, new_index
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.scalar import ceil_quotient, least
from ...fxgraph.types import Shape, TensorType
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Buffer,
    Loop,
    Statement,
    Store,
    load,
    new_local,
)
from ..scalar_code import code
from .batches import fresh

_IDENTITY = {"add": 0, "multiply": 1}


def span(loop: Loop) -> Node:
    """The number of steps."""
    return minus(loop.index.attr("hi"), loop.index.attr("lo"))


def long(loop: Loop, limit: int) -> Node:
    """Has the loop so many steps?"""
    return make(op_named("greater_equal"), (span(loop), lit(limit)))


def steps_of(loop: Loop, chunk: Node, count: int) -> Node:
    """The counter of the steps of one of `count` chunks."""
    length = ceil_quotient(span(loop), count)
    start = plus(loop.index.attr("lo"), make(op_named("multiply"), (chunk, length), _WEAK))
    end = least(plus(start, length), loop.index.attr("hi"))
    return new_index(start, end, 1, str(loop.index.attr("name")))


_WEAK = (("weak", True),)


def ends_of(counters: Iterable[Node]) -> Shape:
    """Where counters from 0 on end, as sizes."""
    ends = [x.attr("hi") for x in counters]
    return tuple(int(e.attr("bits").array()) if e.op.name == "constant" else e for e in ends)


def area(counters: Iterable[Node]) -> Node:
    """The number of steps of loops in each other, from 0 on."""
    out = lit(1)
    for d in ends_of(counters):
        out = make(op_named("multiply"), (out, size_node(d)), _WEAK)
    return out


@dataclass(frozen=True)
class Chunks:
    """A loop in side * side chunks."""

    loop: Loop
    side: int

    def each(self, body: Callable[[tuple[Node, Node], Node], Sequence[Statement]]) -> Loop:
        """All chunks at once: the body is made of a chunk's two numbers and its steps' counter."""
        row, column = (new_index(lit(0), lit(self.side), 1, n) for n in ("row", "chunk"))
        number = plus(make(op_named("multiply"), (row, lit(self.side)), _WEAK), column)
        step = steps_of(self.loop, number, self.side**2)
        inner = Loop(column, tuple(body((row, column), step)), True, origin=self.loop.origin)
        (made,) = fresh((Loop(row, (inner,), True, origin=self.loop.origin),))
        assert isinstance(made, Loop)
        return made

    def holds(self, row: Node, column: Node) -> Node:
        """Has this chunk any steps?"""
        number = plus(make(op_named("multiply"), (row, lit(self.side)), _WEAK), column)
        step = steps_of(self.loop, number, self.side**2)
        return make(op_named("less"), (step.attr("lo"), self.loop.index.attr("hi")))

    def buffer(self, name: str, dtype: np.dtype[Any], rank: int = 2) -> Buffer:
        return Buffer(name, dtype, (self.side,) * rank, "temporary")

    def before(
        self, name: str, part: Buffer, total: Node, start: Node
    ) -> tuple[list[Statement], Callable[[tuple[Node, Node]], Node]]:
        """(what joins the chunks' parts to `total`, what that was before a chunk).

        name: of the op that joins; start: the value that changes nothing.
        """
        inner, ends = self.buffer("inner", part.dtype), self.buffer("ends", part.dtype, 1)
        outer = self.buffer("outer", part.dtype, 1)
        row, k, g = (new_index(lit(0), lit(self.side), 1, n) for n in ("row", "chunk", "row"))
        here, upto = new_local("p", TensorType(part.dtype)), new_local("p", TensorType(part.dtype))
        rows = Loop(
            row,
            (
                Assign(here, start),
                Loop(k, (
                    Store(inner, (row, k), here),
                    Assign(here, join(name, here, load(part, (row, k)))),
                )),
                Store(ends, (row,), here),
            ),
            True,
            origin=self.loop.origin,
        )  # fmt: skip
        last = Loop(
            g,
            (
                Assign(upto, load(ends, (g,))),
                Store(outer, (g,), total),
                Assign(total, join(name, total, upto)),
            ),
            origin=self.loop.origin,
        )

        def value(chunk: tuple[Node, Node]) -> Node:
            return join(name, load(outer, chunk[:1]), load(inner, chunk))

        return [Alloc(inner), Alloc(ends), rows, Alloc(outer), last], value


def start_of(name: str, dtype: np.dtype[Any]) -> Node | None:
    """What changes nothing."""
    if code(dtype) == "f2":
        return None
    if name in _IDENTITY:
        return const(_IDENTITY[name], dtype)
    if dtype.kind == "f" and name in ("maximum", "minimum"):
        return const(float("-inf") if name == "maximum" else float("inf"), dtype)
    return None


def join(name: str, a: Node, b: Node) -> Node:
    return make(op_named(name), (a, b))
