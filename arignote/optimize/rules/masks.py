"""Reductions of what a mask chooses: the choice is not stored, a value that changes nothing stands
in for the rest.

    sum(x[mask])  ->  sum(where(mask, x, 0))
"""

from __future__ import annotations

from ...fxgraph.affine import size_node
from ...fxgraph.constants import const, lit
from ...fxgraph.node import Node, make
from ...fxgraph.ops.choice import where
from ...fxgraph.ops.elementwise import add, multiply, square, subtract
from ...fxgraph.ops.reduce import reduce_max, reduce_min, reduce_prod, reduce_sum
from ...fxgraph.ops.sets import compress
from ...fxgraph.ops.structure import gather, view_op
from ...fxgraph.window import window_of
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
    at = n.inputs[1]
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
    same = size_node(mask.shape[0]) is size_node(n.inputs[0].shape[0])
    return mask if whole and same and found.attr("k") == 0 else None
