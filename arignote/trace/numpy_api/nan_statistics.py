"""nansum, nanmean and their like: the same reductions with nan left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.constants import const
from ...fxgraph.node import Node, Op
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import BOOL
from ..registry import hooks, implements
from .arguments import (
    NO_VALUE,
    array,
    axis_of,
    finish,
    given,
    keep_dims,
    loose_axes,
    only,
    position_room,
)
from .reductions import arg_extreme, extreme, reduced, running
from .statistics import correction_of, counted, mean_axes, mean_of, variance


def _without_nan(x: Node, value: Any) -> tuple[Node, Node]:
    """(x with `value` for each nan, where the nans were)."""
    if x.dtype.kind not in "fc":
        return x, sh.filled(False, BOOL, x.shape)
    gone = ew.isnan(x)
    return ew.where(gone, const(value, x.dtype), x), gone


@implements(np.nansum)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    x = hooks.wrap(_without_nan(array(a), 0)[0])
    return reduced(np.add, x, axis, dtype, out, keepdims, initial, where)


@implements(np.nanprod)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    x = hooks.wrap(_without_nan(array(a), 1)[0])
    return reduced(np.multiply, x, axis, dtype, out, keepdims, initial, where)


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    x = _without_nan(array(a), 0)[0]
    return finish(running(red.cumulate_sum, x, axis, dtype, out), out, casting="unsafe")


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    x = _without_nan(array(a), 1)[0]
    return finish(running(red.cumulate_prod, x, axis, dtype, out), out, casting="unsafe")


def _nan_extreme(a: Any, axis: Any, keepdims: Any, initial: Any, where: Any, largest: bool) -> Node:
    """All-nan slices give nan; NumPy warns there."""
    from_x = array(a)
    unit = red.lowest(from_x.dtype) if largest else red.highest(from_x.dtype)
    x, gone = _without_nan(from_x, unit)
    ufunc = "fmax" if largest else "fmin"
    out = extreme(x, axis, keepdims, initial, where, largest, ufunc)
    axes = loose_axes(axis, x.rank)
    if x.dtype.kind not in "fc":
        return out
    none = keep_dims(red.reduce_all(gone, axes=axes) if axes else gone, axes, keepdims)
    return ew.where(none, const(np.nan, x.dtype), out) if not given(initial) else out


@implements(np.nanmax)
def nanmax(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    return finish(_nan_extreme(a, axis, keepdims, initial, where, True), out, casting="unsafe")


@implements(np.nanmin)
def nanmin(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    return finish(_nan_extreme(a, axis, keepdims, initial, where, False), out, casting="unsafe")


def _nan_position(op: Op, a: Any, axis: Any, keepdims: Any, largest: bool) -> Node:
    x = array(a)
    if axis is not None and 0 in x.shape:  # where nothing can be nan
        axis_of(axis, x.rank)
    y, gone = _without_nan(x, red.lowest(x.dtype) if largest else red.highest(x.dtype))
    if x.dtype.kind in "fc":
        axes = loose_axes(axis, x.rank)
        none = red.reduce_all(gone, axes=axes) if axes else gone
        some = red.reduce_any(none, axes=tuple(range(none.rank))) if none.rank else none
        required(ew.logical_not(some), "ValueError", "All-NaN slice encountered")
    return arg_extreme(op, hooks.wrap(y), axis, keepdims)


@implements(np.nanargmax)
def nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
    made = _nan_position(red.reduce_argmax, a, axis, keepdims, True)
    return position_room(made, out, "np.nanargmax")


@implements(np.nanargmin)
def nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
    made = _nan_position(red.reduce_argmin, a, axis, keepdims, False)
    return position_room(made, out, "np.nanargmin")


def _kept(x: Node, where: Any) -> Any:
    """The mask of elements that are no nan, under `where=`."""
    keep = ew.logical_not(ew.isnan(x)) if x.dtype.kind in "fc" else sh.filled(True, BOOL, x.shape)
    return (
        keep
        if not given(where) or where is True
        else ew.logical_and(keep, cast_to(array(where), BOOL))
    )


def require_inexact(x: Node, dtype: Any, out: Any) -> None:
    """What NumPy asks of `dtype=` and `out=` where it leaves nan out.  Raises TypeError."""
    if x.dtype.kind not in "fc":
        return
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError("If a is inexact, then dtype must be inexact")
    if only(out) is not None and hooks.node_of(only(out)).dtype.kind not in "fc":
        raise TypeError("If a is inexact, then out must be inexact")


@implements(np.nanmean)
def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    *,
    where: Any = NO_VALUE,
) -> Any:
    x = array(a)
    require_inexact(x, dtype, out)
    mask = hooks.wrap(_kept(x, where)) if x.dtype.kind in "fc" else where
    axes = loose_axes(axis, x.rank) if x.dtype.kind in "fc" else mean_axes(axis, x.rank, where)
    result = keep_dims(mean_of(x, axis, dtype, mask, out), axes, keepdims)
    return finish(result, out, casting="unsafe")


def _nan_variance(x: Node, axis: Any, dtype: Any, ddof: Any, where: Any, mean: Any) -> Node:
    """NumPy gives nan where there are no more elements than `ddof`."""
    mask = _kept(x, where)
    out = variance(x, axis, dtype, ddof, hooks.wrap(mask) if x.dtype.kind in "fc" else where, mean)
    axes = loose_axes(axis, x.rank)
    free = ew.subtract(sh.strong(counted(x, axes, hooks.wrap(mask))), ddof)
    return ew.where(ew.less_equal(free, 0), const(np.nan, out.dtype), out)


@implements(np.nanvar)
def nanvar(
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
    require_inexact(x, dtype, out)
    result = _nan_variance(x, axis, dtype, correction_of(ddof, correction), where, mean)
    return finish(keep_dims(result, loose_axes(axis, x.rank), keepdims), out, casting="unsafe")


@implements(np.nanstd)
def nanstd(
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
    require_inexact(x, dtype, out)
    result = ew.sqrt(_nan_variance(x, axis, dtype, correction_of(ddof, correction), where, mean))
    return finish(keep_dims(result, loose_axes(axis, x.rank), keepdims), out, casting="unsafe")
