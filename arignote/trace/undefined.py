"""Names that may be unassigned: exactly, by a flag beside the value.

`Undefined` stands in a name that is surely not assigned.  Where a branch or a loop assigns a name
on some paths only, the name holds an ordinary proxy with a boolean node `flag`: true where the name
has been assigned.  Reads that may come too early go through `defined`, which checks the flag at run
time.
"""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from ..fxgraph.constants import const, is_const, number, value_of
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import ERRORS, required
from ..fxgraph.types import BOOL
from .containers import rebuilt
from .proxy import Array, Scalar, wrap
from .where import place

ERRORS.setdefault("UnboundLocalError", UnboundLocalError)


class Undefined:
    """The value of a name that is not assigned."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name} is not assigned>"


class OfSteps:
    """The value of a name that only the steps of a captured comprehension have."""

    __slots__ = ("name",)
    __array_ufunc__ = None

    def __init__(self, name: str) -> None:
        self.name = name

    def _refused(self, *_: Any, **__: Any) -> Any:
        raise TraceError(
            f"{self.name} is assigned by `:=` in a comprehension over a number of items known at "
            f"run time only, and is read outside of the step that assigns it, at {place()}: write "
            "the loop"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _refused
    __rtruediv__ = __pow__ = __rpow__ = __mod__ = __rmod__ = __floordiv__ = _refused
    __rfloordiv__ = __matmul__ = __rmatmul__ = __neg__ = __abs__ = __invert__ = _refused
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __bool__ = __len__ = __iter__ = _refused
    __getitem__ = __setitem__ = __call__ = __int__ = __float__ = __index__ = _refused
    __str__ = __format__ = __hash__ = _refused
    __arignote_output__ = _refused

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._refused()


class UnsureScalar(Scalar):
    """A value that its name has only where `flag` is true."""

    __slots__ = ("flag", "name")
    flag: Node
    name: str


class UnsureArray(Array):
    """An array that its name has only where `flag` is true."""

    __slots__ = ("flag", "name")
    flag: Node
    name: str


def yes() -> Node:
    return const(True, BOOL, True)


def no() -> Node:
    return const(False, BOOL, True)


def unsure(value: Any, flag: Node, name: str) -> Any:
    """`value`, whose name is assigned only where `flag` is true."""
    if is_const(flag) and bool(value_of(flag)):
        return value
    return rebuilt(value, lambda leaf: _marked(leaf, flag, name))


def _marked(leaf: Any, flag: Node, name: str) -> Any:
    if isinstance(leaf, Array):
        array = UnsureArray(leaf.cell, None, leaf.writeable)
        array.path, array.flag, array.name = leaf.path, flag, name
        return array
    if isinstance(leaf, bool | int | float | complex | Scalar):
        from_number = leaf if isinstance(leaf, Scalar) else Scalar(number(leaf))
        scalar = UnsureScalar(from_number.node)
        scalar.flag, scalar.name = flag, name
        return scalar
    return leaf


def flag_of(value: Any) -> Node:
    """Where the name of this value is assigned."""
    if isinstance(value, Undefined):
        return no()
    found: list[Node] = []

    def look(leaf: Any) -> Any:
        if isinstance(leaf, UnsureScalar | UnsureArray):
            found.append(leaf.flag)
        return leaf

    rebuilt(value, look)
    return found[0] if found else yes()


def certain(value: Any) -> Any:
    """The value without its flag."""
    return rebuilt(value, _plain)


def _plain(leaf: Any) -> Any:
    if isinstance(leaf, UnsureArray):
        array = Array(leaf.cell, None, leaf.writeable)
        array.path = leaf.path
        return array
    return wrap(leaf.node) if isinstance(leaf, UnsureScalar) else leaf


def defined(value: Any) -> Any:
    """`value` where it is read; raises UnboundLocalError, or checks for it at run time."""
    if isinstance(value, Undefined):
        raise UnboundLocalError(_message(value.name))
    flag = flag_of(value)
    if is_const(flag) and bool(value_of(flag)):
        return value
    required(flag, "UnboundLocalError", _message(_name_of(value)))
    return certain(value)


def _name_of(value: Any) -> str:
    names: list[str] = []

    def look(leaf: Any) -> Any:
        if isinstance(leaf, UnsureScalar | UnsureArray):
            names.append(leaf.name)
        return leaf

    rebuilt(value, look)
    return names[0]


def _message(name: str) -> str:
    return f"cannot access local variable '{name}' where it is not associated with a value"
