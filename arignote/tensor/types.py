"""Types of symbolic variables: a dtype and which axes are known to have length 1.

`broadcastable` is kept for old programs and for printing; an axis that turns out to have length 1
when a function is called broadcasts in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..errors import DTypeError, warn_once
from .graph import Apply, Variable, user_line


class TensorType:
    """dtype and broadcastable flags.  Called with a name, it makes a variable."""

    __slots__ = ("broadcastable", "dtype")
    #: set by `variables`: the class of variables of this type
    variable: type[Variable] = Variable

    def __init__(self, dtype: Any, broadcastable: Sequence[Any], name: str | None = None) -> None:
        self.dtype = str(config.floatX) if dtype == "floatX" else np.dtype(dtype).name
        self.broadcastable = tuple(bool(b) for b in broadcastable)

    @property
    def ndim(self) -> int:
        return len(self.broadcastable)

    def __call__(self, name: str | None = None) -> Any:
        return self.make_variable(name=name)

    def make_variable(
        self, name: str | None = None, owner: Apply | None = None, index: int = 0
    ) -> Variable:
        made = self.variable(self, owner, index, name)
        if self.dtype in ("float64", "complex128") and config.warn_float64 != "ignore":
            _warn_wide(made)
        return made

    def clone(self, dtype: Any = None, broadcastable: Sequence[Any] | None = None) -> TensorType:
        """The type with another dtype or other flags."""
        return TensorType(
            self.dtype if dtype is None else dtype,
            self.broadcastable if broadcastable is None else broadcastable,
        )

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """`value` as an array of this type.

        Raises TypeError where dtype or rank do not fit: without `strict`, numbers and lists
        become arrays and safe casts are done; `allow_downcast` permits any cast, and None permits
        floats of Python for float32.
        """
        if type(value) is np.ndarray and value.dtype.name == self.dtype:
            array = value
        elif strict:
            raise TypeError(
                f"expected an array of {self}, got {_described(value)} (strict: no conversion)"
            )
        else:
            array = self._converted(value, allow_downcast)
        if array.ndim != self.ndim:
            raise TypeError(
                f"Wrong number of dimensions: expected {self.ndim} ({self}), got {array.ndim} "
                f"with shape {array.shape}."
            )
        for k, flag in enumerate(self.broadcastable):
            if flag and array.shape[k] != 1:
                raise TypeError(
                    f"Non-unit value on shape on a broadcastable dimension: axis {k} of {self} "
                    f"has length {array.shape[k]}"
                )
        return array

    def _converted(self, value: Any, allow_downcast: bool | None) -> Any:
        array = np.asarray(value)
        if array.dtype.name == self.dtype:
            return array
        target = np.dtype(self.dtype)
        if array.dtype.kind in "OUS":
            raise TypeError(f"expected an array of {self}, got {_described(value)}")
        if allow_downcast or np.can_cast(array.dtype, target):
            return array.astype(target)
        cast = array.astype(target)
        python_float = isinstance(value, float) and not isinstance(value, np.floating)
        if allow_downcast is None and python_float and self.dtype == config.floatX:
            return cast
        if not isinstance(value, np.ndarray | np.generic) and np.array_equal(cast, array):
            return cast  # numbers and lists, whose values fit
        raise TypeError(
            f"expected {self}, got {_described(value)}: the cast could lose precision. Cast it "
            f"(np.asarray(x, dtype={self.dtype!r})), or say allow_input_downcast=True to function."
        )

    def is_valid_value(self, value: Any) -> bool:
        """Is it an array of exactly this type?"""
        try:
            self.filter(value, strict=True)
        except TypeError:
            return False
        return True

    def values_eq(self, a: Any, b: Any) -> bool:
        """Are two values the same, nan for nan?"""
        a, b = np.asarray(a), np.asarray(b)
        same = a.shape == b.shape and a.dtype == b.dtype
        return same and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")

    def values_eq_approx(
        self, a: Any, b: Any, allow_remove_inf: bool = False, allow_remove_nan: bool = False,
        rtol: float | None = None, atol: float | None = None,
    ) -> bool:  # fmt: skip
        """Are two values the same up to Theano's tolerances of their dtype?

        allow_remove_inf, allow_remove_nan: `b` may have numbers where `a` has infinities or nan.
        """
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind not in "fc":
            return np.array_equal(a, b)
        relative, absolute = {2: (1e-3, 1e-3), 4: (1e-5, 1e-5)}.get(
            a.real.dtype.itemsize, (1e-5, 1e-8)
        )
        rtol, atol = relative if rtol is None else rtol, absolute if atol is None else atol
        near = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        if allow_remove_inf:
            near |= np.isinf(a)
        if allow_remove_nan:
            near |= np.isnan(a)
        return bool(np.all(near))

    def convert_variable(self, var: Any) -> Any:
        """`var` if it is of this type, else None."""
        return var if var.type == self else None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TensorType)
            and self.dtype == other.dtype
            and self.broadcastable == other.broadcastable
        )

    def __hash__(self) -> int:
        return hash((self.dtype, self.broadcastable))

    def __str__(self) -> str:
        names = {0: "scalar", 1: "vector", 2: "matrix"}
        b = self.broadcastable
        if b == (True, False):
            shape = "row"
        elif b == (False, True):
            shape = "col"
        elif not any(b):
            shape = names.get(len(b), f"{len(b)}D")
        else:
            shape = str(b)
        return f"TensorType({self.dtype}, {shape})"

    __repr__ = __str__

    def __reduce__(self) -> Any:
        return TensorType, (self.dtype, self.broadcastable)


class GenericType:
    """Anything that is passed on as it is: random generators, Python objects."""

    __slots__ = ("name",)
    variable: type[Variable] = Variable

    def __init__(self, name: str = "Generic") -> None:
        self.name = name

    def __call__(self, name: str | None = None) -> Variable:
        return self.make_variable(name=name)

    def make_variable(
        self, name: str | None = None, owner: Apply | None = None, index: int = 0
    ) -> Variable:
        return self.variable(self, owner, index, name)

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GenericType) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__

    def __reduce__(self) -> Any:
        return GenericType, (self.name,)


def _warn_wide(v: Variable) -> None:
    """Double precision appears: not where an operand has it already."""
    node = v.owner
    if node is not None and any(getattr(x.type, "dtype", "") == v.type.dtype for x in node.inputs):
        return
    where = user_line()
    line = f" at {where}: {where.expression}" if where is not None else ""
    source = f"{node.op} of {', '.join(str(x.type) for x in node.inputs)}" if node else "a variable"
    message = f"{v.type.dtype} appears{line}, by {source}"
    if config.warn_float64 == "raise":
        raise DTypeError(message)
    warn_once(f"float64 {message}", message)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray | np.generic):
        return f"an array of {value.dtype} with shape {value.shape}"
    return f"{value!r:.60} of type {type(value).__name__}"


generic = GenericType()
random_state_type = GenericType("RandomGenerator")
