"""reshape, transpose, flip, split and their like: views of their argument, as in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.exceptions import AxisError

from ...errors import ShapeError
from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import is_const, lit, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops.checks import required, same
from ...fxgraph.ops.scalar import quotient
from ...fxgraph.ops.shaping import count, spread_together, squeeze_window
from ...fxgraph.ops.structure import empty
from ...fxgraph.prove import hinted, sure_equal
from ...fxgraph.types import BOOL, Shape, Size
from ...fxgraph.window import broadcast, expanded, flipped, transposed
from ..registry import hooks, implements
from .arguments import (
    axes_of,
    axis_of,
    dynamic_size,
    integer,
    known_equal,
    loose_axes,
    proxy,
    said_shape,
    shape_of,
    size_of,
)


# ---- reshape -------------------------------------------------------------------------------------
@implements(np.reshape)
def reshape(a: Any, /, shape: Any = None, order: str = "C", *, copy: Any = None) -> Any:
    """Raises ValueError where the counts differ, now or at run time.

    Of what lies in C order; `flattening` answers for arrays, whose memory it knows.
    """
    x = proxy(a)
    n = hooks.node_of(x)
    if order == "F":
        turned = transpose(x)
        return transpose(reshape(turned, tuple(reversed(_as_tuple(shape)))))
    if order not in ("C", "A"):
        raise ValueError(f"order must be one of 'C', 'F' or 'A' (got '{order}')")
    target = resolved_shape(n.shape, _as_tuple(shape))
    if copy:
        return hooks.reshape(hooks.fresh(n), target)
    return hooks.reshape(x, target)


def _as_tuple(shape: Any) -> tuple[Any, ...]:
    if isinstance(shape, tuple | list):
        return tuple(shape)
    return tuple(shape.tolist()) if isinstance(shape, np.ndarray) else (shape,)


def resolved_shape(old: Shape, new: tuple[Any, ...]) -> Shape:
    """`new` with its -1 filled in; the counts agree, or are checked at run time."""
    unknown = [k for k, d in enumerate(new) if _is_minus_one(d)]
    if len(unknown) > 1:
        raise ValueError("can only specify one unknown dimension")
    sizes: list[Size] = [1 if k in unknown else size_of(d) for k, d in enumerate(new)]
    total = count(old)
    if unknown:
        sizes[unknown[0]] = _missing_size(old, sizes, total, new)
        return tuple(sizes)
    mine = count(tuple(sizes))
    if not _same_count(old, tuple(sizes), total, mine):
        raise _cannot_reshape(old, new)
    return tuple(sizes)


def _is_minus_one(d: Any) -> bool:
    if hooks.is_proxy(d):
        d = hooks.node_of(d)
        return is_const(d) and int(value_of(d)) < 0
    return integer(d) < 0


def _missing_size(old: Shape, sizes: list[Size], total: Node, new: tuple[Any, ...]) -> Size:
    """total / product(sizes): equal factors cancel first, so most quotients are exact."""
    left, right = _cancelled(old, sizes)
    known, want = count(left), count(right)
    if is_const(want):
        k = int(value_of(want))
        if k == 0:
            raise _cannot_reshape(old, new)
        if is_const(known):
            if int(value_of(known)) % k:
                raise _cannot_reshape(old, new)
            return int(value_of(known)) // k
        if k != 1:
            value = hinted(known)
            if value is not None and value % k:
                raise _cannot_reshape(old, new)
            whole = ew.remainder(known, lit(k), weak=True)
            _require(ew.equal(whole, 0), old, new)
        return dynamic_size(quotient(known, k))
    _require(ew.equal(ew.remainder(known, want, weak=True), 0), old, new)
    return dynamic_size(ew.floor_divide(known, want, weak=True))


def _cancelled(left: Shape, right: list[Size]) -> tuple[Shape, Shape]:
    """Both sides without the symbolic sizes that stand on both."""
    rest = list(left)
    out = []
    for d in right:
        at = [k for k, e in enumerate(rest) if size_node(e) is size_node(d)]
        if at and not isinstance(d, int):
            del rest[at[0]]
        else:
            out.append(d)
    return tuple(rest), tuple(out)


def _same_count(old: Shape, new: Shape, total: Node, mine: Node) -> bool:
    left, right = _cancelled(old, list(new))
    a, b = count(left), count(right)
    if is_const(a) and is_const(b):
        return bool(value_of(a) == value_of(b))
    x, y = hinted(a), hinted(b)
    if x is not None and y is not None and x != y:
        return False
    if not sure_equal(a, b):
        _require(ew.equal(a, b), old, new)
    return True


def _require(ok: Node, old: Shape, new: tuple[Any, ...]) -> None:
    required(ok, "ValueError", str(_cannot_reshape(old, new)))


def _cannot_reshape(old: Shape, new: tuple[Any, ...]) -> ShapeError:
    total = count(old)
    known = str(int(value_of(total))) if is_const(total) else "this"
    sizes = ",".join(str(d) if isinstance(d, int) else "?" for d in new)
    return ShapeError(
        f"cannot reshape array of size {known} into shape ({sizes}{',' * (len(new) == 1)})"
    )


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """Of what lies in C order; `flattening` answers for arrays, whose memory it knows."""
    return reshape(a, -1, order="F" if order == "F" else "C")


# ---- order of axes -------------------------------------------------------------------------------
def shape_of_array(a: Any) -> Shape:
    return hooks.node_of(a).shape


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    x = proxy(a)
    shape = shape_of_array(x)
    rank = len(shape)
    if axes is None:
        order = tuple(reversed(range(rank)))
    else:
        if len(axes) != rank:
            raise ValueError("axes don't match array")
        order = tuple(axis_of(k, rank) for k in axes)
        if len(set(order)) != rank:
            raise ValueError("repeated axis in transpose")
    return hooks.view(x, transposed(shape, order))


@implements(np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    rank = len(shape_of_array(proxy(x)))
    if rank < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {rank}")
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    x = proxy(a)
    rank = len(shape_of_array(x))
    one, two = integer(axis1), integer(axis2)
    one, two = axis_of(one, rank), axis_of(two, rank)
    order = list(range(rank))
    order[one], order[two] = two, one
    return transpose(x, order)


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    x = proxy(a)
    rank = len(shape_of_array(x))
    give = _axes_list(source, rank, "source")
    take = _axes_list(destination, rank, "destination")
    if len(give) != len(take):
        raise ValueError(
            "`source` and `destination` arguments must have the same number of elements"
        )
    order = [k for k in range(rank) if k not in give]
    for place, axis in sorted(zip(take, give, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


def _axes_list(axis: Any, rank: int, name: str) -> tuple[int, ...]:
    axes = tuple(axis_of(k, rank) for k in (axis if isinstance(axis, tuple | list) else (axis,)))
    if len(set(axes)) != len(axes):
        raise ValueError(f"repeated axis in `{name}` argument")
    return axes


@implements(np.rollaxis)
def rollaxis(a: Any, axis: Any, start: Any = 0) -> Any:
    x = proxy(a)
    rank = len(shape_of_array(x))
    k, to = axis_of(axis, rank), integer(start)
    to = to + rank if to < 0 else to
    if not 0 <= to <= rank:
        raise AxisError(
            f"'start' arg requires {-rank} <= start < {rank + 1}, but {start} was passed in"
        )
    return moveaxis(x, k, to - 1 if k < to else to)


# ---- axes of length 1 ----------------------------------------------------------------------------
@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    x = proxy(a)
    shape = shape_of_array(x)
    at = axis if isinstance(axis, tuple | list) else (axis,)
    rank = len(shape) + len(at)
    return hooks.view(x, expanded(shape, axes_of(tuple(at), rank), rank))


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    x = proxy(a)
    shape = shape_of_array(x)
    if axis is None:
        axes = tuple(k for k, d in enumerate(shape) if d == 1)
    else:
        axes = loose_axes(axis, len(shape))
        if any(shape[k] != 1 for k in axes):
            raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return hooks.view(x, squeeze_window(shape, axes)) if axes else x


def _at_least(rank: int, arrays: tuple[Any, ...]) -> Any:
    out = tuple(_with_rank(proxy(a), rank) for a in arrays)
    return out[0] if len(out) == 1 else out


def _with_rank(x: Any, rank: int) -> Any:
    shape = shape_of_array(x)
    if len(shape) >= rank:
        return x
    at = {3: {0: (0, 1, 2), 1: (0, 2), 2: (2,)}}.get(rank, {}).get(
        len(shape), tuple(range(rank - len(shape)))
    )
    return hooks.view(x, expanded(shape, at, rank))


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    return _at_least(1, arys)


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    return _at_least(2, arys)


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    return _at_least(3, arys)


# ---- broadcasting --------------------------------------------------------------------------------
@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    x = proxy(array)
    old, target = shape_of_array(x), shape_of(shape)
    if len(old) > len(target):
        raise ValueError("input operand has more dimensions than allowed by the axis remapping")
    fitted = list(target)
    for k, d in enumerate(old, len(target) - len(old)):
        if d == 1:
            continue
        if known_equal(d, target[k]) is False:
            raise ValueError(
                "operands could not be broadcast together with remapped shapes "
                f"[original->remapped]: {said_shape(old)} and requested shape {said_shape(target)}"
            )
        fitted[k] = dim(same(size_node(d), size_node(target[k])))
    return hooks.read_only(x, broadcast(old, tuple(fitted)))


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    xs = [proxy(a) for a in args]
    _, shape = spread_together("broadcast_arrays", [hooks.node_of(x) for x in xs])
    return tuple(hooks.read_only(x, broadcast(shape_of_array(x), shape)) for x in xs)


@implements(np.broadcast_shapes)
def broadcast_shapes(*args: Any) -> Any:
    shapes = [shape_of(a) for a in args]
    _, shape = spread_together("broadcast_shapes", [empty(BOOL, s) for s in shapes])
    return tuple(d if isinstance(d, int) else hooks.wrap(d) for d in shape)


# ---- reversal ------------------------------------------------------------------------------------
@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    x = proxy(m)
    shape = shape_of_array(x)
    turned = hooks.view(x, flipped(shape, axes_of(axis, len(shape))))
    return turned if shape else hooks.wrap(hooks.node_of(turned))


@implements(np.flipud)
def flipud(m: Any) -> Any:
    if not shape_of_array(proxy(m)):
        raise ValueError("Input must be >= 1-d.")
    return flip(m, 0)


@implements(np.fliplr)
def fliplr(m: Any) -> Any:
    if len(shape_of_array(proxy(m))) < 2:
        raise ValueError("Input must be >= 2-d.")
    return flip(m, 1)


@implements(np.rot90)
def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    x = proxy(m)
    rank = len(shape_of_array(x))
    if len(axes) != 2:
        raise ValueError("len(axes) must be 2.")
    if axes[0] == axes[1] or abs(axes[0] - axes[1]) == rank:
        raise ValueError("Axes must be different.")
    if not all(-rank <= a < rank for a in axes):
        raise ValueError(f"Axes={axes} out of range for array of ndim={rank}.")
    one, two = (axis_of(a, rank) for a in axes)
    turns = integer(k) % 4
    if turns == 0:
        return flip(x, ())
    if turns == 2:
        return flip(x, (one, two))
    if turns == 1:
        return swapaxes(flip(x, two), one, two)
    return flip(swapaxes(x, one, two), two)
