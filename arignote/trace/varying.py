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
from ..fxgraph.ops.structure import empty, set_item, view, view_op
from ..fxgraph.prove import equal, ge0
from ..fxgraph.types import Shape
from ..fxgraph.window import Window, window_of
from .proxy import Array, Cell


def only_first_differs(a: Shape, b: Shape) -> bool:
    """Are two shapes the same but for the first size?"""
    return len(a) == len(b) > 0 and all(
        equal(size_node(x), size_node(y)) for x, y in zip(a[1:], b[1:], strict=True)
    )


def padded(n: Node, shape: Shape, over: Node | None = None) -> Node:
    """n as the first rows of a buffer of this shape, cut where there is no room (`check_room`).

    over: a buffer whose contents are not needed any more; what n is the first rows of, if that has
    the shape, is the buffer already.
    """
    host = host_of(n)
    if host is not None and _alike(host.shape, shape):
        return host
    if over is None or over.dtype != n.dtype or not _alike(over.shape, shape):
        over = empty(n.dtype, shape)
    rows = least(size_node(n.shape[0]), size_node(shape[0]))
    w = _rows(shape, rows)
    return set_item(over, w, view(n, w))


def host_of(n: Node) -> Node | None:
    """The buffer that n is the first rows of."""
    if n.op is not view_op:
        return None
    host, w = n.inputs[0], window_of(n)
    rows = size_node(n.shape[0]) if n.rank else None
    return host if rows is not None and w == _rows(host.shape, rows) else None


def _alike(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and all(size_node(x) is size_node(y) for x, y in zip(a, b, strict=True))


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
