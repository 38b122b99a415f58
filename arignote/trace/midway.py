"""Versions of arguments that an error in the middle of a loop step or branch leaves to be seen.

    b[:] = a                    b1 = a
    if bad: raise ...           check
    b[0] = 0                    b2 = set_item(set_item(b, all, a), 0, 0)

The caller who catches the error finds `b1` in the memory of `b`.  So what is written behind a
check is written over what stood there at the check, by writes that no rule takes off (`lasting`).
Outside of loops and branches the session's log does the same, but for what a loop starts from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..fxgraph.constants import proj
from ..fxgraph.graph import bodies
from ..fxgraph.node import Node
from ..fxgraph.ops.structure import set_item, set_item_op
from ..fxgraph.window import whole, window_of
from ..scanloop.versions import chain
from .regions import Region, checked_since, depth, recorded
from .storage import Cell, Path, written


@dataclass(frozen=True, slots=True)
class Line:
    """Where a version of a cell stands in the loop step or branch that wrote it.

    effects, checks: those of the region, and how many came before the write.
    seen: the version at the last check before it, in the array's memory.
    lined: the version itself, as one that was written over `seen`.
    """

    effects: list[Node]
    checks: int
    version: Node
    seen: Node
    lined: Node


def next_version(cell: Cell, path: Path, value: Node) -> Node:
    """The version of a cell after a value is written to the end of a path."""
    old = cell.version
    if cell.owner is None or not old.shape:
        return written(old, path, value)
    effects = recorded()
    line = _line_of(cell, effects)
    seen = line.seen if line is not None else old
    behind = _checked_around(cell) if line is None else len(effects) > line.checks
    if behind:
        seen = line.lined if line is not None else old
    if behind and depth():
        new = _lasting(seen, written(seen, path, value))
        lined = new
    else:
        new = written(old, path, value)
        lined = _lined(new, old, line, seen)
    cell.line = Line(effects, len(effects), new, seen, lined)
    return new


def _checked_around(cell: Cell) -> bool:
    """Do checks stand between the last write of a cell, in a region around this one, and here?"""
    line = cell.line
    if isinstance(line, Line) and line.version is cell.version:
        if checked_since(line.effects, line.checks):
            return True
    return has_checks(cell.version)


def last_versions(known: Sequence[Cell], region: Region) -> list[Node]:
    """The versions at the end of a region, those that checks come behind in the arrays' memory."""
    out = []
    for cell in known:
        line = _line_of(cell, region.effects)
        behind = line is not None and len(region.effects) > line.checks
        out.append(line.lined if line is not None and behind else cell.version)
    return out


def has_checks(version: Node) -> bool:
    """Was a version written by a loop or branches that may leave others to be seen?"""
    return version.op is proj and any(b.effects for b in bodies(version.inputs[0]))


def settle(known: Sequence[Cell]) -> None:
    """Before branches, whose checks may fail: what was written is in the arrays' memory."""
    for cell in known if depth() else ():
        line = _line_of(cell, recorded())
        if line is not None and line.lined is not line.version:
            cell.version = line.lined
            cell.line = replace(line, version=line.lined)


def start_of(cell: Cell, effects: Sequence[Node]) -> Node:
    """The version from which a loop that has `effects` goes on."""
    line = _line_of(cell, recorded())
    return line.lined if line is not None and effects else cell.version


def _line_of(cell: Cell, effects: list[Node]) -> Line | None:
    """What is known of the newest version, if this region wrote it."""
    line = cell.line
    mine = isinstance(line, Line) and line.version is cell.version and line.effects is effects
    return line if mine and isinstance(line, Line) else None


def _lined(new: Node, old: Node, line: Line | None, seen: Node) -> Node:
    """The version `new`, which was made from `old`, as one that was written over `seen`."""
    before = line.lined if line is not None else old
    follows = bool(new.inputs) and new.inputs[0] is old and bool(new.op.traits & _WRITES)
    if new is seen or (before is old and (follows or chain(new, old) is not None)):
        return new
    return set_item(seen, whole(seen.shape), new, lasting=True)


_WRITES = frozenset({"write", "scatter"})


def _lasting(seen: Node, new: Node) -> Node:
    """`new` as a version of `seen` that rules do not take apart."""
    if new.op is set_item_op and new.inputs[0] is seen:
        return set_item(seen, window_of(new), new.inputs[-1], lasting=True)
    if chain(new, seen) is not None:
        return new
    return set_item(seen, whole(seen.shape), new, lasting=True)
