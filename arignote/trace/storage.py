"""Cells and views: how writes are kept in a graph that knows no mutation.

A `Cell` is memory: it holds the node of its newest version, in C order.  A view is a cell and a
path of windows, reshapes and the like; reading goes down the path, writing sets the elements at
its end and goes back up, which gives the cell its next version.  Everything that shares a cell
sees it, as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.rolling import rolling
from ..fxgraph.ops.structure import full, reshape, set_item, view
from ..fxgraph.types import Shape
from ..fxgraph.window import Window, compose, is_whole, whole
from .session import session


class Cell:
    """version: the node of the newest contents.  owner: position of the argument leaf it is the
    memory of, None for memory made in the trace.  strides: gives an argument's strides (in
    elements) where they are not those of C order.  ties, stale: see `aliasing`.
    through: called after writes, where NumPy has this memory inside another array's.
    views: the views on it, weakly, where they may have to be given memory of their own.
    line: see `midway`.  dtypes: the dtypes that it has in NumPy, where a condition chooses.
    """

    __slots__ = (
        "_version", "owner", "strides", "ties", "stale", "through", "views", "line", "dtypes",
        "__weakref__",
    )  # fmt: skip

    def __init__(
        self,
        version: Node,
        owner: int | None = None,
        strides: Callable[[], list[Node]] | None = None,
    ) -> None:
        self._version = version
        self.owner = owner
        self.strides = strides
        self.ties: list[Any] | None = None
        self.stale: str | None = None
        self.through: Callable[[Node], None] | None = None
        self.views: list[Any] | None = None
        self.line: object = None
        self.dtypes: frozenset[str] = frozenset()
        session().register(self)

    @property
    def version(self) -> Node:
        return self._version

    @version.setter
    def version(self, new: Node) -> None:
        self._version = new
        if self.owner is not None:
            session().wrote(self, new)


@dataclass(frozen=True, slots=True)
class Reshape:
    """The same elements, in C order, under other sizes."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Part:
    """The real or imaginary parts of complex elements; `name` is "real" or "imag"."""

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Rolling:
    """Windows that slide along `axes`, theirs at the end; elements repeat, so it is read only."""

    axes: tuple[int, ...]
    shape: Shape


Step: TypeAlias = "Window | Reshape | Part | Rolling"
Path: TypeAlias = "tuple[Step, ...]"


def shape_at(base: Shape, path: Path) -> Shape:
    """The shape at the end of a path."""
    return path[-1].shape if path else base


def extended(base: Shape, path: Path, step: Step) -> Path:
    """The path with one more step; windows of windows fold, identities vanish."""
    if isinstance(step, Part | Rolling):
        return (*path, step)
    if isinstance(step, Reshape):
        if path and isinstance(path[-1], Reshape):
            return extended(base, path[:-1], step)
        return path if step.shape == shape_at(base, path) else (*path, step)
    if path and isinstance(path[-1], Window):
        return extended(base, path[:-1], compose(path[-1], step))
    return path if is_whole(step, shape_at(base, path)) else (*path, step)


def read(version: Node, path: Path) -> Node:
    """What a view shows of a version of its cell."""
    for step in path:
        if isinstance(step, Window):
            version = view(version, step)
        elif isinstance(step, Reshape):
            version = reshape(version, step.shape)
        elif isinstance(step, Rolling):
            version = rolling(version, step.axes, step.shape)
        else:
            version = OPS[step.name](version)
    return version


def written(version: Node, path: Path, value: Node) -> Node:
    """The next version of a cell after `value` (its dtype, fitting the path's shape) is written."""
    steps = path
    last: Window | None = None
    if steps and isinstance(steps[-1], Window):
        last, steps = steps[-1], steps[:-1]
    stages = [version]
    for step in steps:
        stages.append(read(stages[-1], (step,)))
    new = _replaced(stages[-1], last, value)
    for step, outer in zip(reversed(steps), reversed(stages[:-1]), strict=True):
        if isinstance(step, Window):
            new = set_item(outer, step, new)
        elif isinstance(step, Reshape):
            new = reshape(new, outer.shape)
        elif isinstance(step, Rolling):
            raise ValueError("assignment destination is read-only")
        else:
            new = _with_part(outer, step.name, new)
    return new


def _with_part(outer: Node, name: str, new: Node) -> Node:
    """Complex numbers with one of their parts replaced."""
    parts = {"real": OPS["real"](outer), "imag": OPS["imag"](outer), name: new}
    return cast_to(OPS["make_complex"](parts["real"], parts["imag"]), outer.dtype)


def _replaced(base: Node, window: Window | None, value: Node) -> Node:
    """base with a window (None: all of it) set; a base nothing is left of is not mentioned."""
    if window is not None:
        return set_item(base, window, value)
    if value.shape == base.shape:
        return value
    if not value.shape:
        return full(value, base.shape)
    return set_item(base, whole(base.shape), value)
