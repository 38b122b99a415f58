"""Derivatives of the reductions and running ops.

Imported with the package, after `reduce`: they are written in views and elementwise ops, which
themselves need reductions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..affine import dim
from ..constants import const
from ..node import Node, derivatives
from ..types import I64
from . import reduce as red
from .elementwise import add, divide, equal, multiply, where
from .family import cast_to
from .library import library
from .shaping import (
    concatenate,
    count,
    flip,
    last,
    move_axis,
    sliced,
    spread_axes,
    transpose,
    zeros,
)
from .structure import gather, iota, reshape, scatter_add

Tangents = Sequence[Node | None]
Cotangents = tuple[Node | None, ...]


# ---- sums and products ---------------------------------------------------------------------------
def _sum_vjp(g: Node, out: Node, x: Node, *, axes: tuple[int, ...]) -> Cotangents:
    return (spread_axes(g, x.shape, axes),)


def _sum_jvp(tangents: Tangents, out: Node, x: Node, *, axes: tuple[int, ...]) -> Node | None:
    t = tangents[0]
    return None if t is None else red.reduce_sum(t, axes=axes)


def _others(x: Node, axes: tuple[int, ...]) -> Node:
    """The product of all other elements along `axes`, for each element: right at zeros too."""
    order = [k for k in range(x.rank) if k not in axes] + list(axes)
    kept = x.rank - len(axes)
    turned = transpose(x, order)
    line = reshape(turned, (*turned.shape[:kept], dim(count(turned.shape[kept:]))))
    out = multiply(_before(line, False), _before(line, True))
    back = reshape(out, turned.shape)
    return transpose(back, [order.index(k) for k in range(x.rank)])


def _before(x: Node, after: bool) -> Node:
    """Products of all elements before (after) each one along the last axis."""
    k = x.rank - 1
    if x.shape[k] == 0:
        return x
    y = flip(x, (k,)) if after else x
    n = x.shape[k]
    ones = spread_axes(const(1, x.dtype), (*x.shape[:k], 1), range(x.rank))
    if n == 1:
        return ones
    rest = red.cumulate_prod(sliced(y, k, 0, dim(last(n))), axis=k)
    out = concatenate([ones, rest], k)
    return flip(out, (k,)) if after else out


def _prod_vjp(g: Node, out: Node, x: Node, *, axes: tuple[int, ...]) -> Cotangents:
    return (multiply(spread_axes(g, x.shape, axes), _others(x, axes)),)


def _prod_jvp(tangents: Tangents, out: Node, x: Node, *, axes: tuple[int, ...]) -> Node | None:
    t = tangents[0]
    return None if t is None else red.reduce_sum(multiply(t, _others(x, axes)), axes=axes)


# ---- extremes: ties share the cotangent evenly, as in JAX ----------------------------------------
def _shares(out: Node, x: Node, axes: tuple[int, ...]) -> Node:
    """1 / (number of ties) at the extremes, 0 elsewhere."""
    best = equal(x, spread_axes(out, x.shape, axes))
    ties = red.reduce_sum(cast_to(best, x.dtype), axes=axes)
    share = spread_axes(divide(const(1, x.dtype), ties), x.shape, axes)
    return where(best, share, const(0, x.dtype))


def _extreme_vjp(g: Node, out: Node, x: Node, *, axes: tuple[int, ...]) -> Cotangents:
    return (multiply(spread_axes(g, x.shape, axes), _shares(out, x, axes)),)


def _extreme_jvp(tangents: Tangents, out: Node, x: Node, *, axes: tuple[int, ...]) -> Node | None:
    t = tangents[0]
    return None if t is None else red.reduce_sum(multiply(t, _shares(out, x, axes)), axes=axes)


# ---- running ops ---------------------------------------------------------------------------------
def _cumsum_vjp(g: Node, out: Node, x: Node, *, axis: int) -> Cotangents:
    return (flip(red.cumulate_sum(flip(g, (axis,)), axis=axis), (axis,)),)


def _cumsum_jvp(tangents: Tangents, out: Node, x: Node, *, axis: int) -> Node | None:
    t = tangents[0]
    return None if t is None else red.cumulate_sum(t, axis=axis)


def _recurrence(a: Any, b: Any, *, axis: int) -> Any:
    a, b = a.swapaxes(0, axis), b.swapaxes(0, axis)
    out = b.copy()
    for k in range(1, b.shape[0]):
        out[k] += a[k] * out[k - 1]
    return out.swapaxes(0, axis)


def _recurrence_vjp(g: Node, out: Node, a: Node, b: Node, *, axis: int) -> Cotangents:
    gb = backward_recurrence(a, g, axis)
    return multiply(gb, shifted(out, axis)), gb


def _recurrence_jvp(tangents: Tangents, out: Node, a: Node, b: Node, *, axis: int) -> Node | None:
    ta, tb = tangents
    part = multiply(ta, shifted(out, axis)) if ta is not None else None
    total = tb if part is None else part if tb is None else add(part, tb)
    return None if total is None else linear_recurrence(a, total, axis=axis)


#: (a, b): y[k] = b[k] + a[k] * y[k - 1] along an axis, y[0] = b[0]
linear_recurrence = library(
    "linear_recurrence",
    reference=_recurrence,
    infer=lambda a, b, *, axis: b.type,
    vjp=_recurrence_vjp,
    jvp=_recurrence_jvp,
)


def shifted(x: Node, axis: int) -> Node:
    """x moved on by one along an axis, 0 first."""
    n = x.shape[axis]
    first = zeros(x.dtype, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))
    if n in (0, 1):
        return zeros(x.dtype, x.shape)
    return concatenate([first, sliced(x, axis, 0, dim(last(n)))], axis)


def backward_recurrence(a: Node, g: Node, axis: int) -> Node:
    """h[k] = g[k] + a[k + 1] * h[k + 1], from the end."""
    turned = flip(a, (axis,))
    return flip(linear_recurrence(shifted(turned, axis), flip(g, (axis,)), axis=axis), (axis,))


def _cumprod_vjp(g: Node, out: Node, x: Node, *, axis: int) -> Cotangents:
    before = _exclusive(x, axis)
    return (multiply(backward_recurrence(x, g, axis), before),)


def _cumprod_jvp(tangents: Tangents, out: Node, x: Node, *, axis: int) -> Node | None:
    t = tangents[0]
    return None if t is None else linear_recurrence(x, multiply(t, _exclusive(x, axis)), axis=axis)


def _exclusive(x: Node, axis: int) -> Node:
    """Products of the elements before each one."""
    end = x.rank - 1
    return move_axis(_before(move_axis(x, axis, end), False), end, axis)


def _source(out: Node, x: Node, axis: int) -> Node:
    """Where each running extreme was found: the latest position that reached it."""
    line = spread_axes(iota(x.shape[axis]), x.shape, [k for k in range(x.rank) if k != axis])
    return red.cumulate_max(where(equal(x, out), line, const(0, I64)), axis=axis)


def _positions(at: Node, axis: int) -> list[Node]:
    """One index array an axis: `at` along `axis`, the own position along the others."""
    shape = at.shape
    return [
        at if k == axis else spread_axes(iota(d), shape, [j for j in range(at.rank) if j != k])
        for k, d in enumerate(shape)
    ]


def _running_extreme_vjp(g: Node, out: Node, x: Node, *, axis: int) -> Cotangents:
    at = _positions(_source(out, x, axis), axis)
    axes = tuple(range(x.rank))
    return (scatter_add(zeros(g.dtype, x.shape), g, *at, axes=axes, at=0, mode="clip"),)


def _running_extreme_jvp(tangents: Tangents, out: Node, x: Node, *, axis: int) -> Node | None:
    t = tangents[0]
    if t is None:
        return None
    at = _positions(_source(out, x, axis), axis)
    return gather(t, *at, axes=tuple(range(x.rank)), at=0, mode="clip")


def _flat(g: Node, out: Node, x: Node, **attrs: Any) -> Cotangents:
    """The result is an integer or a truth value: no derivative."""
    return (None,)


def _flat_jvp(tangents: Tangents, out: Node, x: Node, **attrs: Any) -> None:
    return None


derivatives(red.reduce_sum, _sum_vjp, _sum_jvp)
derivatives(red.reduce_prod, _prod_vjp, _prod_jvp)
derivatives(red.reduce_max, _extreme_vjp, _extreme_jvp)
derivatives(red.reduce_min, _extreme_vjp, _extreme_jvp)
derivatives(red.cumulate_sum, _cumsum_vjp, _cumsum_jvp)
derivatives(red.cumulate_prod, _cumprod_vjp, _cumprod_jvp)
derivatives(red.cumulate_max, _running_extreme_vjp, _running_extreme_jvp)
derivatives(red.cumulate_min, _running_extreme_vjp, _running_extreme_jvp)
for _op in (
    red.reduce_all,
    red.reduce_any,
    red.reduce_and,
    red.reduce_or,
    red.reduce_xor,
    red.reduce_argmax,
    red.reduce_argmin,
):
    derivatives(_op, _flat, _flat_jvp)
