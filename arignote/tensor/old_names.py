"""Functions of `theano.tensor` that say in another way what others here say, and its lists of
dtypes."""

from __future__ import annotations

from typing import Any

from . import extra_ops, linalg, reductions
from .elementwise import FUNCTIONS, clip, switch
from .joining import stack
from .shaping import known_length
from .types import TensorType
from .variables import TensorVariable, as_tensor_variable

int_dtypes = ("int8", "int16", "int32", "int64")
uint_dtypes = ("uint8", "uint16", "uint32", "uint64")
float_dtypes = ("float16", "float32", "float64")
complex_dtypes = ("complex64", "complex128")
discrete_dtypes = int_dtypes + uint_dtypes
continuous_dtypes = float_dtypes + complex_dtypes
all_dtypes = discrete_dtypes + continuous_dtypes

as_tensor = as_tensor_variable
floor_div = FUNCTIONS["int_div"]


def tensor(*args: Any, **kwargs: Any) -> Any:
    """A variable of `TensorType(*args)`."""
    name = kwargs.pop("name", None)
    return TensorType(*args, **kwargs)(name)


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """The elements, or with an axis the slices, at these positions.

    mode: positions that are out of range "raise" IndexError, "wrap" round, or "clip" to the ends.
    """
    a, indices = as_tensor_variable(a), as_tensor_variable(indices)
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"take: mode cannot be {mode!r}: raise, wrap or clip")
    if mode != "raise":
        length = a.size if axis is None else a.shape[axis]
        indices = indices % length if mode == "wrap" else clip(indices, 0, length - 1)
    return a.take(indices, axis)


def largest(*args: Any) -> Any:
    """The largest of several expressions, element by element."""
    if len(args) == 2:
        a, b = map(as_tensor_variable, args)
        return switch(a > b, a, b)
    return reductions.max(stack(list(args)), axis=0)


def smallest(*args: Any) -> Any:
    """The smallest of several expressions, element by element."""
    if len(args) == 2:
        a, b = map(as_tensor_variable, args)
        return switch(a < b, a, b)
    return reductions.min(stack(list(args)), axis=0)


def default(a: Any, b: Any) -> Any:
    """a, or b where a is None."""
    return b if a is None else a


def get_vector_length(v: Any) -> int:
    """How many elements a vector has.  Raises ValueError where its expression does not tell."""
    v = as_tensor_variable(v)
    if v.ndim != 1:
        raise TypeError(f"get_vector_length: {v} has rank {v.ndim}, not 1")
    found = known_length(v)
    if found is None:
        raise ValueError(f"get_vector_length: the length of {v} is known at run time only")
    return found


def tensor_from_scalar(s: Any) -> Any:
    """s: scalars are tensors of rank 0."""
    return as_tensor_variable(s)


scalar_from_tensor = tensor_from_scalar


def _compress_method(self: Any, condition: Any, axis: int | None = None) -> Any:
    """The slices (without an axis, the elements) where the condition holds."""
    return extra_ops.compress(condition, self, axis)


def _trace_method(self: Any) -> Any:
    """The sum of the diagonal."""
    return linalg.trace(self)


setattr(TensorVariable, "compress", _compress_method)  # noqa: B010
setattr(TensorVariable, "trace", _trace_method)  # noqa: B010
