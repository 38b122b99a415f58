"""Carries that every step leaves zero somewhere are zeroed at the start of the next step instead.

    for p: g += f(h); h += f(g[1:-1]); g[1:-1] = 0

is the backward loop of a stencil that overwrites the inside of an array.  The first step adds to
the cotangent from outside, all others to those zeros.  With the first step before the loop,

    g, h = first step but for its zeros
    for the other p: g[1:-1] = 0; g += f(h); h += f(g[1:-1])
    g[1:-1] = 0

zeros and additions meet in one step, and become assignments.
"""

from __future__ import annotations

from ..fxgraph.affine import minus, plus
from ..fxgraph.constants import is_value, lit, new_index, project
from ..fxgraph.graph import Body, Graph, bodies, order_of
from ..fxgraph.node import Node
from ..fxgraph.ops.structure import add_at_op, set_item, set_item_op
from ..fxgraph.prove import Knowledge, construction, ge0
from ..fxgraph.resolve import replaced
from ..fxgraph.window import window_of
from .carry import rebound
from .scan import scan, scan_op
from .unused import parts_of
from .versions import chain

#: Bodies of more nodes stay as they are: the first step's code comes on top.
MOST = 150


def zero_at_start(graph: Graph) -> Graph:
    """The graph with such loops turned; the same object where there are none."""
    forward: dict[Node, Node] = {}
    with construction(Knowledge(facts=list(graph.guards))):
        for n in graph.order:
            if n.op is scan_op:
                zeroed = _zeroed(n)
                if zeroed:
                    forward.update(_turned(n, zeroed))
    return replaced(graph, forward)


def _zeroed(n: Node) -> list[int]:
    """The carries that end as zeros put into a window, and start with additions."""
    b: Body = bodies(n)[0]
    if b.index is None or b.cond is not None or b.effects or b.stacks:
        return []
    found = [k for k, r in enumerate(b.results) if _ends_in_zeros(b, k, r)]
    if not found or not _runs(b.index):
        return []
    nodes = order_of(b.roots, stop=lambda m: not m.free & b.own)
    if len(nodes) > MOST or any(bodies(m) for m in nodes):
        return []
    added = {m.inputs[0] for m in nodes if m.op is add_at_op}
    return [k for k in found if b.params[k] in added]


def _ends_in_zeros(b: Body, k: int, r: Node) -> bool:
    if r.op is not set_item_op or not is_value(r.inputs[-1], 0):
        return False
    if any(x.free & b.own for x in r.inputs[1:-1]) or -1 in window_of(r).axes:
        return False  # another window at each step, or a row: little next to the array
    return len(chain(r, b.params[k]) or ()) > 2


def _runs(index: Node) -> bool:
    """Is there a first step?"""
    lo, hi, step = (index.attr(x) for x in ("lo", "hi", "step"))
    if step not in (1, -1):
        return False
    return ge0(minus(minus(hi, lo) if step == 1 else minus(lo, hi), lit(1)))


def _turned(n: Node, zeroed: list[int]) -> dict[Node, Node]:
    """What the loop's values become."""
    p = parts_of(n)
    b: Body = p["body"]
    assert b.index is not None
    lo, hi, step = (b.index.attr(x) for x in ("lo", "hi", "step"))
    ends = {k: b.results[k] for k in zeroed}
    results = [ends[k].inputs[0] if k in ends else r for k, r in enumerate(b.results)]
    known = {**dict(zip(b.params, p["inits"])), b.index: lo, b.token: lit(0)}
    first = rebound(results, known)
    index = new_index(plus(lo, lit(step)), hi, step, name=b.index.attr("name"))
    started = {b.params[k]: _zeros(b.params[k], ends[k]) for k in zeroed}
    others = rebound(rebound(results, started), {b.index: index})
    out = scan(first, Body(index, b.params, None, others, b.token), None, p["here"])
    values = [_zeros(v, ends[k]) if k in ends else v for k, v in enumerate(out[:-1])]
    return dict(zip((project(n, k) for k in range(len(values) + 1)),
                    (*values, plus(out[-1], lit(1)))))  # fmt: skip


def _zeros(array: Node, end: Node) -> Node:
    return set_item(array, window_of(end), end.inputs[-1])
