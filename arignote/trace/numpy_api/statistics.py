"""mean, var, std, average: NumPy's own formulas over reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import BOOL, F64, I64, DType
from ..registry import hooks, implements
from .arguments import (
    NO_VALUE,
    array,
    axes_of,
    element_count,
    finish,
    given,
    keep_dims,
    loose_axes,
    only,
    supported,
)
from .reductions import loop_dtype, masked


def inexact(dtype: DType) -> DType:
    """What means are computed in."""
    if dtype.kind in "biu":
        return F64
    return np.dtype("f4") if dtype == np.dtype("f2") else dtype


def mean_axes(axis: Any, rank: int, where: Any) -> tuple[int, ...]:
    """`axis=` of means: where NumPy counts under a mask, a number has the axes 0 and -1, too."""
    masks = given(where) and where is not True
    return loose_axes(axis, rank) if masks else axes_of(axis, rank)


def counted(x: Node, axes: tuple[int, ...], where: Any) -> Node:
    """How many elements take part: a Python integer, or an array of counts under a mask."""
    if not given(where) or where is True:
        return element_count(x.shape, axes)
    mask = cast_to(sh.spread(cast_to(array(where), BOOL), x.shape), I64)
    return red.reduce_sum(mask, axes=axes) if axes else mask


def ratio(total: Node, count: Node) -> Node:
    """total / count in total's dtype; NumPy divides by a 64-bit integer."""
    return cast_to(ew.divide(total, sh.strong(count)), total.dtype)


def mean_of(x: Node, axis: Any, dtype: Any, where: Any, out: Any = None) -> Node:
    """The mean without keepdims; NumPy divides in the dtype of `out` where there is one."""
    kind = supported(dtype) if dtype is not None else inexact(x.dtype)
    room = None if only(out) is None else hooks.node_of(only(out)).dtype
    if room is not None and dtype is None and x.dtype.kind in "fc" and x.dtype.itemsize > 2:
        kind = loop_dtype(np.add, x.dtype, None, room)
    axes = mean_axes(axis, x.rank, where)
    values = masked(cast_to(x, kind), where, 0)
    total = red.reduce_sum(values, axes=axes) if axes else values
    total = total if room is None else cast_to(total, room)
    mean = ratio(total, counted(x, axes, where))
    half = room is None and dtype is None and x.dtype == np.dtype("f2")
    return cast_to(mean, x.dtype) if half else mean


@implements(np.mean)
def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    *,
    where: Any = NO_VALUE,
) -> Any:
    x = array(a)
    result = keep_dims(
        mean_of(x, axis, dtype, where, out), mean_axes(axis, x.rank, where), keepdims
    )
    return finish(result, out, casting="unsafe")


def variance(x: Node, axis: Any, dtype: Any, ddof: Any, where: Any, mean: Any = None) -> Node:
    """The variance without keepdims: the mean of squared distances from the mean, two passes."""
    half = dtype is None and x.dtype == np.dtype("f2")  # NumPy stays in it, unlike for means
    kind = supported(dtype) if dtype is not None else x.dtype if half else inexact(x.dtype)
    axes = mean_axes(axis, x.rank, where)
    count = counted(x, axes, where)
    values = cast_to(x, kind)
    if given(mean):
        middle = array(mean)
    else:
        kept = masked(values, where, 0)
        total = red.reduce_sum(kept, axes=axes) if axes else kept
        middle = keep_dims(ratio(total, count), axes, True)
    distance = ew.subtract(x if x.dtype.kind != "b" else values, middle)
    if distance.dtype.kind == "c" and x.dtype.kind not in "iuf":
        square = ew.add(ew.square(ew.real(distance)), ew.square(ew.imag(distance)))
    else:
        square = ew.multiply(distance, distance)
    square = cast_to(square, kind) if dtype is not None else square
    square = masked(square, where, 0)
    total = red.reduce_sum(square, axes=axes) if axes else square
    free = ew.maximum(ew.subtract(sh.strong(count), ddof), 0)
    return cast_to(ew.divide(total, free), total.dtype)


def correction_of(ddof: Any, correction: Any) -> Any:
    if given(correction):
        if ddof != 0:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        return correction
    return ddof


@implements(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = NO_VALUE,
    *,
    where: Any = NO_VALUE,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    x = array(a)
    result = variance(x, axis, dtype, correction_of(ddof, correction), where, mean)
    result = keep_dims(result, mean_axes(axis, x.rank, where), keepdims)
    return finish(result, out, casting="unsafe")


@implements(np.std)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = NO_VALUE,
    *,
    where: Any = NO_VALUE,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    x = array(a)
    free = correction_of(ddof, correction)
    result = variance(x, axis, dtype, free, where, mean)
    if out is None:
        result = _root(result, x.rank if keepdims and keepdims is not NO_VALUE else result.rank)
    else:
        result = ew.sqrt(result)
    result = keep_dims(result, mean_axes(axis, x.rank, where), keepdims)
    return finish(result, out, casting="unsafe")


def _root(square: Node, rank: int) -> Node:
    """The root in the same dtype: NumPy writes it over an array, and casts a number.

    Raises TypeError for arrays of integers.
    """
    root = ew.sqrt(square)
    if rank and not np.can_cast(root.dtype, square.dtype, "same_kind"):
        raise TypeError(
            f"Cannot cast ufunc 'sqrt' output from {root.dtype!r} to {square.dtype!r} with "
            "casting rule 'same_kind'"
        )
    return cast_to(root, square.dtype)


@implements(np.average)
def average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: Any = NO_VALUE,
) -> Any:
    """Raises ZeroDivisionError, as NumPy, where the weights sum to zero."""
    x = array(a)
    axes = axes_of(axis, x.rank)
    if weights is None:
        out = keep_dims(mean_of(x, axis, None, None), axes, keepdims)
        if 0 in out.shape:
            raise ZeroDivisionError("division by zero")  # NumPy's count of elements
        scale = cast_to(element_count(x.shape, axes), out.dtype)
    else:
        w = array(weights)
        if w.rank != x.rank and axis is None:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        if w.rank != x.rank:
            if w.rank != len(axes):
                raise ValueError(
                    "Shape of weights must be consistent with shape of a along specified axis."
                )
            w = sh.spread_axes(w, x.shape, [k for k in range(x.rank) if k not in axes])
        kind = np.result_type(x.dtype, w.dtype, F64 if x.dtype.kind in "biu" else x.dtype)
        w = cast_to(sh.spread(w, x.shape), kind)
        scale = keep_dims(red.reduce_sum(w, axes=axes) if axes else w, axes, keepdims)
        none = ew.equal(scale, 0)
        some = red.reduce_any(none, axes=tuple(range(none.rank))) if none.rank else none
        required(
            ew.logical_not(some), "ZeroDivisionError", "Weights sum to zero, can't be normalized"
        )
        scored = ew.multiply(cast_to(x, kind), w)
        total = keep_dims(red.reduce_sum(scored, axes=axes) if axes else scored, axes, keepdims)
        out = ew.divide(total, scale)
    if returned:
        return hooks.wrap(out), hooks.wrap(sh.spread(scale, out.shape))
    return hooks.wrap(out)
