"""Tensor variables and constants, and how other values become them.

The operators and methods of variables are given to the class by `operators`, once the functions
that they stand for are defined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..config import config
from ..errors import DTypeError
from .graph import Apply, Variable
from .types import TensorType


class TensorVariable(Variable):
    """A symbolic array: dtype, rank and flags in `type`; `dtype`, `ndim`, `broadcastable` too."""

    type: TensorType
    #: NumPy hands operators with arrays on the left to the variable.
    __array_ufunc__ = None
    __array_priority__ = 1000

    @property
    def dtype(self) -> str:
        return self.type.dtype

    @property
    def ndim(self) -> int:
        return len(self.type.broadcastable)

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        return self.type.broadcastable

    def __bool__(self) -> bool:
        raise TypeError(
            "a symbolic variable has no truth value: its value is known only when the function "
            "runs. Use T.switch or ifelse; T.eq, T.lt, T.and_ for conditions."
        )

    def __len__(self) -> int:
        raise TypeError("the length of a symbolic variable is not known: use x.shape[0]")

    def __index__(self) -> int:
        raise TypeError(f"{self}: a symbolic variable is no Python int; use T.arange or scan")

    def __float__(self) -> float:
        raise TypeError(f"{self}: a symbolic variable has no value yet; call x.eval()")

    __int__ = __complex__ = __float__


class TensorConstant(TensorVariable):
    """A variable whose value is fixed.  data: the value, read-only."""

    def __init__(self, type: TensorType, data: Any, name: str | None = None) -> None:
        super().__init__(type, name=name)
        self.data = data

    @property
    def value(self) -> Any:
        return self.data

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        if self.data.size <= 1:
            return str(self.data.reshape(-1)[0]) if self.data.size else "[]"
        return f"TensorConstant{{{self.data.tolist()!s:.40}}}"

    __repr__ = __str__

    def clone(self) -> TensorConstant:
        return TensorConstant(self.type, self.data, self.name)


class Conversions:
    """What turns a list with variables into one variable: set by `joining`."""

    stack: ClassVar[Any] = None


TensorType.variable = TensorVariable


def constant(x: Any, name: str | None = None, ndim: int | None = None, dtype: Any = None) -> Any:
    """A constant; Python numbers get the smallest dtype that holds them (see `autocast`)."""
    if isinstance(x, TensorConstant):
        return x
    data = autocast(x) if dtype is None else np.array(x, dtype=dtype)
    if data.dtype.kind not in "biufc":
        raise DTypeError(f"{x!r:.60} cannot be a constant: its dtype is {data.dtype}")
    if ndim is not None and data.ndim < ndim:
        data = data.reshape((1,) * (ndim - data.ndim) + data.shape)
    data.flags.writeable = False
    return TensorConstant(TensorType(data.dtype, [d == 1 for d in data.shape]), data, name)


def autocast(x: Any) -> Any:
    """The array of a number, list or array.

    Ints get the smallest of int8 ... int64; floats get float32 where that holds them exactly or
    `floatX` is float32, else float64 (Theano's `cast_policy=custom`).
    """
    if isinstance(x, np.ndarray | np.generic):
        return np.array(x)
    if isinstance(x, bool):
        return np.array(x)
    if isinstance(x, int):
        for name in ("int8", "int16", "int32", "int64"):
            if np.iinfo(name).min <= x <= np.iinfo(name).max:
                return np.array(x, dtype=name)
        return np.array(x)
    if isinstance(x, float):
        if config.floatX != "float64":
            return np.array(x, dtype=config.floatX)
        with np.errstate(over="ignore"):
            single = np.float32(x)
        return np.array(x, dtype="float32" if float(single) == x or x != x else "float64")
    return np.array(x)


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> Any:
    """`x` as a tensor variable: variables as they are, other values as constants, lists of
    variables stacked.  Raises TypeError for what is no array."""
    if isinstance(x, TensorVariable):
        return x if ndim is None or x.ndim >= ndim else _padded(x, ndim)
    if isinstance(x, Apply):
        return as_tensor_variable(x.default_output(), name, ndim)
    if hasattr(x, "_as_TensorVariable"):
        return x._as_TensorVariable()
    if isinstance(x, Variable):
        raise TypeError(f"{x} is no tensor: its type is {x.type}")
    if isinstance(x, list | tuple) and _has_variable(x):
        return Conversions.stack([as_tensor_variable(v) for v in x])
    try:
        return constant(x, name, ndim)
    except (TypeError, ValueError, DTypeError) as error:
        raise TypeError(f"cannot make a tensor variable of {x!r:.60}: {error}") from None


def _padded(x: Any, ndim: int) -> Any:
    missing = ndim - x.ndim
    return x.dimshuffle(["x"] * missing + list(range(x.ndim)))


def _has_variable(x: Sequence[Any]) -> bool:
    return any(
        isinstance(v, Variable | Apply) or (isinstance(v, list | tuple) and _has_variable(v))
        for v in x
    )
