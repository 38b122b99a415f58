"""`ufunc.reduce` and `ufunc.accumulate` of ufuncs that have no reduction of their own, as loops.

np.hypot.reduce(x) takes the elements in order, as NumPy does; the loops are traced like the user's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..fxgraph.ops.family import cast_to
from .callables import OPERATORS
from .convert import converted
from .numpy_api.arguments import array
from .registry import UFUNC_METHODS, hooks

#: Ufuncs of two numbers whose result has the dtype of their operands.
_FOLDED = (
    "subtract", "divide", "floor_divide", "remainder", "fmod", "power", "float_power", "hypot",
    "arctan2", "logaddexp", "logaddexp2", "copysign", "nextafter", "fmax", "fmin", "gcd", "lcm",
    "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift",
)  # fmt: skip


def _run_accumulate(f: Any, rows: Any) -> Any:
    out = rows.copy()
    for k in range(1, rows.shape[0]):
        out[k] = f(out[k - 1], rows[k])
    return out


def _run_reduce(f: Any, rows: Any) -> Any:
    total = rows[0].copy()
    for k in range(1, rows.shape[0]):
        total = f(total, rows[k])
    return total


def _rows(ufunc: np.ufunc, x: Any, axis: Any, dtype: Any) -> Any:
    """x in the dtype of the ufunc's loop, its axis first."""
    if not isinstance(axis, int | np.integer):
        raise ValueError(f"reduction operation '{ufunc.__name__}' is not reorderable, so at most "
                         "one axis may be specified")  # fmt: skip
    n = array(x)
    kind = np.dtype(dtype) if dtype is not None else n.dtype
    loop = ufunc.resolve_dtypes((kind, kind, None))[2]
    return np.moveaxis(hooks.fresh(cast_to(n, loop)), axis, 0)


def _accumulation(ufunc: np.ufunc) -> Callable[..., Any]:
    def accumulate(array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        rows = _rows(ufunc, array_, axis, dtype)
        made = np.moveaxis(converted(_run_accumulate, OPERATORS[0])(ufunc, rows), 0, axis)
        return _given(made, out)

    return accumulate


def _reduction(ufunc: np.ufunc) -> Callable[..., Any]:
    def reduce(
        array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False
    ) -> Any:
        rows = _rows(ufunc, array_, axis, dtype)
        made = converted(_run_reduce, OPERATORS[0])(ufunc, rows)
        return _given(np.expand_dims(made, axis) if keepdims else made, out)

    return reduce


def _given(made: Any, out: Any) -> Any:
    if out is None:
        return made
    out[...] = made
    return out


for _name in _FOLDED:
    _ufunc = getattr(np, _name)
    UFUNC_METHODS.setdefault((_name, "accumulate"), _accumulation(_ufunc))
    UFUNC_METHODS.setdefault((_name, "reduce"), _reduction(_ufunc))
