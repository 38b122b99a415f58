"""Compositions of windows and fills on nodes: transpose, broadcast, slice, concatenate.

No ops of their own.  Gradients and the NumPy functions are written in these; sizes are taken as
they are (an axis that must have another's size has been aligned by the caller).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..affine import dim, minus, plus, size_node
from ..constants import const, lit
from ..node import Node
from ..types import DType, Shape, Size
from ..window import Window, broadcast, expanded, flipped, transposed, whole
from .family import align, broadcast_shape, cast_to
from .reduce import reduce_sum
from .scalar import product
from .structure import empty, full, reshape, set_item, view


def strong(n: Node) -> Node:
    """n as a NumPy value: a Python number becomes a NumPy scalar of its dtype."""
    return cast_to(n, n.dtype) if n.type.weak else n


def filled(value: Any, dtype: DType, shape: Shape) -> Node:
    """An array of one literal value."""
    return full(const(value, dtype), shape) if shape else const(value, dtype)


def zeros(dtype: DType, shape: Shape) -> Node:
    return filled(0, dtype, shape)


def zeros_like(n: Node) -> Node:
    return zeros(n.dtype, n.shape)


def spread(n: Node, shape: Shape) -> Node:
    """n repeated to a shape that it fits."""
    if tuple(n.shape) == tuple(shape):
        return n
    return view(n, broadcast(n.shape, shape)) if n.rank else full(strong(n), shape)


def spread_together(name: str, operands: Sequence[Node]) -> tuple[list[Node], Shape]:
    """Operands repeated to their common shape; raises ShapeError where there is none."""
    aligned = align(name, operands)
    shape = broadcast_shape(name, aligned)
    return [spread(n, shape) for n in aligned], shape


def spread_axes(n: Node, shape: Shape, axes: Iterable[int]) -> Node:
    """n repeated along new axes `axes` of a result of the given shape (undoes a reduction)."""
    gone = set(axes)
    kept = tuple(k for k in range(len(shape)) if k not in gone)
    if not n.rank:
        return full(n, shape) if shape else n
    return view(n, Window((lit(0),) * n.rank, (1,) * n.rank, kept, tuple(shape)))


def transpose(n: Node, order: Sequence[int]) -> Node:
    """Result axis j is axis order[j]."""
    return view(n, transposed(n.shape, order))


def swap_last(n: Node) -> Node:
    """The matrices transposed."""
    r = n.rank
    return transpose(n, (*range(r - 2), r - 1, r - 2))


def move_axis(n: Node, source: int, target: int) -> Node:
    order = [k for k in range(n.rank) if k != source]
    order.insert(target, source)
    return transpose(n, order)


def flip(n: Node, axes: Iterable[int]) -> Node:
    return view(n, flipped(n.shape, tuple(axes)))


def expand(n: Node, at: Sequence[int]) -> Node:
    """New axes of length 1 at positions `at` of the result."""
    w = expanded(n.shape, at, n.rank + len(at))
    return view(n, w) if n.rank else spread(n, w.shape)


def squeeze_window(shape: Shape, axes: Iterable[int]) -> Window:
    """The window that drops axes of length 1."""
    gone = set(axes)
    kept = [k for k in range(len(shape)) if k not in gone]
    places = tuple(kept.index(k) if k not in gone else -1 for k in range(len(shape)))
    rank = len(shape)
    return Window((lit(0),) * rank, (1,) * rank, places, tuple(shape[k] for k in kept))


def squeeze(n: Node, axes: Iterable[int]) -> Node:
    return view(n, squeeze_window(n.shape, axes))


def slice_window(shape: Shape, axis: int, start: Node, size: Size, step: int = 1) -> Window:
    """`size` positions of one axis from `start` on."""
    w = whole(shape)
    starts = tuple(start if k == axis else s for k, s in enumerate(w.starts))
    steps = tuple(step if k == axis else 1 for k in range(len(shape)))
    return Window(starts, steps, w.axes, (*shape[:axis], size, *shape[axis + 1 :]))


def sliced(n: Node, axis: int, start: Node | int, size: Size, step: int = 1) -> Node:
    start = lit(start) if isinstance(start, int) else start
    return view(n, slice_window(n.shape, axis, start, size, step))


def select_window(shape: Shape, axis: int, at: Node) -> Window:
    """Position `at` of one axis, which is dropped."""
    rank = len(shape)
    starts = tuple(at if k == axis else lit(0) for k in range(rank))
    places = tuple(-1 if k == axis else k - (k > axis) for k in range(rank))
    return Window(starts, (1,) * rank, places, (*shape[:axis], *shape[axis + 1 :]))


def select(n: Node, axis: int, at: Node | int) -> Node:
    return view(n, select_window(n.shape, axis, lit(at) if isinstance(at, int) else at))


def diagonal_window(shape: Shape, offset: int, size: Size) -> Window:
    """Diagonals of the last two axes; the diagonal is the last axis of the result."""
    rank = len(shape)
    starts = [lit(0)] * rank
    starts[-2], starts[-1] = lit(max(-offset, 0)), lit(max(offset, 0))
    axes = (*range(rank - 1), rank - 2)
    return Window(tuple(starts), (1,) * rank, axes, (*shape[:-2], size))


def concatenate(parts: Sequence[Node], axis: int) -> Node:
    """Parts of one dtype and equal other sizes, one after the other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    total = lit(0)
    for p in parts:
        total = plus(total, size_node(p.shape[axis]))
    shape = (*first.shape[:axis], dim(total), *first.shape[axis + 1 :])
    out = empty(first.dtype, shape)
    start = lit(0)
    for p in parts:
        size = p.shape[axis]
        if size != 0:
            out = set_item(out, slice_window(shape, axis, start, size), p)
        start = plus(start, size_node(size))
    return out


def stack(parts: Sequence[Node], axis: int = 0) -> Node:
    """Parts of one type along a new axis."""
    return concatenate([expand(p, (axis,)) for p in parts], axis)


def count(shape: Shape) -> Node:
    """How many elements: a Python integer."""
    return product([size_node(d) for d in shape])


def ravel(n: Node) -> Node:
    """All elements in C order."""
    return n if n.rank == 1 else reshape(n, (dim(count(n.shape)),))


def last(d: Size) -> Node:
    """The last position of an axis."""
    return minus(size_node(d), lit(1))


def sum_to(g: Node, shape: Shape) -> Node:
    """g summed over the axes along which a value of `shape` was repeated to g's shape."""
    if tuple(g.shape) == tuple(shape):
        return g
    lead = g.rank - len(shape)
    ones = [lead + k for k, d in enumerate(shape) if d == 1 and g.shape[lead + k] != 1]
    axes = (*range(lead), *ones)
    out = reduce_sum(g, axes=axes) if axes else g
    return reshape(out, shape) if ones else out
