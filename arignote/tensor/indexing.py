"""Indexing: all of NumPy's on the right, `set_subtensor` and `inc_subtensor` for the left.

A write is a new variable: the array is copied in the meaning of the expression, and compiled code
writes in place where nobody reads the old one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..trace.proxy import fresh
from .deferred import Slot, deferred
from .evaluate import call, is_traced, is_weak, node_value, strong
from .graph import Variable
from .types import TensorType
from .variables import TensorConstant, TensorVariable, as_tensor_variable


class Range(NamedTuple):
    """A slice in a key; bounds may be variables."""

    start: Any
    stop: Any
    step: Any


_WHOLE = Range(None, None, None)
_BASIC = (slice, type(None), type(Ellipsis))


def getitem(x: Any, key: Any) -> Any:
    """x[key], with variables, arrays, lists, slices, None and Ellipsis in the key."""
    x = as_tensor_variable(x)
    return _take(x, _normal(key, x))


def _normal(key: Any, x: Any) -> tuple[Any, ...]:
    """The key as a tuple of ints, slices, None, Ellipsis and variables."""
    if isinstance(key, list) and any(isinstance(k, slice) for k in key):
        key = tuple(key)  # as old NumPy did
    parts = key if isinstance(key, tuple) else (key,)
    out = tuple(_part(p) for p in parts)
    used = sum(_axes_used(p) for p in out)
    if used > x.ndim:
        raise IndexError(f"too many indices for {x.type}: {used} were given")
    return out


def _part(p: Any) -> Any:
    if isinstance(p, slice):
        return Range(*[None if v is None else _scalar(v) for v in (p.start, p.stop, p.step)])
    if p is None or p is Ellipsis:
        return p
    if isinstance(p, bool | np.bool_):
        raise TypeError("a Python bool is no index: use an array or a variable of bools")
    if isinstance(p, int | np.integer):
        return int(p)
    if isinstance(p, TensorConstant) and p.ndim == 0 and p.dtype != "bool":
        return _scalar(p)
    v = as_tensor_variable(p)
    if v.ndim and isinstance(v, TensorConstant) and v.data.size == 0:
        v = as_tensor_variable(v.data.astype(np.int64))
    if np.dtype(v.dtype).kind not in "iub":
        raise TypeError(f"an index must be of ints or bools, {v} is {v.type}")
    return v


def _scalar(v: Any) -> Any:
    if isinstance(v, TensorConstant):
        return int(v.data)
    if isinstance(v, Variable):
        if v.ndim or np.dtype(v.dtype).kind not in "iu":  # type: ignore[attr-defined]
            raise TypeError(f"the bound of a slice must be an int scalar, not {v.type}")
        return v
    return int(v)


def _axes_used(p: Any) -> int:
    if p is None or p is Ellipsis:
        return 0
    if isinstance(p, TensorVariable) and p.dtype == "bool":
        return p.ndim
    return 1


def _shown(x: Any, key: tuple[Any, ...]) -> TensorType:
    """The type of x[key], from NumPy's own rule on a small array."""
    flags = list(x.broadcastable)
    room = x.ndim - sum(_axes_used(p) for p in key)
    full: list[Any] = []
    for p in key:
        full.extend([_WHOLE] * room if p is Ellipsis else [p])
    if Ellipsis not in [p for p in key if not isinstance(p, TensorVariable)]:
        full.extend([_WHOLE] * room)
    basic = [p for p in full if not isinstance(p, TensorVariable | int)]
    fancy = any(isinstance(p, TensorVariable) and p.ndim for p in full)
    if not fancy:
        axis, out = 0, []
        for p in full:
            if p is None:
                out.append(True)
            elif isinstance(p, Range):
                out.append(flags[axis] and p == _WHOLE)
            axis += p is not None
        return TensorType(x.dtype, out)
    ranks = [p.ndim if p.dtype != "bool" else 1 for p in full if isinstance(p, TensorVariable)]
    return TensorType(x.dtype, [False] * (max(ranks) + len(basic)))


