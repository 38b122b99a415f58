"""Stacks of values whose size changes from step to step: each in a box that is large enough.

The box's sizes are the size's bound over the counter's range, so triangular loops waste a factor
of two.
"""

from __future__ import annotations

from functools import reduce

from ..fxgraph.affine import affine_op, dim, linear, plus, size_node, times
from ..fxgraph.constants import constant, lit
from ..fxgraph.node import Node
from ..fxgraph.ops.scalar import clip0, greatest, least
from ..fxgraph.ops.structure import empty, set_item
from ..fxgraph.prove import bounds
from ..fxgraph.types import Shape, Size
from ..fxgraph.window import Window


def can_stack(n: Node, own: frozenset[Node]) -> bool:
    """Can values of n be stacked?"""
    return n.dtype.kind != "O" and box(n, own) is not None


def box(n: Node, own: frozenset[Node]) -> Shape | None:
    """Sizes that do not depend on the body and are at least n's."""
    out: list[Size] = []
    for d in n.shape:
        bound = upper(size_node(d), own)
        if bound is None:
            return None
        out.append(d if bound is size_node(d) else dim(clip0(bound)))
    return tuple(out)


def upper(n: Node, own: frozenset[Node], lower: bool = False, depth: int = 6) -> Node | None:
    """An integer that does not depend on the leaves `own` and is at least (at most) n."""
    if not n.free & own:
        return n
    if depth == 0:
        return None
    if n.op is affine_op:
        coefs, const = linear(n)
        total = lit(const)
        for atom, k in coefs.items():
            bound = upper(atom, own, lower if k > 0 else not lower, depth)
            if bound is None:
                return None
            total = plus(total, times(bound, k))
        return total
    if n.op is constant:
        return n
    alternatives, both = bounds(n, lower)
    found = [b for a in alternatives if (b := upper(a, own, lower, depth - 1)) is not None]
    if not both:
        return found[0] if found else None
    if not found or len(found) < len(alternatives):
        return None
    return reduce(least if lower else greatest, found)


def stored(n: Node, own: frozenset[Node]) -> Node:
    """n in its box."""
    shape = box(n, own)
    assert shape is not None
    if all(size_node(a) is size_node(b) for a, b in zip(shape, n.shape)):
        return n
    rank = n.rank
    w = Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), n.shape)
    return set_item(empty(n.dtype, shape), w, n)
