"""Bases of subscripts and attributes: plain arrays and lists in traced code."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import TraceError
from . import elements, list_items, list_methods, lists
from .callables import OPERATORS, has_traced
from .convert import converted
from .growing import growing, is_discarded
from .journal import is_container, mutating, recording_changes
from .lookup import looked_up
from .optional import used
from .plainly import is_unfollowed, unfollowed
from .proxy import Proxy, node_of, wrap
from .queues import Deque
from .regions import depth
from .registry import SUBSCRIPTED
from .session import NeedTree, is_tracing
from .texts import Text
from .where import place


def item(base: Any) -> Any:
    """`base`, or what stands for it in `base[...]`"""
    base = used(base)
    if type(base) in (list, dict) and is_tracing():
        return Changing(base)
    if type(base) is Deque:
        return Queued(base)
    if isinstance(base, np.ndarray) and is_tracing() and base.dtype.kind in "biufc":
        return Outside(base)
    if depth() and is_unfollowed(base):
        return Unfollowed(base)
    if isinstance(base, GRIDS) and is_tracing():
        return Grid(SUBSCRIPTED[base])
    return base


def owner(base: Any) -> Any:
    """`base`, or what stands for it in `base.name = value`"""
    if recording_changes() and is_container(base):
        mutating(base, linked=True)
        if elements.is_linked(base):
            return Attributes(base)
    return base


#: What is subscripted to make arrays: with traced values in its brackets it would need them.
GRIDS = (type(np.mgrid), type(np.ogrid), type(np.r_), type(np.c_))


class Grid:
    """np.mgrid, np.ogrid, np.r_ or np.c_ in traced code."""

    __slots__ = ("made",)

    def __init__(self, made: Callable[[Any], Any]) -> None:
        self.made = made

    def __getitem__(self, key: Any) -> Any:
        return self.made(key)


class Changing:
    """A list or dict in traced code: changes are noted, lists are read at traced positions."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Text) and type(self.held) is dict:
            return looked_up(self.held, key)
        if self._is_traced(key):
            g = growing(self.held)
            if isinstance(key, slice) and g is not None:
                return list_methods.sliced(g, key)
            return list_items.item_of(self.held, key)
        return self.held[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        whole = isinstance(key, slice) and key == slice(None)
        if self._is_traced(key):
            if whole:
                list_methods.replaced(self.held, value)
                return
            if isinstance(key, slice):
                raise TraceError(
                    "a slice of a list that grows in a loop is assigned: make it an array"
                )
            list_items.set_item_of(self.held, key, value)
            return
        if isinstance(key, slice) and growing(value) is not None:
            if not whole:
                raise TraceError(
                    "a list whose length is known at run time only is assigned to a part of "
                    "another: put the parts together, a[:i] + b + a[j:]"
                )
            value = [lists.contents_of(value)]
        elements.item_replaced(self.held)
        mutating(self.held, linked=True)
        self.held[key] = value
        elements.changed(self.held)

    def __delitem__(self, key: Any) -> None:
        if self._is_traced(key):
            list_methods.delete(self.held, key)
            return
        elements.item_replaced(self.held)
        mutating(self.held)
        del self.held[key]

    def _is_traced(self, key: Any) -> bool:
        if type(self.held) is not list:
            return False
        if is_discarded(self.held):
            raise lists.read_while_growing()
        return isinstance(key, Proxy) or growing(self.held) is not None


class Attributes:
    """An object that is an element of a list: the list is told of what is assigned."""

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:
        object.__setattr__(self, "_held", held)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._held, name, value)
        elements.changed(self._held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)


class Unfollowed:
    """A container of another class than list or dict, in a branch or step that is traced."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __getitem__(self, key: Any) -> Any:
        if isinstance(self.held, collections.defaultdict) and key not in self.held:
            raise unfollowed(self.held)
        return self.held[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        raise unfollowed(self.held)

    def __delitem__(self, key: Any) -> None:
        raise unfollowed(self.held)


class Queued:
    """A deque in traced code."""

    __slots__ = ("queue",)

    def __init__(self, queue: Deque) -> None:
        self.queue = queue

    def __getitem__(self, key: Any) -> Any:
        return converted(Deque.at, OPERATORS[0])(self.queue, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        converted(Deque.put, OPERATORS[0])(self.queue, key, value)


class Outside:
    """A NumPy array from outside the trace: read at traced positions too, never written."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array

    def __getitem__(self, key: Any) -> Any:
        if has_traced(key if isinstance(key, tuple) else (key,)):
            return wrap(node_of(self.array))[key]
        return self.array[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        raise outside_written(self.array)

    def __delitem__(self, key: Any) -> None:
        raise ValueError("cannot delete array elements")


def outside_written(array: np.ndarray[Any, Any]) -> NeedTree:
    """The error for a write to an array from outside the trace."""
    return NeedTree(
        array,
        f"an array from a global, a closure or an object is written at {place()}: it would be "
        "written while tracing only. Pass it as an argument.",
    )
