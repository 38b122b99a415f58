"""Arrays that are the same memory on some paths only: exact where possible, refused where it
matters.

A branch or a loop may leave a name bound to one array or another.  The graph then has the value, in
a cell of its own, tied to the cells that it may be in NumPy.  A write to one of them is not seen
through the others: whoever reads these afterwards gets an error that says so, instead of a wrong
number.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import size_node
from ..fxgraph.node import Node
from ..fxgraph.prove import sure_equal
from ..fxgraph.window import Window
from .storage import Cell
from .values import Array
from .where import place


class Aliased(TraceError):
    """A write that is not seen where NumPy would show it."""


class Lost(str):
    """Why a cell is out of date: a loop wrote it, and what it holds is not known."""


#: Why a cell that a branch chose is tied.
ONE_OF_TWO = "an array is one of two, depending on a condition that is known at run time only"


def tie(written: Cell, seen: Cell, why: str) -> None:
    """After a write to `written`, `seen` is out of date."""
    if written is seen:
        return
    if written.ties is None:
        written.ties = []
    written.ties.append((weakref.ref(seen), why))


def tie_both(a: Cell, b: Cell, why: str) -> None:
    tie(a, b, why)
    tie(b, a, why)


def inherit(new: Cell, *olds: Cell) -> None:
    """The new cell holds what these held: it may be the same memory as what they may be."""
    for old in olds:
        new.stale = new.stale or old.stale
        for seen, why in tuple(old.ties or ()):
            other = seen()
            if other is not None and other is not new:
                tie_both(new, other, why)


def dtypes_among(arrays: Iterable[Any]) -> frozenset[str]:
    """The dtypes that these arrays may have in NumPy."""
    found = [
        x.cell.dtypes or {str(x.cell.version.type.dtype)} for x in arrays if isinstance(x, Array)
    ]
    return frozenset().union(*found)


def may_be(new: Cell, *arrays: Any) -> None:
    """The new cell may be one of these arrays in NumPy: its dtype may depend on which."""
    found = dtypes_among(arrays) | {str(new.version.type.dtype)}
    if len(found) > 1:
        new.dtypes = found


def check_dtype(cell: Cell) -> None:
    """Before a write.  Raises Aliased where NumPy would cast to one dtype or another."""
    if cell.dtypes:
        raise Aliased(
            f"an array is of dtype {' or '.join(sorted(cell.dtypes))}, depending on a condition "
            f"that is known at run time only; it is written at {place()}. Give it one dtype first: "
            f"x = x.astype({cell.version.type.dtype}) where it is bound."
        )


def family(cell: Cell) -> list[Cell]:
    """The cells that may be the same memory as this one, itself first."""
    out = [cell]
    for c in out:
        for seen, _ in c.ties or ():
            other = seen()
            if other is not None and all(other is not x for x in out):
                out.append(other)
    return out


def wrote(cell: Cell) -> None:
    """Before a write to a cell with ties: what it is tied to is out of date from here on.

    Raises Aliased where that is an argument, which the caller will read.
    """
    for seen, why in cell.ties or ():
        other = seen()
        if other is None:
            continue
        message = f"{why}; it is written at {place()}. Make a copy first: x = x.copy()."
        if other.owner is not None:
            raise Aliased(message)
        other.stale = message


def perhaps_written(cell: Cell) -> bool:
    """Is it out of date because the array that was written, or a loop wrote, may be this one?"""
    return isinstance(cell.stale, Lost) or (cell.stale or "").startswith(ONE_OF_TWO)


def stale_among(cells: Iterable[Cell]) -> dict[Cell, str]:
    """Those that are out of date, and why."""
    return {c: c.stale for c in cells if c.stale is not None}


def forget(cells: list[Cell]) -> list[tuple[Any, str | None]]:
    """What is known about these cells, to be put back by `recall` when a trace is dropped."""
    return [(list(c.ties) if c.ties else None, c.stale) for c in cells]


def recall(cells: list[Cell], known: list[tuple[Any, str | None]]) -> None:
    for cell, (ties, stale) in zip(cells, known, strict=True):
        cell.ties, cell.stale = ties, stale


# ---- views that differ in where they start -------------------------------------------------------
def window_of(x: Any) -> Window | None:
    """The one window of a view; None for what is reshaped, or not an array."""
    if not isinstance(x, Array) or x.cell.stale is not None:
        return None
    try:
        return x.window
    except ValueError:
        return None


def slides(a: Any, b: Any) -> bool:
    """Are these views of one cell that differ in their starts only?"""
    if not (isinstance(a, Array) and isinstance(b, Array)) or a.cell is not b.cell:
        return False
    v, w = window_of(a), window_of(b)
    if v is None or w is None or a.writeable != b.writeable:
        return False
    same = v.axes == w.axes and v.steps == w.steps and len(v.shape) == len(w.shape)
    return same and all(
        sure_equal(size_node(x), size_node(y)) for x, y in zip(v.shape, w.shape, strict=True)
    )


def slid(a: Array, starts: tuple[Node, ...]) -> Array:
    """The view with other starts."""
    w = a.window
    return Array(a.cell, Window(starts, w.steps, w.axes, w.shape), a.writeable)
