"""Forward mode: tangents of outputs for tangents of inputs, in one walk along the graph.

Tangents are nodes beside the values, of their dtype and shape; None is a tangent that is zero
because nothing flows.  Ops that declare no `jvp` are transposed twice: their vjp is linear in its
cotangent, so the vjp of the vjp is the jvp.  Loops and branches install their rule as
`op.extra["forward"]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..fxgraph.constants import const, new_param, proj, project
from ..fxgraph.graph import order_of, substitute
from ..fxgraph.node import Node, at_origin, make, origin
from ..fxgraph.ops.elementwise import add, multiply
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.reduce import reduce_sum
from ..fxgraph.ops.shaping import spread, zeros_like
from ..fxgraph.types import TensorType
from .activity import carries_derivative
from .places import PLACES
from .reverse import no_rule, vjp


def jvp(
    outputs: Sequence[Node],
    wrt: Sequence[Node],
    tangents: Sequence[Node | None],
    *,
    constant: Iterable[Node] = (),
) -> tuple[Node | None, ...]:
    """The tangent of each output, in its dtype and shape; None where nothing flows to it.

    tangents: one a node of `wrt`, of its shape.  Raises UnsupportedError for an op without a rule.
    """
    walk = Forward(constant)
    for x, t in zip(wrt, tangents, strict=True):
        if t is not None and carries_derivative(x):
            walk.known[x] = spread(cast_to(t, x.dtype), x.shape)
    walk.run(outputs)
    return tuple(walk.tangent(o) for o in outputs)


class Forward:
    """known: node -> its tangent.  `outer` knows what a body does not bind."""

    def __init__(
        self,
        constant: Iterable[Node] = (),
        outer: Forward | None = None,
        own: frozenset[Node] = frozenset(),
    ) -> None:
        self.known: dict[Node, Node | None] = dict.fromkeys(constant)
        self.outer = outer
        self.own = own

    def tangent(self, n: Node) -> Node | None:
        if self.outer is not None and not n.free & self.own:
            return self.outer.tangent(n)
        return self.known.get(n)

    def filled(self, n: Node) -> Node:
        """n's tangent, zeros where nothing flows."""
        t = self.tangent(n)
        return t if t is not None else zeros_like(n)

    def run(self, roots: Sequence[Node]) -> None:
        stop = (lambda n: not n.free & self.own) if self.outer is not None else None
        for n in order_of(roots, stop=stop):
            if n not in self.known:
                with at_origin(origin.get(n)):
                    self._visit(n)

    def _visit(self, n: Node) -> None:
        rule = n.op.extra.get("forward")
        if rule is not None:
            rule(n, self)
            return
        if n.op is proj or not n.inputs:
            return
        if isinstance(n.type, TensorType) and not carries_derivative(n):
            return
        tangents = [self.tangent(x) if carries_derivative(x) else None for x in n.inputs]
        if all(t is None for t in tangents):
            return
        found = self._rule(n, tangents)
        if isinstance(n.type, TensorType):
            self.known[n] = _typed(found, n) if isinstance(found, Node) else None
            return
        parts: tuple[Node | None, ...] = found if isinstance(found, tuple) else ()
        for k, t in enumerate(parts):
            p = project(n, k)
            self.known[p] = _typed(t, p) if t is not None and carries_derivative(p) else None

    def _rule(
        self, n: Node, tangents: Sequence[Node | None]
    ) -> Node | tuple[Node | None, ...] | None:
        if n.op.jvp is not None:
            found: Node | tuple[Node | None, ...] | None = n.op.jvp(
                tangents, n, *n.inputs, **n.kwargs
            )
            return found
        if n.op.vjp is None and n.op.name not in PLACES:
            raise no_rule(n)
        if isinstance(n.type, TensorType):
            return transposed_twice(n, n, tangents)
        return tuple(
            transposed_twice(n, p, tangents) if carries_derivative(p) else None
            for p in (project(n, k) for k in range(len(n.type)))
        )


def _typed(t: Node, n: Node) -> Node:
    return spread(cast_to(t, n.dtype), n.shape)


def transposed_twice(n: Node, out: Node, tangents: Sequence[Node | None]) -> Node | None:
    """The tangent of n's result `out` from n's vjp: the gradient of <vjp(g), tangents> by g.

    n's operands are variables of their own meanwhile: one may stand twice, or depend on another.
    """
    g = new_param("g", TensorType(out.dtype, out.shape))
    pairs = [(x, t) for x, t in zip(n.inputs, tangents, strict=True) if t is not None]
    seeds = [new_param("x", x.type) for x, _ in pairs]
    left = iter(seeds)
    operands = tuple(x if t is None else next(left) for x, t in zip(n.inputs, tangents))
    alone = make(n.op, operands, n.attrs)
    result = alone if n is out else project(alone, out.attr("k"))
    total: Node | None = None
    for (_, t), part in zip(pairs, vjp([result], [g], seeds), strict=True):
        if part is not None:
            inner = multiply(part, t)
            inner = reduce_sum(inner, axes=tuple(range(inner.rank))) if inner.rank else inner
            total = inner if total is None else add(total, inner)
    if total is None:
        return None
    (out_tangent,) = vjp([total], [const(1, total.dtype)], [g])
    if out_tangent is None:
        return None
    back = dict(zip(seeds, (x for x, _ in pairs), strict=True))
    return substitute([out_tangent], {g: zeros_like(out), **back})[0]
