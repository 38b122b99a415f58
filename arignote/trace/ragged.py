"""Rows of a list of lists of different lengths, by an index that is known at run time only.

Neighbours of the nodes of a graph, say: `for w in adjacent[v]`.  The row is read out of all numbers
in one list, from where it starts there.  It is a copy, so neither it nor the rows may be changed
from there on.
"""

from __future__ import annotations

from typing import Any

from .callables import OPERATORS
from .convert import converted
from .growing import growing
from .journal import freeze, is_frozen, made
from .list_items import RAGGED
from .merging import is_number
from .proxy import node_of


def row_of(rows: list[Any], index: Any) -> Any:
    """rows[index] of lists of numbers; None of others."""
    if any(type(row) is not list or growing(row) is not None for row in rows):
        return None
    flat = [x for row in rows for x in row]
    if not flat or any(not is_number(x) or node_of(x).rank for x in flat):
        return None
    lengths = [len(row) for row in rows]
    starts = [sum(lengths[:k]) for k in range(len(rows))]
    found = converted(_row, OPERATORS[0])(made(flat), made(starts), made(lengths), index)
    for row in (found, *rows):
        if not is_frozen(row):
            freeze(row)
    return found


def _row(flat: Any, starts: Any, lengths: Any, i: Any) -> Any:
    start = starts[i]
    return [flat[start + k] for k in range(lengths[i])]


RAGGED[:] = [row_of]
