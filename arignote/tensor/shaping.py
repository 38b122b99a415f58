"""Other shapes of the same elements: reshape, dimshuffle, joining, splitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .deferred import Slot, apply_op, deferred
from .evaluate import call, is_weak, strong
from .graph import Apply, Op, Variable
from .reductions import axes_of
from .types import TensorType
from .variables import Conversions, TensorConstant, as_tensor_variable, constant


# ---- shape ---------------------------------------------------------------------------------------
def _shape_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    return (tuple(strong(values[0]).shape),)


_shape = Op("Shape", _shape_run, silent=frozenset({0}))


def shape(x: Any) -> Any:
    """The sizes of x as an int64 vector."""
    x = as_tensor_variable(x)
    return apply_op(_shape, (x,), (TensorType("int64", (x.ndim == 1,)),), {})[0]


def sizes_of(shape: Any, ndim: int | None = None) -> tuple[list[Any], int]:
    """A shape as scalars, and how many.  Raises ValueError where the number is not known."""
    if isinstance(shape, TensorConstant):
        return [int(d) for d in np.atleast_1d(shape.data)], np.atleast_1d(shape.data).size
    if isinstance(shape, Variable) and getattr(shape, "ndim", 0) == 1:
        known = _length(shape)
        if ndim is None and known is None:
            raise ValueError(
                f"the length of the shape {shape} is not known when the expression is built: give "
                f"ndim="
            )
        count = ndim if ndim is not None else known
        return [shape], int(count or 0)
    if isinstance(shape, Variable) or np.ndim(shape) == 0:
        return [shape], 1
    parts = list(shape)
    return parts, len(parts)


def _length(v: Any) -> int | None:
    """How many elements a vector has, where its expression tells."""
    if v.owner is None:
        return None
    name = v.owner.op.name
    if name == "Shape":
        return int(v.owner.inputs[0].ndim)
    if name == "MakeVector":
        return len(v.owner.inputs)
    if name == "join":
        parts = [_length(x) if x.owner else (x.data.size if hasattr(x, "data") else None)
                 for x in v.owner.inputs]  # fmt: skip
        return None if None in parts else sum(p for p in parts if p is not None)
    if name == "Subtensor" and v.owner.inputs[0].owner is not None:
        whole = _length(v.owner.inputs[0])
        static = v.owner.attrs["static"]
        (_, key), _ = v.owner.attrs["tree"].unflatten(static)
        if whole is not None and len(key) == 1 and not any(isinstance(x, Slot) for x in static[1:]):
            return len(range(whole)[slice(*key[0])])
    return None


def as_sizes(parts: Sequence[Any], count: int) -> tuple[Any, ...]:
    """Run-time sizes: a tuple of ints, for values of the parts that `sizes_of` gave."""
    if len(parts) == 1 and not _is_scalar(parts[0]):
        vector = parts[0]
        return tuple(as_size(vector[k]) for k in range(count))
    return tuple(as_size(p) for p in parts)


def _is_scalar(x: Any) -> bool:
    return is_weak(x) or (not isinstance(x, tuple | list) and np.ndim(x) == 0)


def as_size(x: Any) -> Any:
    """A size as a Python int, traced or not."""
    return x if is_weak(x) else (int(x) if not hasattr(x, "node") else x)


def _reshape(x: Any, parts: Any, count: int) -> Any:
    return call(np.reshape, strong(x), as_sizes(parts, count))


_reshape_op = deferred(
    _reshape,
    "Reshape",
    lambda x, parts, count: TensorType(
        x.dtype,
        [p == 1 for p in parts]
        if not any(isinstance(p, Variable) for p in parts)
        else [False] * count,
    ),
    sizes=True,
)


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> Any:
    """x in another shape; one size may be -1.  ndim: needed where `newshape` is a vector of unknown
    length."""
    parts, count = sizes_of(newshape, ndim)
    parts = [_static(p) for p in parts]
    return _reshape_op(as_tensor_variable(x), parts, count)


def _static(p: Any) -> Any:
    if isinstance(p, TensorConstant):
        return int(p.data)
    return p if isinstance(p, Variable) else int(p)


def flatten(x: Any, ndim: int = 1, outdim: int | None = None) -> Any:
    """The last axes of x as one, so that `ndim` axes are left."""
    x = as_tensor_variable(x)
    ndim = ndim if outdim is None else outdim
    if ndim > x.ndim:
        raise ValueError(f"flatten: a variable of rank {x.ndim} cannot get rank {ndim}")
    return reshape(x, [x.shape[k] for k in range(ndim - 1)] + [-1])


# ---- axes ----------------------------------------------------------------------------------------
def _dimshuffle(x: Any, pattern: tuple[Any, ...]) -> Any:
    kept = [p for p in pattern if p != "x"]
    dropped = tuple(k for k in range(x.ndim) if k not in kept)
    if dropped:
        x = np.squeeze(x, axis=dropped)
        kept = [p - sum(d < p for d in dropped) for p in kept]
    if kept != list(range(len(kept))):
        x = np.transpose(x, kept)
    new = tuple(k for k, p in enumerate(pattern) if p == "x")
    return np.expand_dims(x, new) if new else x


def _dimshuffled(x: Any, pattern: tuple[Any, ...]) -> TensorType:
    return TensorType(x.dtype, [True if p == "x" else x.broadcastable[p] for p in pattern])


_dimshuffle_op = deferred(_dimshuffle, "DimShuffle", _dimshuffled)


def dimshuffle(x: Any, *pattern: Any) -> Any:
    """The axes of x in another order; "x" is a new axis of length 1, an axis left out must have
    length 1 when the function runs."""
    x = as_tensor_variable(x)
    if len(pattern) == 1 and isinstance(pattern[0], list | tuple):
        pattern = tuple(pattern[0])
    for p in pattern:
        if p != "x" and not -x.ndim <= p < x.ndim:
            raise ValueError(f"dimshuffle{pattern}: {x.type} has no axis {p}")
    pattern = tuple(p if p == "x" else int(p) % x.ndim for p in pattern)
    kept = [p for p in pattern if p != "x"]
    if len(set(kept)) < len(kept):
        raise ValueError(f"dimshuffle{pattern}: an axis stands twice")
    if pattern == tuple(range(x.ndim)):
        return x
    return _dimshuffle_op(x, pattern)


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes of x reversed, or in the order `axes`."""
    x = as_tensor_variable(x)
    return dimshuffle(x, *(range(x.ndim)[::-1] if axes is None else axes))


