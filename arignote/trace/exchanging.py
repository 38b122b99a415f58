"""Rows of lists of lists that change places, by indices that are known at run time only."""

from __future__ import annotations

from sys import _getframe
from types import FrameType
from typing import Any

from .callables import OPERATORS
from .convert import converted
from .elements import rows_in_use
from .growing import growing
from .journal import times_born
from .merging import is_number
from .proxy import Proxy, node_of
from .regions import PACKAGE, depth
from .session import is_tracing


def exchanged(rows: Any, i: Any, j: Any) -> bool:
    """Have the rows i and j of a list exchanged what is in them?  If not, they must be moved."""
    if not is_tracing() or type(rows) is not list:
        return False
    if growing(rows) is None:
        plain = not (isinstance(i, Proxy) or isinstance(j, Proxy))
        if (plain and depth() == 0 and times_born(rows) > 0) or not _are_alike(rows):
            return False
    elif not growing(rows).kind.nested:  # type: ignore[union-attr]
        return False
    if rows_in_use(rows):
        return False
    converted(_exchange, OPERATORS[0])(rows, i, j)
    return True


def _are_alike(rows: list[Any]) -> bool:
    """Rows of one length, of numbers, of which none has a name."""
    if not rows or any(type(row) is not list or growing(row) is not None for row in rows):
        return False
    if any(not is_number(x) or node_of(x).rank for row in rows for x in row):
        return False
    return len({len(row) for row in rows}) == 1 and not _have_names(rows)


def _have_names(rows: list[Any]) -> bool:
    """Does a variable of the functions that are being traced hold a row, or a container of some?"""
    ids = set(map(id, rows))
    frame: FrameType | None = _getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            for value in frame.f_locals.values():
                if value is not rows and (id(value) in ids or _holds(value, ids)):
                    return True
        elif frame.f_code.co_name == "trace_call":
            return False
        frame = frame.f_back
    return False


def _holds(value: Any, ids: set[int]) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple | set):
        return False
    return any(id(x) in ids for x in value)


def _exchange(rows: Any, i: Any, j: Any) -> None:
    for k in range(len(rows[i])):
        x = rows[i][k]
        rows[i][k] = rows[j][k]
        rows[j][k] = x
