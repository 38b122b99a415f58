"""Variables put side by side, cut into pieces, and repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .deferred import apply_op, deferred
from .evaluate import call, is_weak, strong
from .graph import Apply, Op, Variable
from .reductions import axes_of
from .shaping import as_sizes, shape_padaxis, sizes_of, static_size
from .types import TensorType
from .variables import Conversions, TensorConstant, as_tensor_variable, constant


def _vector_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    """Scalars side by side: sizes stay sizes, in a tuple."""
    dtype = node.outputs[0].type.dtype
    sized = any(map(is_weak, values))
    if sized and dtype == "int64" and all(is_weak(v) or not hasattr(v, "node") for v in values):
        return (tuple(v if is_weak(v) else int(v) for v in values),)
    made = call(np.array, [strong(v) for v in values])
    return (made if made.dtype == dtype else made.astype(dtype),)


_make_vector = Op("MakeVector", _vector_run)


def _join_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    axis = node.attrs["axis"]
    if all(isinstance(v, tuple) or not hasattr(v, "node") for v in values) and any(
        isinstance(v, tuple) for v in values
    ):
        return (tuple(d for v in values for d in (v if isinstance(v, tuple) else v.tolist())),)
    return (call(np.concatenate, [strong(v) for v in values], axis=axis),)


_join = Op("join", _join_run)


def join(axis: Any, *xs: Any) -> Any:
    """The variables one after another along `axis`."""
    inputs = [as_tensor_variable(x) for x in xs]
    if isinstance(axis, Variable):
        axis = int(axis.data)  # type: ignore[attr-defined]
    ranks = {x.ndim for x in inputs}
    if len(ranks) != 1:
        raise TypeError(f"join: the variables have ranks {[x.ndim for x in inputs]}")
    ndim = ranks.pop()
    if ndim == 0:
        raise TypeError("join: scalars cannot be joined; use stack")
    (at,) = axes_of(axis, ndim)
    dtype = np.result_type(*[np.dtype(x.dtype) for x in inputs])
    flags = [any(x.broadcastable[k] for x in inputs) and k != at for k in range(ndim)]
    return apply_op(_join, inputs, (TensorType(dtype, flags),), {"axis": at})[0]


def concatenate(tensor_list: Any, axis: Any = 0) -> Any:
    """The variables one after another along `axis`."""
    return join(axis, *tensor_list)


def stack(*tensors: Any, axis: int = 0) -> Any:
    """The variables along a new axis; a list of them, or (Theano's old form) several arguments."""
    if tensors and isinstance(tensors[0], list | tuple):
        if len(tensors) == 2:
            axis = tensors[1]
        tensors = tuple(tensors[0])
    inputs = [as_tensor_variable(x) for x in tensors]
    if not inputs:
        raise ValueError("stack: no variables")
    if all(x.ndim == 0 for x in inputs):
        dtype = np.result_type(*[np.dtype(x.dtype) for x in inputs])
        if all(isinstance(x, TensorConstant) for x in inputs):
            return constant(np.array([x.data for x in inputs], dtype=dtype))
        return apply_op(_make_vector, inputs, (TensorType(dtype, (len(inputs) == 1,)),), {})[0]
    return join(axis, *[shape_padaxis(x, axis) for x in inputs])


Conversions.stack = stack


def stacklists(xs: Any) -> Any:
    """Nested lists of variables as one variable."""
    if isinstance(xs, list | tuple):
        return stack([stacklists(x) for x in xs])
    return xs


def horizontal_stack(*xs: Any) -> Any:
    """Matrices side by side."""
    return concatenate(xs, axis=1)


def vertical_stack(*xs: Any) -> Any:
    """Matrices one above the other."""
    return concatenate(xs, axis=0)


def split(x: Any, splits_size: Any, n_splits: int, axis: int = 0) -> list[Any]:
    """x cut along `axis` into `n_splits` pieces of the given sizes."""
    x = as_tensor_variable(x)
    parts, count = sizes_of(splits_size, n_splits)
    if count != n_splits:
        raise ValueError(f"split: {count} sizes for {n_splits} pieces")
    if len(parts) == 1 and n_splits > 1:
        parts = [parts[0][k] for k in range(n_splits)]
    out, start = [], 0
    for size in parts:
        key = [slice(None)] * x.ndim
        key[axis] = slice(start, start + size)
        out.append(x[tuple(key)])
        start = start + size
    return out


def roll(x: Any, shift: Any, axis: int | None = None) -> Any:
    """The elements moved along an axis, those that leave come in at the other end."""
    return _roll(as_tensor_variable(x), shift, axis)


_roll = deferred(
    lambda x, shift, axis: call(np.roll, x, shift, axis=axis), "roll",
    lambda x, shift, axis: x.type.clone(broadcastable=[False] * x.ndim), sizes=True,
)  # fmt: skip


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element several times."""
    return _repeat(as_tensor_variable(x), repeats, axis)


_repeat = deferred(
    lambda x, n, axis: call(np.repeat, strong(x), n, axis=axis), "repeat",
    lambda x, n, axis: TensorType(x.dtype, [False] * (1 if axis is None else x.ndim)), sizes=True,
)  # fmt: skip


def tile(x: Any, reps: Any, ndim: int | None = None) -> Any:
    """x repeated as a block."""
    x = as_tensor_variable(x)
    parts, count = sizes_of(reps, ndim)
    return _tile(x, [static_size(p) for p in parts], max(count, ndim or 0), count)


_tile = deferred(
    lambda x, parts, ndim, count: call(np.tile, x, as_sizes(parts, count)), "tile",
    lambda x, parts, ndim, count: TensorType(x.dtype, [False] * max(ndim, x.ndim)), sizes=True,
)  # fmt: skip
