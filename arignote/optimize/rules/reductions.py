"""Reductions of reductions, of filled and repeated arrays, and factors taken out of sums."""

from __future__ import annotations

import numpy as np

from ...fxgraph.affine import minus, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node, Op, make
from ...fxgraph.ops.elementwise import divide, multiply, negative
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from ...fxgraph.ops.scalar import product
from ...fxgraph.ops.shaping import squeeze
from ...fxgraph.ops.structure import full, full_op, reshape_op, view, view_op
from ...fxgraph.prove import ge0
from ...fxgraph.types import Size
from ...fxgraph.window import Window, window_of
from ..rule import rule

EXTREMES = (reduce_max, reduce_min)
LOGIC = (reduce_all, reduce_any)
#: Reductions that give the same bits in any order.
ORDERLESS = (*EXTREMES, *LOGIC)
#: Its sums overflow long before those of what was scaled down first.
HALF = np.dtype("f2")
_OPPOSITE = {reduce_max: reduce_min, reduce_min: reduce_max}


def reduced(op: Op, x: Node, axes: tuple[int, ...]) -> Node:
    return make(op, (x,), (("axes", axes),))


# ---- axes that do nothing ------------------------------------------------------------------------
@rule(reduce_sum, reduce_prod, *ORDERLESS, phase="useless", keeps="bits")
def reduce_nothing(n: Node) -> Node | None:
    """a reduction over no axes -> x (a sum of floats is not: NumPy adds 0.0, which loses -0.0)"""
    exact = n.op is not reduce_sum or n.dtype.kind in "biu"
    return n.inputs[0] if exact and not n.attr("axes") else None


@rule(reduce_sum, reduce_prod, *ORDERLESS, keeps="bits")
def reduce_ones(n: Node) -> Node | None:
    """a reduction over axes of length 1 -> those axes dropped"""
    x, axes = n.inputs[0], n.attr("axes")
    ones = tuple(k for k in axes if x.shape[k] == 1)
    if not ones:
        return None
    rest = tuple(k - sum(o < k for o in ones) for k in axes if k not in ones)
    y = squeeze(x, ones)
    return reduced(n.op, y, rest) if rest else y


# ---- reductions of reductions --------------------------------------------------------------------
@rule(*ORDERLESS, keeps="bits", first=ORDERLESS)
def extreme_of_extreme(n: Node) -> Node | None:
    """max(max(x, axis=a), axis=b) -> max(x, axis=(a, b)); min, all and any alike"""
    return _joined(n)


@rule(reduce_sum, reduce_prod, keeps="reals", first=(reduce_sum, reduce_prod))
def sum_of_sum(n: Node) -> Node | None:
    """sum(sum(x, axis=a), axis=b) -> sum(x, axis=(a, b)); prod alike"""
    return _joined(n)


def _joined(n: Node) -> Node | None:
    inner = n.inputs[0]
    if inner.op is not n.op:
        return None
    x, gone = inner.inputs[0], inner.attr("axes")
    kept = [k for k in range(x.rank) if k not in gone]
    axes = tuple(sorted((*gone, *(kept[k] for k in n.attr("axes")))))
    return reduced(n.op, x, axes)


# ---- reductions of windows -----------------------------------------------------------------------
@rule(*ORDERLESS, keeps="bits", first=(view_op,))
def extreme_of_window(n: Node) -> Node | None:
    """max over repeated or permuted axes -> max of the array itself; min, all and any alike"""
    return _unwindowed(n, counts=False)


@rule(reduce_sum, keeps="reals", first=(view_op,))
def sum_of_window(n: Node) -> Node | None:
    """sum over repeated axes -> count * sum; sum over permuted axes -> sum of the array itself"""
    return _unwindowed(n, counts=True)


def _unwindowed(n: Node, counts: bool) -> Node | None:
    v = n.inputs[0]
    if v.op is not view_op:
        return None
    w, axes = window_of(v), set(n.attr("axes"))
    repeated = [a for a in w.repeated if a in axes]
    if any(not positive(w.shape[a]) for a in repeated):
        return None
    kept = [a for a in range(w.rank) if a not in repeated]
    smaller = Window(
        w.starts,
        w.steps,
        tuple(kept.index(a) if a >= 0 else -1 for a in w.axes),
        tuple(w.shape[a] for a in kept),
    )
    rest = tuple(kept.index(a) for a in sorted(axes) if a in kept)
    x = view(v.inputs[0], smaller)
    x, rest, changed = _unpermuted(x, rest)
    if not repeated and not changed:
        return None
    out = reduced(n.op, x, rest) if rest else x
    if counts and repeated:
        count = product([size_node(w.shape[a]) for a in repeated])
        out = multiply(out, cast_to(count, n.dtype))
    return out


