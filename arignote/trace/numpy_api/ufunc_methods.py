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
from ...fxgraph.types import I64, DType, TensorType
from ..registry import UFUNC_METHODS, hooks, implements_method
from .arguments import (
    NO_VALUE,
    array,
    finish,
    given,
    keep_dims,
    loose_axes,
    node,
    only,
    require_nonempty,
    single_axis,
    supported,
)
from .indexing import positions
from .reductions import loop_dtype, masked, reduced, running, start_of


# ---- reduce --------------------------------------------------------------------------------------
def _reduction(ufunc: np.ufunc) -> Callable[..., Any]:
    def reduce(
        array_: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        return reduced(ufunc, array_, axis, dtype, out, keepdims, initial, where)

    return reduce


for _ufunc in (
    np.add, np.multiply, np.maximum, np.minimum, np.logical_and, np.logical_or, np.logical_xor,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor,
):  # fmt: skip
    implements_method("reduce", _ufunc.__name__)(_reduction(_ufunc))


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
    axes = loose_axes(axis, x.rank)
    return finish(keep_dims(log_sum_exp(x, axes), axes, keepdims), out, casting="unsafe")


def log_sum_exp(x: Node, axes: tuple[int, ...], weights: Node | None = None) -> Node:
    """log(sum(weights * exp(x))) along axes that are dropped; -inf for no elements."""
    if not axes:
        return x if weights is None else ew.add(x, ew.log(weights))
    top = red.reduce_max(x, axes=axes)
    top = ew.where(ew.isfinite(top), top, const(0, top.dtype))
    terms = ew.exp(ew.subtract(x, keep_dims(top, axes, True)))
    terms = terms if weights is None else ew.multiply(weights, terms)
    return ew.add(ew.log(red.reduce_sum(terms, axes=axes)), top)


@implements_method("reduce", "subtract")
def subtract_reduce(
    array_: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """x[0] - sum(x[1:]): NumPy goes step by step, the same but for rounding."""
    x = array(array_)
    room = None if only(out) is None else hooks.node_of(only(out)).dtype
    wanted = supported(dtype) if dtype is not None else None
    x = cast_to(x, loop_dtype(np.subtract, x.dtype, wanted, room))
    axes = loose_axes(axis, x.rank)
    if len(axes) > 1:
        raise ValueError(
            "reduction operation 'subtract' is not reorderable, so at most one axis may be "
            "specified"
        )
    if given(initial):
        x = masked(x, where, 0)
        rest = red.reduce_sum(x, axes=axes) if axes else x
        result = ew.subtract(start_of(initial, x.dtype), rest)
    elif where is not True:
        raise ValueError(
            "reduction operation 'subtract' does not have an identity, so to use a where mask "
            "one has to specify 'initial'"
        )
    elif axes:
        message = "zero-size array to reduction operation subtract which has no identity"
        require_nonempty(x.shape, axes, message)
        tail = sh.sliced(x, axes[0], 1, dim(sh.last(x.shape[axes[0]])))
        result = ew.subtract(sh.select(x, axes[0], 0), red.reduce_sum(tail, axes=axes))
    else:
        result = x
    return finish(keep_dims(result, axes, keepdims), out, casting="unsafe")


# ---- accumulate ----------------------------------------------------------------------------------
def _accumulation(op: Op, name: str) -> None:
    @implements_method("accumulate", name)
    def accumulate(array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        x = array(array_)
        k = single_axis(axis, x.rank, "accumulate")
        return finish(running(op, x, k, dtype, out), out, casting="unsafe")


_accumulation(red.cumulate_sum, "add")
_accumulation(red.cumulate_prod, "multiply")
_accumulation(red.cumulate_max, "maximum")
_accumulation(red.cumulate_min, "minimum")


def _truths(op: Op, ufunc: np.ufunc) -> None:
    @implements_method("accumulate", ufunc.__name__)
    def accumulate(array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        x = array(array_)
        k = single_axis(axis, x.rank, "accumulate")
        x = cast_to(x, loop_dtype(ufunc, x.dtype, np.dtype(dtype) if dtype else None, None))
        return finish(op(x, axis=k), out, casting="unsafe")


_truths(red.cumulate_min, np.logical_and)
_truths(red.cumulate_max, np.logical_or)


# ---- outer ---------------------------------------------------------------------------------------
def _outer(op: Op, ufunc: str) -> Callable[..., Any]:
    def outer(a: Any, b: Any, /, **options: Any) -> Any:
        x, y = node(a), node(b)
        if y.rank and x.rank:
            x = sh.expand(x, tuple(range(x.rank, x.rank + y.rank)))
        if options:
            return getattr(np, ufunc)(hooks.wrap(x), hooks.wrap(y), **options)
        return hooks.wrap(op(x, y))

    return outer


for _op in list(OPS.values()):
    for _ufunc in _op.numpy:
        if isinstance(_ufunc, np.ufunc) and _ufunc.nin == 2 and _ufunc.nout == 1:
            UFUNC_METHODS.setdefault((_ufunc.__name__, "outer"), _outer(_op, _ufunc.__name__))


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


def _casts_unchecked() -> bool:
    """Does this NumPy write what does not fit?  Some versions raise TypeError."""
    try:
        np.add.at(np.zeros(1, int), [0], 0.5)
    except TypeError:
        return False
    return True


_UNCHECKED = _casts_unchecked()


#: Of integers: the same whether they are made narrow before or after.
_WRAPPING = ("add", "subtract", "multiply", "bitwise_and", "bitwise_or", "bitwise_xor")


def _keeps_range(to: DType, b: Any) -> bool:
    """May what is added be made as narrow as the array first?  1e30 is infinite as a float16."""
    with np.errstate(over="ignore"):
        finite = not isinstance(b, float) or np.isfinite(b) == np.isfinite(np.asarray(b, to))
    return to.kind in "fc" and to.char != "e" and bool(finite)


def _at(name: str) -> Callable[..., None]:
    def at(a: Any, indices: Any, b: Any = None, /) -> None:
        base = hooks.node_of(a)
        flat, where = at_positions(base, indices)
        values: tuple[Node, ...] = ()
        fits = True
        if b is not None:
            op = OPS[name]
            value = array(b)  # a Python number, too, brings its own dtype
            result = op(sh.zeros(base.dtype, ()), value).dtype
            fits = np.can_cast(result, base.dtype, "same_kind")
            wraps = name in _WRAPPING and base.dtype.kind in "iu" and value.dtype.kind in "iub"
            fits = wraps or (fits and (result == base.dtype or _keeps_range(base.dtype, b)))
            if not fits and not _UNCHECKED:
                raise TypeError(
                    f"Cannot cast ufunc '{name}' output from {result!r} to {base.dtype!r} "
                    "with casting rule 'same_kind'"
                )
            value = cast_to(value, base.dtype) if fits else sh.strong(value)
            values = (sh.spread(value, where.shape),)
        if name in ("add", "subtract") and base.dtype.kind != "b" and fits:
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
        k = single_axis(axis, x.rank, "reduceat")
        room = None if only(out) is None else hooks.node_of(only(out)).dtype
        wanted = supported(dtype) if dtype is not None else None
        x = cast_to(x, loop_dtype(getattr(np, name), x.dtype, wanted, room))
        result = reduceat_op(x, positions(indices), axis=k, ufunc=name)
        return finish(result, out, casting="unsafe")

    return reduceat


for _name in ("add", "multiply", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor"):
    UFUNC_METHODS[_name, "reduceat"] = _reduceat(_name)
