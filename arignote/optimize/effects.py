"""Checks that another check covers: of two operations that raise for the same reason, one is
enough.

Rewriting replaces values, not effects: after `inv(A) @ b -> solve(A, b)` the inverse is still
listed, for its LinAlgError alone.  Where a live operation raises exactly when the dead one would,
it takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..fxgraph.graph import Body, Graph, order_of
from ..fxgraph.node import Node
from ..fxgraph.ops.linalg import inv, solve
from ..fxgraph.ops.structure import gather, scatter_add, scatter_set
from ..fxgraph.resolve import Resolve


def cover_effects(graph: Graph) -> Graph:
    """The graph without effects that its values imply, in loops and branches too."""
    if not any(map(reason, order_of(graph.effects, inside=True))):
        return graph
    run = _Covering()
    for x in graph.inputs:
        run.done[x] = x
    roots = run(graph.roots)
    n = len(graph.effects)
    effects = covered(roots[:n], roots[n:])
    if effects == graph.effects and roots == graph.roots:
        return graph
    return Graph(graph.inputs, roots[n:], effects, graph.guards, graph.name)


class _Covering(Resolve):
    def body(self, b: Body) -> Body:
        cond = (b.cond,) if b.cond is not None else ()
        effects = covered(b.effects, (*cond, *b.results, *b.stacks))
        if effects == b.effects:
            return b
        return Body(b.index, b.params, b.cond, b.results, b.token, effects, b.stacks)


def covered(effects: Sequence[Node], values: Iterable[Node]) -> tuple[Node, ...]:
    """The effects, dead ones replaced by live ones of the same reason."""
    reasons = {e: reason(e) for e in effects}
    if not any(reasons.values()):
        return tuple(effects)
    live = order_of((*values, *(e for e in effects if reasons[e] is None)))
    standing = {r: n for n in live if (r := reason(n)) is not None}
    known = set(live)
    out = [e if e in known else standing.get(reasons[e], e) for e in effects]
    return tuple(dict.fromkeys(out))


def reason(n: Node) -> Any:
    """When n raises, as a key: operations with equal keys raise together.  None: not known."""
    if n.op in (inv, solve):
        return "singular", n.inputs[0], n.inputs[n.attr("operands") :]
    if n.op in (gather, scatter_set, scatter_add) and n.attr("mode") == "raise":
        axes = n.attr("axes")
        first = 1 if n.op is gather else 2
        sizes = tuple(n.inputs[0].shape[a] for a in axes)
        return "bounds", axes, sizes, n.inputs[first:]
    return None
