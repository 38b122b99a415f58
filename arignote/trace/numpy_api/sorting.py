"""sort, argsort, partition, searchsorted, unique and sets, bincount, interp."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError, UnsupportedError
from ...fxgraph.affine import dim, minus, size_node
from ...fxgraph.constants import const, is_const, project, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import sets
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops import sort as sorts
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import align, cast_to
from ...fxgraph.ops.structure import gather, reshape
from ...fxgraph.types import BOOL, F64, I64
from ..registry import hooks, implements
from .arguments import (
    array,
    axis_of,
    integer,
    known_equal,
    node,
    proxy,
)


# ---- order ---------------------------------------------------------------------------------------
def _kind(kind: Any, stable: Any) -> str:
    if stable:
        return "stable"
    if kind is None or kind in ("quicksort", "heapsort"):
        return "quicksort"
    if kind in ("stable", "mergesort"):
        return "stable"
    raise ValueError(f"sort kind must be one of 'quick', 'heap', or 'stable' (got {kind!r})")


def _along(a: Any, axis: Any) -> tuple[Node, int]:
    """The array and the axis to sort; None flattens."""
    x = array(a)
    if axis is None:
        return sh.ravel(x), 0
    return x, axis_of(axis, x.rank)


def _ascending(descending: Any) -> None:
    if descending:
        raise UnsupportedError("descending=True is not compiled: sort -x, or reverse the result")


def _no_fields(order: Any) -> None:
    if order is not None:
        raise ValueError("Cannot specify order when the array has no fields.")


@implements(np.sort)
def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *,
    stable: Any = None, descending: Any = False,
) -> Any:  # fmt: skip
    _no_fields(order)
    _ascending(descending)
    x, k = _along(a, axis)
    return hooks.wrap(sorts.sort(x, axis=k, kind=_kind(kind, stable)))


@implements(np.argsort)
def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *,
    stable: Any = None, descending: Any = False,
) -> Any:  # fmt: skip
    _no_fields(order)
    _ascending(descending)
    x = array(a)
    if not x.rank:
        axis_of(-1 if axis is None else axis, 1)
        return hooks.wrap(const([0], I64))
    x, k = _along(a, axis)
    return hooks.wrap(sorts.argsort(x, axis=k, kind=_kind(kind, stable)))


@implements(np.sort_complex)
def sort_complex(a: Any) -> Any:
    x = sorts.sort(array(a), axis=array(a).rank - 1, kind="quicksort")
    if x.dtype.kind == "c":
        return hooks.wrap(x)
    return hooks.wrap(cast_to(x, np.dtype("c8" if x.dtype.char in "bBhH" else "c16")))


def _kth(x: Node, kth: Any, axis: int) -> tuple[int, ...]:
    """Positions to put in place, counted from the start.  They must be known while tracing."""
    n = x.shape[axis]
    many = [integer(k) for k in (kth if isinstance(kth, tuple | list | np.ndarray) else (kth,))]
    if any(k < 0 for k in many) or isinstance(n, int):
        length = n if isinstance(n, int) else integer(hooks.wrap(size_node(n)))
        for k in many:
            if not -length <= k < length:
                raise ValueError(f"kth(={k}) out of bounds ({length})")
        many = [k % length for k in many]
    return tuple(many)


@implements(np.partition)
def partition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    x, k = _along(a, axis)
    return hooks.wrap(sorts.partition(x, axis=k, kth=_kth(x, kth, k)))


@implements(np.argpartition)
def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    x, k = _along(a, axis)
    return hooks.wrap(sorts.argpartition(x, axis=k, kth=_kth(x, kth, k)))


@implements(np.lexsort)
def lexsort(keys: Any, axis: Any = -1) -> Any:
    shapes = [array(k).shape for k in keys] if isinstance(keys, list | tuple) else []
    if any(known_equal(a, b) is False for s in shapes for a, b in zip(s, shapes[0])):
        raise ValueError("all keys need to be the same shape")
    x = array(keys)
    if x.rank == 1:
        x = sh.expand(x, (1,))
        return hooks.wrap(sh.select(sorts.lexsort(x, axis=0), 0, 0))
    return hooks.wrap(sorts.lexsort(x, axis=axis_of(axis, x.rank - 1)))


@implements(np.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    if side not in ("left", "right"):
        raise ValueError(f"search side must be 'left' or 'right' (got '{side}')")
    x, y = array(a), array(v)
    if x.rank != 1:
        raise ValueError("object too deep for desired array")
    kind = np.result_type(x.dtype, y.dtype)
    x, y = cast_to(x, kind), cast_to(y, kind)
    order = () if sorter is None else (cast_to(array(sorter), I64),)
    return hooks.wrap(sets.searchsorted(x, y, *order, side=side))


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Bins that rise, or fall; ValueError for others."""
    edges, value = array(bins), array(x)
    if edges.rank != 1:
        raise ValueError("object too deep for desired array")
    if value.dtype.kind == "c":
        raise TypeError("x may not be complex")
    n = edges.shape[0]
    if n in (0, 1):
        return searchsorted(bins, x, side="left" if right else "right")
    m = dim(sh.last(n))
    one, two = sh.sliced(edges, 0, 0, m), sh.sliced(edges, 0, 1, m)
    rising = red.reduce_all(ew.less_equal(one, two), axes=(0,))
    falling = red.reduce_all(ew.greater_equal(one, two), axes=(0,))
    message = "bins must be monotonically increasing or decreasing"
    required(ew.logical_or(rising, falling), "ValueError", message)
    kind = np.result_type(edges.dtype, value.dtype)
    edges, value = cast_to(edges, kind), cast_to(value, kind)
    up = sets.searchsorted(edges, value, side="left" if right else "right")
    back = sets.searchsorted(sh.flip(edges, (0,)), value, side="left" if right else "right")
    return hooks.wrap(ew.where(rising, up, ew.subtract(size_node(n), back)))


