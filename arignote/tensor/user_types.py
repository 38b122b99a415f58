"""Theano's `Type`: values of the user's own kind, and functions of them.

What is no array cannot be traced, so a function with such variables runs its operations one by one
in Python (`is_by_hand`); arrays in it are NumPy's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import graph
from .c_code import MethodNotDefined
from .graph import Apply, apply_order


class Type:
    """A kind of value.  Give a subclass `filter`; perhaps `values_eq`, `values_eq_approx`.

    filter(value, strict=False, allow_downcast=None): the value as one of this kind; raises
    TypeError.  Two types are equal where their classes and `__props__` (default: all attributes)
    are.
    """

    #: the class of its variables
    Variable: type[graph.Variable] = graph.Variable
    __props__: Any = None

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """The value, checked and converted."""
        raise MethodNotDefined(f"{type(self).__name__} has no filter")

    def is_valid_value(self, value: Any) -> bool:
        """Is it of this kind without conversion?"""
        try:
            self.filter(value, strict=True)
        except (TypeError, ValueError):
            return False
        return True

    def values_eq(self, a: Any, b: Any) -> bool:
        """Are two values the same?"""
        return bool(a == b)

    def values_eq_approx(self, a: Any, b: Any) -> bool:
        """Are two values the same but for rounding?"""
        return self.values_eq(a, b)

    def make_variable(
        self, name: str | None = None, owner: Apply | None = None, index: int = 0
    ) -> graph.Variable:
        """A variable of this type."""
        return self.Variable(self, owner, index, name)

    def __call__(self, name: str | None = None) -> graph.Variable:
        return self.make_variable(name=name)

    def _attributes(self) -> Any:
        if self.__props__ is None:
            return sorted(vars(self).items())
        return [getattr(self, k) for k in self.__props__]

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other)
            and isinstance(other, Type)
            and self._attributes() == other._attributes()
        )

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return type(self).__name__

    __repr__ = __str__


def is_by_hand(roots: Sequence[graph.Variable], inputs: Sequence[graph.Variable]) -> bool:
    """Is there a value of a user's type between inputs and roots?"""
    found = [*roots, *inputs]
    for node in apply_order(roots):
        found.extend([*node.inputs, *node.outputs])
    return any(isinstance(v.type, Type) for v in found)
