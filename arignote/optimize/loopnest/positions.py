"""Positions of true elements: masks as loops without branches, fused with what computes them."""

from __future__ import annotations

from ...fxgraph.affine import plus
from ...fxgraph.constants import lit, project
from ...fxgraph.node import Node, origin
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_sum
from ...fxgraph.types import I64, TensorType
from .element import element, fold
from .program import Assign, Store
from .scope import Scope, allocate, nest

_INT = TensorType(I64, (), True)


def lower_compress(n: Node, scope: Scope) -> None:
    """positions[count] = i; count += mask[i]: each step stores, only true ones move on."""
    (mask,) = n.inputs
    found = project(n, 0)
    b = allocate(scope, found, I64, mask.shape)
    count = scope.local("count", _INT)
    scope.emit(Assign(count, lit(0)))

    def build(position: list[Node], inner: Scope) -> None:
        inner.emit(Store(b, (count,), cast_to(inner.scalar(position[0]), I64)))
        more = cast_to(element(mask, position, inner), I64, weak=True)
        inner.emit(Assign(count, plus(count, more)))

    nest(scope, mask.shape, build, origin.get(n))
    scope.values[found] = b
    scope.values[project(n, 1)] = count


def lower_count(n: Node, scope: Scope) -> None:
    """How many elements of a mask are true."""
    (mask,) = n.inputs

    def more(position: list[Node], inner: Scope) -> Node:
        return cast_to(element(mask, position, inner), I64, weak=True)

    scope.values[n] = fold(n, mask.shape, more, scope, reduce_sum)
