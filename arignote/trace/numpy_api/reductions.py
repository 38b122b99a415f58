"""sum, prod, max, min, any, all, argmax, cumsum and their like, with NumPy's dtype rules.

A reduction node drops its axes and computes in its operand's dtype, so the cast that NumPy does
first (small integers to 64 bits) is a node here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...fxgraph.constants import const, is_const, value_of
from ...fxgraph.node import OPS, Node, Op
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.shaping import concatenate, expand, filled, ravel, spread_together
from ...fxgraph.types import BOOL, I64, DType
from ..registry import hooks, implements, implements_newer
from .arguments import (
    NO_VALUE,
    array,
    axis_of,
    finish,
    given,
    keep_dims,
    loose_axes,
    node,
    only,
    position_room,
    require_nonempty,
    require_reduced,
    single_axis,
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


@lru_cache(1024)
def loop_dtype(ufunc: np.ufunc, dtype: DType, wanted: DType | None, room: DType | None) -> DType:
    """What NumPy reduces in: `dtype=`, else what fits the array and `out=` both.

    Raises TypeError where the ufunc has no such loop.
    """
    given = {} if wanted is None else {"signature": (wanted, None, None)}
    kinds = (room, dtype, None)
    return ufunc.resolve_dtypes(kinds, reduction=True, casting="unsafe", **given)[1]


def start_of(initial: Any, dtype: DType) -> Node:
    """A number as an element of a dtype.  Raises as Python's int() does for inf and nan, and
    OverflowError for what the dtype cannot hold."""
    n = node(initial)
    if n.type.weak and n.dtype.kind == "c" and dtype.kind in "iuf":
        number = "a string or a" if dtype.kind == "f" else "a string, a bytes-like object or a"
        name = "float" if dtype.kind == "f" else "int"
        raise TypeError(f"{name}() argument must be {number} real number, not 'complex'")
    if n.type.weak and dtype.kind in "iu" and n.dtype.kind == "f" and is_const(n):
        whole, info = int(value_of(n)), np.iinfo(dtype)
        if not info.min <= whole <= info.max:
            raise OverflowError(f"Python integer {whole} out of bounds for {dtype}")
        n = node(whole)
    return cast_to(n, dtype)


def accumulated(
    op: Op, x: Node, axis: Any, keepdims: Any, initial: Any, where: Any, unit: Any, join: Op
) -> Node:
    """A reduction that has a unit: sum, prod, and bit and truth operations."""
    axes = loose_axes(axis, x.rank)
    if initial is None:
        message = f"zero-size array to reduction operation {join.name} which has no identity"
        require_nonempty(x.shape, axes, message)
    x = masked(x, where, unit)
    out = op(x, axes=axes) if axes else x
    if given(initial):
        out = join(start_of(initial, out.dtype), out)
    return keep_dims(out, axes, keepdims)


def extreme(
    x: Node,
    axis: Any,
    keepdims: Any,
    initial: Any,
    where: Any,
    largest: bool,
    name: str | None = None,
) -> Node:
    """max or min; raises ValueError for an empty axis without `initial`.  name: the ufunc's."""
    name = name or ("maximum" if largest else "minimum")
    axes = loose_axes(axis, x.rank)
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
        out = join(start_of(initial, out.dtype), out)
    return keep_dims(out, axes, keepdims)


#: Ufunc -> (its reduction, its unit).  max and min have none.
_WITH_UNIT: dict[np.ufunc, tuple[Op, Any]] = {
    np.add: (red.reduce_sum, 0),
    np.multiply: (red.reduce_prod, 1),
    np.logical_and: (red.reduce_all, True),
    np.logical_or: (red.reduce_any, False),
    np.logical_xor: (red.reduce_xor, False),
    np.bitwise_and: (red.reduce_and, None),
    np.bitwise_or: (red.reduce_or, 0),
    np.bitwise_xor: (red.reduce_xor, 0),
}
#: Sums and products of bits.
_OF_BITS: dict[np.ufunc, np.ufunc] = {np.add: np.logical_or, np.multiply: np.logical_and}


