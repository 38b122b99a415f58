"""Lists that are elements of lists whose length is known at run time only.

The list around them holds all their elements in one buffer.  A `Row` stands in a plain list and
reads and writes there, so that a row and what `x[i]` gives are the same memory, as in Python.  Its
length is the others'; it cannot change.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import size_node
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import TensorType
from ..fxgraph.window import Window
from .aliasing import wrote
from .growing import Growing, Kind, copied, growing, joined, kind_of, register, row_kind
from .journal import mutating
from .merging import as_type
from .proxy import Array, Cell, node_of, wrap
from .storage import read, written


class Row(Growing):
    """held: the list it is an element of.  place: where."""

    def __init__(self, held: list[Any], place: Node) -> None:
        self.held, self.place = held, place
        self.reserved = False

    @property
    def around(self) -> Growing:
        found = growing(self.held)
        assert found is not None
        return found

    def view(self) -> Array:
        """Its elements as a view of the buffer."""
        whole = self.around.column(0)
        return whole.window_view(_at(whole, self.place))  # type: ignore[no-any-return]

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return row_kind(self.around.kind)

    @property
    def capacity(self) -> Node:  # type: ignore[override]
        return size_node(self.around.kind.types[0].shape[0])

    @property
    def count(self) -> Any:  # type: ignore[override]
        return _Fixed(self.capacity)

    @property
    def buffers(self) -> list[Cell]:  # type: ignore[override]
        return [Cell(self.view().node)]

    @property
    def wanted(self) -> Kind | None:  # type: ignore[override]
        return None

    def at(self, position: Node) -> Any:
        return plain_element(self.kind, self.view(), position)

    def column(self, k: int) -> Any:
        return self.view()

    def put(self, position: Node, value: Any) -> None:
        kind = joined(self.kind, kind_of(value))
        if kind is not self.kind and kind.types != self.kind.types:
            self._widen(kind)
        t = self.kind.types[0]
        row = self.view()
        element = row.window_view(_at(row, position))
        if element.cell.ties:
            wrote(element.cell)
        n = node_of(growing_array(value))
        new = cast_to(as_type(n, t), t.dtype)
        element.cell.version = written(element.cell.version, element.path, new)

    def _widen(self, kind: Kind) -> None:
        """Make all rows of a wider dtype."""
        g, t = self.around, kind.types[0]
        if isinstance(g, Row):
            raise TraceError(
                "a number of another type is put into a list in lists: begin with numbers of the "
                "wider type, [0.0] * n"
            )
        old = g.kind
        types = (TensorType(t.dtype, old.types[0].shape),)
        wide = Kind(old.structure, old.like, types, old.nested, old.weak and kind.types[0].weak)
        new = g.resized(g.capacity, wide)
        new.reserved = g.reserved
        mutating(self.held)
        self.held[:] = [new]

    def array(self) -> Array:
        return self.view()

    def borrowed(self, versions: Mapping[Cell, Node] = MappingProxyType({})) -> Growing:
        row = self.view()
        new = copied(self.kind, row)
        if row.cell in versions:
            new.buffers[0].version = read(versions[row.cell], row.path)
        return new


class _Fixed:
    """The count of a row."""

    def __init__(self, version: Node) -> None:
        self._version = version

    @property
    def version(self) -> Node:
        return self._version

    @version.setter
    def version(self, new: Node) -> None:
        raise TraceError(
            "a list that is one of those in a list of a length known at run time only gets another "
            "length: assign a new list, or use an array and a count for each"
        )


def plain_element(kind: Kind, row: Array, position: Node) -> Any:
    """An element of a row; a list in it is a copy."""
    view = row.window_view(_at(row, position))
    t = kind.types[0]
    if kind.nested:
        return [copied(row_kind(kind), view)]
    return view if t.shape else wrap(cast_to(view.node, t.dtype, t.weak))


def growing_array(value: Any) -> Any:
    g = growing(value)
    return value if g is None else g.array()


def _at(x: Array, position: Node) -> Window:
    rank = len(x.sizes) - 1
    zeros = (lit(0),) * rank
    return Window((position, *zeros), (1,) * (rank + 1), (-1, *range(rank)), x.sizes[1:])


register(Row)
