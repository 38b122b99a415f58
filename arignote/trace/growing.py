"""Lists whose length is known at run time only: buffers with room for every element, and a count.

A list that a captured loop appends to holds one `Growing` in place of its elements.  Room is made
before the loop, for as many elements as its steps can append; what is beyond the count is never
read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.affine import dim, minus, plus, size_node
from ..fxgraph.constants import lit
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.scalar import greatest
from ..fxgraph.ops.structure import empty, set_item
from ..fxgraph.prove import ge0
from ..fxgraph.types import Size, TensorType
from ..fxgraph.window import Window
from .aliasing import inherit, tie_both
from .conflicts import Unmergeable
from .containers import filled, flatten, opened_up, rebuilt, told
from .leaves import EmptyList, Unstable
from .merging import agreed, as_type, is_number, join
from .proxy import Array, Cell, node_of, wrap
from .pytree import register_list
from .session import record
from .slicing import int_node, where_int

SHARED = "two lists have the same lists or arrays as elements, and one of these is changed"
COPIED = "an array in a list is written after it was put there: append a copy, x.copy()"


@dataclass(frozen=True)
class Kind:
    """What the elements are.  structure, like: as containers give them; types: one a leaf.

    nested: how deep the elements are lists of run-time length themselves; weak: of Python numbers.
    """

    structure: Any
    like: Any
    types: tuple[TensorType, ...]
    nested: int = 0
    weak: bool = False


class Appended(list[tuple[Cell, Cell]]):
    """(list, array): cells of arrays that were put into lists of run-time length."""


class Growing:
    """The elements of a list.  reserved: the loop being traced has made room for what it appends.

    wanted: a wider kind that some element asked for.
    """

    def __init__(self, kind: Kind, capacity: Node, count: Node) -> None:
        self.kind = kind
        self.capacity = capacity
        self.count = Cell(count)
        shapes = [(dim(capacity), *t.shape) for t in kind.types]
        self.buffers = [Cell(empty(t.dtype, s)) for t, s in zip(kind.types, shapes, strict=True)]
        self.reserved = False
        self.wanted: Kind | None = None

    def __repr__(self) -> str:
        raise TraceError(
            "the text of a list whose length is known at run time only: np.array(...) it first"
        )

    @property
    def length(self) -> Any:
        return wrap(self.count.version)

    # -- elements
    def at(self, position: Node) -> Any:
        """The element at a position that is in bounds; a list in it is a copy (see `elements`)."""
        if self.kind.nested:
            return [copied(row_kind(self.kind), Array(self.buffers[0], self._row(position)))]
        leaves = []
        for cell, t in zip(self.buffers, self.kind.types, strict=True):
            if t.shape and cell.views is None:
                cell.views = []
            x = Array(cell, _element(t, cell, position))
            leaves.append(x if t.shape else wrap(cast_to(x.node, t.dtype, t.weak)))
        return filled(self.kind.like, leaves, True)

    def _row(self, position: Node) -> Window:
        return _element(self.kind.types[0], self.buffers[0], position)

    def put(self, position: Node, value: Any) -> None:
        """Write an element at a position that is in bounds."""
        for cell, t, n in zip(self.buffers, self.kind.types, self._leaves(value), strict=True):
            cell.version = set_item(cell.version, _element(t, cell, position), n)

    def append(self, value: Any) -> None:
        self.put(self.count.version, value)
        self.count.version = plus(self.count.version, lit(1))

    def _leaves(self, value: Any) -> list[Node]:
        kind = joined(self.kind, kind_of(value))
        if kind is not self.kind:
            self.wanted = kind if self.wanted is None else joined(self.wanted, kind)
        parts = flatten(_plain(value), True)[1]
        for cell, x in zip(self.buffers, parts, strict=True):
            if isinstance(x, Array) and x.sizes:
                tie_both(cell, x.cell, COPIED)
                record(Appended).append((cell, x.cell))
        nodes = [node_of(x) for x in parts]
        return [
            cast_to(as_type(n, t), t.dtype) for n, t in zip(nodes, self.kind.types, strict=True)
        ]

    # -- as a whole
    def array(self) -> Array:
        """The elements as one array."""
        if len(self.buffers) != 1 or self.kind.structure is not None:
            raise TypeError(
                "a list of tuples that grows in a loop: append to one list for each part"
            )
        found: Array = self.column(0)
        return found

    def column(self, k: int) -> Any:
        """One part of every element, as an array."""
        cell = self.buffers[k]
        rank = cell.version.rank
        shape: tuple[Size, ...] = (dim(self.count.version), *cell.version.shape[1:])
        return Array(cell, Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), shape))

    def taken(self, chosen: Callable[[Any], Any]) -> Growing:
        """A new list of what is chosen of every part of the elements, in one way for all."""
        nodes = [node_of(chosen(self.column(k))) for k in range(len(self.buffers))]
        n = size_node(nodes[0].shape[0])
        new = Growing(self.kind, n, n)
        for cell, old, node in zip(new.buffers, self.buffers, nodes, strict=True):
            cell.version = node
            if node.rank > 1 or has_containers(self.kind):
                tie_both(cell, old, SHARED)
        return new

    def borrowed(self, versions: Mapping[Cell, Node] = MappingProxyType({})) -> Growing:
        """The same elements in the same buffers, whose changes are not seen here."""
        new = copy(self)
        new.count = Cell(versions.get(self.count, self.count.version))
        new.buffers = [Cell(versions.get(b, b.version)) for b in self.buffers]
        for cell, old in zip(new.buffers, self.buffers, strict=True):
            inherit(cell, old)
        new.reserved = False
        return new

    def shallow(self) -> Growing:
        """A new list of the same elements."""
        new = self.resized(self.capacity)
        for a, b in zip(self.buffers, new.buffers, strict=True):
            if a.version.rank > 1 or has_containers(self.kind):
                tie_both(a, b, SHARED)
        return new

    def resized(self, capacity: Node, kind: Kind | None = None) -> Growing:
        """The same elements with more room."""
        new = Growing(kind if kind is not None else self.kind, capacity, self.count.version)
        for to, of, t in zip(new.buffers, self.buffers, new.kind.types, strict=True):
            rank = of.version.rank
            room = (dim(self.capacity), *t.shape)
            w = Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), room)
            old = cast_to(of.version, t.dtype)
            to.version = set_item(to.version, w, old)
            inherit(to, of)
        return new


def _element(t: TensorType, cell: Cell, position: Node) -> Window:
    rank = len(t.shape)
    zeros = (lit(0),) * rank
    return Window((position, *zeros), (1,) * (rank + 1), (-1, *range(rank)), cell.version.shape[1:])


class Discarded:
    """Stands in a list while a `while` loop is traced to count its steps: drops appends."""


def is_discarded(x: Any) -> bool:
    return type(x) is list and len(x) == 1 and type(x[0]) is Discarded


# ---- kinds ---------------------------------------------------------------------------------------
def kind_of(value: Any) -> Kind:
    """What an element is; raises Unstable for what cannot be put into an array."""
    plain = _plain(value)
    structure, leaves = flatten(plain, True)
    if not all(is_number(x) for x in leaves):
        raise Unstable("a list grows by something other than numbers and arrays")
    types = tuple(node_of(x).type for x in leaves)
    inner = growing(value)
    weak = inner is not None and (inner.kind.weak or inner.kind.types[0].weak)
    nested = 1 + inner.kind.nested if inner is not None else 0
    return Kind(structure, rebuilt(plain, lambda x: 0, True), types, nested, weak)


def _plain(value: Any) -> Any:
    """A list that grows, as an element of another: its array."""
    inner = growing(value)
    return inner.array() if inner is not None else value


def joined(a: Kind, b: Kind) -> Kind:
    """The kind that holds both; raises Unstable.  `a` itself where it holds `b`."""
    if a.structure != b.structure or a.nested != b.nested:
        raise Unstable("a list grows by elements of different structure")
    try:
        types = tuple(_wider(x, y) for x, y in zip(a.types, b.types, strict=True))
    except Unmergeable as error:
        raise Unstable(f"the elements of a list are {error}") from None
    return a if types == a.types else Kind(a.structure, a.like, types, a.nested, a.weak and b.weak)


def _wider(a: TensorType, b: TensorType) -> TensorType:
    agreed(a.shape, b.shape)
    t = join(a, b)
    return a if (t.dtype, t.weak) == (a.dtype, a.weak) else TensorType(t.dtype, a.shape, t.weak)


def growing(x: Any) -> Growing | None:
    """What stands in a list that has grown in a loop."""
    if type(x) is list and len(x) == 1 and isinstance(x[0], Growing):
        return x[0]
    return None


def has_containers(kind: Kind) -> bool:
    """Are there lists, dicts or objects in the elements, which a function may change?"""
    return kind.nested > 0 or flatten(kind.like)[0] != kind.structure


def row_kind(kind: Kind) -> Kind:
    """What the elements of the lists in a list are."""
    t = kind.types[0]
    inner = TensorType(t.dtype, t.shape[1:], kind.weak and len(t.shape) == 1)
    return Kind(None, 0, (inner,), kind.nested - 1, kind.weak)


def copied(kind: Kind, row: Array) -> Growing:
    """The elements of a list in a list, in one of their own."""
    n = size_node(row.sizes[0])
    new = Growing(kind, n, n)
    new.buffers[0].version = row.node
    return new


def from_items(items: Sequence[Any], room: Node, kind: Kind | None = None) -> Growing:
    """The items of a list, with room for `room` more."""
    for x in items:
        kind = kind_of(x) if kind is None else joined(kind, kind_of(x))
    if kind is None:
        raise EmptyList("list index out of range: the list is empty")
    new = Growing(kind, plus(lit(len(items)), room), lit(0))
    for x in items:
        new.append(x)
    return new


def larger(a: Growing, b: Growing) -> tuple[Growing, Growing]:
    """Both with one capacity and one kind."""
    kind = joined(joined(a.kind, b.kind), a.kind)
    capacity = greatest(a.capacity, b.capacity)
    return _as_large(a, capacity, kind), _as_large(b, capacity, kind)


def _as_large(g: Growing, capacity: Node, kind: Kind) -> Growing:
    if g.capacity is capacity and g.kind.types == kind.types:
        return g
    return g.resized(capacity, kind)


# ---- positions -----------------------------------------------------------------------------------
def position(g: Growing, index: Any, what: str = "list index") -> Node:
    """A Python index as a position in bounds; raises IndexError, at run time if need be."""
    i, n = int_node(index), g.count.version
    if ge0(i) and ge0(minus(minus(n, lit(1)), i)):
        return i
    if ge0(minus(lit(-1), i)) and ge0(plus(i, n)):
        return plus(i, n)
    at = i if ge0(i) else where_int(i, plus(i, n), i)
    low = OPS["greater_equal"](at, lit(0), weak=True)
    high = OPS["less"](at, n, weak=True)
    required(OPS["logical_and"](low, high, weak=True), "IndexError", f"{what} out of range")
    return at


def element(g: Growing, index: Any) -> Any:
    return g.at(position(g, index))


# ---- answers -------------------------------------------------------------------------------------
def _flatten(g: Growing) -> tuple[list[Any], Any]:
    columns = [wrap(g.column(k).node) for k in range(len(g.buffers))]
    weak = tuple(t.weak for t in g.kind.types)
    return columns, (_Form(g.kind.like), weak, g.kind.nested, g.kind.weak)


@dataclass(frozen=True)
class _Form:
    """How elements are put together; equal by its text."""

    like: Any

    def __hash__(self) -> int:
        return hash(repr(self.like))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Form) and repr(self.like) == repr(other.like)


def _unflatten(meta: Any, columns: Sequence[np.ndarray[Any, Any]]) -> list[Any]:
    form, weak, nested, inner = meta
    parts = [c.tolist() if w else list(c) for c, w in zip(columns, weak, strict=True)]
    if nested:
        return [row.tolist() if inner else _lists(row, nested) for row in parts[0]]
    if len(parts) == 1 and opened_up(form.like, True) is None:
        return list(parts[0])
    items = [filled(form.like, leaves, True) for leaves in zip(*parts, strict=True)]
    return [told(x) for x in items] if told(form.like) is not form.like else items


def _lists(rows: Any, depth: int) -> list[Any]:
    return [_lists(row, depth - 1) for row in rows] if depth > 1 else list(rows)


def register(cls: type[Growing]) -> None:
    register_list(cls, _flatten, _unflatten)


register(Growing)
