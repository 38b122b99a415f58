"""`ufunc.reduce` and `ufunc.accumulate` of ufuncs that have no reduction of their own, as loops.

np.hypot.reduce(x) takes the elements in order, as NumPy does; the loops are traced like the user's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import BOOL, DType
from .callables import OPERATORS
from .convert import converted
from .numpy_api.arguments import (
    NO_VALUE,
    array,
    finish,
    given,
    loose_axes,
    only,
    require_nonempty,
    require_reduced,
    single_axis,
    supported,
)
from .numpy_api.reductions import loop_dtype, start_of
from .registry import UFUNC_METHODS, hooks

#: Ufuncs of two numbers whose result has the dtype of their operands.
_FOLDED = (
    "subtract", "divide", "floor_divide", "remainder", "fmod", "power", "float_power", "hypot",
    "arctan2", "logaddexp", "logaddexp2", "copysign", "nextafter", "fmax", "fmin", "gcd", "lcm",
    "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift",
)  # fmt: skip
#: Those that may be taken over several axes, in any order.
_REORDERABLE = frozenset({"hypot", "logaddexp", "logaddexp2", "fmax", "fmin", "gcd"})


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


def _run_from(f: Any, rows: Any, start: Any, mask: Any) -> Any:
    total = np.full(rows.shape[1:], start, rows.dtype)
    for k in range(rows.shape[0]):
        total = np.where(mask[k], f(total, rows[k]), total)
    return total


def _in_loop(ufunc: np.ufunc, x: Any, dtype: Any, out: Any) -> Any:
    """x in the dtype of the ufunc's loop."""
    n = array(x)
    wanted = supported(dtype) if dtype is not None else None
    room: DType | None = None if only(out) is None else hooks.node_of(only(out)).dtype
    return hooks.fresh(cast_to(n, loop_dtype(ufunc, n.dtype, wanted, room)))


def _accumulation(ufunc: np.ufunc) -> Callable[..., Any]:
    def accumulate(array_: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        k = single_axis(axis, array(array_).rank, "accumulate")
        x = _in_loop(ufunc, array_, dtype, out)
        rows = np.moveaxis(x, k, 0)
        made = np.moveaxis(converted(_run_accumulate, OPERATORS[0])(ufunc, rows), 0, k)
        return finish(hooks.node_of(made), out, casting="unsafe")

    return accumulate


def _reduction(ufunc: np.ufunc) -> Callable[..., Any]:
    name = ufunc.__name__

    def reduce(
        array_: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        axes = loose_axes(axis, array(array_).rank)
        x = _in_loop(ufunc, array_, dtype, out)
        require_reduced(x.sizes, axes, keepdims, out)
        if len(axes) > 1 and name not in _REORDERABLE:
            raise ValueError(f"reduction operation '{name}' is not reorderable, so at most one "
                             "axis may be specified")  # fmt: skip
        if not axes and not given(initial) and where is True:
            return finish(hooks.node_of(x), out, casting="unsafe")
        start = initial if given(initial) or initial is None else ufunc.identity
        if where is not True and start is None:
            raise ValueError(f"reduction operation '{name}' does not have an identity, so to use "
                             "a where mask one has to specify 'initial'")  # fmt: skip
        if start is None:
            message = f"zero-size array to reduction operation {name} which has no identity"
            require_nonempty(x.sizes, axes, message)
            made = converted(_run_reduce, OPERATORS[0])(ufunc, _in_front(x, axes))
        else:
            mask = np.broadcast_to(hooks.fresh(cast_to(array(where), BOOL)), x.shape)
            first = hooks.wrap(start_of(start, x.dtype))
            run = converted(_run_from, OPERATORS[0])
            made = run(ufunc, _in_front(x, axes), first, _in_front(mask, axes))
        made = np.expand_dims(made, axes) if keepdims and axes else made
        return finish(hooks.node_of(made), out, casting="unsafe")

    return reduce


def _in_front(x: Any, axes: tuple[int, ...]) -> Any:
    """x with these axes as one, in front."""
    if len(axes) == 1:
        return np.moveaxis(x, axes[0], 0)
    moved = np.moveaxis(x, axes, tuple(range(len(axes))))
    return moved.reshape(-1, *moved.shape[len(axes) :]) if axes else moved[None]


for _name in _FOLDED:
    _ufunc = getattr(np, _name)
    UFUNC_METHODS.setdefault((_name, "accumulate"), _accumulation(_ufunc))
    UFUNC_METHODS.setdefault((_name, "reduce"), _reduction(_ufunc))
