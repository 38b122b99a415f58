"""Tables of counts: a nest, so that a loop that asks for one needs no call of Python's."""

from __future__ import annotations

from ...fxgraph.constants import const
from ...fxgraph.node import Node, origin
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import I64
from .element import element
from .program import Store
from .scope import Scope, allocate, nest


def lower_tally(n: Node, scope: Scope) -> None:
    """counts[x[i]] += weights[i], or 1"""
    x, _, *weights = n.inputs
    counts = allocate(scope, n, n.dtype, n.shape, zero=True)

    def build(position: list[Node], inner: Scope) -> None:
        at = cast_to(element(x, position, inner), I64, weak=True)
        more = element(weights[0], position, inner) if weights else const(1, n.dtype)
        inner.emit(Store(counts, (at,), more, True))

    nest(scope, x.shape, build, origin.get(n))
    scope.values[n] = counts
