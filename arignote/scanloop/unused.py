"""Results of loops and branches that nobody needs are removed, inside out and outside in.

Liveness runs from the roots: a carry is needed where its final value, or its value inside the loop
for something needed, is; so a carry that feeds only itself, and the chain of stacks behind it,
goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..fxgraph.constants import param, proj, project
from ..fxgraph.graph import Body, Graph, bodies
from ..fxgraph.node import Node, at_origin, attr_nodes, dependencies, origin, size_nodes
from ..fxgraph.resolve import replaced
from .cond import branch, cond_node, cond_op
from .scan import scan_node, scan_op


def drop_unused(graph: Graph) -> Graph:
    """The graph without carries, stacks and branch results that no output or effect needs."""
    live = Liveness(graph.roots)
    forward = live.replacements()
    return replaced(graph, forward)


class Liveness:
    """results: node with bodies -> positions of its results that are needed."""

    def __init__(self, roots: Iterable[Node]) -> None:
        self.live: set[Node] = set()
        self.results: dict[Node, set[int]] = {}
        self.carry: dict[Node, list[tuple[Node, int]]] = {}  # loops may share their params
        self.queue: list[Node] = list(roots)
        while self.queue:
            n = self.queue.pop()
            if n not in self.live:
                self.live.add(n)
                self._mark(n)

    def _mark(self, n: Node) -> None:
        if n.op is proj and bodies(n.inputs[0]):
            self._need(n.inputs[0], n.attr("k"))
            self.queue.extend(size_nodes(n.type))
        elif n.op in (scan_op, cond_op):
            self._enter(n)
        elif n.op is param and n in self.carry:
            for loop, k in self.carry[n]:
                self._need(loop, k)
            self.queue.extend(attr_nodes(n))
        else:
            self.queue.extend([*dependencies(n), *attr_nodes(n)])

    def _enter(self, n: Node) -> None:
        """A node whose bodies run, whatever is wanted of it."""
        for b in bodies(n):
            self.queue.extend(b.effects)
            if b.cond is not None:
                self.queue.append(b.cond)
            if b.index is not None:
                self.queue.append(b.index)
        if n.op is cond_op:
            self.queue.append(n.inputs[0])
            return
        (b,) = bodies(n)
        for k, p in enumerate(b.params):
            self.carry.setdefault(p, []).append((n, k))
            if p in self.live:
                self._need(n, k)
        if n.attr("trip") >= 0:
            self.queue.append(n.inputs[n.attr("trip")])

    def _need(self, n: Node, k: int) -> None:
        needed = self.results.setdefault(n, set())
        if k in needed:
            return
        needed.add(k)
        if n not in self.live:
            self.live.add(n)
            self._enter(n)
        count = n.attr("n") if n.op is scan_op else 0
        if k < count:
            self.queue.append(n.inputs[k])
        for b in bodies(n):
            values = (*b.results, *b.stacks)
            if k < len(values):
                self.queue.append(values[k])
            if k < count:
                self.queue.append(b.params[k])

    def replacements(self) -> dict[Node, Node]:
        """What stands for the projections of nodes that lose results (and for the nodes
        themselves)."""
        forward: dict[Node, Node] = {}
        for n in sorted((n for n in self.live if bodies(n)), key=lambda n: n.serial):
            keep = sorted(self.results.get(n, set()))
            total = len(n.type)
            if n.op is scan_op:
                keep = sorted({*keep, total - 1})  # the number of steps is always there
            if len(keep) == total:
                continue
            with at_origin(origin.get(n), n):
                small = shrunk_scan(n, keep) if n.op is scan_op else shrunk_cond(n, keep)
            forward[n] = small
            for j, k in enumerate(keep):
                forward[project(n, k)] = project(small, j)
        return forward


def parts_of(n: Node) -> dict[str, Any]:
    """The arguments with which `scan` made n: inits, body, trip, here."""
    at = n.kwargs
    count, trip = at["n"], at["trip"]
    return {
        "inits": n.inputs[:count],
        "body": at["bodies"][0],
        "trip": n.inputs[trip] if trip >= 0 else None,
        "here": [x for x in n.inputs[count:] if x.op.name == "token"],
    }


def shrunk_scan(n: Node, keep: Sequence[int]) -> Node:
    """The loop with only these of its results (carries must not read dropped ones)."""
    p = parts_of(n)
    b: Body = p["body"]
    count = len(b.params)
    carries = [k for k in keep if k < count]
    stacks = [k - count for k in keep if count <= k < count + len(b.stacks)]
    body = Body(
        b.index,
        tuple(b.params[k] for k in carries),
        b.cond,
        tuple(b.results[k] for k in carries),
        b.token,
        b.effects,
        tuple(b.stacks[k] for k in stacks),
    )
    trip = p["trip"] if stacks else None
    return scan_node([p["inits"][k] for k in carries], body, trip, p["here"])


def shrunk_cond(n: Node, keep: Sequence[int]) -> Node:
    """The branch with only these of its results."""
    then, other = (branch([b.results[k] for k in keep], b.token, b.effects) for b in bodies(n))
    here = [x for x in n.inputs[1:] if x.op.name == "token"]
    return cond_node(n.inputs[0], then, other, here)
