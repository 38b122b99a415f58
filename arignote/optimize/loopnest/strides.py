"""How far an access moves in memory when a loop takes a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ...fxgraph.affine import linear, plus, size_node
from ...fxgraph.constants import is_const, lit, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import scaled
from .access import Access
from .program import Buffer, Loop, Statement, walk

Stride = Literal["none", "unit", "far"]


def stride(a: Access, index: Node) -> Stride:
    """The distance between the elements of two neighbouring steps: 0, 1 (or -1), or more."""
    if a.index is None:
        return "far"
    total = lit(0)
    for i, step in zip(a.index, buffer_strides(a.buffer), strict=True):
        coefs, _ = linear(i)
        if any(index in order_of((atom,)) for atom in coefs if atom is not index):
            return "far"
        if index in coefs:
            total = plus(total, scaled(step, lit(coefs[index])))
    if not is_const(total):
        return "far"
    return "none" if value_of(total) == 0 else "unit" if abs(value_of(total)) == 1 else "far"


def buffer_strides(b: Buffer) -> list[Node]:
    """Elements an axis, as nodes."""
    if b.strides is not None:
        return [size_node(s) for s in b.strides]
    out = [lit(1)] * b.rank
    for k in range(b.rank - 2, -1, -1):
        out[k] = scaled(out[k + 1], size_node(b.shape[k + 1]))
    return out


def inner_indices(block: Iterable[Statement]) -> tuple[Node, ...]:
    """The counters of all loops in a block, outer ones first."""
    return tuple(dict.fromkeys(s.index for s in walk(block) if isinstance(s, Loop)))
