"""np.pad: modes that repeat elements are one gather an axis, the others fill windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, minus, plus, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.scalar import least
from ...fxgraph.ops.structure import empty, gather, iota, set_item
from ...fxgraph.types import F64, Shape, Size
from ..registry import hooks, implements
from .arguments import array, node, require_nonempty, size_of
from .emptiness import never_empty
from .statistics import mean_of

_OPTIONS: dict[str, tuple[str, ...]] = {
    "constant": ("constant_values",),
    "edge": (),
    "empty": (),
    "linear_ramp": ("end_values",),
    "maximum": ("stat_length",),
    "mean": ("stat_length",),
    "median": ("stat_length",),
    "minimum": ("stat_length",),
    "reflect": ("reflect_type",),
    "symmetric": ("reflect_type",),
    "wrap": (),
}


@implements(np.pad)
def pad(array_: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Raises ValueError for unknown modes, NotImplementedError for a function as mode."""
    x = array(array_)
    if callable(mode):
        raise NotImplementedError("pad with a function: fill the borders by slices")
    if mode not in _OPTIONS:
        raise ValueError(f"mode '{mode}' is not supported")
    wrong = set(kwargs) - set(_OPTIONS[mode])
    if wrong:
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {wrong}")
    widths = [_width(p) for p in _pairs(pad_width, x.rank)]
    options = {k: _pairs(v, x.rank) for k, v in kwargs.items() if k != "reflect_type"}
    odd = kwargs.get("reflect_type", "even") == "odd"
    for axis, (before, after) in enumerate(widths):
        if before == 0 and after == 0:
            continue
        x = _padded(x, axis, before, after, mode, {k: v[axis] for k, v in options.items()}, odd)
    return hooks.fresh(x)


def _pairs(value: Any, rank: int) -> list[tuple[Any, Any]]:
    """NumPy's forms: one number, (before, after), ((before, after),), or a pair an axis."""
    if isinstance(value, dict):
        return [_pair(value.get(k, value.get(k - rank, 0))) for k in range(rank)]
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return [(value, value)] * rank
    if len(value) == 1:
        return [_pair(value[0])] * rank
    if not any(isinstance(v, list | tuple) for v in value):
        if len(value) == 2:
            return [(value[0], value[1])] * rank
    elif len(value) == rank:
        return [_pair(v) for v in value]
    raise ValueError(
        f"operands could not be broadcast together with remapped shapes [original->remapped]: "
        f"{np.shape(value)} and requested shape ({rank},2)"
    )


def _pair(value: Any) -> tuple[Any, Any]:
    if isinstance(value, list | tuple):
        return (value[0], value[0]) if len(value) == 1 else (value[0], value[1])
    return value, value


def _width(pair: tuple[Any, Any]) -> tuple[Size, Size]:
    one, two = (size_of(w, "index can't contain negative values") for w in pair)
    return one, two


def _padded(
    x: Node, axis: int, before: Size, after: Size, mode: str, options: dict[str, Any], odd: bool
) -> Node:
    n = x.shape[axis]
    if mode not in ("constant", "empty"):
        require_nonempty(
            x.shape,
            (axis,),
            f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'",
        )
        x = never_empty(x, axis)
        n = x.shape[axis]
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        return _repeating(x, axis, before, after, mode, odd)
    shape = (*x.shape[:axis], _sum(before, n, after), *x.shape[axis + 1 :])
    if mode == "constant":
        values = options.get("constant_values", (0, 0))
        out = empty(x.dtype, shape)
        out = _filled(out, axis, lit(0), before, cast_to(array(values[0]), x.dtype))
        out = _filled(
            out,
            axis,
            plus(size_node(before), size_node(n)),
            after,
            cast_to(array(values[1]), x.dtype),
        )
        return _middle(out, axis, before, x)
    out = _middle(empty(x.dtype, shape), axis, before, x)
    if mode == "empty":
        return out
    end = plus(size_node(before), size_node(n))
    if mode == "linear_ramp":
        ends = options.get("end_values", (0, 0))
        first, last = sh.sliced(x, axis, 0, 1), sh.sliced(x, axis, sh.last(n), 1)
        out = _filled(out, axis, lit(0), before, _ramp(first, ends[0], axis, before, False))
        return _filled(out, axis, end, after, _ramp(last, ends[1], axis, after, True))
    lengths = options.get("stat_length", (None, None))
    one = _statistic(x, axis, mode, lengths[0], False)
    two = _statistic(x, axis, mode, lengths[1], True)
    out = _filled(out, axis, lit(0), before, one)
    return _filled(out, axis, end, after, two)


