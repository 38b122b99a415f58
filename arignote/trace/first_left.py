"""`next()` of generator expressions whose elements are counted at run time only.

What stands for such a generator is the list of its elements, of which it takes the first.
"""

from __future__ import annotations

from typing import Any

from .callables import OPERATORS
from .convert import converted
from .lists import NEXT


def _first_left(elements: list[Any]) -> Any:
    if len(elements) == 0:
        raise StopIteration
    return elements.pop(0)


def _first_left_or(elements: list[Any], default: Any) -> Any:
    if len(elements) > 0:
        return elements.pop(0)
    return default


def next_(elements: list[Any], *default: Any) -> Any:
    """next(...) of a generator expression whose elements are counted at run time only."""
    f = _first_left_or if default else _first_left
    return converted(f, OPERATORS[0])(elements, *default)


NEXT[:] = [next_]
