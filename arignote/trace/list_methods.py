"""Methods and slices of lists whose length is known at run time only, beyond append and pop."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.affine import minus
from ..fxgraph.constants import lit
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import I64
from .elements import moving
from .growing import Growing, from_items, growing, position
from .journal import mutating
from .lists import METHODS, append
from .ordering import sorted_
from .proxy import node_of, wrap
from .registry import IMPLEMENTED
from .slicing import int_node


def sliced(g: Growing, key: slice) -> list[Any]:
    """`held[start:stop:step]`, a new list"""
    return [g.taken(lambda column: column[key])]


def _taken_out(g: Growing, at: Any) -> None:
    """Remove the element at a position that is in bounds."""
    for k in range(len(g.buffers)):
        column = g.column(k)
        column[at:-1] = column[at + 1 :]
    g.count.version = minus(g.count.version, lit(1))


def pop(held: list[Any], g: Growing, index: Any = -1) -> Any:
    at = position(g, index, "pop index")
    last = type(index) is int and index == -1
    moving(held, at if last else None)
    value = g.at(at)
    if last:
        g.count.version = minus(g.count.version, lit(1))
    else:
        _taken_out(g, wrap(at))
    return value


def delete(held: list[Any], index: Any) -> None:
    """`del held[index]`"""
    g = growing(held)
    if g is None or isinstance(index, slice):
        raise TraceError("del of a slice of a list that grows in a loop: keep the rest, held[a:b]")
    moving(held)
    _taken_out(g, wrap(position(g, index, "list assignment index")))


def insert(held: list[Any], g: Growing, index: Any, value: Any) -> None:
    n, i = g.length, wrap(int_node(index))
    moving(held)
    at = IMPLEMENTED[np.clip](IMPLEMENTED[np.where](i < 0, i + n, i), 0, n)
    append(held, g, value)
    grown = growing(held) or g
    for k in range(len(grown.buffers)):
        column = grown.column(k)
        column[at + 1 :] = column[at:-1]
    grown.put(node_of(at), value)


def index(held: list[Any], g: Growing, value: Any) -> Any:
    equal = g.array() == value
    required(node_of(equal.any()), "ValueError", f"{_shown(value)} is not in list")
    return wrap(cast_to(node_of(IMPLEMENTED[np.argmax](equal)), I64, True))


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, int | float | complex | str) else "x"


def count(held: list[Any], g: Growing, value: Any) -> Any:
    return wrap(cast_to(node_of((g.array() == value).sum()), I64, True))


def remove(held: list[Any], g: Growing, value: Any) -> None:
    equal = g.array() == value
    required(node_of(equal.any()), "ValueError", "list.remove(x): x not in list")
    moving(held)
    _taken_out(g, IMPLEMENTED[np.argmax](equal))


def reverse(held: list[Any], g: Growing) -> None:
    moving(held)
    _refilled(g, g.taken(lambda column: column[::-1]))


def sort(held: list[Any], g: Growing, *, key: Any = None, reverse: bool = False) -> None:
    moving(held)
    _refilled(g, sorted_(held, key=key, reverse=reverse)[0])


def _refilled(g: Growing, by: Growing) -> None:
    """The elements of another list that is as long."""
    for k in range(len(g.buffers)):
        g.column(k)[...] = by.column(k)


def replaced(held: list[Any], values: Any) -> None:
    """`held[:] = values`"""
    moving(held)
    g = growing(values)
    new = g.shallow() if g is not None else from_items(list(values), lit(0))
    mutating(held)
    held[:] = [new]


METHODS.update(
    pop=pop, insert=insert, index=index, count=count, remove=remove, reverse=reverse, sort=sort
)
__all__ = ["delete", "replaced", "sliced"]