# ---- sets ----------------------------------------------------------------------------------------
# NumPy's own classes of named results
UniqueAllResult, UniqueCountsResult, UniqueInverseResult = (
    type(f(np.zeros(1))) for f in (np.unique_all, np.unique_counts, np.unique_inverse)
)


@implements(np.unique)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Raises NotImplementedError for `axis` of an array of rank 2 or more."""
    x = array(ar)
    if axis is not None:
        axis_of(axis, x.rank)
        if x.rank > 1:
            raise NotImplementedError("unique along an axis: use lexsort and compare neighbours")
    values, index, inverse, counts = unique_parts(x, equal_nan)
    out = [hooks.wrap(values)]
    if return_index:
        out.append(hooks.wrap(index))
    if return_inverse:
        out.append(hooks.wrap(reshape(inverse, x.shape)))
    if return_counts:
        out.append(hooks.wrap(counts))
    return out[0] if len(out) == 1 else tuple(out)


def unique_parts(x: Node, equal_nan: bool = True) -> tuple[Node, Node, Node, Node]:
    """Sorted values, first positions, inverse (flat) and counts.

    Values are read at the first positions, so they have derivatives.
    """
    flat = sh.ravel(x)
    parts = sets.unique(flat, equal_nan=equal_nan)
    index, inverse, counts, many = (project(parts, k) for k in range(1, 5))
    n = dim(many)
    first = sh.sliced(index, 0, 0, n)
    values = gather(flat, first, axes=(0,), at=0, mode="clip")
    return values, first, inverse, sh.sliced(counts, 0, 0, n)


@implements(np.unique_values)
def unique_values(x: Any, /) -> Any:
    return unique(x, equal_nan=False)


@implements(np.unique_counts)
def unique_counts(x: Any, /) -> Any:
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


@implements(np.unique_inverse)
def unique_inverse(x: Any, /) -> Any:
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


@implements(np.unique_all)
def unique_all(x: Any, /) -> Any:
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False))


def member(x: Node, values: Node) -> Node:
    """Is each element of x among `values`?"""
    if values.shape == (0,):
        return sh.filled(False, BOOL, x.shape)
    kind = np.result_type(x.dtype, values.dtype)
    table = sorts.sort(cast_to(values, kind), axis=0, kind="quicksort")
    x = cast_to(x, kind)
    at = sets.searchsorted(table, x, side="left")
    padded = sh.concatenate([table, sh.zeros(kind, (1,))], 0)  # a place behind the last
    found = gather(padded, at, axes=(0,), at=0, mode="clip")
    return ew.logical_and(ew.equal(found, x), ew.less(at, size_node(values.shape[0])))


@implements(np.isin)
def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Any = None,
) -> Any:
    found = member(array(element), sh.ravel(array(test_elements)))
    return hooks.fresh(ew.logical_not(found) if invert else found)


@implements(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    one, two = sh.ravel(array(ar1)), sh.ravel(array(ar2))
    kind = np.result_type(one.dtype, two.dtype)
    both = sh.concatenate([cast_to(one, kind), cast_to(two, kind)], 0)
    return hooks.wrap(unique_parts(both)[0])


def _picked(ar1: Any, ar2: Any, assume_unique: bool, wanted: bool) -> Any:
    one, two = sh.ravel(array(ar1)), sh.ravel(array(ar2))
    one = one if assume_unique else unique_parts(one)[0]
    mask = member(one, two)
    mask = mask if wanted else ew.logical_not(mask)
    found = sets.true_positions(mask)
    return hooks.wrap(gather(one, found, axes=(0,), at=0, mode="clip"))


@implements(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    return _picked(ar1, ar2, assume_unique, False)


@implements(np.intersect1d)
def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """Raises NotImplementedError for return_indices."""
    if return_indices:
        raise NotImplementedError("intersect1d(return_indices=True): use isin and nonzero")
    kind = np.result_type(array(ar1).dtype, array(ar2).dtype)
    one = hooks.wrap(cast_to(array(ar1), kind))
    common = _picked(one, ar2, assume_unique, True)
    return (
        hooks.wrap(sorts.sort(array(common), axis=0, kind="quicksort")) if assume_unique else common
    )


@implements(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    one, two = (unique_parts(sh.ravel(array(a)))[0] for a in (ar1, ar2))
    kind = np.result_type(one.dtype, two.dtype)
    both = sh.concatenate([cast_to(one, kind), cast_to(two, kind)], 0)
    alone = ew.logical_not(ew.logical_and(member(both, one), member(both, two)))
    found = sets.true_positions(alone)
    picked = gather(both, found, axes=(0,), at=0, mode="clip")
    return hooks.wrap(sorts.sort(picked, axis=0, kind="quicksort"))


@implements(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """A view of one axis; the length is a size that only the run knows."""
    p = proxy(filt)
    x = array(p)
    if x.rank != 1:
        raise NotImplementedError("trim_zeros of more than one axis: slice by nonzero")
    if x.shape[0] == 0:
        return hooks.wrap(x)
    mask = cast_to(x, BOOL)
    n = size_node(x.shape[0])
    lo: Node = red.reduce_argmax(mask, axis=0) if "f" in trim.lower() else const(0, I64)
    hi: Node = sh.strong(n)
    if "b" in trim.lower():
        hi = ew.subtract(n, red.reduce_argmax(sh.flip(mask, (0,)), axis=0))
    some = red.reduce_any(mask, axes=(0,))
    lo, hi = (cast_to(ew.where(some, end, 0), I64, True) for end in (lo, hi))
    return hooks.view(p, sh.slice_window(x.shape, 0, lo, dim(minus(hi, lo))))


# ---- tables --------------------------------------------------------------------------------------
@implements(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    """The length is the largest number plus one: a size that only the run knows."""
    n = array(x)
    if n.rank != 1:
        raise ValueError(
            "object too deep for desired array"
            if n.rank
            else "object of too small depth for desired array"
        )
    if n.dtype.kind not in "biu" or n.dtype == np.dtype("u8"):
        raise DTypeError(
            f"Cannot cast array data from {n.dtype!r} to dtype('int64') according to the "
            "rule 'safe'"
        )
    n = cast_to(n, I64)
    least = node(minlength)
    if is_const(least) and int(value_of(least)) < 0:
        raise ValueError("'minlength' must not be negative")
    top = red.reduce_max(n, axes=(0,)) if n.shape[0] != 0 else const(-1, I64)
    size = ew.maximum(cast_to(ew.add(top, 1), I64, True), cast_to(least, I64, True), weak=True)
    size = ew.maximum(size, 0, weak=True)
    extra = [] if weights is None else [cast_to(array(weights), F64)]
    if extra and extra[0].rank != 1:
        raise ValueError("object too deep for desired array")
    if extra:
        try:
            n, *extra = align("bincount", [n, *extra])
        except ShapeError:
            raise ValueError("The weights and list don't have the same length.") from None
    least = red.reduce_min(n, axes=(0,)) if n.shape[0] != 0 else const(0, I64)
    negative = "'list' argument must have no negative elements"
    required(ew.less_equal(0, least), "ValueError", negative)
    return hooks.wrap(sets.tally(ew.maximum(n, 0), size, *extra))


# ---- interpolation -------------------------------------------------------------------------------
@implements(np.interp)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    at, points, values = cast_to(array(x), F64), cast_to(array(xp), F64), array(fp)
    values = cast_to(values, np.result_type(values.dtype, F64))
    if points.rank != 1 or values.rank != 1:
        raise ValueError("Data points must be 1-D sequences")
    if points.shape[0] == 0:
        raise ValueError("array of sample points is empty")
    points, values = sh.spread_together("fp and xp are not of the same length.", [points, values])[
        0
    ]
    if period is not None:
        p = cast_to(node(period), F64)
        p = ew.absolute(p)
        left = right = None
        at, points = ew.remainder(at, p), ew.remainder(points, p)
        order = sorts.argsort(points, axis=0, kind="stable")
        points, values = (gather(n, order, axes=(0,), at=0, mode="clip") for n in (points, values))
        ends = [sh.sliced(points, 0, sh.last(points.shape[0]), 1), sh.sliced(points, 0, 0, 1)]
        points = sh.concatenate([ew.subtract(ends[0], p), points, ew.add(ends[1], p)], 0)
        tips = [sh.sliced(values, 0, sh.last(values.shape[0]), 1), sh.sliced(values, 0, 0, 1)]
        values = sh.concatenate([tips[0], values, tips[1]], 0)
    low = sh.select(values, 0, 0) if left is None else cast_to(node(left), values.dtype)
    high = (
        sh.select(values, 0, sh.last(values.shape[0]))
        if right is None
        else cast_to(node(right), values.dtype)
    )
    return hooks.wrap(sorts.interp(at, points, values, low, high))
