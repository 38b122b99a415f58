"""collections.deque in compiled functions: a list, and where it begins.

Its methods are traced like the user's own code.  What is taken from the left stays in memory until
the compiled function ends.
"""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from ..fxgraph.constants import lit
from .growing import from_items, growing, is_discarded
from .leaves import Unstable
from .slicing import int_node


class Deque:
    """items[first:] are its elements.  maxlen: None, or how many it holds at most."""

    def __init__(self, items: list[Any], maxlen: int | None) -> None:
        self.items = items
        self.first: Any = 0
        self.maxlen = maxlen

    def append(self, value: Any) -> None:
        self.items.append(value)
        if self.maxlen is not None and len(self.items) - self.first > self.maxlen:
            self.first += 1

    def extend(self, values: Any) -> None:
        for value in values:
            self.append(value)

    def pop(self) -> Any:
        if len(self.items) <= self.first:
            raise IndexError("pop from an empty deque")
        return self.items.pop()

    def popleft(self) -> Any:
        if len(self.items) <= self.first:
            raise IndexError("pop from an empty deque")
        value = self.items[self.first]
        self.first += 1
        return value

    def appendleft(self, value: Any) -> None:
        if self.maxlen is not None:
            raise TraceError("appendleft to a deque with maxlen in a compiled function: use a list")
        self.items.insert(self.first, value)

    def clear(self) -> None:
        self.items.clear()
        self.first = 0

    def at(self, index: Any) -> Any:
        if index < 0:
            if len(self.items) + index < self.first:
                raise IndexError("deque index out of range")
            return self.items[index]
        if self.first + index >= len(self.items):
            raise IndexError("deque index out of range")
        return self.items[self.first + index]

    def put(self, index: Any, value: Any) -> None:
        if index < 0:
            if len(self.items) + index < self.first:
                raise IndexError("deque index out of range")
            self.items[index] = value
        else:
            if self.first + index >= len(self.items):
                raise IndexError("deque index out of range")
            self.items[self.first + index] = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise TraceError(f"deque.{name} is not supported in compiled code: use a list")


def length(queue: Deque) -> Any:
    """len(queue)"""
    if is_discarded(queue.items):
        raise Unstable("a deque is read in the `while` loop that it grows in")
    g = growing(queue.items)
    return (len(queue.items) if g is None else g.length) - queue.first


def element(queue: Deque, k: Any) -> Any:
    """The k-th element, which there is."""
    g = growing(queue.items)
    whole = g if g is not None else from_items(queue.items, lit(0))
    return whole.at(int_node(k + queue.first))
