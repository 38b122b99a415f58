"""Arrays whose first size is not one: what a loop or a branch leaves of a mask's choice, for
example.

Such an array is carried as the first rows of a buffer, with their number beside it.
"""

from __future__ import annotations

from ..fxgraph.affine import dim, minus, size_node
from ..fxgraph.constants import lit
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.scalar import least
from ..fxgraph.ops.structure import empty, set_item, view
from ..fxgraph.prove import equal, ge0
from ..fxgraph.types import Shape
from ..fxgraph.window import Window
from .proxy import Array, Cell


def only_first_differs(a: Shape, b: Shape) -> bool:
    """Are two shapes the same but for the first size?"""
    return len(a) == len(b) > 0 and all(
        equal(size_node(x), size_node(y)) for x, y in zip(a[1:], b[1:], strict=True)
    )


def padded(n: Node, shape: Shape) -> Node:
    """n as the first rows of a buffer of this shape, cut where there is no room (`check_room`)."""
    rows = least(size_node(n.shape[0]), size_node(shape[0]))
    w = _rows(shape, rows)
    return set_item(empty(n.dtype, shape), w, view(n, w))


def check_room(rows: Node, room: Node) -> None:
    """Raises RuntimeError, when the function runs, where there are more rows than room."""
    if not ge0(minus(room, rows)):
        fits = OPS["less_equal"](rows, room, weak=True)
        required(fits, "RuntimeError", "an array that a loop carries has grown: it can only shrink")


def first_rows(buffer: Node, rows: Node) -> Array:
    """The first rows of a buffer, as an array."""
    return Array(Cell(buffer), _rows(buffer.shape, rows))


def _rows(shape: Shape, rows: Node) -> Window:
    rank = len(shape)
    return Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), (dim(rows), *shape[1:]))
