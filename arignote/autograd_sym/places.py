"""Reverse rules of the ops that move elements: reads, writes, gathers, scatters, reshapes, fills.

A read gives its cotangent to one place of the base's cotangent (`Cotangents.put`), so these rules
get the walk instead of returning arrays.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..fxgraph.affine import dim, minus, size_node
from ..fxgraph.constants import const, lit
from ..fxgraph.node import Node, make
from ..fxgraph.ops.elementwise import add, equal, where
from ..fxgraph.ops.reduce import reduce_sum
from ..fxgraph.ops.shaping import count, expand, filled, spread, sum_to
from ..fxgraph.ops.structure import (
    add_at_op,
    gather,
    iota,
    reshape,
    scatter_add,
    scatter_set,
    set_item,
    set_item_op,
    view,
)
from ..fxgraph.overlap import apart, injective
from ..fxgraph.types import Shape
from ..fxgraph.window import Window, window_inputs, window_of
from .cotangents import is_zero

if TYPE_CHECKING:
    from .reverse import Walk


def window_at(walk: Walk, n: Node) -> Window:
    """The window of a read or write where the backward nodes stand."""
    w = window_of(n)
    k = len(w.starts)
    values = [walk.value(x) for x in window_inputs(w)]
    return Window(tuple(values[:k]), w.steps, w.axes, tuple(dim(v) for v in values[k:]))


def _view(walk: Walk, n: Node, g: Node) -> None:
    base = n.inputs[0]
    if not walk.active(base):
        return
    g, w = summed(g, window_at(walk, n))
    back = inverse(w, walk.shape(base))
    if back is not None:
        walk.give(base, view(g, back))
    else:
        walk.cot.put_at(base, w, g)


def summed(g: Node, w: Window) -> tuple[Node, Window]:
    """g summed over the axes along which the window repeats, and the window without them."""
    named = set(w.axes)
    gone = tuple(a for a in range(w.rank) if a not in named)
    if not gone:
        return g, w
    repeated = tuple(a for a in gone if w.shape[a] != 1)
    if repeated:
        g = reduce_sum(g, axes=repeated)
    kept = [a for a in range(w.rank) if a in named]
    shape = tuple(w.shape[a] for a in kept)
    axes = tuple(kept.index(a) if a >= 0 else -1 for a in w.axes)
    return reshape(g, shape), Window(w.starts, w.steps, axes, shape)


def inverse(
    w: Window, base: Shape, same: Callable[[Node, Node], bool] = operator.is_
) -> Window | None:
    """The window that reads the base's order from the result's, if each element is read once.

    same: are two sizes the same?
    """
    named = [a for a in w.axes if a >= 0]
    if len(set(named)) != len(named) or len(named) != w.rank:
        return None
    starts: list[Node] = [lit(0)] * w.rank
    steps, axes = [1] * w.rank, [0] * w.rank
    for k, (start, step, a) in enumerate(zip(w.starts, w.steps, w.axes, strict=True)):
        if a < 0:
            if base[k] != 1:
                return None
            continue
        size = size_node(base[k])
        forwards = step == 1 and start is lit(0)
        backwards = step == -1 and start is minus(size, lit(1))
        if not (forwards or backwards) or not same(size_node(w.shape[a]), size):
            return None
        starts[a], steps[a], axes[a] = start, step, k
    return Window(tuple(starts), tuple(steps), tuple(axes), base)


def _set_item(walk: Walk, n: Node, g: Node) -> None:
    base, value = n.inputs[0], n.inputs[-1]
    w = window_at(walk, n)
    if walk.active(value):
        walk.give(value, sum_to(read(g, w), walk.shape(value)))
    if walk.active(base):
        walk.give(base, set_item(g, w, const(0, g.dtype)))


def read(g: Node, w: Window) -> Node:
    """g[w], past the writes into g that are known: so that g can be written in place."""
    parts: list[Node] = []
    while g.op is add_at_op and injective(w):
        written = window_of(g)
        if written == w:
            parts.append(g.inputs[-1])
        elif not apart(written, w):
            break
        g = g.inputs[0]
    while g.op is set_item_op and apart(window_of(g), w):
        g = g.inputs[0]
    if g.op is set_item_op and window_of(g) == w and injective(w):
        total = spread(g.inputs[-1], w.shape)
    else:
        total = view(g, w)
    for part in reversed(parts):
        total = part if is_zero(total) else add(total, part)
    return spread(total, w.shape)


def _add_at(walk: Walk, n: Node, g: Node) -> None:
    base, value = n.inputs[0], n.inputs[-1]
    if walk.active(value):
        walk.give(value, sum_to(read(g, window_at(walk, n)), walk.shape(value)))
    if walk.active(base):
        walk.give(base, g)


def _gather(walk: Walk, n: Node, g: Node) -> None:
    base, *index = n.inputs
    if walk.active(base):
        at = [walk.value(x) for x in index]
        walk.cot.put(base, lambda c: make(scatter_add, (c, g, *at), n.attrs))


def _scatter_add(walk: Walk, n: Node, g: Node) -> None:
    base, value, *index = n.inputs
    if walk.active(value):
        read = make(gather, (g, *(walk.value(x) for x in index)), n.attrs)
        walk.give(value, sum_to(read, walk.shape(value)))
    if walk.active(base):
        walk.give(base, g)


def _scatter_set(walk: Walk, n: Node, g: Node) -> None:
    """Where positions repeat, only the last value was kept, so only it gets a cotangent."""
    base, value, *index = n.inputs
    at = [walk.value(x) for x in index]
    if walk.active(value):
        read = make(gather, (g, *at), n.attrs)
        read = where(_last_writers(walk, n, at), read, const(0, g.dtype))
        walk.give(value, sum_to(read, walk.shape(value)))
    if walk.active(base):
        walk.give(base, make(scatter_set, (g, const(0, g.dtype), *at), n.attrs))


def _last_writers(walk: Walk, n: Node, at: list[Node]) -> Node:
    """True at the index positions whose value was kept, shaped to broadcast against the gather."""
    axes = n.attr("axes")
    base, index = n.inputs[0], at[0]
    shape = tuple(walk.shape(base)[a] for a in axes)
    attrs = (("at", 0), ("axes", tuple(range(len(axes)))), ("mode", n.attr("mode")))
    numbers = reshape(iota(dim(count(index.shape))), index.shape)
    owners = make(scatter_set, (filled(0, numbers.dtype, shape), numbers, *at), attrs)
    kept = equal(make(gather, (owners, *at), attrs), numbers)
    behind = base.rank - len(axes) - n.attr("at")
    return expand(kept, tuple(range(kept.rank, kept.rank + behind))) if behind else kept


def _reshape(walk: Walk, n: Node, g: Node) -> None:
    walk.give(n.inputs[0], reshape(g, walk.shape(n.inputs[0])))


def _full(walk: Walk, n: Node, g: Node) -> None:
    if walk.active(n.inputs[0]):
        walk.give(n.inputs[0], reduce_sum(g, axes=tuple(range(g.rank))) if g.rank else g)


def _itself(walk: Walk, n: Node, g: Node) -> None:
    """A check that gives its operand."""
    walk.give(n.inputs[0], g)


PLACES: dict[str, Callable[[Walk, Node, Node], None]] = {
    "view": _view,
    "set_item": _set_item,
    "add_at": _add_at,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "scatter_set": _scatter_set,
    "reshape": _reshape,
    "full": _full,
    "nonzero_check": _itself,
}
