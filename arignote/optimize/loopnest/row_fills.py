"""Zeros of a matrix whose rows a loop writes in part go where the rest of each row is written.

    out = zeros                                for i: out[i, i:] = 0
    for i: for j < i: out[i, j] = e      ->           for j < i: out[i, j] = e

What fills the matrix first and overwrites half of it moves its memory one and a half times, and
takes out of the cache what the loop reads: gradients of triangular solvers are such loops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import const, is_const, lit, new_index, value_of
from ...fxgraph.node import Node
from ...fxgraph.prove import ge0
from .access import effects_of, root
from .dependence import offset_from
from .program import (
    Alloc,
    Break,
    Buffer,
    Loop,
    Point,
    Program,
    Statement,
    Store,
    children,
    walk,
    with_children,
)

#: A matrix of fewer bytes stays in the second cache, where filling it costs next to nothing.
SMALL = 2**20

Range = tuple[Node, Node]


def row_fills(program: Program) -> Program:
    """The program with zeros of rows next to what else is written into them."""
    whole = program.statements
    if not any(isinstance(s, Alloc) and s.zero and _is_matrix(s.buffer) for s in walk(whole)):
        return program
    if any(isinstance(s, Point) for s in walk(whole)):
        return program
    block = _block(whole)
    return program if block == whole else replace(program, statements=block)


def _is_matrix(b: Buffer) -> bool:
    if len(b.shape) != 2 or b.base is not None or b.strides is not None or not b.restrict:
        return False
    sizes = [d for d in b.shape if isinstance(d, int)]
    return len(sizes) < 2 or math.prod(sizes) * b.dtype.itemsize >= SMALL


def _block(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        inner = tuple(_block(c) for c in children(s))
        out.append(s if inner == children(s) else with_children(s, inner))
    for at, s in enumerate(out):
        if not isinstance(s, Alloc) or not s.zero or not _is_matrix(s.buffer):
            continue
        b = s.buffer
        users = [k for k, x in enumerate(out) if k != at and b in effects_of((x,)).touches]
        loop = out[users[0]] if len(users) == 1 else None
        if not isinstance(loop, Loop) or users[0] < at:
            continue
        rest = _rest(loop, b)
        if rest is not None:
            out[at] = replace(s, zero=False)
            out[users[0]] = replace(loop, body=(_zeros(loop, b, rest), *loop.body))
    return tuple(out)


def _rest(loop: Loop, b: Buffer) -> Range | None:
    """The part of each row that the loop, which passes every row once, leaves alone."""
    if not _every_row(loop, b) or any(isinstance(s, Break) for s in walk(loop.body)):
        return None
    for a in effects_of(loop.body).at[b]:
        if a.buffer is not b or a.index is None or not a.write or a.accumulate:
            return None
        if a.index[0] is not loop.index:
            return None
    written = [r for s in loop.body if b in effects_of((s,)).touches for r in _ranges(s, b)]
    low, high = lit(0), size_node(b.shape[1])
    while (met := next((r for r in written if r[0] is low), None)) and _grows(*met):
        low = met[1]
        written.remove(met)
    while (met := next((r for r in written if r[1] is high), None)) and _grows(*met):
        high = met[0]
        written.remove(met)
    nothing = low is lit(0) and high is size_node(b.shape[1])
    return None if nothing or not ge0(minus(high, low)) else (low, high)


def _grows(low: Node, high: Node) -> bool:
    return low is not high and ge0(minus(high, low))


def _every_row(loop: Loop, b: Buffer) -> bool:
    lo, hi, step = (loop.index.attr(x) for x in ("lo", "hi", "step"))
    if step == -1:
        lo, hi = plus(hi, lit(1)), plus(lo, lit(1))
    rows = size_node(b.shape[0])
    return step in (1, -1) and is_const(lo) and int(value_of(lo)) == 0 and hi is rows


def _ranges(s: Statement, b: Buffer) -> Sequence[Range]:
    """Which elements of the row a statement of the loop writes in any case, as far as is plain."""
    if isinstance(s, Store):
        return [(s.index[1], plus(s.index[1], lit(1)))] if s.buffer is b else ()
    if not isinstance(s, Loop) or s.index.attr("step") != 1:
        return ()
    lo, hi = s.index.attr("lo"), s.index.attr("hi")
    found = []
    for x in s.body:
        if isinstance(x, Store) and root(x.buffer) is b:
            offset = offset_from(x.index[1], s.index)
            if offset is not None:
                found.append((plus(lo, offset), plus(hi, offset)))
    return found


def _zeros(loop: Loop, b: Buffer, rest: Range) -> Loop:
    j = new_index(*rest, name="j")
    return Loop(j, (Store(b, (loop.index, j), const(0, b.dtype)),), origin=loop.origin)
