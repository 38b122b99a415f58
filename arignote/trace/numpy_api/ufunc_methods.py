"""reduce, accumulate, outer, at and reduceat of ufuncs: `np.add.at(a, i, v)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...fxgraph.affine import dim
from ...fxgraph.constants import const
from ...fxgraph.node import OPS, Node, Op, make
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import partial
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.library import library
from ...fxgraph.ops.structure import iota, reshape, scatter_add
from ...fxgraph.prove import region
from ...fxgraph.types import BOOL, I64, TensorType
from ..registry import UFUNC_METHODS, hooks, implements_method
from .arguments import (
    NO_VALUE,
    array,
    axes_of,
    axis_of,
    finish,
    keep_dims,
    node,
    supported,
)
from .indexing import positions
from .reductions import accumulated, extreme, running, truth, wide


# ---- reduce --------------------------------------------------------------------------------------
def _reduction(op: Op, unit: int, join: Op, widen: bool, name: str) -> None:
    @implements_method("reduce", name)
    def reduce(
        array_: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        x = array(array_)
        kind = supported(dtype) if dtype is not None else wide(x.dtype) if widen else x.dtype
        x = cast_to(x, kind)
        start = int(op.extra["start"](kind)) if op is red.reduce_and else unit
        return finish(accumulated(op, x, axis, keepdims, initial, where, start, join), out)


_reduction(red.reduce_sum, 0, ew.add, True, "add")
_reduction(red.reduce_prod, 1, ew.multiply, True, "multiply")
_reduction(red.reduce_and, -1, ew.bitwise_and, False, "bitwise_and")
_reduction(red.reduce_or, 0, ew.bitwise_or, False, "bitwise_or")
_reduction(red.reduce_xor, 0, ew.bitwise_xor, False, "bitwise_xor")


def _extreme(name: str, largest: bool) -> None:
    @implements_method("reduce", name)
    def reduce(
        array_: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        x = array(array_)
        x = cast_to(x, supported(dtype)) if dtype is not None else x
        return finish(extreme(x, axis, keepdims, initial, where, largest), out)


_extreme("maximum", True)
_extreme("minimum", False)


def _truth(name: str, op: Op, unit: bool) -> None:
    @implements_method("reduce", name)
    def reduce(
        array_: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        return finish(truth(op, array_, axis, keepdims, where, unit), out)


_truth("logical_and", red.reduce_all, True)
_truth("logical_or", red.reduce_any, False)


@implements_method("reduce", "logical_xor")
def logical_xor_reduce(
    array_: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    **options: Any,
) -> Any:
    x = cast_to(array(array_), BOOL)
    axes = axes_of(axis, x.rank)
    return finish(keep_dims(red.reduce_xor(x, axes=axes) if axes else x, axes, keepdims), out)


@implements_method("reduce", "logaddexp")
def logaddexp_reduce(
    array_: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    **options: Any,
) -> Any:
    """log(sum(exp)) with the largest element taken out."""
    x = array(array_)
    axes = axes_of(axis, x.rank)
    return finish(keep_dims(log_sum_exp(x, axes), axes, keepdims), out)


def log_sum_exp(x: Node, axes: tuple[int, ...], weights: Node | None = None) -> Node:
    """log(sum(weights * exp(x))) along axes that are dropped; -inf for no elements."""
    if not axes:
        return x if weights is None else ew.add(x, ew.log(weights))
    top = red.reduce_max(x, axes=axes)
    top = ew.where(ew.isfinite(top), top, const(0, top.dtype))
    terms = ew.exp(ew.subtract(x, keep_dims(top, axes, True)))
    terms = terms if weights is None else ew.multiply(weights, terms)
    return ew.add(ew.log(red.reduce_sum(terms, axes=axes)), top)


def _fold_sub(name: str, first: Op, rest: Op, join: Op) -> None:
    """x[0] - sum(x[1:]): NumPy goes step by step, the same but for rounding."""

    @implements_method("reduce", name)
    def reduce(
        array_: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        **options: Any,
    ) -> Any:
        x = array(array_)
        k = axis_of(axis, x.rank)
        head = sh.select(x, k, 0)
        tail = sh.sliced(x, k, 1, dim(sh.last(x.shape[k])))
        return finish(keep_dims(join(head, rest(tail, axes=(k,))), (k,), keepdims), out)


_fold_sub("subtract", ew.subtract, red.reduce_sum, ew.subtract)


# ---- accumulate ----------------------------------------------------------------------------------
def _accumulation(op: Op, name: str, widen: bool) -> None:
    @implements_method("accumulate", name)
    def accumulate(array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        x = array(array_)
        if not x.rank:
            raise TypeError("cannot accumulate on a scalar")
        if widen or dtype is not None:
            return finish(running(op, x, axis, dtype), out)
        return finish(op(x, axis=axis_of(axis, x.rank)), out)


_accumulation(red.cumulate_sum, "add", True)
_accumulation(red.cumulate_prod, "multiply", True)
_accumulation(red.cumulate_max, "maximum", False)
_accumulation(red.cumulate_min, "minimum", False)


@implements_method("accumulate", "logical_and")
def logical_and_accumulate(array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    x = cast_to(array(array_), BOOL)
    return finish(red.cumulate_min(x, axis=axis_of(axis, x.rank)), out)


@implements_method("accumulate", "logical_or")
def logical_or_accumulate(array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    x = cast_to(array(array_), BOOL)
    return finish(red.cumulate_max(x, axis=axis_of(axis, x.rank)), out)


# ---- outer ---------------------------------------------------------------------------------------
def _outer(op: Op) -> Callable[..., Any]:
    def outer(a: Any, b: Any, /, *, out: Any = None, dtype: Any = None, **options: Any) -> Any:
        x, y = node(a), node(b)
        if y.rank and x.rank:
            x = sh.expand(x, tuple(range(x.rank, x.rank + y.rank)))
        result = op(x, y)
        return finish(cast_to(result, supported(dtype)) if dtype is not None else result, out)

    return outer


for _op in list(OPS.values()):
    for _ufunc in _op.numpy:
        if isinstance(_ufunc, np.ufunc) and _ufunc.nin == 2 and _ufunc.nout == 1:
            UFUNC_METHODS.setdefault((_ufunc.__name__, "outer"), _outer(_op))


# ---- at ------------------------------------------------------------------------------------------
def _ufunc_at(base: Any, index: Any, *values: Any, ufunc: str) -> Any:
    out = np.array(base)
    getattr(np, ufunc).at(out, index, *values)
    return out


#: (base[n], index, value?): `ufunc.at`, one element after the other
ufunc_at = library(
    "ufunc_at",
    reference=_ufunc_at,
    infer=lambda base, *_, ufunc: base.type,
    partial=True,
)


def at_positions(base: Node, indices: Any) -> tuple[Node, Node]:
    """(base raveled, flat positions): any index that reads `base` also reads its positions."""
    shape = base.shape
    if not hooks.is_proxy(indices) and not isinstance(
        indices, tuple | slice | np.ndarray | list | int
    ):
        raise IndexError(f"ufunc.at: unsupported index {indices!r}")
    if base.rank == 1 and (hooks.is_proxy(indices) or isinstance(indices, np.ndarray | list)):
        index = array(indices)
        if index.dtype.kind in "iu":
            return base, cast_to(index, I64)
    numbers = hooks.fresh(reshape(iota(dim(sh.count(shape))), shape))
    return sh.ravel(base), positions(hooks.node_of(numbers[indices]))


def _scatter(flat: Node, at: Node, value: Node) -> Node:
    attrs = (("at", 0), ("axes", (0,)), ("mode", "raise"))
    return partial(make(scatter_add, (flat, value, at, *region()), attrs))


def _at(name: str) -> Callable[..., None]:
    def at(a: Any, indices: Any, b: Any = None, /) -> None:
        base = hooks.node_of(a)
        flat, where = at_positions(base, indices)
        values: tuple[Node, ...] = ()
        if b is not None:
            op = OPS[name]
            value = node(b)
            result = op(sh.zeros(base.dtype, ()), value).dtype
            if not np.can_cast(result, base.dtype, "same_kind"):
                raise TypeError(
                    f"Cannot cast ufunc '{name}' output from {result!r} to {base.dtype!r} "
                    "with casting rule 'same_kind'"
                )
            values = (sh.spread(cast_to(value, base.dtype), where.shape),)
        if name in ("add", "subtract") and base.dtype.kind != "b":
            new = _scatter(flat, where, values[0] if name == "add" else ew.negative(values[0]))
        else:
            new = ufunc_at(flat, where, *values, ufunc=name)
        hooks.assign(a, reshape(new, base.shape))

    return at


for _name in (
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "maximum",
    "minimum", "fmax", "fmin", "bitwise_and", "bitwise_or", "bitwise_xor", "logical_and",
    "logical_or", "logical_xor", "negative", "absolute", "square", "sqrt", "exp", "log",
    "left_shift", "right_shift", "hypot", "logaddexp",
):  # fmt: skip
    UFUNC_METHODS[_name, "at"] = _at(_name)


# ---- reduceat ------------------------------------------------------------------------------------
def _reduceat_type(x: Node, index: Node, *, axis: int, ufunc: str) -> TensorType:
    return TensorType(x.dtype, (*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :]))


#: (x, index[m]): x reduced from each index to the next
reduceat_op = library(
    "reduceat",
    reference=lambda x, index, *, axis, ufunc: getattr(np, ufunc).reduceat(
        x, index, axis, dtype=x.dtype
    ),
    infer=_reduceat_type,
    partial=True,
)


def _reduceat(name: str) -> Callable[..., Any]:
    def reduceat(
        array_: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None
    ) -> Any:
        x = array(array_)
        kind = wide(x.dtype) if name in ("add", "multiply") else x.dtype
        x = cast_to(x, supported(dtype) if dtype is not None else kind)
        k = axis_of(axis, x.rank)
        return finish(reduceat_op(x, positions(indices), axis=k, ufunc=name), out)

    return reduceat


for _name in ("add", "multiply", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor"):
    UFUNC_METHODS[_name, "reduceat"] = _reduceat(_name)