def _sum(*sizes: Size) -> Size:
    total = lit(0)
    for d in sizes:
        total = plus(total, size_node(d))
    return dim(total)


def _filled(out: Node, axis: int, start: Node, size: Size, value: Node) -> Node:
    if size == 0:
        return out
    return set_item(out, sh.slice_window(out.shape, axis, start, size), value)


def _middle(out: Node, axis: int, before: Size, x: Node) -> Node:
    return _filled(out, axis, size_node(before), x.shape[axis], x)


def _repeating(x: Node, axis: int, before: Size, after: Size, mode: str, odd: bool) -> Node:
    """Position p of the result reads x at p - before, folded into x by the mode."""
    n = size_node(x.shape[axis])
    at = ew.subtract(iota(_sum(before, x.shape[axis], after)), size_node(before))
    last = minus(n, lit(1))
    if mode == "edge" or x.shape[axis] == 1:
        inside = ew.clip(at, 0, last)
    elif mode == "wrap":
        inside = ew.remainder(at, n)
    else:
        gap = 1 if mode == "symmetric" else 0
        period = minus(plus(n, n), lit(2 - 2 * gap))
        folded = ew.remainder(at, period)
        inside = ew.minimum(folded, ew.subtract(minus(period, lit(gap)), folded))
    out = gather(x, cast_to(inside, np.dtype("i8")), axes=(axis,), at=axis, mode="wrap")
    if odd and mode in ("reflect", "symmetric") and x.shape[axis] != 1:
        return _mirrored(x, axis, at, inside, out, mode)
    return out


def _mirrored(x: Node, axis: int, at: Node, inside: Node, value: Node, mode: str) -> Node:
    """Odd reflection: each fold turns the values around the edge element they were folded at.

    After k turns the value is that of an even or odd copy plus k steps of (last - first).
    """
    n = size_node(x.shape[axis])
    last = minus(n, lit(1))
    span = n if mode == "symmetric" else last
    turns = ew.floor_divide(at, span)
    first, end = sh.sliced(x, axis, 0, 1), sh.sliced(x, axis, last, 1)
    wide = sh.spread_axes(turns, value.shape, [k for k in range(x.rank) if k != axis])
    even = ew.equal(ew.remainder(wide, 2), 0)
    step = ew.subtract(end, first)
    shift = ew.multiply(cast_to(wide, x.dtype), step)
    around = ew.add(first, end)
    turned = ew.add(ew.subtract(around, value), shift)
    return cast_to(ew.where(even, ew.add(value, shift), turned), x.dtype)


def _ramp(edge: Node, end: Any, axis: int, size: Size, down: bool) -> Node:
    """linspace from `end` to the edge without the edge (turned round after the array)."""
    kind = edge.dtype
    wide = F64 if kind.kind in "biu" else kind
    count = size_node(size)
    line = cast_to(iota(size), wide)
    shape: Shape = (*edge.shape[:axis], size, *edge.shape[axis + 1 :])
    line = sh.spread_axes(line, shape, [k for k in range(edge.rank) if k != axis])
    stop, start = cast_to(edge, wide), cast_to(node(end), wide)
    step = ew.divide(ew.subtract(stop, start), sh.strong(count))
    out = ew.add(ew.multiply(line, step), start)
    out = ew.floor(out) if kind.kind in "iu" else out
    out = cast_to(out, kind)
    return sh.flip(out, (axis,)) if down else out


def _statistic(x: Node, axis: int, mode: str, length: Any, at_end: bool) -> Node:
    n = size_node(x.shape[axis])
    if x.shape[axis] == 0:
        raise ValueError("stat_length of 0 yields no value for padding")
    if length is not None:
        take = least(size_node(size_of(length)), n)
        x = sh.sliced(x, axis, minus(n, take) if at_end else lit(0), dim(take))
    if mode == "maximum":
        out = red.reduce_max(x, axes=(axis,))
    elif mode == "minimum":
        out = red.reduce_min(x, axes=(axis,))
    elif mode == "mean":
        out = mean_of(x, axis, None, None)
    else:
        out = array(hooks.node_of(np.median(hooks.wrap(x), axis=axis)))
    if x.dtype.kind in "iu":
        out = ew.rint(out) if out.dtype.kind == "f" else out
    return sh.expand(cast_to(out, x.dtype), (axis,))
