"""Shared variables: values that live outside of functions and that functions read and update.

The value stands in a `Container`; clones of a variable (in copies of functions) may share it.
With device=cuda the first call of a function that uses it moves an array to the GPU, where updates
leave their results; `get_value` copies it back.
"""

from __future__ import annotations

import copy
import copyreg
from typing import Any

import numpy as np

from ..config import config
from ..emit.dispatch import Container
from .graph import Variable
from .types import GenericType, TensorType, generic, random_state_type
from .variables import TensorVariable


def _container(value: Any) -> Container:
    return Container(value)


copyreg.pickle(Container, lambda c: (_container, (on_host(c.value),)))


def is_on_gpu(value: Any) -> bool:
    """Is this an array in the memory of a GPU?"""
    return type(value).__module__ == "cupy"


def on_host(value: Any) -> Any:
    """The value, a copy in host memory where it is on a GPU."""
    return value.get() if is_on_gpu(value) else value


class SharedVariable(Variable):
    """A variable with a value of its own.

    default_update: the expression that functions which use the variable give it, unless they say
    otherwise.
    """

    container: Container
    default_update: Any = None
    allow_downcast: bool | None = None
    strict: bool = False

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """The value: a copy, or with `borrow` perhaps the very object.

        Of an array on a GPU it is a copy in host memory; with `return_internal_type` the array of
        CuPy, which `borrow` shares with the variable until a call updates it.
        """
        value = self.container.value
        if is_on_gpu(value):
            if not return_internal_type:
                return on_host(value)
            return value if borrow else value.copy()
        return value if borrow else copy.deepcopy(value)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Give it a value of its type; with `borrow` the array itself may be kept.

        An array of CuPy stays on its GPU with device=cuda.  Raises TypeError for a value of another
        dtype or rank.
        """
        if is_on_gpu(new_value):
            if config.device == "cuda" and self._is_of_type(new_value):
                self.container.value = new_value if borrow else new_value.copy()
                return
            new_value, borrow = on_host(new_value), True
        value = self.type.filter(new_value, self.strict, self.allow_downcast)
        if value is new_value and not borrow:
            value = copy.deepcopy(value)
        self.container.value = value

    def _is_of_type(self, array: Any) -> bool:
        kind = self.type
        if not isinstance(kind, TensorType) or array.dtype.name != kind.dtype:
            return False
        flags = kind.broadcastable
        return array.ndim == len(flags) and all(
            n == 1 for n, flag in zip(array.shape, flags, strict=True) if flag
        )

    def zero(self, borrow: bool = False) -> None:
        """Set every element to zero."""
        value = self.container.value
        if is_on_gpu(value):
            value = np.empty(value.shape, value.dtype)
        self.container.value = np.zeros_like(value)

    def clone(self) -> SharedVariable:
        """Another variable with the same container."""
        new = type(self)(self.type, name=self.name)
        new.container = self.container
        new.default_update = self.default_update
        new.allow_downcast, new.strict = self.allow_downcast, self.strict
        return new

    def __repr__(self) -> str:
        return self.name if self.name is not None else f"<{self.type}>"

    __str__ = __repr__


class TensorSharedVariable(SharedVariable, TensorVariable):
    """A shared array."""


class ScalarSharedVariable(TensorSharedVariable):
    """A shared array of rank 0."""


class RandomSharedVariable(SharedVariable):
    """A shared random generator.

    One on the bits of `RandomState`, as `RandomStreams` makes, is given as a RandomState.
    """

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        value = self.container.value
        bits: Any = getattr(value, "bit_generator", None)
        if return_internal_type or not isinstance(bits, np.random.MT19937):
            return super().get_value(borrow)
        return np.random.RandomState(bits if borrow else copy.deepcopy(bits))

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Give it a RandomState or a Generator; a copy, unless `borrow`."""
        if isinstance(new_value, np.random.RandomState):
            new_value = np.random.Generator(new_value._bit_generator)
        super().set_value(new_value, borrow)


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Any = None,
    target: str | None = None,
    **kwargs: Any,
) -> Any:
    """A shared variable with this value: an array, a number, a list, or a random generator.

    The type is the value's, with no axis flagged as broadcastable unless `broadcastable` says so;
    sizes may change later.  borrow: keep the array itself.  Raises TypeError for variables, and
    for lists (as Theano: wrap them in np.array).
    """
    if isinstance(value, Variable):
        raise TypeError("shared wants a value, not a symbolic variable: use its value")
    if kwargs:
        raise TypeError(f"shared: there is no argument {next(iter(kwargs))!r}")
    if isinstance(value, np.random.RandomState):
        value = np.random.Generator(value._bit_generator)
    if is_on_gpu(value):
        value, given = np.empty((1,) * value.ndim, value.dtype), value
        made = shared(value, name, strict, allow_downcast, True, broadcastable)
        made.set_value(given, borrow)
        return made
    if isinstance(value, np.random.Generator):
        kept = value if borrow else copy.deepcopy(value)
        return _made(RandomSharedVariable, random_state_type, kept, name, strict, allow_downcast)
    if isinstance(value, np.ndarray):
        array = value if borrow else np.array(value, copy=True)
    elif isinstance(value, int | float | complex | np.generic):
        array = np.asarray(value)
    else:
        make = SHARED.get(type(value).__module__.partition(".")[0])
        if make is not None:
            return make(value, name, borrow)
        return _made(SharedVariable, generic, value, name, strict, allow_downcast)
    flags = (False,) * array.ndim if broadcastable is None else tuple(broadcastable)
    cls = TensorSharedVariable if array.ndim else ScalarSharedVariable
    return _made(cls, TensorType(array.dtype, flags), array, name, strict, allow_downcast)


#: package of a value's type -> what makes a shared variable of it (sparse matrices)
SHARED: dict[str, Any] = {}


def _made(
    cls: type[SharedVariable],
    kind: TensorType | GenericType,
    value: Any,
    name: str | None,
    strict: bool,
    allow_downcast: bool | None,
) -> Any:
    made = cls(kind, name=name)
    made.container = Container(value)
    made.strict, made.allow_downcast = strict, allow_downcast
    return made
