"""Augmented assignments: `x += y` of names, attributes and elements.

Arrays and containers change in place, numbers do not; a container's change is noted before it
happens, as all of them are (see `journal`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import TraceError
from . import elements, lists
from .growing import growing
from .journal import mutating
from .pybuiltins import IN_PLACE
from .session import is_tracing
from .targets import item, outside_written, owner


def attribute(base: Any, name: str) -> tuple[Any, str, Any]:
    """What `base.name += value` changes: the object, the name, the value so far."""
    return owner(base), name, getattr(base, name)


def aug_attribute(name: str, target: tuple[Any, str, Any], value: Any) -> None:
    """`base.name += value`, where `name` is "iadd"."""
    base, key, old = target
    setattr(base, key, aug(name, old, value))


def aug_item(base: Any) -> Any:
    """What stands for `base` in `base[key] += value`"""
    return Elements(item(base)) if type(base) in (list, dict) and is_tracing() else item(base)


def aug(name: str, target: Any, value: Any) -> Any:
    """`target += value` of a name, where `name` is "iadd"; the result is assigned to it."""
    if name == "iadd" and type(target) is list:
        return lists.extended(target, value)
    if isinstance(target, np.ndarray) and is_tracing():
        raise outside_written(target)
    if growing(target) is not None:
        raise TraceError(
            "a list whose length is known at run time only is changed by an operator: make it an "
            "array, or append in a loop"
        )
    if type(target) in (list, dict, set):
        mutating(target, linked=True)
        out = IN_PLACE[name](target, value)
        elements.changed(target)
        return out
    return IN_PLACE[name](target, value)


class Elements:
    """A list or dict whose elements are about to be changed by an operator."""

    __slots__ = ("base",)

    def __init__(self, base: Any) -> None:
        self.base = base

    def __getitem__(self, key: Any) -> Any:
        found = self.base[key]
        return Element(found) if type(found) in (list, dict, set) else found

    def __setitem__(self, key: Any, value: Any) -> None:
        self.base[key] = value


class Element:
    """A container that is about to be changed by an operator."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held


def _changed(name: str) -> Any:
    return lambda self, value: aug(name, self.held, value)


for _name in IN_PLACE:
    setattr(Element, f"__{_name}__", _changed(_name))
