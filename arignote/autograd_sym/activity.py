"""Which values depend differentiably on the chosen ones.

Only edges between floating or complex values carry derivatives: integers, booleans and indices end
them.  Loops and branches answer for each result by a rule their own module installs
(`op.extra["activity"]`), a fixpoint over the carried state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from ..fxgraph.constants import proj
from ..fxgraph.graph import order_of
from ..fxgraph.node import Node
from ..fxgraph.types import TensorType

#: (node with bodies, activity outside) -> is each result active?
Flow: TypeAlias = "Callable[[Node, Activity], tuple[bool, ...]]"


class Activity:
    """The active nodes of one body (or of a graph); what the body does not bind, `outer` knows.

    seeds: active themselves.  constant: never active.
    """

    def __init__(
        self,
        roots: Iterable[Node],
        seeds: Iterable[Node],
        constant: Iterable[Node] = (),
        outer: Activity | None = None,
        own: frozenset[Node] = frozenset(),
    ) -> None:
        self.outer = outer
        self.own = own
        self.known: dict[Node, bool] = dict.fromkeys(seeds, True)
        self.known.update(dict.fromkeys(constant, False))
        self.results: dict[Node, tuple[bool, ...]] = {}
        stop = (lambda n: not n.free & own) if outer is not None else None
        self.order = order_of(roots, stop=stop)
        for n in self.order:
            if n not in self.known:
                self.known[n] = self._decide(n)

    def __call__(self, n: Node) -> bool:
        if self.outer is not None and not n.free & self.own:
            return self.outer(n)
        return self.known.get(n, False)

    def flags(self, n: Node) -> tuple[bool, ...]:
        """Which results of a node with bodies are active."""
        known = self.results.get(n)
        if known is None:
            return self.outer.flags(n) if self.outer is not None else (False,) * len(n.type)
        return known

    def _decide(self, n: Node) -> bool:
        flow: Flow | None = n.op.extra.get("activity")
        if flow is not None:
            flags = self.results[n] = flow(n, self)
            return any(flags)
        if n.op is proj:
            known = self.results.get(n.inputs[0])
            if known is not None:
                return known[n.attr("k")] and carries_derivative(n)
            return self(n.inputs[0]) and carries_derivative(n)
        if isinstance(n.type, TensorType) and not carries_derivative(n):
            return False
        return any(self(x) for x in n.inputs)


def carries_derivative(n: Node) -> bool:
    """Is n one value of a dtype that has derivatives?"""
    return isinstance(n.type, TensorType) and n.type.dtype.kind in "fc"
