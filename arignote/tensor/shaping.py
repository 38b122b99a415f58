"""Other shapes of the same elements: reshape, dimshuffle; sizes as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..fxgraph.ops.checks import required
from ..trace.proxy import is_proxy, node_of
from .deferred import Slot, apply_op, deferred
from .evaluate import call, is_weak, strong
from .graph import Apply, Op, Variable
from .reductions import axes_of
from .types import TensorType
from .variables import TensorConstant, as_tensor_variable


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
        known = known_length(shape)
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


def known_length(v: Any) -> int | None:
    """How many elements a vector has, where its expression tells."""
    if v.owner is None:
        return int(v.data.size) if isinstance(v, TensorConstant) else None
    name = v.owner.op.name
    if name == "Shape":
        return int(v.owner.inputs[0].ndim)
    if name == "MakeVector":
        return len(v.owner.inputs)
    if name == "join":
        parts = [known_length(x) if x.owner else (x.data.size if hasattr(x, "data") else None)
                 for x in v.owner.inputs]  # fmt: skip
        return None if None in parts else sum(p for p in parts if p is not None)
    if name == "Subtensor" and v.owner.inputs[0].owner is not None:
        whole = known_length(v.owner.inputs[0])
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
    parts = [static_size(p) for p in parts]
    return _reshape_op(as_tensor_variable(x), parts, count)


def static_size(p: Any) -> Any:
    """A size that is known when the expression is built as an int, another as it is."""
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
    for axis, (have, want) in enumerate(zip(x.shape, wanted, strict=True)):
        same = have == want
        if is_proxy(same):
            required(node_of(same), "AssertionError", f"specify_shape: axis {axis} is not {want}")
        elif not same:
            raise AssertionError(f"specify_shape: axis {axis} is {have}, not {want}")
    return call(np.reshape, x, wanted)


_specify_op = deferred(
    _specify, "SpecifyShape", lambda x, parts, count: TensorType(x.dtype, [p == 1 for p in parts]),
    sizes=True,
)  # fmt: skip


def specify_shape(x: Any, shape: Any) -> Any:
    """x, which must have this shape when the function runs."""
    x = as_tensor_variable(x)
    parts, count = sizes_of(shape, x.ndim)
    return _specify_op(x, [static_size(p) for p in parts], count)
