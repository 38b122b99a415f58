"""The state of one trace: its cells, its arguments, and where in the user's code it stands.

A session is thread-local and nests (a compiled function called while another is traced).  Cells are
kept weakly and in the order they were made, so that everything derived from them is deterministic.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..fxgraph.node import Node
from ..fxgraph.ops.checks import recording
from ..fxgraph.prove import Knowledge, construction

if TYPE_CHECKING:
    from .journal import Journal
    from .plan import Hidden
    from .storage import Cell


R = TypeVar("R")


class Retrace(BaseException):
    """The trace starts again, knowing more.

    Not an Exception, so that the user's `except Exception` does not swallow it.
    """


class NeedSource(Retrace):
    """This generator is drawn from: trace again with a handle for it."""

    def __init__(self, source: Hidden) -> None:
        super().__init__(f"{source} must be a source")
        self.source = source


class NeedTree(Retrace):
    """The attributes of this object must be arguments: the function changes them."""

    def __init__(self, container: Any, message: str) -> None:
        super().__init__(message)
        self.container, self.message = container, message


class NeedStatic(Retrace):
    """Python needs the value of these argument leaves: trace again with their values fixed."""

    def __init__(self, leaves: tuple[int, ...]) -> None:
        super().__init__(f"argument leaves {leaves} must be static")
        self.leaves = leaves


@dataclass
class Session:
    """leaf_of: input node -> position of the argument leaf it stands for (scalars only).
    captured: arrays from closures and globals that became extra inputs.
    bounds: integer atoms -> (least, greatest), where something proved more than their op says.
    refs: the cells, weakly, oldest first.
    log: (effects so far, cell, version) for every write outside loops and branches to an argument.
    sources: what stands for generators that are no arguments.  generators: how many were made.
    torn: an error that left a loop or branch half traced.
    calls: the user's functions that are being called, outermost first.
    records: what single features note, each in an instance of a class of its own (see `record`).
    changes: the containers that the function changes and makes, set where a call is traced.
    """

    knowledge: Knowledge = field(default_factory=Knowledge)
    effects: list[Node] = field(default_factory=list)
    leaf_of: dict[Node, int] = field(default_factory=dict)
    captured: dict[int, tuple[np.ndarray[Any, Any], Any]] = field(default_factory=dict)
    bounds: dict[Node, tuple[int, int]] = field(default_factory=dict)
    active: bool = True
    refs: list[weakref.ref[Cell]] = field(default_factory=list)
    limit: int = 64
    log: list[tuple[int, Cell, Node]] = field(default_factory=list)
    torn: Exception | None = None
    calls: list[CodeType] = field(default_factory=list)
    changes: Journal | None = None
    sources: dict[Hidden, Any] = field(default_factory=dict)
    generators: int = 0
    records: dict[type, Any] = field(default_factory=dict)

    @property
    def recursing(self) -> bool:
        """Does the function that is being traced stand inside a call of itself?"""
        return len(self.calls) > 1 and self.calls[-1] in self.calls[:-1]

    def wrote(self, cell: Cell, version: Node) -> None:
        if not self.knowledge.regions:
            self.log.append((len(self.effects), cell, version))

    def register(self, cell: Cell) -> None:
        self.refs.append(weakref.ref(cell))
        if len(self.refs) > self.limit:
            self.refs = [r for r in self.refs if r() is not None]
            self.limit = 2 * len(self.refs) + 64

    def cells(self) -> list[Cell]:
        """The live cells, oldest first."""
        alive = [c for r in self.refs if (c := r()) is not None]
        self.refs = [weakref.ref(c) for c in alive]
        return alive


_local = threading.local()


def session() -> Session:
    """The innermost session of this thread; outside any trace, one that is never active."""
    stack: list[Session] | None = getattr(_local, "stack", None)
    if not stack:
        _local.stack = stack = [Session(active=False)]
    return stack[-1]


def record(kind: type[R]) -> R:
    """What one feature notes of the present trace: made when it is first asked for."""
    records = session().records
    found: R | None = records.get(kind)
    if found is None:
        found = records[kind] = kind()
    return found


def is_tracing() -> bool:
    return session().active


@contextmanager
def tracing() -> Iterator[Session]:
    """A fresh session: its own knowledge, its own list of partial operations."""
    outer = session()
    with construction() as knowledge, recording() as effects:
        mine = Session(knowledge, effects)
        if outer.active:
            mine.sources, mine.changes = outer.sources, outer.changes
        _local.stack.append(mine)
        try:
            yield mine
        finally:
            mine.active = False
            _local.stack.pop()


def cells() -> list[Cell]:
    """The live cells of the present trace, oldest first."""
    return session().cells()
