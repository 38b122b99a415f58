"""Sorting along one axis, and piecewise linear interpolation.

Sorted values move as their positions do: derivatives gather and scatter by `argsort`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..affine import dim, minus, size_node
from ..constants import const, lit
from ..node import Node
from ..types import I64, TensorType
from .elementwise import (
    add,
    clip,
    divide,
    greater,
    less,
    logical_or,
    multiply,
    subtract,
    where,
)
from .family import cast_to
from .library import library
from .reduce import reduce_sum
from .sets import searchsorted
from .shaping import last, sliced, spread_axes, zeros
from .structure import gather, iota, scatter_add

Tangents = Sequence[Node | None]


# ---- order ---------------------------------------------------------------------------------------
def along(at: Node, axis: int) -> list[Node]:
    """One index array an axis: `at` along `axis`, each element's own position along the others."""
    return [
        at if k == axis else spread_axes(iota(d), at.shape, [j for j in range(at.rank) if j != k])
        for k, d in enumerate(at.shape)
    ]


def take_along(x: Node, at: Node, axis: int) -> Node:
    """x read at `at` (of x's rank, in range) along one axis."""
    return gather(x, *along(at, axis), axes=tuple(range(x.rank)), at=0, mode="clip")


#: (x): positions that sort an axis; kind "stable" keeps equal values in order
argsort = library(
    "argsort",
    reference=lambda x, *, axis, kind: np.argsort(x, axis, kind=kind),
    infer=lambda x, *, axis, kind: TensorType(I64, x.shape),
)
#: (x): positions after which element `kth` stands where sorting would put it
argpartition = library(
    "argpartition",
    reference=lambda x, *, axis, kth: np.argpartition(x, kth, axis),
    infer=lambda x, *, axis, kth: TensorType(I64, x.shape),
)


def _sort_vjp(g: Node, out: Node, x: Node, *, axis: int, kind: str) -> tuple[Node]:
    return (_scattered(g, x, argsort(x, axis=axis, kind="stable"), axis),)


def _scattered(g: Node, x: Node, order: Node, axis: int) -> Node:
    at = along(order, axis)
    return scatter_add(
        zeros(g.dtype, x.shape), g, *at, axes=tuple(range(x.rank)), at=0, mode="clip"
    )


def _sort_jvp(tangents: Tangents, out: Node, x: Node, *, axis: int, kind: str) -> Node | None:
    t = tangents[0]
    return None if t is None else take_along(t, argsort(x, axis=axis, kind="stable"), axis)


#: (x): the values of an axis in ascending order, nan last
sort = library(
    "sort",
    reference=lambda x, *, axis, kind: np.sort(x, axis, kind=kind),
    infer=lambda x, *, axis, kind: x.type,
    vjp=_sort_vjp,
    jvp=_sort_jvp,
)
#: (x): as sort, but only element `kth` (a tuple of positions) is where it belongs
partition = library(
    "partition",
    reference=lambda x, *, axis, kth: np.partition(x, kth, axis),
    infer=lambda x, *, axis, kth: x.type,
    vjp=lambda g, out, x, *, axis, kth: (
        _scattered(g, x, argpartition(x, axis=axis, kth=kth), axis),
    ),
    jvp=lambda ts, out, x, *, axis, kth: (
        None if ts[0] is None else take_along(ts[0], argpartition(x, axis=axis, kth=kth), axis)
    ),
)


def _order_statistics(x: np.ndarray, k: np.ndarray) -> np.ndarray:
    n = x.shape[-1]
    k = np.clip(k, 0, n - 1)
    places = np.unique(k)
    if places.size * 8 > n or places.size > 32:
        return np.sort(x, -1)[..., k]
    return np.partition(x, places, -1)[..., k]


def _ranked(x: Node, k: Node) -> Node:
    """The positions along the last axis of the elements of rank k."""
    return gather(
        argsort(x, axis=x.rank - 1, kind="stable"), k, axes=(x.rank - 1,), at=x.rank - 1,
        mode="clip",
    )  # fmt: skip


def _order_statistics_vjp(g: Node, out: Node, x: Node, k: Node) -> tuple[Node, None]:
    return _scattered(g, x, _ranked(x, k), x.rank - 1), None


def _order_statistics_jvp(tangents: Tangents, out: Node, x: Node, k: Node) -> Node | None:
    t = tangents[0]
    return None if t is None else take_along(t, _ranked(x, k), x.rank - 1)


