"""Masks of which only the number of true elements is wanted: they are counted, not listed."""

from __future__ import annotations

from ..fxgraph.constants import proj, project
from ..fxgraph.graph import Graph
from ..fxgraph.node import Node, at_origin, origin
from ..fxgraph.ops.sets import compress, count_true
from ..fxgraph.resolve import replaced


def count_masks(graph: Graph) -> Graph:
    """The graph with count_true(mask) for compress(mask) where nobody asks for the positions."""
    nodes = graph.all_nodes
    listed: set[Node] = set()
    found: dict[Node, None] = {}
    for n in nodes:
        if n.op is proj and n.inputs[0].op is compress:
            if n.attr("k") == 0:
                listed.add(n.inputs[0])
            found[n.inputs[0]] = None
    forward: dict[Node, Node] = {}
    for c in found:
        if c not in listed:
            with at_origin(origin.get(c)):
                forward[project(c, 1)] = count_true(c.inputs[0])
    return replaced(graph, forward)
