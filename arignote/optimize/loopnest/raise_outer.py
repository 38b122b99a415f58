"""Sums of outer products in loops become calls of gemm.

    for i: for j:                                       C += X' @ Y   (gemm), where the rows of X
        for k: for l: C[k, l] += X[i, j, k] * Y[i, j, l]   and of Y lie evenly in memory

Such are the adjoints of matrices that a loop multiplies with.  What else the steps do stays in the
loop, which neither writes X and Y nor touches C.  The terms of a sum come in another order: floats
only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import minus
from ...fxgraph.constants import is_const, lit, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make
from ...fxgraph.ops.elementwise import less
from ...fxgraph.ops.scalar import clip0, product, scaled
from .access import effects_of, overlap, root
from .blocks import LARGE, blockable, for_threads
from .polynomial import same
from .program import (
    If,
    Library,
    Loop,
    Program,
    Statement,
    Store,
    While,
    children,
    load,
    with_children,
)
from .raise_blas import BLAS, panel, steps


def raise_outer(program: Program) -> Program:
    """The program with sums of outer products raised to gemm."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Loop) and (parts := _parts(s)) is not None:
            notes.append(f"{s.origin or s.index.attr('name')}: its outer products are one product")
            rest, call = parts
            out += [*rest, call]
        elif isinstance(s, If | While) or (isinstance(s, Loop) and not for_threads(s, block)):
            out.append(with_children(s, tuple(_block(c, notes) for c in children(s))))
        else:
            out.append(s)
    return tuple(out)


@dataclass(frozen=True)
class _Outer:
    """for k: for l: c += x[k] * y[l], in loops over `around`."""

    around: tuple[Loop, ...]
    rows: Loop
    columns: Loop
    c: Node
    x: Node
    y: Node


def _parts(loop: Loop) -> tuple[tuple[Loop, ...], Statement] | None:
    """The loop without its outer products, and their sum; None where there are none."""
    found = _found(loop)
    if found is None or not _apart(found):
        return None
    call = _call(found)
    if call is None:
        return None
    work = product([clip0(_trips(s)) for s in (*found.around, found.rows, found.columns)])
    alone = _with(found.around, found.rows)
    chosen: Statement = If(make(less, (work, lit(LARGE))), (alone,), (call,), found.rows.origin)
    if is_const(work):
        if int(value_of(work)) < LARGE:
            return None
        chosen = call
    return _without(found.around, found.rows), chosen


def _found(loop: Loop) -> _Outer | None:
    """The first outer product that is added up in the loop, or in one that is inside of it."""
    around: tuple[Loop, ...] = (loop,)
    while around[-1].index.attr("step") == 1:
        inside = [s for s in around[-1].body if isinstance(s, Loop)]
        for s in inside:
            if (added := _added(s)) is not None:
                return _Outer(around, s, *added)
        if len(inside) != 1:
            return None
        around += (inside[0],)
    return None


def _added(rows: Loop) -> tuple[Loop, Node, Node, Node] | None:
    """for k: for l: c[k, l] += x[k] * y[l]: the inner loop, c, x and y."""
    columns = rows.body[0] if len(rows.body) == 1 else None
    if not isinstance(columns, Loop) or len(columns.body) != 1:
        return None
    s = columns.body[0]
    if not isinstance(s, Store) or s.buffer.dtype.char not in BLAS:
        return None
    value = s.value
    c = load(s.buffer, s.index)
    if not s.accumulate:
        if value.op.name != "add" or c not in value.inputs:
            return None
        value = value.inputs[1] if value.inputs[0] is c else value.inputs[0]
    if value.op.name != "multiply" or any(m.op.name != "load" for m in value.inputs):
        return None
    if any(m.dtype != s.buffer.dtype for m in value.inputs):
        return None
    x, y = value.inputs
    if rows.index in order_of((y,)):
        x, y = y, x
    indices = (*c.inputs, *x.inputs, *y.inputs)
    if any(m.op.name in ("load", "local") for m in order_of(indices)):
        return None
    return columns, c, x, y


def _apart(o: _Outer) -> bool:
    """May the outer products follow the loop?  Their factors stay; nothing else sees the sum."""
    bounds = [s.index.attr(k) for s in (*o.around[1:], o.rows, o.columns) for k in ("lo", "hi")]
    counters = {s.index for s in (*o.around, o.rows, o.columns)}
    if any(m in counters or m.op.name in ("load", "local") for m in order_of(bounds)):
        return False
    facts = effects_of(s for r in _without(o.around, o.rows) for s in r.body)
    target = o.c.attr("buffer")
    factors = [m.attr("buffer") for m in (o.x, o.y)]
    if facts.barrier or facts.checks or not blockable(o.around[0]):
        return False
    if any(overlap(b, target) for b in (*factors, *(a.buffer for a in facts.accesses))):
        return False
    if not facts.allocates.isdisjoint(map(root, factors)):
        return False
    return not any(a.write and overlap(a.buffer, b) for a in facts.accesses for b in factors)


def _call(o: _Outer) -> Library | None:
    """The product; None where elements do not lie evenly."""
    around = [s.index for s in o.around]
    k, j = o.rows.index, o.columns.index
    sc = steps(o.c, k, j, *around)
    sx, sy = steps(o.x, k, j, *around), steps(o.y, k, j, *around)
    zero = lit(0)
    if sc is None or sx is None or sy is None or any(d is not zero for d in sc[2:]):
        return None
    if sx[1] is not zero or sy[0] is not zero or zero in (*sc[:2], sx[0], sy[1]):
        return None
    trips = [_trips(s) for s in o.around]
    for d in (sx[2:], sy[2:]):
        if zero in d:
            return None
        if not all(same(d[n], scaled(trips[n + 1], d[n + 1])) for n in range(len(d) - 1)):
            return None
    begin = {i: i.attr("lo") for i in (*around, k, j)}
    depth, rows, columns = product(trips), _trips(o.rows), _trips(o.columns)
    out = panel(o.c, begin, (rows, columns), sc[:2])
    left = panel(o.x, begin, (rows, depth), (sx[0], sx[-1]))
    right = panel(o.y, begin, (depth, columns), (sy[-1], sy[1]))
    return Library("gemm", (out,), (left, right), (("beta", 1),), origin=o.rows.origin)


def _trips(s: Loop) -> Node:
    return minus(s.index.attr("hi"), s.index.attr("lo"))


def _with(around: Sequence[Loop], inner: Loop) -> Loop:
    for s in reversed(around):
        inner = replace(s, body=(inner,))
    return inner


def _without(around: Sequence[Loop], gone: Statement) -> tuple[Loop, ...]:
    """The loops without a statement of the innermost one; none where that was all."""
    made: tuple[Loop, ...] = ()
    for s in reversed(around):
        body = tuple(y for x in s.body for y in (made if x is gone else (x,)))
        made, gone = ((replace(s, body=body),) if body else ()), s
    return made