def _unpermuted(x: Node, axes: tuple[int, ...]) -> tuple[Node, tuple[int, ...], bool]:
    """x before a permutation of its axes, and the axes there, if the others keep their order."""
    if x.op is not view_op:
        return x, axes, False
    w, base = window_of(x), x.inputs[0]
    straight = (
        base.rank == w.rank
        and sorted(w.axes) == list(range(w.rank))
        and all(s is lit(0) for s in w.starts)
        and all(t == 1 for t in w.steps)
        and all(size_node(w.shape[a]) is size_node(d) for a, d in zip(w.axes, base.shape))
    )
    kept = [a for a in w.axes if a not in axes]
    if not straight or kept != sorted(kept):
        return x, axes, False
    return base, tuple(k for k, a in enumerate(w.axes) if a in axes), True


def positive(d: Size) -> bool:
    """Is the size provably at least 1?"""
    return ge0(minus(size_node(d), lit(1)))


@rule(*ORDERLESS, keeps="bits", first=(reshape_op,))
def extreme_of_reshape(n: Node) -> Node | None:
    """max(reshape(x)) over all axes -> max(x); min, all and any alike"""
    return _unshaped(n)


@rule(reduce_sum, reduce_prod, keeps="reals", first=(reshape_op,))
def sum_of_reshape(n: Node) -> Node | None:
    """sum(reshape(x)) over all axes -> sum(x); prod alike"""
    return _unshaped(n)


def _unshaped(n: Node) -> Node | None:
    r = n.inputs[0]
    if r.op is not reshape_op or len(n.attr("axes")) != r.rank:
        return None
    return reduced(n.op, r.inputs[0], tuple(range(r.inputs[0].rank)))


# ---- reductions of fills -------------------------------------------------------------------------
@rule(*ORDERLESS, keeps="bits", first=(full_op,))
def extreme_of_fill(n: Node) -> Node | None:
    """max(full(v)) -> v, repeated to the result's shape; min, all and any alike"""
    f = n.inputs[0]
    if f.op is not full_op or not all(positive(f.shape[k]) for k in n.attr("axes")):
        return None
    v = f.inputs[0]
    return (full(v, n.shape) if n.rank else v) if v.dtype == n.dtype else None


@rule(reduce_sum, keeps="reals", kinds="iufc", first=(full_op,))
def sum_of_fill(n: Node) -> Node | None:
    """sum(full(v)) -> v * count, repeated to the result's shape"""
    f = n.inputs[0]
    if f.op is not full_op:
        return None
    count = product([size_node(f.shape[k]) for k in n.attr("axes")])
    v = multiply(f.inputs[0], cast_to(count, n.dtype))
    return full(v, n.shape) if n.rank else v


# ---- factors -------------------------------------------------------------------------------------
@rule(reduce_sum, phase="specialize", keeps="reals", kinds="fc", first=(multiply,))
def sum_of_scaled(n: Node) -> Node | None:
    """sum(c * x) -> c * sum(x) for a scalar c, but for float16, whose sums overflow"""
    scaled = n.inputs[0]
    if scaled.op is not multiply or n.dtype == HALF:
        return None
    for c, x in (scaled.inputs, scaled.inputs[::-1]):
        if not c.rank and x.type == scaled.type:
            return multiply(c, reduced(reduce_sum, x, n.attr("axes")))
    return None


@rule(reduce_sum, phase="specialize", keeps="reals", kinds="fc", first=(divide,))
def sum_of_quotient(n: Node) -> Node | None:
    """sum(x / c) -> sum(x) / c for a scalar c, but for float16"""
    quotient = n.inputs[0]
    if quotient.op is not divide or quotient.inputs[1].rank or n.dtype == HALF:
        return None
    x, c = quotient.inputs
    return divide(reduced(reduce_sum, x, n.attr("axes")), c)


@rule(reduce_sum, phase="specialize", keeps="reals", kinds="fc", first=(negative,))
def sum_of_negative(n: Node) -> Node | None:
    """sum(-x) -> -sum(x)"""
    inner = n.inputs[0]
    if inner.op is not negative:
        return None
    return negative(reduced(reduce_sum, inner.inputs[0], n.attr("axes")))


@rule(negative, keeps="bits", kinds="f", first=EXTREMES)
def negative_extreme(n: Node) -> Node | None:
    """-max(-x) -> min(x); -min(-x) -> max(x)"""
    extreme = n.inputs[0]
    opposite = _OPPOSITE.get(extreme.op)
    if opposite is None or extreme.inputs[0].op is not negative:
        return None
    return reduced(opposite, extreme.inputs[0].inputs[0], extreme.attr("axes"))
