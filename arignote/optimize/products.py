"""Products that are each other's transposes: B.T @ A.T where A @ B is there, too, is read from it.

The rules write (A @ B).T as B.T @ A.T, for transposes to meet and vanish; where the product itself
is wanted as well, as in gradients, that would multiply twice.
"""

from __future__ import annotations

from ..fxgraph.graph import Graph
from ..fxgraph.node import Node
from ..fxgraph.ops.products import matmul
from ..fxgraph.ops.shaping import swap_last
from ..fxgraph.ops.structure import view_op
from ..fxgraph.resolve import replaced

#: Products of products of ... that are found.
ROUNDS = 8


def share_transposed(graph: Graph) -> Graph:
    """The graph with one product for each pair of transposed ones."""
    for _ in range(ROUNDS):
        before, graph = graph, _once(graph)
        if graph is before:
            break
    return graph


def _once(graph: Graph) -> Graph:
    products = [n for n in graph.all_nodes if n.op is matmul]
    if len(products) < 2:
        return graph
    known = {n.inputs: n for n in products}
    forward: dict[Node, Node] = {}
    for n in products:
        a, b = n.inputs
        twin = known.get((swap_last(b), swap_last(a)))
        if twin is None or twin is n or n in forward or twin in forward:
            continue
        first, second = sorted((n, twin), key=lambda m: (_views(m), m.serial))
        forward[second] = swap_last(first)
    return replaced(graph, forward)


def _views(n: Node) -> int:
    """How many operands are read through a window."""
    return sum(x.op is view_op for x in n.inputs)
