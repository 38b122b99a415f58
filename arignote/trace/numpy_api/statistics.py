"""mean, var, std, average, the nan-versions, covariance: NumPy's own formulas over reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim
from ...fxgraph.constants import const
from ...fxgraph.node import Node, Op
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.structure import view
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
    supported,
)
from .products import conjugate, product
from .reductions import accumulated, arg_extreme, extreme, masked, running, wide


def inexact(dtype: DType) -> DType:
    """What means are computed in."""
    if dtype.kind in "biu":
        return F64
    return np.dtype("f4") if dtype == np.dtype("f2") else dtype


def counted(x: Node, axes: tuple[int, ...], where: Any) -> Node:
    """How many elements take part: a Python integer, or an array of counts under a mask."""
    if not given(where) or where is True:
        return element_count(x.shape, axes)
    mask = cast_to(sh.spread(cast_to(array(where), BOOL), x.shape), I64)
    return red.reduce_sum(mask, axes=axes) if axes else mask


def ratio(total: Node, count: Node) -> Node:
    """total / count in total's dtype; NumPy divides by a 64-bit integer."""
    return cast_to(ew.divide(total, sh.strong(count)), total.dtype)


def mean_of(x: Node, axis: Any, dtype: Any, where: Any) -> Node:
    """The mean without keepdims."""
    kind = supported(dtype) if dtype is not None else inexact(x.dtype)
    axes = axes_of(axis, x.rank)
    values = masked(cast_to(x, kind), where, 0)
    total = red.reduce_sum(values, axes=axes) if axes else values
    out = ew.divide(total, sh.strong(counted(x, axes, where)))
    if kind.kind in "fc":
        out = cast_to(out, kind)
    return cast_to(out, x.dtype) if dtype is None and x.dtype == np.dtype("f2") else out


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
    return finish(keep_dims(mean_of(x, axis, dtype, where), axes_of(axis, x.rank), keepdims), out)


def variance(x: Node, axis: Any, dtype: Any, ddof: Any, where: Any, mean: Any = None) -> Node:
    """The variance without keepdims: the mean of squared distances from the mean, two passes."""
    half = dtype is None and x.dtype == np.dtype("f2")
    kind = supported(dtype) if dtype is not None else inexact(x.dtype)
    axes = axes_of(axis, x.rank)
    count = counted(x, axes, where)
    values = cast_to(x, kind)
    if given(mean):
        middle = array(mean)
    else:
        kept = masked(values, where, 0)
        total = red.reduce_sum(kept, axes=axes) if axes else kept
        middle = keep_dims(ratio(total, count), axes, True)
    distance = ew.subtract(values, middle)
    if distance.dtype.kind == "c":
        square = ew.add(ew.square(ew.real(distance)), ew.square(ew.imag(distance)))
    else:
        square = ew.multiply(distance, distance)
    square = masked(square, where, 0)
    total = red.reduce_sum(square, axes=axes) if axes else square
    free = ew.maximum(ew.subtract(sh.strong(count), ddof), 0)
    out = cast_to(ew.divide(total, free), total.dtype)
    return cast_to(out, np.dtype("f2")) if half else out


def _spread_arguments(ddof: Any, correction: Any) -> Any:
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
    result = variance(x, axis, dtype, _spread_arguments(ddof, correction), where, mean)
    return finish(keep_dims(result, axes_of(axis, x.rank), keepdims), out)


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
    free = _spread_arguments(ddof, correction)
    if dtype is None and x.dtype == np.dtype("f2"):
        result = cast_to(ew.sqrt(variance(x, axis, np.dtype("f4"), free, where, mean)), x.dtype)
    else:
        result = ew.sqrt(variance(x, axis, dtype, free, where, mean))
    return finish(keep_dims(result, axes_of(axis, x.rank), keepdims), out)


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


# ---- without nans ------------------------------------------------------------------------------------
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
    x, _ = _without_nan(array(a), 0)
    x = cast_to(x, supported(dtype) if dtype is not None else wide(x.dtype))
    return finish(accumulated(red.reduce_sum, x, axis, keepdims, initial, where, 0, ew.add), out)


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
    x, _ = _without_nan(array(a), 1)
    x = cast_to(x, supported(dtype) if dtype is not None else wide(x.dtype))
    return finish(
        accumulated(red.reduce_prod, x, axis, keepdims, initial, where, 1, ew.multiply), out
    )


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return finish(running(red.cumulate_sum, _without_nan(array(a), 0)[0], axis, dtype), out)


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return finish(running(red.cumulate_prod, _without_nan(array(a), 1)[0], axis, dtype), out)


def _nan_extreme(a: Any, axis: Any, keepdims: Any, initial: Any, where: Any, largest: bool) -> Node:
    """All-nan slices give nan; NumPy warns there."""
    from_x = array(a)
    unit = red.lowest(from_x.dtype) if largest else red.highest(from_x.dtype)
    x, gone = _without_nan(from_x, unit)
    out = extreme(x, axis, keepdims, initial, where, largest)
    axes = axes_of(axis, x.rank)
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
    return finish(_nan_extreme(a, axis, keepdims, initial, where, True), out)


