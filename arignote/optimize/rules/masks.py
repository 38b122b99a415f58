"""Reductions of what a mask chooses, and writes to it: the choice is not stored; what stands in for
the rest changes nothing.

    sum(x[mask])          ->  sum(where(mask, x, 0))
    x[mask] = f(y[mask])  ->  x = where(mask, f(y), x)
"""

from __future__ import annotations

from ...fxgraph.affine import size_node
from ...fxgraph.constants import const
from ...fxgraph.masks import mask_of
from ...fxgraph.node import Node, make
from ...fxgraph.ops.choice import where
from ...fxgraph.ops.elementwise import add, multiply, square, subtract
from ...fxgraph.ops.reduce import reduce_max, reduce_min, reduce_prod, reduce_sum
from ...fxgraph.ops.structure import gather, scatter_set, view_op
from ...fxgraph.types import Shape
from ..rule import rule

#: Operations that are done for elements that are not chosen, too.
MOST = 4
_QUICK = frozenset({"add", "subtract", "multiply", "square", "negative", "absolute", "cast"})


@rule(
    reduce_sum,
    reduce_prod,
    phase="specialize",
    keeps="reals",
    kinds="iuf",
    first=(gather, add, multiply, subtract, square),
)
def reduction_of_choice(n: Node) -> Node | None:
    """sum(f(x[mask])) -> sum(where(mask, f(x), 0)), for a few quick operations f; prod alike"""
    return _masked(n)


@rule(reduce_max, reduce_min, phase="specialize", keeps="bits", kinds="iuf", first=(gather,))
def extreme_of_choice(n: Node) -> Node | None:
    """max(x[mask]) -> max(where(mask, x, the lowest)); min alike"""
    return _masked(n)


def _masked(n: Node) -> Node | None:
    x = n.inputs[0]
    if n.attr("axes") != (0,) or x.rank != 1:
        return None
    found: dict[Node, Node] = {}
    order: list[Node] = []
    mask = _operands(x, found, order)
    if mask is None:
        return None
    for m in order:
        operands = [found.get(k, k) for k in m.inputs]
        found[m] = make(m.op, tuple(operands), m.attrs)
    start = const(n.op.extra["start"](n.dtype), n.dtype)
    value = where(mask, found[x], start)
    if value.dtype != x.dtype or value.shape != mask.shape:
        return None
    return make(n.op, (value,), n.attrs)


def _operands(x: Node, found: dict[Node, Node], order: list[Node]) -> Node | None:
    """The mask that all arrays in x are chosen by, if x is quick.

    found: what is chosen -> what it is chosen from; order: the operations between, operands first.
    """
    mask: Node | None = None
    stack, seen, walked = [x], set[Node](), list[Node]()
    while stack:
        m = stack.pop()
        if not m.rank or m in seen:
            continue
        seen.add(m)
        if m.op is gather:
            here = chosen_by(m)
            if here is None or mask not in (None, here):
                return None
            mask, found[m] = here, m.inputs[0]
        elif m.op.name in _QUICK:
            walked.append(m)
            stack.extend(m.inputs)
        else:
            return None
    if len(walked) > MOST:
        return None
    order.extend(sorted(walked, key=lambda m: m.serial))
    return mask


def chosen_by(n: Node) -> Node | None:
    """The mask of x[mask], for arrays of rank 1."""
    if n.attr("axes") != (0,) or n.attr("mode") != "clip" or n.inputs[0].rank != 1:
        return None
    return mask_of((n.inputs[1],), n.inputs[0].shape)


# ---- writes --------------------------------------------------------------------------------------
#: Operations of the value that is written.
MOST_WRITTEN = 12


@rule(scatter_set, phase="specialize", keeps="bits", kinds="biuf")
def write_of_choice(n: Node) -> Node | None:
    """x[mask] = f(y[mask], 2.0) -> where(mask, f(y, 2.0), x)"""
    base, value = n.inputs[:2]
    if n.attr("mode") != "clip" or n.attr("axes") != tuple(range(base.rank)):
        return None
    index = n.inputs[2 : 2 + base.rank]
    mask = mask_of(index, base.shape)
    if mask is None:
        return None
    whole = _unchosen(value, index, base.shape)
    if whole is None:
        return None
    out = where(mask, whole, base)
    return out if out.type == n.type else None


def _unchosen(value: Node, index: tuple[Node, ...], shape: Shape) -> Node | None:
    """f(y) for f(y[mask]), where every y has the mask's shape."""
    found: dict[Node, Node] = {}
    walked: list[Node] = []
    stack, seen = [value], set[Node]()
    while stack:
        m = stack.pop()
        if not m.rank or m in seen:
            continue
        seen.add(m)
        if m.op is gather:
            if m.inputs[1 : 1 + len(shape)] != index or m.inputs[0].rank != len(shape):
                return None
            if any(size_node(a) is not size_node(b) for a, b in zip(m.inputs[0].shape, shape)):
                return None
            found[m] = m.inputs[0]
        elif m.op is view_op and not m.inputs[0].rank:
            found[m] = m.inputs[0]
        elif "elementwise" in m.op.traits and "partial" not in m.op.traits:
            walked.append(m)
            stack.extend(m.inputs)
        else:
            return None
    if len(walked) > MOST_WRITTEN:
        return None
    for m in sorted(walked, key=lambda m: m.serial):
        found[m] = make(m.op, tuple(found.get(k, k) for k in m.inputs), m.attrs)
    return found.get(value, value)
