"""Dot products in loops become calls of BLAS, a block of the outer loop's steps at a time.

    for i:                                   for blocks of i:
        for j:                                   P = X[block, :] @ Y            (gemm)
            s += sum over k of X[i, k]*Y[k, j]   for i in block: for j: s += P[i, j]

    for i:                                   for blocks of i:
        s += sum over k < i of L[i, k]*x[k]      P = L[block, :first] @ x[:first]   (gemv)
        x[i] = f(s)                              for i in block:
                                                     s += P[i] + sum over k in [first, i) of ...
                                                     x[i] = f(s)

The terms of a sum come in another order.  Floats only: integers wrap around exactly, in loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import dim, minus, plus
from ...fxgraph.constants import lit, new_index
from ...fxgraph.graph import order_of, substitute
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import clip0, greatest, scaled
from .access import effects_of
from .blocks import BLOCK, blockable, blocks_of, final_before, if_large, outside_threads
from .interchange import moves
from .polynomial import expression, polynomial, slope
from .program import Alloc, Buffer, Fold, Library, Loop, Panel, Program, Statement, load, walk
from .strides import buffer_strides

#: Steps of a recurrence from which its far part is worth calls.
LONG = 256
BLAS = frozenset("fdFD")


def raise_products(program: Program) -> Program:
    """The program with matrix products in loops raised to gemm."""
    notes: list[str] = []
    if not any(dot_of(s) for s in walk(program.statements)):
        return program

    def change(loop: Loop) -> Statement | None:
        for at, s in enumerate(loop.body):
            made = _gemm(loop, at, s) if isinstance(s, Loop) else None
            if made is not None:
                notes.append(f"{loop.origin or loop.index.attr('name')}: a product, by blocks")
                return if_large(loop, made, program)
        return None

    block = outside_threads(program, change)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def raise_recurrences(program: Program) -> Program:
    """The program with the far part of triangular recurrences raised to gemv."""
    notes: list[str] = []
    if not any(dot_of(s) for s in walk(program.statements)):
        return program

    def change(loop: Loop) -> Statement | None:
        for at, s in enumerate(loop.body):
            made = _gemv(loop, at, s) if isinstance(s, Loop) else None
            if made is not None:
                notes.append(f"{loop.origin or loop.index.attr('name')}: a recurrence, by blocks")
                return if_large(loop, made, program, (), LONG)
        return None

    block = outside_threads(program, change)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


@dataclass(frozen=True)
class Dot:
    """for k: s += x * y, of two elements."""

    k: Node
    fold: Fold
    x: Node
    y: Node

    @property
    def trips(self) -> Node:
        return minus(self.k.attr("hi"), self.k.attr("lo"))


def dot_of(s: Statement) -> Dot | None:
    """The statement as a dot product."""
    if not isinstance(s, Loop) or len(s.body) != 1 or s.index.attr("step") != 1:
        return None
    fold = s.body[0]
    if not isinstance(fold, Fold) or fold.op.name != "reduce_sum":
        return None
    value = fold.value
    if value.op.name not in ("multiply", "fused_multiply") or value.dtype.char not in BLAS:
        return None
    x, y = value.inputs
    if x.op.name != "load" or y.op.name != "load" or x.dtype != y.dtype != fold.local.dtype:
        return None
    if any(m.op.name in ("load", "local") for m in order_of((*x.inputs, *y.inputs))):
        return None
    return Dot(s.index, fold, x, y)


def flat(element: Node) -> Node:
    """Where an element stands in its buffer."""
    total = lit(0)
    for i, s in zip(element.inputs, buffer_strides(element.attr("buffer")), strict=True):
        total = plus(total, scaled(i, s))
    return total


def steps(element: Node, *counters: Node) -> tuple[Node, ...] | None:
    """How far the element moves with each counter; None where that is not a constant distance."""
    out = []
    for c in counters:
        found = slope(flat(element), c)
        if found is None or any(d in order_of((found[0],)) for d in counters):
            return None
        out.append(found[0])
    return tuple(out)


def panel(
    element: Node, begin: dict[Node, Node], shape: Sequence[Node], strides: Sequence[Node]
) -> Panel:
    """The window of an element's buffer that starts where the counters `begin`."""
    (offset,) = substitute((flat(element),), begin)
    offset = expression(polynomial(offset))
    return Panel(element.attr("buffer"), offset, tuple(map(dim, shape)), tuple(map(dim, strides)))


