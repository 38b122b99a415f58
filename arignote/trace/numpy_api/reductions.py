"""sum, prod, max, min, any, all, argmax, cumsum and their like, with NumPy's dtype rules.

A reduction node drops its axes and computes in its operand's dtype, so the cast that NumPy does
first (small integers to 64 bits) is a node here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.constants import const
from ...fxgraph.node import Node, Op
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.shaping import concatenate, expand, filled, ravel, spread_together
from ...fxgraph.types import BOOL, I64, DType
from ..registry import implements
from .arguments import (
    NO_VALUE,
    array,
    axes_of,
    axis_of,
    finish,
    given,
    keep_dims,
    require_nonempty,
    supported,
)


def wide(dtype: DType) -> DType:
    """What sums and products of a dtype are computed in."""
    if dtype.kind in "bi" and dtype.itemsize < 8:
        return I64
    if dtype.kind == "u" and dtype.itemsize < 8:
        return np.dtype("u8")
    return dtype


def masked(x: Node, where: Any, unit: Any) -> Node:
    """x with `unit` where the mask `where=` is False."""
    if where is True or not given(where):
        return x
    mask, x = spread_together("where", [cast_to(array(where), BOOL), x])[0]
    return ew.where(mask, x, const(unit, x.dtype))


def accumulated(
    op: Op, x: Node, axis: Any, keepdims: Any, initial: Any, where: Any, unit: Any, join: Op
) -> Node:
    """A reduction that has a unit: sum, prod, and bit and truth operations."""
    axes = axes_of(axis, x.rank)
    x = masked(x, where, unit)
    out = op(x, axes=axes) if axes else x
    if given(initial):
        out = join(cast_to(array(initial), out.dtype), out)
    return keep_dims(out, axes, keepdims)


@implements(np.sum)
def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    x = array(a)
    x = cast_to(x, supported(dtype) if dtype is not None else wide(x.dtype))
    result = accumulated(red.reduce_sum, x, axis, keepdims, initial, where, 0, ew.add)
    return finish(result, out, "ufunc 'add' output")


@implements(np.prod)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    x = array(a)
    x = cast_to(x, supported(dtype) if dtype is not None else wide(x.dtype))
    result = accumulated(red.reduce_prod, x, axis, keepdims, initial, where, 1, ew.multiply)
    return finish(result, out, "ufunc 'multiply' output")


# ---- extremes ------------------------------------------------------------------------------------
def extreme(x: Node, axis: Any, keepdims: Any, initial: Any, where: Any, largest: bool) -> Node:
    """max or min; raises ValueError for an empty axis without `initial`."""
    name = "maximum" if largest else "minimum"
    axes = axes_of(axis, x.rank)
    if given(where) and where is not True:
        if not given(initial):
            raise ValueError(
                f"reduction operation '{name}' does not have an identity, "
                "so to use a where mask one has to specify 'initial'"
            )
        x = masked(x, where, red.lowest(x.dtype) if largest else red.highest(x.dtype))
    if not given(initial):
        message = f"zero-size array to reduction operation {name} which has no identity"
        require_nonempty(x.shape, axes, message)
    out = (red.reduce_max if largest else red.reduce_min)(x, axes=axes) if axes else x
    if given(initial):
        join = ew.maximum if largest else ew.minimum
        out = join(cast_to(array(initial), out.dtype), out)
    return keep_dims(out, axes, keepdims)


@implements(np.max, np.amax)
def max(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    return finish(
        extreme(array(a), axis, keepdims, initial, where, True), out, "ufunc 'maximum' output"
    )


@implements(np.min, np.amin)
def min(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    return finish(
        extreme(array(a), axis, keepdims, initial, where, False), out, "ufunc 'minimum' output"
    )


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NO_VALUE) -> Any:
    x = array(a)
    high = extreme(x, axis, keepdims, None, None, True)
    low = extreme(x, axis, keepdims, None, None, False)
    return finish(ew.subtract(high, low), out, "ufunc 'subtract' output")


# ---- truth ---------------------------------------------------------------------------------------
def truth(op: Op, a: Any, axis: Any, keepdims: Any, where: Any, unit: bool) -> Node:
    x = cast_to(array(a), BOOL)
    axes = axes_of(axis, x.rank)
    x = masked(x, where, unit)
    return keep_dims(op(x, axes=axes) if axes else x, axes, keepdims)


@implements(np.all)
def all(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = NO_VALUE, *, where: Any = NO_VALUE
) -> Any:
    return finish(truth(red.reduce_all, a, axis, keepdims, where, True), out)


@implements(np.any)
def any(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = NO_VALUE, *, where: Any = NO_VALUE
) -> Any:
    return finish(truth(red.reduce_any, a, axis, keepdims, where, False), out)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    x = cast_to(cast_to(array(a), BOOL), I64)
    axes = axes_of(axis, x.rank)
    out = red.reduce_sum(x, axes=axes) if axes else x
    return finish(keep_dims(out, axes, keepdims))


# ---- positions of extremes -----------------------------------------------------------------------
def arg_extreme(op: Op, a: Any, axis: Any, keepdims: Any) -> Node:
    x = array(a)
    rank = x.rank
    name = op.name.removeprefix("reduce_")
    if axis is None:
        x, k = ravel(x), 0
    else:
        if not rank:
            axis_of(axis, 1)
            x = ravel(x)
        k = axis_of(axis, x.rank)
    require_nonempty(x.shape, (k,), f"attempt to get {name} of an empty sequence")
    out = op(x, axis=k)
    if keepdims and keepdims is not NO_VALUE:
        return expand(out, tuple(range(rank)) if axis is None else (k,)) if rank else out
    return out


@implements(np.argmax)
def argmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
    return finish(arg_extreme(red.reduce_argmax, a, axis, keepdims), out)


@implements(np.argmin)
def argmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
    return finish(arg_extreme(red.reduce_argmin, a, axis, keepdims), out)


# ---- running sums and products -------------------------------------------------------------------
def running(op: Op, x: Node, axis: Any, dtype: Any) -> Node:
    x = cast_to(x, supported(dtype) if dtype is not None else wide(x.dtype))
    if axis is None:
        return op(ravel(x), axis=0)
    if not x.rank:
        axis_of(axis, 1)
        return op(ravel(x), axis=0)
    return op(x, axis=axis_of(axis, x.rank))


@implements(np.cumsum)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return finish(running(red.cumulate_sum, array(a), axis, dtype), out)


@implements(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return finish(running(red.cumulate_prod, array(a), axis, dtype), out)


def _cumulative(op: Op, unit: int, x: Any, axis: Any, dtype: Any, out: Any, initial: bool) -> Any:
    n = array(x)
    if axis is None:
        if n.rank >= 2:
            raise ValueError(
                "For arrays which have more than one dimension ``axis`` argument is required."
            )
        axis = 0
    result = running(op, n, axis, dtype)
    if initial:
        k = axis_of(axis, result.rank)
        first = filled(unit, result.dtype, (*result.shape[:k], 1, *result.shape[k + 1 :]))
        result = concatenate([first, result], k)
    return finish(result, out)


@implements(np.cumulative_sum)
def cumulative_sum(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    return _cumulative(red.cumulate_sum, 0, x, axis, dtype, out, include_initial)


@implements(np.cumulative_prod)
def cumulative_prod(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    return _cumulative(red.cumulate_prod, 1, x, axis, dtype, out, include_initial)