def reduced(
    ufunc: np.ufunc,
    a: Any,
    axis: Any,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    """`ufunc.reduce` of the ufuncs above, maximum and minimum."""
    x = array(a)
    axes = loose_axes(axis, x.rank)
    room = only(out)
    wanted = supported(dtype) if dtype is not None else None
    into = None if room is None else hooks.node_of(room).dtype
    x = cast_to(x, loop_dtype(ufunc, x.dtype, wanted, into))
    require_reduced(x.shape, axes, keepdims, out)
    if ufunc in (np.maximum, np.minimum):
        result = extreme(x, axis, keepdims, initial, where, ufunc is np.maximum)
    else:
        ufunc = _OF_BITS.get(ufunc, ufunc) if x.dtype == BOOL else ufunc
        op, unit = _WITH_UNIT[ufunc]
        unit = op.extra["start"](x.dtype) if unit is None else unit
        join = OPS[ufunc.__name__]
        result = accumulated(op, x, axis, keepdims, initial, where, unit, join)
    return finish(result, room, casting="unsafe")


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
    return reduced(np.add, a, axis, dtype, out, keepdims, initial, where)


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
    return reduced(np.multiply, a, axis, dtype, out, keepdims, initial, where)


# ---- extremes ------------------------------------------------------------------------------------
@implements(np.max, np.amax)
def max(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    return reduced(np.maximum, a, axis, None, out, keepdims, initial, where)


@implements(np.min, np.amin)
def min(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = NO_VALUE,
    initial: Any = NO_VALUE,
    where: Any = NO_VALUE,
) -> Any:
    return reduced(np.minimum, a, axis, None, out, keepdims, initial, where)


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NO_VALUE) -> Any:
    x = array(a)
    high = extreme(x, axis, keepdims, None, None, True)
    low = extreme(x, axis, keepdims, None, None, False)
    return finish(ew.subtract(high, low), out, casting="unsafe")


# ---- truth ---------------------------------------------------------------------------------------
@implements(np.all)
def all(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = NO_VALUE, *, where: Any = NO_VALUE
) -> Any:
    return reduced(np.logical_and, a, axis, None, out, keepdims, where=where)


@implements(np.any)
def any(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = NO_VALUE, *, where: Any = NO_VALUE
) -> Any:
    return reduced(np.logical_or, a, axis, None, out, keepdims, where=where)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    x = cast_to(cast_to(array(a), BOOL), I64)
    axes = loose_axes(axis, x.rank)
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
    return position_room(arg_extreme(red.reduce_argmax, a, axis, keepdims), out, "np.argmax")


@implements(np.argmin)
def argmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
    return position_room(arg_extreme(red.reduce_argmin, a, axis, keepdims), out, "np.argmin")


# ---- running sums and products -------------------------------------------------------------------
def running(op: Op, x: Node, axis: Any, dtype: Any, out: Any = None) -> Node:
    """`ufunc.accumulate` along one axis; of a number, an array of one."""
    into = None if only(out) is None else hooks.node_of(only(out)).dtype
    wanted = supported(dtype) if dtype is not None else None
    x = cast_to(x, loop_dtype(_RUNNING[op.name], x.dtype, wanted, into))
    if axis is None:
        return op(ravel(x), axis=0)
    if not x.rank:
        axis_of(axis, 1)
        return op(ravel(x), axis=0)
    return op(x, axis=axis_of(axis, x.rank))


_RUNNING = {
    "cumulate_sum": np.add,
    "cumulate_prod": np.multiply,
    "cumulate_max": np.maximum,
    "cumulate_min": np.minimum,
}


@implements(np.cumsum)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return finish(running(red.cumulate_sum, array(a), axis, dtype, out), out, casting="unsafe")


@implements(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return finish(running(red.cumulate_prod, array(a), axis, dtype, out), out, casting="unsafe")


def axis_of_one(axis: Any) -> int:
    """`axis=` where NumPy makes a line of a number first."""
    return single_axis(axis, 1, "accumulate")


def _cumulative(op: Op, unit: int, x: Any, axis: Any, dtype: Any, out: Any, initial: bool) -> Any:
    n = array(x)
    if axis is None:
        if n.rank >= 2:
            raise ValueError(
                "For arrays which have more than one dimension ``axis`` argument is required."
            )
        axis = 0
    if initial and isinstance(axis, tuple) and len(axis) == 1:
        raise TypeError("list indices must be integers or slices, not tuple")
    axis = single_axis(axis, n.rank, "accumulate") if n.rank else axis_of_one(axis)
    result = running(op, n, axis, dtype, out)
    if initial:
        k = axis_of(axis, result.rank)
        first = filled(unit, result.dtype, (*result.shape[:k], 1, *result.shape[k + 1 :]))
        result = concatenate([first, result], k)
    return finish(result, out, casting="unsafe")


@implements_newer("cumulative_sum")
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


@implements_newer("cumulative_prod")
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
