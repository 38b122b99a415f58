"""Pooling: the largest, total or mean of windows that slide over the last axes.

Options and their defaults are Theano's; `pool_2d` and `pool_3d` are its names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..fxgraph.affine import dim, minus, plus, size_node, times
from ..fxgraph.constants import const, lit
from ..fxgraph.node import Node
from ..fxgraph.ops.elementwise import add, divide, maximum, minimum, multiply
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.pooling import Sliding, only_largest, pool_max, pool_sum
from ..fxgraph.ops.reduce import lowest
from ..fxgraph.ops.scalar import ceil_quotient, greatest
from ..fxgraph.ops.shaping import filled, spread_axes
from ..fxgraph.ops.structure import iota, set_item
from ..fxgraph.window import Window, whole
from .operands import ints, network, nodes, result_size, size, windows, wrap

MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


@network
def pool(
    input: Any,
    ws: Any,
    ignore_border: bool = True,
    stride: Any = None,
    pad: Any = 0,
    mode: str = "max",
) -> Any:
    """Windows of `ws` elements over the last len(ws) axes, `stride` apart (None: side by side).

    ignore_border: leave out windows that reach over the end.  pad: elements added on both sides of
    each axis, -inf for "max" and 0 for others.  mode: "max", "sum", "average_inc_pad" (padding
    counts as elements), "average_exc_pad" (it does not).  Elements past a border that is not
    ignored never count.

    Raises ShapeError where windows do not fit, ValueError for an unknown mode, and for padding with
    ignore_border=False.
    """
    if mode not in MODES:
        raise ValueError(f"pool: mode {mode!r} is none of {', '.join(MODES)}")
    ws = ws if isinstance(ws, tuple | list | np.ndarray) else (ws,)
    sizes = ints(ws, len(ws), "ws")
    steps = sizes if stride is None else ints(stride, len(sizes), "stride")
    pads = ints(pad, len(sizes), "pad")
    (x,) = nodes(input)
    _check(x, sizes, steps, pads, ignore_border)
    over = Sliding(sizes, steps)
    lengths = [size(x, x.rank - len(sizes) + k) for k in range(len(sizes))]
    counts = [
        _count(n, w, s, p, ignore_border)
        for n, w, s, p in zip(lengths, sizes, steps, pads, strict=True)
    ]
    shape = tuple(map(dim, counts))
    if mode == "max":
        padded = _padded(x, over, counts, pads, ignore_border, lowest(x.dtype))
        return wrap(pool_max(padded, over, shape))
    if mode != "sum" and x.dtype.kind in "biu":
        x = cast_to(x, np.dtype("f8"))
    total = pool_sum(_padded(x, over, counts, pads, ignore_border, 0), over, shape)
    if mode == "sum":
        return wrap(total)
    if mode == "average_inc_pad" and ignore_border:
        return wrap(divide(total, const(math.prod(sizes), total.dtype)))
    return wrap(divide(total, _elements(total, over, lengths, pads)))


def pool_2d(
    input: Any,
    ws: Any,
    ignore_border: bool = True,
    stride: Any = None,
    pad: Any = (0, 0),
    mode: str = "max",
) -> Any:
    """`pool` over the last two axes."""
    return pool(input, _pair(ws, 2), ignore_border, stride, pad, mode)


def pool_3d(
    input: Any,
    ws: Any,
    ignore_border: bool = True,
    stride: Any = None,
    pad: Any = (0, 0, 0),
    mode: str = "max",
) -> Any:
    """`pool` over the last three axes."""
    return pool(input, _pair(ws, 3), ignore_border, stride, pad, mode)


@network
def max_pool_2d_same_size(input: Any, patch_size: Any) -> Any:
    """The input with all but the largest elements of each patch of the last two axes set to 0."""
    (x,) = nodes(input)
    over = Sliding(*[ints(patch_size, 2, "patch_size")] * 2)
    counts = [
        _count(size(x, x.rank - 2 + k), over.sizes[k], over.steps[k], 0, True) for k in (0, 1)
    ]
    return wrap(only_largest(x, over, tuple(map(dim, counts))))


def _pair(ws: Any, rank: int) -> Any:
    return ws if isinstance(ws, tuple | list | np.ndarray) else (ws,) * rank


def _check(
    x: Node, sizes: Sequence[int], steps: Sequence[int], pads: Sequence[int], ignore_border: bool
) -> None:
    if x.dtype.kind == "c":
        raise DTypeError("pool: complex numbers have no order and no mean here; pool their parts")
    if x.rank < len(sizes):
        raise ShapeError(f"pool: {len(sizes)} window sizes for an array of {x.rank} axes")
    if min(*sizes, *steps, 1) < 1 or min(*pads, 0) < 0:
        raise ShapeError("pool: window sizes and strides are 1 or more, padding is 0 or more")
    if any(pads) and not ignore_border:
        raise ValueError("pool: padding needs ignore_border=True")
    if any(p >= w for p, w in zip(pads, sizes, strict=True)):
        raise ShapeError("pool: padding is smaller than the window, so that each has an element")


def _count(n: Node, w: int, step: int, pad: int, ignore_border: bool) -> Node:
    """How many windows there are along an axis of length n."""
    if ignore_border:
        message = "pool: windows are larger than the padded input"
        room = minus(plus(n, lit(2 * pad)), lit(w))
        return windows(room, step, message)
    if step >= w:
        return result_size(ceil_quotient(n, step), "")
    rest = greatest(ceil_quotient(minus(n, lit(w)), step), lit(0))
    return result_size(plus(rest, lit(1)), "")


def _padded(
    x: Node,
    over: Sliding,
    counts: Sequence[Node],
    pads: Sequence[int],
    ignore_border: bool,
    value: Any,
) -> Node:
    """x with what windows read beyond its borders."""
    lead = x.rank - len(pads)
    reach = list(map(size_node, x.shape))
    for k, p in enumerate(pads):
        at = lead + k
        if ignore_border:
            reach[at] = plus(reach[at], lit(2 * p))
        else:
            end = plus(times(minus(counts[k], lit(1)), over.steps[k]), lit(over.sizes[k]))
            reach[at] = greatest(reach[at], end)
    shape = tuple(map(dim, reach))
    if shape == tuple(x.shape):
        return x
    w = whole(x.shape)
    starts = (*w.starts[:lead], *map(lit, pads))
    return set_item(filled(value, x.dtype, shape), Window(starts, w.steps, w.axes, w.shape), x)


def _elements(total: Node, over: Sliding, lengths: Sequence[Node], pads: Sequence[int]) -> Node:
    """How many elements of the input each window has, shaped as the result."""
    lead = total.rank - len(pads)
    out: Node | None = None
    for k, (n, p) in enumerate(zip(lengths, pads, strict=True)):
        start = multiply(iota(total.shape[lead + k]), over.steps[k])
        end = minimum(add(start, over.sizes[k]), plus(n, lit(p)))
        along = cast_to(add(end, multiply(maximum(start, p), -1)), total.dtype)
        wide = spread_axes(along, total.shape, [a for a in range(total.rank) if a != lead + k])
        out = wide if out is None else multiply(out, wide)
    assert out is not None
    return out


__all__ = ["MODES", "max_pool_2d_same_size", "pool", "pool_2d", "pool_3d"]
