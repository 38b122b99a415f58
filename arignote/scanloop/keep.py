"""Store or recompute: one minimum cut over the forward values that a backward body needs.

Each value has two nodes, `need` and `make`: cutting need -> make stores it, cutting make -> sink
computes it again from operands that are then needed themselves.  Prices are nanoseconds an
element, measured; they only have to be right relative to each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..fxgraph.affine import affine_op
from ..fxgraph.constants import constant, param, proj
from ..fxgraph.graph import Body, bodies, order_of
from ..fxgraph.node import Node, dependencies
from ..fxgraph.ops.structure import gather, view_op
from ..lazily import lazily
from .body_walk import TYPICAL, BodyWalk, count
from .padded import can_stack

if TYPE_CHECKING:
    import networkx as nx
else:
    nx = lazily("networkx")

#: Storing and reading one element back.
STORE = 0.6
#: Computing one element, by op; what is not here is an elementwise op of one instruction.
MAKE: dict[str, float] = {
    **dict.fromkeys(("divide", "sqrt", "reciprocal", "remainder", "floor_divide"), 0.7),
    **dict.fromkeys(("exp", "log", "tanh", "sin", "cos", "power", "expm1", "log1p", "expit"), 3.0),
    **dict.fromkeys(("arctan2", "erf", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh"), 4.0),
}
CHEAP, LIBRARY = 0.05, 50.0


def saved_values(needs: Sequence[Reads]) -> tuple[set[Node], list[set[Node]]]:
    """What the forward pass must save, and what each of `needs` computes again."""
    flow: nx.DiGraph = nx.DiGraph()
    flow.add_nodes_from(("source", "sink"))
    for which, reads in enumerate(needs):
        for n in reads.needed:
            flow.add_edge("source", (which, n, "need"))
        for n in reads.order:
            _edge(flow, (which, n, "need"), (which, n, "make"), reads.save_price(n))
            _edge(flow, (which, n, "make"), "sink", reads.make_price(n))
            for x in reads.operands(n):
                flow.add_edge((which, n, "make"), (which, x, "need"))
            for x in reads.outside(n):
                price = STORE * reads.walk.price(x)
                if price:
                    flow.add_edge((which, n, "make"), (x, "outside"))
                    _edge(flow, (x, "outside"), "sink", price)
    _, (kept, _) = nx.minimum_cut(
        flow, "source", "sink", flow_func=nx.algorithms.flow.boykov_kolmogorov
    )
    saved: set[Node] = set()
    made: list[set[Node]] = []
    for which, reads in enumerate(needs):
        wanted = [n for n in reads.order if (which, n, "need") in kept]
        stored = {n for n in wanted if (which, n, "make") not in kept and not reads.is_free(n)}
        saved |= stored
        made.append({n for n in wanted if n not in stored})
    return saved, made


def _edge(flow: nx.DiGraph, a: object, b: object, capacity: float) -> None:
    if math.isinf(capacity):
        flow.add_edge(a, b)
    else:
        flow.add_edge(a, b, capacity=capacity)


class Reads:
    """How each forward value of a body could be had again.

    needed: forward nodes -> their deadlines.  What an undo reads and what adjoints read are planned
    apart: a value that both read is not bound by the undo's deadline for the adjoint's sake.
    """

    def __init__(self, walk: BodyWalk, needed: Mapping[Node, float]) -> None:
        self.walk = walk
        self.needed = tuple(needed)
        self.due: dict[Node, float] = dict(needed)
        self.order = order_of(needed, stop=self._outside)
        for n in reversed(self.order):
            due = self.due.setdefault(n, math.inf)
            for x in self._below(n):
                self.due[x] = min(due, self.due.get(x, math.inf))

    def _outside(self, n: Node) -> bool:
        return n.op is constant or not self.walk.mine(n) or self.at_hand(n)

    def _below(self, n: Node) -> list[Node]:
        return [x for x in dependencies(n) if not self._outside(x)]

    def at_hand(self, n: Node) -> bool:
        known = self.walk.values.get(n)
        return known is not None and known not in self.walk.open and n.op is not affine_op

    def is_held(self, n: Node) -> bool:
        """Is n a version that is restored in time?"""
        return self.walk.available.get(n, math.inf) < self.due.get(n, math.inf)

    def is_read_back(self, n: Node) -> bool:
        """Is n a read of a version that is restored in time?"""
        if n.op is not view_op and n.op is not gather:
            return False
        when = self.walk.available.get(n.inputs[0], math.inf)
        return when < self.due.get(n, math.inf)

    def lives_in(self, n: Node) -> Node | None:
        """The write that put n into an array that is restored in time, if n is all it wrote."""
        w = self.walk.writer.get(n)
        if w is None or not self.walk.available[w] < self.due.get(n, math.inf):
            return None
        starts = w.inputs[1 : 1 + len(w.attr("axes"))]
        sizes = w.inputs[1 + len(starts) : -1]
        simple = all(self._simple(x) for x in (*starts, *sizes))
        same = n.rank == len(sizes) and n.dtype == w.dtype
        return w if simple and same and not n.type.weak else None

    def _simple(self, x: Node) -> bool:
        """Is x known on the backward side without any decision?"""
        if x.op is affine_op:
            return all(self._outside(y) for y in x.inputs)
        return self._outside(x)

    def is_free(self, n: Node) -> bool:
        """Is n in a held array?"""
        return self.is_held(n) or self.lives_in(n) is not None

    def operands(self, n: Node) -> list[Node]:
        """What making n again reads."""
        if self.is_free(n):
            return []
        if self.is_read_back(n):
            return [x for x in self._below(n) if x is not n.inputs[0]]
        if n.op is proj:
            parent = n.inputs[0]
            return [] if self._outside(parent) else [parent]
        return self._below(n)

    def outside(self, n: Node) -> list[Node]:
        """What making n again reads of the bodies around this one."""
        if self.is_free(n) or not isinstance(self.walk.outer, BodyWalk):
            return []
        skip = n.inputs[0] if self.is_read_back(n) else None
        walk = self.walk
        return [
            x
            for x in dependencies(n)
            if x is not skip and x.op is not constant and not walk.mine(x)
        ]

    def save_price(self, n: Node) -> float:
        if self.is_free(n):
            return 0.0
        if isinstance(n.type, tuple) or n.op is affine_op or n in self.walk.guarded:
            return math.inf
        if not can_stack(n, self.walk.own):
            return math.inf
        return STORE * count(n.shape)

    def make_price(self, n: Node) -> float:
        traits = n.op.traits
        if n.op is param or "effect" in traits or "leaf" in traits:
            return math.inf
        if isinstance(n.type, tuple):
            return work(n)
        if n.op is affine_op or n.op is proj:
            return 0.0
        if self.is_read_back(n):
            return CHEAP * count(n.shape)
        return CHEAP + work(n)


def work(n: Node) -> float:
    """Nanoseconds that computing n takes."""
    name = n.op.name
    if isinstance(n.type, tuple):
        if "body" not in n.op.traits:
            return LIBRARY * sum(count(t.shape) for t in n.type)
        once = sum(_body_work(b) for b in bodies(n))
        return once * (TYPICAL if name == "scan" else 1)
    if name == "matmul":
        return 0.06 * count(n.shape) * count(n.inputs[0].shape[-1:])
    if not n.op.traits.isdisjoint(("reduction", "running", "arg_reduction")):
        return 0.1 * count(n.inputs[0].shape)
    if "elementwise" in n.op.traits:
        return MAKE.get(name, CHEAP) * count(n.shape)
    if not n.op.traits.isdisjoint(("view", "write", "reshape", "gather", "scatter", "partial")):
        return CHEAP * count(n.shape)
    if name in ("full", "empty", "iota"):
        return CHEAP * count(n.shape)
    return LIBRARY * count(n.shape)


def _body_work(b: Body) -> float:
    nodes = order_of(b.roots, stop=lambda m: not m.free & b.own)
    return sum(work(m) for m in nodes if m.op is not proj and m not in b.own)
