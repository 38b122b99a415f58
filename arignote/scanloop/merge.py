"""Loops that run the same steps over the same state become one loop with all their stacks.

The backward pass of a loop asks the forward loop for more stacked outputs; what the forward pass
made and what the backward pass asks for are two nodes with one body, and this is where they meet
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..fxgraph.constants import project
from ..fxgraph.graph import Body, Graph, bodies, order_of
from ..fxgraph.node import Node, at_origin, origin, turn_of
from ..fxgraph.resolve import replaced
from .cond import branch, cond_node, cond_op
from .scan import scan_node, scan_op
from .unused import parts_of

ROUNDS = 12


def merge_loops(graph: Graph) -> Graph:
    """The graph with equal loops (and branches) merged, nested ones included."""
    for _ in range(ROUNDS):
        forward = _replacements(graph.roots)
        if not forward:
            return graph
        graph = replaced(graph, forward)
    return graph


def _replacements(roots: Sequence[Node]) -> dict[Node, Node]:
    """What stands for the projections of loops that merge, for one level of nesting at least."""
    groups: dict[Any, list[Node]] = {}
    for n in order_of(roots, inside=True):
        if n.op is scan_op or n.op is cond_op:
            groups.setdefault(_key(n), []).append(n)
    forward: dict[Node, Node] = {}
    for group in groups.values():
        group = _agreeing(group)
        if len(group) > 1 and _independent(group):
            merge = _merged_scan if group[0].op is scan_op else _merged_cond
            first = min(group, key=turn_of)
            with at_origin(origin.get(first), first):
                new, places = merge(group)
            for n, at in zip(group, places, strict=True):
                forward.update((project(n, k), project(new, j)) for k, j in enumerate(at))
                if n is not new:
                    forward[n] = new
    return {a: b for a, b in forward.items() if a is not b}


def _key(n: Node) -> Any:
    """Loops (branches) with equal keys stand in one body and run the same steps."""
    if n.op is cond_op:
        then, other = bodies(n)
        return n.free, n.inputs[0], then.token, then.effects, other.token, other.effects
    b: Body = n.attr("bodies")[0]
    return n.free, b.index, b.cond, b.token, b.effects


def _independent(group: list[Node]) -> bool:
    """Does no loop of the group read another's results?  (Merging would make a cycle.)"""
    mine = set(group)
    oldest = min(n.serial for n in group)
    operands = [x for n in group for x in n.inputs]
    return mine.isdisjoint(order_of(operands, stop=lambda m: m.serial < oldest))


def _agreeing(group: list[Node]) -> list[Node]:
    """Those loops of a group in which each param starts and goes on as in the first."""
    if group[0].op is not scan_op:
        return group
    known: dict[Node, tuple[Node, Node]] = {}
    trips: set[Node] = set()
    out = []
    for n in group:
        p = parts_of(n)
        b: Body = p["body"]
        mine = dict(zip(b.params, zip(p["inits"], b.results)))
        trip = {p["trip"]} - {None}
        if all(known.get(x, pair) == pair for x, pair in mine.items()) and len(trips | trip) < 2:
            known.update(mine)
            trips |= trip
            out.append(n)
    return out


def _merged_scan(group: list[Node]) -> tuple[Node, list[list[int]]]:
    parts = [parts_of(n) for n in group]
    carries: dict[Node, tuple[Node, Node]] = {}
    for p in parts:
        carries.update(zip(p["body"].params, zip(p["inits"], p["body"].results)))
    stacks = list(dict.fromkeys(s for p in parts for s in p["body"].stacks))
    b: Body = parts[0]["body"]
    params = tuple(carries)
    results = tuple(r for _, r in carries.values())
    body = Body(b.index, params, b.cond, results, b.token, b.effects, tuple(stacks))
    trip = next((p["trip"] for p in parts if p["trip"] is not None), None)
    here = list(dict.fromkeys(t for p in parts for t in p["here"]))
    new = scan_node([x for x, _ in carries.values()], body, trip, here)
    count = len(params)
    places = [
        [
            *(params.index(x) for x in p["body"].params),
            *(count + stacks.index(s) for s in p["body"].stacks),
            count + len(stacks),
        ]
        for p in parts
    ]
    return new, places


def _merged_cond(group: list[Node]) -> tuple[Node, list[list[int]]]:
    pairs = [list(zip(*(b.results for b in bodies(n)), strict=True)) for n in group]
    union = list(dict.fromkeys(pair for p in pairs for pair in p))
    then, other = bodies(group[0])
    here = list(dict.fromkeys(x for n in group for x in n.inputs[1:] if x.op.name == "token"))
    new = cond_node(
        group[0].inputs[0],
        branch([a for a, _ in union], then.token, then.effects),
        branch([b for _, b in union], other.token, other.effects),
        here,
    )
    return new, [[union.index(pair) for pair in p] for p in pairs]
