"""sort, argsort, partition, searchsorted, digitize, trim_zeros, bincount, interp."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError, UnsupportedError
from ...fxgraph.affine import dim, minus, size_node
from ...fxgraph.constants import const, is_const, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import sets
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops import sort as sorts
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import align, cast_to
from ...fxgraph.ops.scalar import clip0
from ...fxgraph.ops.structure import gather
from ...fxgraph.types import BOOL, F64, I64
from ..registry import hooks, implements
from .arguments import (
    array,
    axis_of,
    integer,
    known_equal,
    node,
    proxy,
    require_nonempty,
)
from .emptiness import may_be_empty, never_empty, with_one_more


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
    if x.shape[k] == 0:  # NumPy does not look at kth
        return hooks.wrap(x)
    return hooks.wrap(sorts.partition(x, axis=k, kth=_kth(x, kth, k)))


@implements(np.argpartition)
def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    x, k = _along(a, axis)
    if x.shape[k] == 0:
        return hooks.wrap(sh.filled(0, I64, x.shape))
    return hooks.wrap(sorts.argpartition(x, axis=k, kth=_kth(x, kth, k)))


@implements(np.lexsort)
def lexsort(keys: Any, axis: Any = -1) -> Any:
    shapes = [array(k).shape for k in keys] if isinstance(keys, list | tuple) else []
    if any(known_equal(a, b) is False for s in shapes for a, b in zip(s, shapes[0])):
        raise ValueError("all keys need to be the same shape")
    x = array(keys)
    if x.rank == 1:
        integer(axis)
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
    m = dim(clip0(sh.last(n)) if may_be_empty(n) else sh.last(n))
    one, two = sh.sliced(edges, 0, 0, m), sh.sliced(edges, 0, 1, m)
    rising = red.reduce_all(ew.less_equal(one, two), axes=(0,))
    falling = red.reduce_all(ew.greater_equal(one, two), axes=(0,))
    message = "bins must be monotonically increasing or decreasing"
    required(ew.logical_or(rising, falling), "ValueError", message)
    kind = np.result_type(edges.dtype, value.dtype)
    upward = ew.where(rising, edges, sh.flip(edges, (0,)))
    found = sets.searchsorted(
        cast_to(upward, kind), cast_to(value, kind), side="left" if right else "right"
    )
    return hooks.wrap(ew.where(rising, found, ew.subtract(size_node(n), found)))


# ---- ends ----------------------------------------------------------------------------------------
@implements(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """A view of one axis; the length is a size that only the run knows."""
    p = proxy(filt)
    x = array(p)
    if x.rank != 1:
        raise NotImplementedError("trim_zeros of more than one axis: slice by nonzero")
    if x.shape[0] == 0:
        return hooks.wrap(x)
    n = size_node(x.shape[0])
    mask = with_one_more(cast_to(x, BOOL), 0, False)
    lo: Node = red.reduce_argmax(mask, axis=0) if "f" in trim.lower() else const(0, I64)
    hi: Node = sh.strong(n)
    if "b" in trim.lower():
        end = sh.strong(size_node(mask.shape[0]))
        hi = ew.subtract(end, red.reduce_argmax(sh.flip(mask, (0,)), axis=0))
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
    for given in (x, xp):
        if array(given).dtype.kind == "c":
            raise TypeError("float() argument must be a string or a real number, not 'complex'")
    at, points, values = cast_to(array(x), F64), cast_to(array(xp), F64), array(fp)
    values = cast_to(values, np.result_type(values.dtype, F64))
    if points.rank != 1 or values.rank != 1:
        raise ValueError("Data points must be 1-D sequences")
    require_nonempty(points.shape, (0,), "array of sample points is empty")
    points, values = never_empty(points, 0), never_empty(values, 0)
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
