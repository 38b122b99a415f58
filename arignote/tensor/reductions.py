"""Sums, means, maxima and the like along axes; cumulative sums; sorting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .deferred import deferred
from .elementwise import FUNCTIONS, cast
from .types import TensorType
from .variables import as_tensor_variable

Axes = int | Sequence[int] | None


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front.  Raises ValueError for an axis that is not there."""
    if axis is None:
        return tuple(range(ndim))
    if hasattr(axis, "data"):
        axis = int(axis.data)
    chosen = [axis] if isinstance(axis, int | np.integer) else list(axis)
    out = []
    for a in chosen:
        if not -ndim <= a < ndim:
            raise ValueError(f"axis {a} is out of bounds for a variable of rank {ndim}")
        out.append(int(a) % ndim)
    return tuple(sorted(set(out)))


def _reduced(x: Any, axis: tuple[int, ...], keepdims: bool, dtype: Any) -> TensorType:
    flags = [
        True if k in axis else b for k, b in enumerate(x.broadcastable) if keepdims or k not in axis
    ]
    return TensorType(dtype, flags)


def _reduction(
    name: str, function: Callable[..., Any], dtype_rule: Callable[..., str], silent: bool = False
) -> Callable[..., Any]:
    def run(x: Any, axis: tuple[int, ...], keepdims: bool, dtype: str) -> Any:
        made = function(x, axis, keepdims)
        return made if made.dtype == dtype else made.astype(dtype)

    run.__name__ = name
    op = deferred(run, name, _reduced, silent=(0,) if silent else ())

    def reduce(x: Any, axis: Axes = None, dtype: Any = None, keepdims: bool = False,
               acc_dtype: Any = None, **options: Any) -> Any:  # fmt: skip
        if options:
            raise TypeError(f"{name}: there is no argument {next(iter(options))!r}")
        x = as_tensor_variable(x)
        chosen = np.dtype(dtype).name if dtype not in (None, "floatX") else dtype_rule(x.dtype)
        if acc_dtype is not None and np.dtype(acc_dtype) != np.dtype(x.dtype):
            x = cast(x, acc_dtype)
        elif dtype is not None and np.dtype(chosen).kind == "f" and chosen != x.dtype:
            x = cast(x, chosen)
        return op(x, axes_of(axis, x.ndim), bool(keepdims), chosen)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = (
        f"{name} over `axis` (None: all).  acc_dtype: the dtype it is computed in, dtype: of the "
        f"result."
    )
    return reduce


def _of_sum(dtype: str) -> str:
    kind = np.dtype(dtype).kind
    return "int64" if kind in "ib" else "uint64" if kind == "u" else dtype


def _of_mean(dtype: str) -> str:
    return dtype if np.dtype(dtype).kind in "fc" else "float64"


def _same(dtype: str) -> str:
    return dtype


sum = _reduction("sum", lambda x, a, k: np.sum(x, axis=a, keepdims=k), _of_sum)
mean = _reduction("mean", lambda x, a, k: np.mean(x, axis=a, keepdims=k), _of_mean)
max = _reduction("max", lambda x, a, k: np.max(x, axis=a, keepdims=k), _same)
min = _reduction("min", lambda x, a, k: np.min(x, axis=a, keepdims=k), _same)
any = _reduction("any", lambda x, a, k: np.any(x, axis=a, keepdims=k), lambda d: "bool", True)
all = _reduction("all", lambda x, a, k: np.all(x, axis=a, keepdims=k), lambda d: "bool", True)
_prod = _reduction("prod", lambda x, a, k: np.prod(x, axis=a, keepdims=k), _of_sum)
_var = _reduction("var", lambda x, a, k: np.var(x, axis=a, keepdims=k), _of_mean)


def prod(x: Any, axis: Axes = None, dtype: Any = None, keepdims: bool = False,
         acc_dtype: Any = None, no_zeros_in_input: bool = False) -> Any:  # fmt: skip
    """The product over `axis`; its derivative is right with zeros too, so `no_zeros_in_input`
    changes nothing."""
    return _prod(x, axis, dtype, keepdims, acc_dtype)