#: (x[..., n], k[m] int64): the elements of the last axis that would stand at k if it were sorted
order_statistics = library(
    "order_statistics",
    reference=_order_statistics,
    infer=lambda x, k: TensorType(x.dtype, (*x.shape[:-1], k.shape[0])),
    vjp=_order_statistics_vjp,
    jvp=_order_statistics_jvp,
)
#: (keys[k, ...]): positions that sort an axis by the last key, then the one before, ...
lexsort = library(
    "lexsort",
    reference=lambda keys, *, axis: np.lexsort(keys, axis),
    infer=lambda keys, *, axis: TensorType(I64, keys.shape[1:]),
)


# ---- interpolation -------------------------------------------------------------------------------
def _read(table: Node, at: Node) -> Node:
    return gather(table, at, axes=(0,), at=0, mode="clip")


def _segment(x: Node, xp: Node) -> Node:
    """The segment of xp each x lies in."""
    at = subtract(searchsorted(xp, x, side="right"), 1)
    return clip(at, 0, minus(size_node(xp.shape[0]), lit(2)))


def _outside(x: Node, xp: Node) -> Node:
    first, end = (_read(xp, const(0, I64)), _read(xp, cast_to(last(xp.shape[0]), I64)))
    return logical_or(less(x, first), greater(x, end))


def _slopes(xp: Node, fp: Node) -> Node:
    n = dim(last(xp.shape[0]))
    rise = subtract(sliced(fp, 0, 1, n), sliced(fp, 0, 0, n))
    return divide(rise, subtract(sliced(xp, 0, 1, n), sliced(xp, 0, 0, n)))


def _weights(x: Node, xp: Node) -> tuple[Node, Node]:
    """(segment, how far along it), clamped to the ends."""
    at = _segment(x, xp)
    low, high = _read(xp, at), _read(xp, add(at, 1))
    return at, clip(divide(subtract(x, low), subtract(high, low)), 0.0, 1.0)


def _interp_vjp(
    g: Node, out: Node, x: Node, xp: Node, fp: Node, left: Node, right: Node
) -> tuple[Node | None, ...]:
    """Cotangents of x, xp and fp; `left` and `right` count where x lies outside."""
    if xp.shape[0] == 1:
        return None, None, None, None, None
    outside = _outside(x, xp)
    inside = where(outside, const(0, g.dtype), g)
    at, w = _weights(x, xp)
    slope = _read(_slopes(xp, fp), at)
    gx = multiply(inside, slope)

    def spread(low: Node, high: Node, table: Node) -> Node:
        first = scatter_add(zeros(g.dtype, table.shape), low, at, axes=(0,), at=0, mode="clip")
        return scatter_add(first, high, add(at, 1), axes=(0,), at=0, mode="clip")

    rest = subtract(1.0, w)
    gfp = spread(multiply(inside, rest), multiply(inside, w), fp)
    gxp = spread(multiply(gx, subtract(w, 1.0)), multiply(gx, multiply(w, -1.0)), xp)
    none = const(0, g.dtype)
    before = less(x, _read(xp, const(0, I64)))
    after = greater(x, _read(xp, cast_to(last(xp.shape[0]), I64)))
    return gx, gxp, gfp, _all(where(before, g, none)), _all(where(after, g, none))


def _all(g: Node) -> Node:
    return reduce_sum(g, axes=tuple(range(g.rank))) if g.rank else g


def _interp_jvp(
    tangents: Tangents, out: Node, x: Node, xp: Node, fp: Node, left: Node, right: Node
) -> Node | None:
    if xp.shape[0] == 1:
        return None
    tx, txp, tfp, tl, tr = tangents
    outside = _outside(x, xp)
    at, w = _weights(x, xp)
    slope = _read(_slopes(xp, fp), at)
    rest = subtract(1.0, w)
    total: Node | None = None if tx is None else multiply(tx, slope)
    for t, scale in ((tfp, None), (txp, slope)):
        if t is not None:
            part = add(multiply(rest, _read(t, at)), multiply(w, _read(t, add(at, 1))))
            part = part if scale is None else multiply(multiply(part, scale), -1.0)
            total = part if total is None else add(total, part)
    total = zeros(out.dtype, out.shape) if total is None else total
    beyond = const(0, out.dtype)
    low = less(x, _read(xp, const(0, I64)))
    ends = where(low, tl if tl is not None else beyond, tr if tr is not None else beyond)
    return where(outside, ends, total)


#: (x, xp[n], fp[n], left, right): fp interpolated at x between the increasing points xp
interp = library(
    "interp",
    reference=np.interp,
    infer=lambda x, xp, fp, left, right: TensorType(fp.dtype, x.shape),
    vjp=_interp_vjp,
    jvp=_interp_jvp,
)
