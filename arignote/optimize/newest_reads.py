"""Writes read the newest version of the array they go on with.

    B = set_item(A, w, x);  set_item(B, u, f(A[r]))   ->   set_item(B, u, f(B[r])), r apart from w

The rules let reads go past writes that they do not meet, for the sake of reads that then meet their
values. What is left reads an array as it was before the write; in place, the old elements would
have to be kept for it, though they are still there.
"""

from __future__ import annotations

from ..fxgraph.graph import Graph, remake
from ..fxgraph.node import Node, at_origin, dependencies, origin
from ..fxgraph.ops.structure import add_at_op, set_item_op, view, view_op
from ..fxgraph.overlap import apart
from ..fxgraph.resolve import replaced
from ..fxgraph.window import window_of

_WRITES = (set_item_op, add_at_op)
#: Writes between the version that is read and the one that is written.
MOST_BETWEEN = 8


def read_newest(graph: Graph) -> Graph:
    """The graph with reads of earlier versions turned to the one that a write goes on with."""
    nodes = graph.all_nodes
    writes = [n for n in nodes if n.op in _WRITES and n.inputs[0].op in _WRITES]
    if not writes:
        return graph
    users: dict[Node, int] = {}
    for n in nodes:
        for d in dict.fromkeys(dependencies(n)):
            users[d] = users.get(d, 0) + 1
    for r in graph.roots:
        users[r] = users.get(r, 0) + 1
    forward = {n: new for n in writes if (new := _turned(n, users)) is not n}
    return replaced(graph, forward)


def _turned(n: Node, users: dict[Node, int]) -> Node:
    """The write n with what it alone reads of earlier versions read of the newest."""
    before = _versions_before(n.inputs[0])
    found: dict[Node, Node] = {}
    for m in _own(n.inputs[-1], users):
        if m.op is view_op and m.inputs[0] in before:
            window = window_of(m)
            if all(apart(window_of(w), window) for w in before[m.inputs[0]]):
                with at_origin(origin.get(m)):
                    found[m] = view(n.inputs[0], window)
                continue
        inputs = tuple(found.get(x, x) for x in m.inputs)
        if inputs != m.inputs:
            with at_origin(origin.get(m)):
                found[m] = remake(m.op, inputs, m.attrs)
    if n.inputs[-1] not in found:
        return n
    with at_origin(origin.get(n), n):
        return remake(n.op, (*n.inputs[:-1], found[n.inputs[-1]]), n.attrs)


def _versions_before(newest: Node) -> dict[Node, tuple[Node, ...]]:
    """Earlier versions -> the writes since."""
    out: dict[Node, tuple[Node, ...]] = {}
    since: tuple[Node, ...] = ()
    at = newest
    while at.op in _WRITES and len(since) < MOST_BETWEEN:
        since = (*since, at)
        at = at.inputs[0]
        out[at] = since
    return out


def _own(value: Node, users: dict[Node, int]) -> list[Node]:
    """What is computed element by element for this value alone, operands first."""
    out: list[Node] = []
    stack, seen = [value], set[Node]()
    while stack:
        m = stack.pop()
        if m in seen or users.get(m, 0) != 1 or not m.rank:
            continue
        seen.add(m)
        if m.op is view_op:
            out.append(m)
            stack.append(m.inputs[0])
        elif "elementwise" in m.op.traits and "partial" not in m.op.traits:
            out.append(m)
            stack.extend(m.inputs)
    return sorted(out, key=lambda m: m.serial)


__all__ = ["read_newest"]
