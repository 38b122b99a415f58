"""Generator expressions over Python items, and functions that go through them.

Their elements are made one by one, as Python makes them, and may be traced, so that the functions
that decide on elements (max, any, sorted, ...) must be those for traced values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from .convert.site import Site
from .optional import used
from .shortcut import and_, or_
from .truthiness import decided, truth


class Produced:
    """An iterator over the elements of a generator expression: `each` makes those of an item."""

    __slots__ = ("_elements", "each", "items")

    def __init__(self, items: list[Any], each: Callable[[Any], Iterable[Any]]) -> None:
        self.items, self.each = items, each
        self._elements = (element for item in items for element in each(item))

    def __iter__(self) -> Iterator[Any]:
        return self._elements

    def __next__(self) -> Any:
        return next(self._elements)


def any_of(values: Produced) -> Any:
    """any(...): the elements up to the first that is true are made, the others are not."""
    return _until(values, True, or_)


def all_of(values: Produced) -> Any:
    """all(...)"""
    return _until(values, False, and_)


def _until(values: Produced, end: bool, join: Callable[[Any, Callable[[], Any]], Any]) -> Any:
    out: Any = not end
    for item in values.items:
        if decided(out) is end:
            break
        out = join(out, partial(_truth_of, values, item, end, join))
    return out


def _truth_of(
    values: Produced, item: Any, end: bool, join: Callable[[Any, Callable[[], Any]], Any]
) -> Any:
    out: Any = not end
    for element in values.each(item):
        out = join(out, partial(truth, used(element)))
    return out


ANSWERS: dict[Any, Callable[[Produced], Any]] = {any: any_of, all: all_of}
#: Functions that go through all elements: what they get is a list.
THROUGH = (
    dict, enumerate, filter, frozenset, list, map, max, min, reversed, set, sorted, sum, tuple, zip,
)


def gone_through(site: Site, f: Any, args: tuple[Any, ...]) -> tuple[bool, Any]:
    """(True, the answer) of a function of generator expressions; (False, the arguments for it)."""
    if len(args) == 1 and type(args[0]) is Produced and (f is any or f is all):
        return True, ANSWERS[f](args[0])
    if any(f is g for g in THROUGH):
        return False, tuple(list(a) if type(a) is Produced else a for a in args)
    return False, args