@implements(np.nanmin)
def nanmin(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    return finish(_nan_extreme(a, axis, keepdims, initial, where, False), out)


def _nan_position(op: Op, a: Any, axis: Any, keepdims: Any, largest: bool) -> Node:
    x = array(a)
    y, gone = _without_nan(x, red.lowest(x.dtype) if largest else red.highest(x.dtype))
    if x.dtype.kind in "fc":
        axes = axes_of(axis, x.rank)
        none = red.reduce_all(gone, axes=axes) if axes else gone
        some = red.reduce_any(none, axes=tuple(range(none.rank))) if none.rank else none
        required(ew.logical_not(some), "ValueError", "All-NaN slice encountered")
    return arg_extreme(op, hooks.wrap(y), axis, keepdims)


@implements(np.nanargmax)
def nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
    return finish(_nan_position(red.reduce_argmax, a, axis, keepdims, True), out)


@implements(np.nanargmin)
def nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
    return finish(_nan_position(red.reduce_argmin, a, axis, keepdims, False), out)


def _kept(x: Node, where: Any) -> Any:
    """The mask of elements that are no nan, under `where=`."""
    keep = ew.logical_not(ew.isnan(x)) if x.dtype.kind in "fc" else sh.filled(True, BOOL, x.shape)
    return (
        keep
        if not given(where) or where is True
        else ew.logical_and(keep, cast_to(array(where), BOOL))
    )


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
    mask = hooks.wrap(_kept(x, where)) if x.dtype.kind in "fc" else where
    return finish(keep_dims(mean_of(x, axis, dtype, mask), axes_of(axis, x.rank), keepdims), out)


def _nan_variance(x: Node, axis: Any, dtype: Any, ddof: Any, where: Any, mean: Any) -> Node:
    """NumPy gives nan where there are no more elements than `ddof`."""
    mask = _kept(x, where)
    out = variance(x, axis, dtype, ddof, hooks.wrap(mask) if x.dtype.kind in "fc" else where, mean)
    axes = axes_of(axis, x.rank)
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
    result = _nan_variance(x, axis, dtype, _spread_arguments(ddof, correction), where, mean)
    return finish(keep_dims(result, axes_of(axis, x.rank), keepdims), out)


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
    result = ew.sqrt(
        _nan_variance(x, axis, dtype, _spread_arguments(ddof, correction), where, mean)
    )
    return finish(keep_dims(result, axes_of(axis, x.rank), keepdims), out)


# ---- covariance --------------------------------------------------------------------------------------
@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Raises NotImplementedError for weights."""
    return hooks.wrap(covariance(m, y, rowvar, bias, ddof, fweights, aweights, dtype))


def covariance(
    m: Any, y: Any, rowvar: bool, bias: bool, ddof: Any, fweights: Any, aweights: Any, dtype: Any
) -> Node:
    if fweights is not None or aweights is not None:
        raise NotImplementedError("cov with weights: write the weighted sums")
    x = array(m)
    if x.rank > 2:
        raise ValueError("m has more than 2 dimensions")
    kind = supported(dtype) if dtype is not None else np.result_type(x.dtype, F64)
    x = _variables(x, kind, rowvar)
    if y is not None:
        x = sh.concatenate([x, _variables(array(y), kind, rowvar)], 0)
    free = ddof if ddof is not None else (0 if bias else 1)
    n = x.shape[1]
    centred = ew.subtract(
        x, keep_dims(ratio(red.reduce_sum(x, axes=(1,)), sh.count((n,))), (1,), True)
    )
    scatter = product(centred, sh.swap_last(conjugate(centred)))
    down = ew.subtract(sh.strong(sh.count((n,))), free)
    out = ew.multiply(scatter, ew.divide(1.0, cast_to(down, F64)))
    drop = [k for k, d in enumerate(out.shape) if d == 1]
    return cast_to(sh.squeeze(out, drop) if drop else out, kind)


def _variables(x: Node, kind: DType, rowvar: bool) -> Node:
    x = cast_to(x, kind)
    if x.rank < 2:
        x = sh.expand(x, tuple(range(2 - x.rank)))
        return x
    return x if rowvar or x.shape[0] == 1 else sh.swap_last(x)


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = covariance(x, y, rowvar, False, None, None, None, dtype)
    if not c.rank:
        return hooks.wrap(ew.divide(c, c))
    from_diagonal = view(c, sh.diagonal_window(c.shape, 0, dim(sh.count(c.shape[:1]))))
    spread = ew.sqrt(ew.real(from_diagonal) if c.dtype.kind == "c" else from_diagonal)
    out = ew.divide(ew.divide(c, sh.expand(spread, (1,))), sh.expand(spread, (0,)))
    return hooks.wrap(ew.clip(out, -1, 1) if c.dtype.kind != "c" else out)
