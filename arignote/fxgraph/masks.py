"""Index arrays that list where a mask is true: x[mask] reads and writes x at them.

    at = compress(reshape(mask, -1))        where the mask is true, in order of memory
    x[mask]  =  x[at // width, at % width]
"""

from __future__ import annotations

from .affine import size_node
from .constants import is_const, lit, value_of
from .node import Node
from .ops.elementwise import floor_divide, remainder
from .ops.sets import compress
from .ops.structure import reshape_op, view_op
from .types import Shape
from .window import window_of


def mask_of(index: tuple[Node, ...], shape: Shape) -> Node | None:
    """The mask of this shape, of rank 1 or 2, whose true elements stand at these positions."""
    if len(index) == len(shape) == 1:
        return _listed(index[0], size_node(shape[0]))
    flat = flat_places(index, shape)
    if flat is None:
        return None
    listed = _listed(flat, None)
    assert listed is not None
    return listed.inputs[0]


def flat_places(index: tuple[Node, ...], shape: Shape) -> Node | None:
    """The places of a mask's true elements in memory, of which two index arrays into this shape are
    row and column."""
    if len(index) != 2 or len(shape) != 2:
        return None
    if (index[0].op, index[1].op) != (floor_divide, remainder):
        return None
    (at, width), (again, other) = index[0].inputs, index[1].inputs
    if at is not again or width is not other or not _same_size(width, size_node(shape[1])):
        return None
    flat = _listed(at, None)
    if flat is None or flat.op is not reshape_op:
        return None
    mask = flat.inputs[0]
    alike = mask.rank == 2 and all(
        size_node(a) is size_node(b) for a, b in zip(mask.shape, shape, strict=True)
    )
    return at if alike else None


def _listed(at: Node, size: Node | None) -> Node | None:
    """The mask (of `size` elements) all of whose true positions `at` lists, in order."""
    if at.op is not view_op:
        return None
    w, found = window_of(at), at.inputs[0]
    straight = w.axes == (0,) and w.steps == (1,) and w.starts[0] is lit(0)
    if not straight or found.op.name != "proj" or found.inputs[0].op is not compress:
        return None
    both = found.inputs[0]
    count = size_node(at.shape[0])
    whole = count.op.name == "proj" and count.inputs[0] is both and count.attr("k") == 1
    mask: Node = both.inputs[0]
    same = size is None or size_node(mask.shape[0]) is size
    return mask if whole and same and found.attr("k") == 0 else None


def _same_size(a: Node, b: Node) -> bool:
    while a.op.name == "cast":
        a = a.inputs[0]
    if is_const(a) and is_const(b):
        return int(value_of(a)) == int(value_of(b))
    return a is b