# ---- matrix products ----------------------------------------------------------------------------
def _gemm(loop: Loop, at: int, inner: Loop) -> Loop | None:
    """for i: for j: dot -> blocks, or None."""
    i, j = loop.index, inner.index
    found = next(((n, d) for n, s in enumerate(inner.body) if (d := dot_of(s))), None)
    if found is None or not blockable(loop) or j.attr("step") != 1:
        return None
    position, dot = found
    if not _still(dot.k, i) or not _still(dot.k, j):
        return None
    for x, y in ((dot.x, dot.y), (dot.y, dot.x)):
        sx, sy = steps(x, i, j, dot.k), steps(y, i, j, dot.k)
        if sx is None or sy is None:
            return None
        zero = lit(0)
        if sx[1] is zero and sy[0] is zero and zero not in (sx[0], sy[1], sx[2], sy[2]):
            break
    else:
        return None
    lo, hi = (moves(j.attr(k), i) for k in ("lo", "hi"))
    if "otherwise" in (lo, hi) or (lo, hi) == ("along", "along") or _varies(loop, dot, inner):
        return None
    if not final_before(loop, (x, y), ((j, None), (dot.k, None))):
        return None
    b = blocks_of(loop)
    left = b.begin(j.attr("lo"))  # for a triangle: what some step of the block needs
    right = j.attr("hi")
    if hi == "along":
        right = plus(plus(b.first, minus(b.count, lit(1))), minus(right, i))
    width = clip0(minus(right, left))
    rows = Buffer("block", dot.fold.local.dtype, (BLOCK, dim(width)), "temporary")
    begin = {i: b.first, j: left, dot.k: dot.k.attr("lo")}
    depth = clip0(dot.trips)
    out = Panel(rows, lit(0), (dim(b.count), dim(width)), (dim(width), 1))
    call = Library(
        "gemm",
        (out,),
        (panel(x, begin, (b.count, depth), (sx[0], sx[2])),
         panel(y, begin, (depth, width), (sy[2], sy[1]))),
        origin=inner.body[position].origin or loop.origin,  # type: ignore[union-attr]
    )  # fmt: skip
    term = Fold(dot.fold.local, dot.fold.op, load(rows, (b.row(), minus(j, left))))
    body = (*inner.body[:position], term, *inner.body[position + 1 :])
    steps_of = (*loop.body[:at], replace(inner, body=body), *loop.body[at + 1 :])
    made = b.around((Alloc(rows), call), b.moved(steps_of))
    return made


def _still(k: Node, i: Node) -> bool:
    return moves(k.attr("lo"), i) == moves(k.attr("hi"), i) == "still"


def _varies(loop: Loop, dot: Dot, inner: Loop) -> bool:
    """Do the bounds read what the loop sets?"""
    bounds = [n.attr(k) for n in (dot.k, inner.index) for k in ("lo", "hi")]
    return bool(effects_of(loop.body).sets & set(order_of(bounds)))


# ---- triangular recurrences ---------------------------------------------------------------------
def _gemv(loop: Loop, at: int, inner: Loop) -> Loop | None:
    """for i: sum over k < i + c -> blocks, or None."""
    i = loop.index
    dot = dot_of(inner)
    if dot is None or not blockable(loop):
        return None
    k = dot.k
    if moves(k.attr("lo"), i) != "still" or moves(k.attr("hi"), i) != "along":
        return None
    reach = minus(k.attr("hi"), i)
    for m, x in ((dot.x, dot.y), (dot.y, dot.x)):
        sm, sx = steps(m, i, k), steps(x, i, k)
        if sm is None or sx is None:
            return None
        if sx[0] is lit(0) and lit(0) not in (*sm, sx[1]):
            break
    else:
        return None
    if effects_of(loop.body).sets & set(order_of((k.attr("lo"), k.attr("hi")))):
        return None
    if not final_before(loop, (m, x), ((k, reach),)):
        return None
    b = blocks_of(loop)
    rows = Buffer("block", dot.fold.local.dtype, (BLOCK,), "temporary")
    far = plus(b.first, reach)
    depth = clip0(minus(far, k.attr("lo")))
    begin = {i: b.first, k: k.attr("lo")}
    call = Library(
        "gemv",
        (Panel(rows, lit(0), (dim(b.count),), (1,)),),
        (panel(m, begin, (b.count, depth), sm), panel(x, begin, (depth,), sx[1:])),
        origin=inner.origin or loop.origin,
    )
    near = new_index(greatest(k.attr("lo"), far), k.attr("hi"), 1, k.attr("name"))
    (value,) = substitute((dot.fold.value,), {k: near})
    terms = (
        Fold(dot.fold.local, dot.fold.op, load(rows, (b.row(),))),
        Loop(near, (replace(dot.fold, value=value),), origin=inner.origin),
    )
    body = b.moved((*loop.body[:at], *terms, *loop.body[at + 1 :]))
    return b.around((Alloc(rows), call), body)
