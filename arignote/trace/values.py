"""What stands for a value while a function is traced: `Scalar` and `Array`.

A `Scalar` is a node of rank 0: a Python number when its type is weak, else a NumPy scalar.  An
`Array` is a view: a cell and a path.  This module holds the data; `proxy` gives the classes their
operators, attributes and methods (import the classes from there).
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.constants import const, is_const, new_input, number, value_of
from ..fxgraph.node import Node
from ..fxgraph.types import Shape, TensorType
from ..fxgraph.window import Window, whole
from .dtypes import checked_dtype
from .session import session
from .storage import Cell, Path, extended, read, shape_at

#: Arrays from closures and globals up to this many bytes are constants in the text of the graph.
SMALL_CONSTANT = 1024


class Proxy:
    """A traced value; `node` is what it is now."""

    __slots__ = ()
    __array_priority__ = 1000.0

    @property
    def node(self) -> Node:
        raise NotImplementedError


class Scalar(Proxy):
    """A value of rank 0; immutable."""

    __slots__ = ("_node", "__weakref__")

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def node(self) -> Node:
        return self._node

    @property
    def weak(self) -> bool:
        """Is it a Python number?"""
        t: TensorType = self._node.type
        return t.weak


class Array(Proxy):
    """A view: `path` leads from its cell's newest version to what it shows.

    writeable: False for views that NumPy makes read-only (`broadcast_to`, `diagonal`).
    """

    __slots__ = ("cell", "path", "writeable", "__weakref__")

    def __init__(
        self, cell: Cell, path: Window | Path | None = None, writeable: bool = True
    ) -> None:
        self.cell = cell
        if path is None:
            path = ()
        elif isinstance(path, Window):
            path = extended(cell.version.shape, (), path)
        self.path: Path = path
        self.writeable = writeable
        if cell.views is not None:
            cell.views.append(weakref.ref(self))

    @property
    def node(self) -> Node:
        if self.cell.stale is not None:
            raise TraceError(self.cell.stale)
        return read(self.cell.version, self.path)

    @property
    def sizes(self) -> Shape:
        """The shape as sizes (ints and nodes)."""
        return shape_at(self.cell.version.shape, self.path)

    @property
    def window(self) -> Window:
        """The path as one window; raises ValueError for a view that is reshaped on the way."""
        if not self.path:
            return whole(self.cell.version.shape)
        if len(self.path) == 1 and isinstance(self.path[0], Window):
            return self.path[0]
        raise ValueError("a reshaped view is no window of its cell")

    def window_view(self, w: Window, writeable: bool = True) -> Array:
        """A view of this view; shares the cell."""
        path = extended(self.cell.version.shape, self.path, w)
        return Array(self.cell, path, self.writeable and writeable)


#: NumPy 2.4 and later make no Python number of an array of one element.
ONLY_NUMBERS = np.lib.NumpyVersion(np.__version__) >= "2.4.0"


def same_place(a: Any, b: Any) -> bool:
    """Do two values show the same elements of the same cell?"""
    return isinstance(a, Array) and isinstance(b, Array) and a.cell is b.cell and a.path == b.path


def is_proxy(x: Any) -> bool:
    return isinstance(x, Proxy)


def fresh(n: Node) -> Array:
    """An array of its own with this value (rank 0: a 0-d array)."""
    return Array(Cell(n))


def wrap(n: Node) -> Any:
    """A value of its own: an Array, a Scalar, or for constant Python numbers the number itself."""
    if n.type.shape:
        return Array(Cell(n))
    if n.type.weak and is_const(n):
        return value_of(n).item()
    return Scalar(n)


def node_of(x: Any) -> Node:
    """The node of a traced value, a Python or NumPy number, or an array from outside the trace.

    Raises TypeError for anything else, DTypeError for dtypes that are no numbers.
    """
    if isinstance(x, Proxy):
        return x.node
    if isinstance(x, Node):
        return x
    if isinstance(x, np.ndarray):
        return captured(x)
    if isinstance(x, np.generic):
        return const(checked_dtype(x))
    if isinstance(x, bool | int | float | complex):
        return number(x)
    if hasattr(type(x), "__arignote_used__"):
        return node_of(x.__arignote_used__())
    raise TypeError(f"cannot trace a value of type {type(x).__name__}: {x!r}")


def captured(x: np.ndarray[Any, Any]) -> Node:
    """An array from a closure or a global: a constant of the trace, read when the trace is made.

    Large ones become an extra input fed with a frozen copy; the same array gives the same node.
    """
    checked_dtype(x)
    plain = np.ascontiguousarray(x, x.dtype.newbyteorder("=")).reshape(x.shape)
    if plain.nbytes <= SMALL_CONSTANT:
        return const(plain)
    known = session().captured.get(id(x))
    if known is not None and np.array_equal(known[0], plain, equal_nan=plain.dtype.kind in "fc"):
        node: Node = known[1][0]
        return node
    if not session().active:
        raise TraceError("a large array meets a traced value outside any trace")
    frozen = plain.copy()
    frozen.flags.writeable = False
    node = new_input(f"constant{len(session().captured)}", plain.dtype, plain.shape)
    session().captured[id(x)] = (frozen, (node, x))
    return node
