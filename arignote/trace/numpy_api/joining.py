"""concatenate, stack, tile, repeat, roll and their like: new arrays filled window by window."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import DTypeError, UnsupportedError
from ...fxgraph.affine import dim, minus, plus, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import checked_index, required, same
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_sum
from ...fxgraph.ops.scalar import scaled
from ...fxgraph.ops.sets import repeat_positions
from ...fxgraph.ops.structure import gather, iota, reshape, view
from ...fxgraph.types import I64, Size
from ...fxgraph.window import Window
from ..registry import IMPLEMENTED, hooks, implements
from .arguments import (
    array,
    axis_of,
    finish,
    index_node,
    integer,
    known_equal,
    node,
    only,
    require_room,
    said,
    shape_of,
    size_of,
    supported,
)
from .emptiness import repeated
from .reductions import start_of


# ---- one after the other -------------------------------------------------------------------------
@implements(np.concatenate, np.concat)
def concatenate(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    parts = [array(a) for a in arrays]
    room = None if only(out) is None else hooks.node_of(only(out))
    return finish(joined(parts, axis, dtype, casting, room), out)


def joined(
    parts: Sequence[Node],
    axis: Any,
    dtype: Any = None,
    casting: str = "same_kind",
    room: Node | None = None,
) -> Node:
    """Parts one after the other; raises ValueError where ranks or other sizes differ.

    room: what they go into; each part is cast to it by itself.
    """
    if not parts:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        parts, axis = [sh.ravel(p) for p in parts], 0
    axis = integer(axis)
    rank = parts[0].rank
    if not rank:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    k = axis_of(axis, rank)
    for i, p in enumerate(parts):
        if p.rank != rank:
            raise ValueError(
                "all the input arrays must have same number of dimensions, but the array "
                "at index 0 "
                f"has {rank} dimension(s) and the array at index {i} has {p.rank} dimension(s)"
            )
    kind = supported(dtype) if dtype is not None else np.result_type(*(p.dtype for p in parts))
    parts = _fitted(parts, k)
    if room is not None:
        total = dim(_total([size_node(p.shape[k]) for p in parts]))
        require_room((*parts[0].shape[:k], total, *parts[0].shape[k + 1 :]), room.shape, False)
        kind = room.dtype if dtype is None else kind
    for p in parts:
        if not np.can_cast(p.dtype, kind, casting):  # type: ignore[arg-type]
            raise DTypeError(
                f"Cannot cast array data from {p.dtype!r} to {kind!r} according to the "
                f"rule '{casting}'"
            )
    return sh.concatenate([cast_to(p, kind) for p in parts], k)


def _total(sizes: Sequence[Node]) -> Node:
    return functools.reduce(plus, sizes)


def _fitted(parts: Sequence[Node], axis: int) -> list[Node]:
    """Parts whose sizes, but for one axis, are the same nodes."""
    shape = list(parts[0].shape)
    for j in range(len(shape)):
        for i, p in enumerate(parts[1:], 1):
            if j == axis:
                continue
            if known_equal(shape[j], p.shape[j]) is False:
                raise ValueError(
                    "all the input array dimensions except for the concatenation axis must match "
                    f"exactly, but along dimension {j}, the array at index 0 has size "
                    f"{said(shape[j])} and "
                    f"the array at index {i} has size {said(p.shape[j])}"
                )
            shape[j] = dim(same(size_node(shape[j]), size_node(p.shape[j])))
    out = []
    for p in parts:
        sizes = tuple(p.shape[j] if j == axis else d for j, d in enumerate(shape))
        out.append(view(p, Window((lit(0),) * p.rank, (1,) * p.rank, tuple(range(p.rank)), sizes)))
    return out


@implements(np.stack)
def stack(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    parts = [array(a) for a in arrays]
    if not parts:
        raise ValueError("need at least one array to stack")
    shape = parts[0].shape
    if any(
        p.rank != len(shape)
        or any(known_equal(d, e) is False for d, e in zip(p.shape, shape, strict=True))
        for p in parts
    ):
        raise ValueError("all input arrays must have the same shape")
    k = axis_of(axis, len(shape) + 1)
    return finish(joined([sh.expand(p, (k,)) for p in parts], k, dtype, casting), out)


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    return hooks.wrap(joined([_rows(array(a)) for a in tup], 0, dtype, casting))


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    parts = [_at_least_1d(array(a)) for a in tup]
    return hooks.wrap(joined(parts, 0 if parts and parts[0].rank == 1 else 1, dtype, casting))


@implements(np.dstack)
def dstack(tup: Any) -> Any:
    parts = [_rows(array(a)) for a in tup]
    return hooks.wrap(joined([sh.expand(p, (2,)) if p.rank == 2 else p for p in parts], 2))


@implements(np.column_stack)
def column_stack(tup: Any) -> Any:
    parts = [_at_least_1d(array(a)) for a in tup]
    return hooks.wrap(joined([sh.expand(p, (1,)) if p.rank == 1 else p for p in parts], 1))


def _at_least_1d(n: Node) -> Node:
    return n if n.rank else sh.spread(n, (1,))


def _rows(n: Node) -> Node:
    n = _at_least_1d(n)
    return sh.expand(n, (0,)) if n.rank == 1 else n


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    if axis is not None:
        integer(axis)
    return hooks.wrap(joined([array(arr), array(values)], axis))


@implements(np.block)
def block(arrays: Any) -> Any:
    """Nested lists: the innermost is joined along the last axis, the next along the one before."""
    depth = _depth(arrays)
    rank = max(depth, _largest_rank(arrays))
    return hooks.fresh(_block(arrays, depth, rank))


def _depth(x: Any) -> int:
    if isinstance(x, list) and not x:
        raise ValueError("List at arrays cannot be empty")
    return 1 + max(_depth(y) for y in x) if isinstance(x, list) else 0


def _largest_rank(x: Any) -> int:
    return max(_largest_rank(y) for y in x) if isinstance(x, list) else node(x).rank


def _block(x: Any, depth: int, rank: int) -> Node:
    if isinstance(x, list):
        return joined([_block(y, depth - 1, rank) for y in x], -depth)
    n = array(x)
    return sh.expand(n, tuple(range(rank - n.rank))) if n.rank < rank else n


# ---- repeats -------------------------------------------------------------------------------------
@implements(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """Copies are written as one repeating window: no element is computed twice."""
    x = array(A)
    times = [reps] if not isinstance(reps, tuple | list | np.ndarray) else list(reps)
    sizes: list[Size] = [size_of(r) for r in times]
    rank = max(x.rank, len(sizes))
    x = sh.expand(x, tuple(range(rank - x.rank))) if x.rank < rank else x
    sizes = [*(1 for _ in range(rank - len(sizes))), *sizes]
    mixed: list[Size] = []
    for r, d in zip(sizes, x.shape, strict=True):
        mixed += [r, d]
    wide = sh.spread_axes(x, tuple(mixed), range(0, 2 * rank, 2)) if rank else x
    final = tuple(
        dim(scaled(size_node(r), size_node(d))) for r, d in zip(sizes, x.shape, strict=True)
    )
    return hooks.fresh(reshape(wide, final))


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """A count for each element gives a size that only the run knows."""
    x = array(a)
    if axis is None or (not x.rank and axis in (0, -1)):
        x, axis = sh.ravel(x), 0
    k = axis_of(axis, x.rank)
    many = node(repeats)
    if many.rank == 1 and many.shape[0] == 1:
        many = sh.select(many, 0, 0)
    if not many.rank:
        # NumPy counts the elements first: of none, -1 times is none
        r = 0 if x.shape[k] == 0 else size_of(hooks.wrap(many))
        wide = sh.spread_axes(x, (*x.shape[: k + 1], r, *x.shape[k + 1 :]), (k + 1,))
        length = dim(scaled(size_node(x.shape[k]), size_node(r)))
        return hooks.fresh(reshape(wide, (*x.shape[:k], length, *x.shape[k + 1 :])))
    if known_equal(many.shape[0], x.shape[k]) is False:
        raise ValueError(
            f"operands could not be broadcast together with shape ({said(x.shape[k])},) "
            f"({said(many.shape[0])},)"
        )
    many = cast_to(many, I64)
    total = cast_to(reduce_sum(many, axes=(0,)), I64, True)
    positions = repeat_positions(many, total)
    return hooks.fresh(gather(x, positions, axes=(k,), at=k, mode="wrap"))


# ---- moves ---------------------------------------------------------------------------------------
@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    x = array(a)
    if axis is None:
        return hooks.fresh(reshape(_rolled(sh.ravel(x), 0, index_node(shift)), x.shape))
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    shifts = shift if isinstance(shift, tuple | list) else (shift,)
    if len(shifts) == 1:
        shifts = tuple(shifts) * len(axes)
    if len(axes) == 1:
        axes = tuple(axes) * len(shifts)
    if len(axes) != len(shifts):
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    for s, k in zip(shifts, axes, strict=True):
        x = _rolled(x, axis_of(k, x.rank), index_node(s))
    return hooks.fresh(x)


def _rolled(x: Node, axis: int, shift: Node) -> Node:
    """Two windows; the shift is taken modulo the length."""
    n = x.shape[axis]
    if n in (0, 1):
        return x
    length = size_node(n)
    s = ew.remainder(shift, length, weak=True)
    rest = minus(length, s)
    tail = sh.sliced(x, axis, rest, dim(s))
    head = sh.sliced(x, axis, 0, dim(rest))
    return view(
        sh.concatenate([tail, head], axis),
        Window((lit(0),) * x.rank, (1,) * x.rank, tuple(range(x.rank)), x.shape),
    )


@implements(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    x = sh.ravel(array(a))
    shape = shape_of(new_shape)
    if x.shape[0] == 0:
        return hooks.fresh(sh.zeros(x.dtype, shape))
    total = dim(sh.count(shape))
    x, places = repeated(x, iota(total))
    flat = gather(x, places, axes=(0,), at=0, mode="wrap")
    return hooks.fresh(reshape(flat, shape))


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """One position, or plain (not traced) positions or a slice.  Raises IndexError out of range."""
    x = array(arr)
    if axis is None:
        x, axis = sh.ravel(x), 0
    k = axis_of(axis, x.rank)
    n = size_node(x.shape[k])
    at = node(obj) if not isinstance(obj, slice) else None
    if at is None or at.rank:
        keep = np.ones(integer(hooks.wrap(n)), bool)
        keep[obj] = False
        return hooks.fresh(gather(x, array(np.flatnonzero(keep)), axes=(k,), at=k, mode="wrap"))
    i = checked_index(cast_to(at, I64, True), n, k)
    head = sh.sliced(x, k, 0, dim(i))
    after = plus(i, lit(1))
    tail = sh.sliced(x, k, after, dim(minus(n, after)))
    return hooks.fresh(sh.concatenate([head, tail], k))


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """Before one position, or before each of several."""
    x = array(arr)
    if axis is None:
        x, axis = sh.ravel(x), 0
    k = axis_of(axis, x.rank)
    if isinstance(obj, slice):
        obj = IMPLEMENTED[np.arange](*obj.indices(integer(hooks.wrap(size_node(x.shape[k])))))
    at = node(obj)
    if at.rank > 1 or at.dtype.kind not in "iu":
        raise UnsupportedError("np.insert: positions are an integer or a list of integers")
    if at.rank and at.shape != (1,):
        return _insert_several(x, at, values, k)
    alone = not at.rank
    n = size_node(x.shape[k])
    at = cast_to(reshape(at, ()) if at.rank else at, I64, True)
    shifted = ew.where(ew.less(at, 0), ew.add(at, n, weak=True), at, weak=True)
    message = f"index is out of bounds for axis {k} of the array that np.insert is given"
    required(ew.greater_equal(shifted, 0), "IndexError", message)
    i = checked_index(shifted, plus(n, lit(1)))
    new = sh.strong(start_of(values, x.dtype))
    if alone and new.rank == x.rank and x.rank > 1:
        new = sh.move_axis(new, 0, k)
    size = new.shape[k] if new.rank == x.rank else 1
    new = sh.spread(new, (*x.shape[:k], size, *x.shape[k + 1 :]))
    head = sh.sliced(x, k, 0, dim(i))
    tail = sh.sliced(x, k, i, dim(minus(n, i)))
    return hooks.fresh(sh.concatenate([head, new, tail], k))


def _insert_several(x: Node, at: Node, values: Any, k: int) -> Any:
    """The parts in the order of where they come to stand: x's own move by what is put before."""
    n, m = size_node(x.shape[k]), size_node(at.shape[0])
    given = cast_to(at, I64)
    shifted = ew.where(ew.less(given, 0), ew.add(given, cast_to(n, I64)), given)
    fine = ew.logical_and(ew.greater_equal(shifted, 0), ew.less_equal(shifted, cast_to(n, I64)))
    message = f"index is out of bounds for axis {k} of the array that np.insert is given"
    required(_of(np.all, fine), "IndexError", message)
    order = _of(np.argsort, shifted, kind="stable")
    ordered = _taken(shifted, order, 0)
    own = iota(n)
    own = ew.add(own, _of(np.searchsorted, ordered, own, side="right"))
    new = sh.spread(sh.strong(start_of(values, x.dtype)), (*x.shape[:k], dim(m), *x.shape[k + 1 :]))
    parts = sh.concatenate([x, _taken(new, order, k)], k)
    places = sh.concatenate([own, ew.add(ordered, iota(m))], 0)
    return hooks.fresh(_taken(parts, _of(np.argsort, places), k))


def _of(f: Any, *given: Node, **how: Any) -> Node:
    out: Node = node(IMPLEMENTED[f](*map(hooks.fresh, given), **how))
    return out


def _taken(x: Node, positions: Node, axis: int) -> Node:
    return gather(x, positions, axes=(axis,), at=axis, mode="wrap")