def var(
    x: Any, axis: Axes = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
) -> Any:
    """The variance over `axis`."""
    x = as_tensor_variable(x)
    if not ddof:
        return _var(x, axis, keepdims=keepdims)
    centred = x - mean(x, axis, keepdims=True)
    total = sum(FUNCTIONS["sqr"](centred), axis, keepdims=keepdims)
    count: Any = 1
    for a in axes_of(axis, x.ndim):
        count = count * x.shape[a]
    return total / cast(count - ddof, total.dtype)


def std(x: Any, axis: Axes = None, ddof: int = 0, keepdims: bool = False,
        corrected: bool = False) -> Any:  # fmt: skip
    """The standard deviation over `axis`."""
    return FUNCTIONS["sqrt"](var(x, axis, ddof, keepdims))


def ptp(x: Any, axis: Axes = None) -> Any:
    """The largest minus the smallest."""
    return max(x, axis) - min(x, axis)


# ---- positions -----------------------------------------------------------------------------------
def _along(x: Any, axis: Any, function: Any, keepdims: bool) -> Any:
    """NumPy's argmax takes one axis or all; Theano's several, which count as one."""
    if len(axis) == x.ndim:
        found = function(np.reshape(x, (-1,)), axis=0)
        return np.reshape(found, (1,) * x.ndim) if keepdims else found
    if len(axis) == 1:
        found = function(x, axis=axis[0])
        return np.expand_dims(found, axis[0]) if keepdims else found
    kept = [k for k in range(x.ndim) if k not in axis]
    moved = np.transpose(x, (*kept, *axis))
    found = function(np.reshape(moved, (*moved.shape[: len(kept)], -1)), axis=-1)
    return np.expand_dims(found, tuple(axis)) if keepdims else found


argmax_op = _reduction(
    "argmax", lambda x, a, k: _along(x, a, np.argmax, k), lambda d: "int64", True
)
argmin_op = _reduction(
    "argmin", lambda x, a, k: _along(x, a, np.argmin, k), lambda d: "int64", True
)


def argmax(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The position of the largest, as int64."""
    return argmax_op(x, axis, keepdims=keepdims)


def argmin(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The position of the smallest, as int64."""
    return argmin_op(x, axis, keepdims=keepdims)


def max_and_argmax(x: Any, axis: Axes = None, keepdims: bool = False) -> list[Any]:
    """[the largest, its position]"""
    return [max(x, axis, keepdims=keepdims), argmax(x, axis, keepdims)]


# ---- cumulative, sorting -------------------------------------------------------------------------
def _accumulated(x: Any, axis: Any) -> TensorType:
    return TensorType(_of_sum(x.dtype), (False,) * (1 if axis is None else x.ndim))


_cumsum = deferred(lambda x, axis: np.cumsum(x, axis=axis), "cumsum", _accumulated)
_cumprod = deferred(lambda x, axis: np.cumprod(x, axis=axis), "cumprod", _accumulated)


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Sums up to each element; of the flattened variable for axis None."""
    return _cumsum(as_tensor_variable(x), axis)


def cumprod(x: Any, axis: int | None = None) -> Any:
    """Products up to each element; of the flattened variable for axis None."""
    return _cumprod(as_tensor_variable(x), axis)


def _sorted_type(x: Any, axis: Any) -> TensorType:
    return x.type if axis is not None else TensorType(x.dtype, (False,))


def _order_type(x: Any, axis: Any) -> TensorType:
    return TensorType("int64", x.broadcastable if axis is not None else (False,))


_sort = deferred(lambda x, axis: np.sort(x, axis=axis), "sort", _sorted_type)
_argsort = deferred(
    lambda x, axis: np.argsort(x, axis=axis, kind="stable"), "argsort", _order_type, silent=(0,)
)


def sort(x: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> Any:
    """x sorted along `axis`."""
    return _sort(as_tensor_variable(x), axis)


def argsort(x: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> Any:
    """The positions that sort x; stable."""
    return _argsort(as_tensor_variable(x), axis)