def swapaxes(x: Any, first: int, second: int) -> Any:
    """x with two axes exchanged."""
    x = as_tensor_variable(x)
    order = list(range(x.ndim))
    order[first], order[second] = order[second], order[first]
    return dimshuffle(x, *order)


def shape_padleft(x: Any, n_ones: int = 1) -> Any:
    """x with new axes of length 1 in front."""
    x = as_tensor_variable(x)
    return dimshuffle(x, *["x"] * n_ones, *range(x.ndim))


def shape_padright(x: Any, n_ones: int = 1) -> Any:
    """x with new axes of length 1 at the end."""
    x = as_tensor_variable(x)
    return dimshuffle(x, *range(x.ndim), *["x"] * n_ones)


def shape_padaxis(x: Any, axis: int) -> Any:
    """x with a new axis of length 1 at `axis`."""
    x = as_tensor_variable(x)
    if not -x.ndim - 1 <= axis <= x.ndim:
        raise IndexError(f"shape_padaxis: axis {axis} of a variable of rank {x.ndim}")
    order: list[Any] = list(range(x.ndim))
    order.insert(axis if axis >= 0 else x.ndim + 1 + axis, "x")
    return dimshuffle(x, *order)


def squeeze(x: Any, axis: Any = None) -> Any:
    """x without its axes flagged as broadcastable, or without `axis`."""
    x = as_tensor_variable(x)
    gone = axes_of(axis, x.ndim) if axis is not None else [
        k for k, b in enumerate(x.broadcastable) if b
    ]  # fmt: skip
    return dimshuffle(x, *[k for k in range(x.ndim) if k not in gone])


def _flagged(x: Any, flags: tuple[bool, ...]) -> Any:
    return x


_flag_op = deferred(_flagged, "Rebroadcast", lambda x, flags: TensorType(x.dtype, flags))


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> Any:
    """x with other broadcastable flags."""
    x = as_tensor_variable(x)
    return x if x.broadcastable == tuple(broadcastable) else _flag_op(x, tuple(broadcastable))


def addbroadcast(x: Any, *axes: int) -> Any:
    """x with axes flagged as of length 1."""
    x = as_tensor_variable(x)
    return patternbroadcast(x, [b or k in axes for k, b in enumerate(x.broadcastable)])


def unbroadcast(x: Any, *axes: int) -> Any:
    """x with axes no more flagged as of length 1."""
    x = as_tensor_variable(x)
    return patternbroadcast(x, [b and k not in axes for k, b in enumerate(x.broadcastable)])


def _specify(x: Any, parts: Any, count: int) -> Any:
    wanted = as_sizes(parts, count)
    if not any(hasattr(d, "node") for d in (*wanted, *x.shape)) and tuple(x.shape) != wanted:
        raise AssertionError(f"specify_shape: got shape {x.shape}, expected {wanted}")
    return call(np.reshape, x, wanted)


_specify_op = deferred(
    _specify, "SpecifyShape", lambda x, parts, count: TensorType(x.dtype, [p == 1 for p in parts]),
    sizes=True,
)  # fmt: skip


def specify_shape(x: Any, shape: Any) -> Any:
    """x, which must have this shape when the function runs."""
    x = as_tensor_variable(x)
    parts, count = sizes_of(shape, x.ndim)
    return _specify_op(x, [_static(p) for p in parts], count)


# ---- joining -------------------------------------------------------------------------------------
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
    return _tile(x, [_static(p) for p in parts], max(count, ndim or 0), count)


_tile = deferred(
    lambda x, parts, ndim, count: call(np.tile, x, as_sizes(parts, count)), "tile",
    lambda x, parts, ndim, count: TensorType(x.dtype, [False] * max(ndim, x.ndim)), sizes=True,
)  # fmt: skip
