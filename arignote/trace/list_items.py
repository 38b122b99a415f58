"""Items of lists at positions that are known at run time only, read and assigned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import TraceError
from ..fxgraph.constants import lit
from . import elements
from .aliasing import tie_both
from .containers import flatten
from .growing import from_items, growing, position
from .journal import check_frozen, mutating
from .leaves import Unstable
from .proxy import Array
from .regions import depth
from .where import place

#: Set by `ragged`: a row of lists of different lengths.
RAGGED: list[Callable[[list[Any], Any], Any]] = []


def item_of(held: list[Any], index: Any) -> Any:
    """held[index] for a traced index, or of a list that grows"""
    g = growing(held)
    if g is not None:
        return elements.element(held, g, position(g, index))
    try:
        g = from_items(held, lit(0))
    except Unstable as error:
        row = RAGGED[0](held, index)
        if row is None:
            raise _unlike(held, error) from None
        return row
    found = g.at(position(g, index))
    for x in found if isinstance(found, tuple) else (found,):
        if isinstance(x, Array) and x.sizes:
            _tie(x, held)
    return elements.one_of(found, held, position(g, index))


def _unlike(held: list[Any], error: Unstable) -> TraceError:
    if not held or depth() or isinstance(error, IndexError):
        return error
    return TraceError(
        f"one of several items is read at {place()}, by an index that is known at run time only, "
        f"and they are not of one kind ({', '.join(sorted({type(x).__name__ for x in held}))}): "
        "keep numbers apart from lists and texts, and lists at one length"
    )


def _tie(x: Array, held: Any) -> None:
    """An array that is one of those in a list."""
    why = "an array is one of those in a list, by an index that is known at run time only"
    for other in flatten(held, True)[1]:
        if isinstance(other, Array):
            tie_both(x.cell, other.cell, why)


def set_item_of(held: list[Any], index: Any, value: Any) -> None:
    """held[index] = value, the same way"""
    g = growing(held)
    check_frozen(held)
    if g is None:
        items = tuple(held)
        g = from_items(held, lit(0))
        put_in_place(held, g)
        for k, x in enumerate(items):
            elements.placed(held, lit(k), x)
    at = position(g, index, "list assignment index")
    elements.replacing(held, g, at, value)
    elements.check_shared(g)
    g.put(at, value)
    if g.wanted is not None:
        kind, g.wanted = g.wanted, None
        new = g.resized(g.capacity, kind)
        new.put(position(g, index), value)
        new.reserved = g.reserved
        put_in_place(held, new)
    elements.placed(held, at, value)


def put_in_place(held: list[Any], g: Any) -> None:
    """What a list holds from now on."""
    mutating(held)
    held[:] = [g]