def _index(p: Any) -> Any:
    """A part of a key at run time."""
    if isinstance(p, Range):
        return slice(*[None if v is None else _index(v) for v in (p.start, p.stop, p.step)])
    if isinstance(p, tuple):
        return strong(p)
    if isinstance(p, np.ndarray) and p.ndim == 0:
        return int(p) if p.dtype.kind in "iu" else p
    return p


def _take_run(x: Any, key: tuple[Any, ...]) -> Any:
    key = tuple(_index(p) for p in key)
    if isinstance(x, tuple):
        if len(key) == 1 and not is_traced(key) and isinstance(key[0], int | slice):
            return x[key[0]]
        x = strong(x)
    x = _like(x, key)
    return x[key] if not is_weak(x) else strong(x)[key]


_take = deferred(_take_run, "Subtensor", _shown, sizes=True)


# ---- writing -------------------------------------------------------------------------------------
def _set_run(x: Any, key: Any, value: Any) -> Any:
    key = tuple(_index(p) for p in key)
    value = strong(value)
    new = call(np.copy, _like(strong(x), (key, value)))
    new[key] = value.astype(new.dtype)
    return new


def _add_run(x: Any, key: Any, value: Any) -> Any:
    key = tuple(_index(p) for p in key)
    value = strong(value)
    new = call(np.copy, _like(strong(x), (key, value)))
    value = value.astype(new.dtype)
    if any(not isinstance(p, _BASIC) and np.ndim(p) for p in key):
        np.add.at(new, key, value)
    else:
        new[key] += value
    return new


def _like(x: Any, others: Any) -> Any:
    """x, as a traced value where it is a constant and others are traced."""
    return fresh(node_value(x)) if isinstance(x, np.ndarray) and is_traced(others) else x


_set_op = deferred(_set_run, "SetSubtensor", lambda x, key, value: x.type, sizes=True)
_add_op = deferred(_add_run, "IncSubtensor", lambda x, key, value: x.type, sizes=True)


def set_subtensor(
    x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False
) -> Any:
    """`set_subtensor(a[key], y)`: a with y at these places."""
    return _written(_set_op, "set_subtensor", x, y)


def inc_subtensor(
    x: Any,
    y: Any,
    inplace: bool = False,
    set_instead_of_inc: bool = False,
    tolerate_inplace_aliasing: bool = False,
    ignore_duplicates: bool = False,
) -> Any:
    """`inc_subtensor(a[key], y)`: a with y added at these places, once for every time a place is
    named."""
    op = _set_op if set_instead_of_inc else _add_op
    return _written(op, "inc_subtensor", x, y)


def _written(op: Any, name: str, x: Any, y: Any) -> Any:
    y = as_tensor_variable(y)
    owner = x.owner
    if owner is None or owner.op.name not in ("Subtensor", "Reshape", "DimShuffle"):
        raise TypeError(f"{name} wants an indexed variable, as in {name}(x[key], y)")
    if y.ndim > x.ndim:
        raise ValueError(f"{name}: a value of rank {y.ndim} for places of rank {x.ndim}")
    if not np.can_cast(y.dtype, x.dtype, "same_kind"):
        raise TypeError(
            f"{name}: {y} is {y.dtype}, which {x.dtype} does not hold; cast one of them"
        )
    base = owner.inputs[0]
    if owner.op.name == "Reshape":  # x.flatten()[...] and the like
        return _written(op, name, base, y.reshape(base.shape, base.ndim)) if base.owner else y
    if owner.op.name == "DimShuffle":
        raise TypeError(f"{name}: index first, shuffle the axes of the result")
    args, _ = owner.attrs["tree"].unflatten(
        [owner.inputs[s.position] if isinstance(s, Slot) else s for s in owner.attrs["static"]]
    )
    return op(base, args[1], y)
