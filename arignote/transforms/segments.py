"""Loops in segments, of which reverse mode keeps the beginnings only (memory bounds).

A loop of T steps becomes a loop over segments of S steps, each repeated on the way back (as
`checkpoint` repeats a function): what is kept are the carried values of T / S beginnings and what
one segment stores.  With S the square root of T, weighted by what a step carries and stores, that
is the least; the price is one more forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..autograd_sym.activity import carries_derivative
from ..fxgraph.affine import minus, plus, size_node, times
from ..fxgraph.constants import fresh_uid, lit, new_index, new_param, new_token, project
from ..fxgraph.graph import Body, Graph, bodies, order_of, substitute
from ..fxgraph.node import Node, make, origin
from ..fxgraph.ops.scalar import ceil_quotient, clip0, greatest, least, scaled
from ..fxgraph.prove import hinted, inside, sure
from ..fxgraph.types import TensorType
from ..optimize.pipeline import optimize
from ..scanloop.carry import rebound
from ..scanloop.scan import scan, scan_op, trip_count
from ..scanloop.unused import parts_of
from .checkpoints import Repeated, checkpoint_op

#: What a size counts as that this call does not tell.
UNKNOWN = 100


#: Times as many bytes as in a call whose loops run in segments, from which on others are chosen.
GROWTH = 4


def stored(outputs: Sequence[Node]) -> tuple[int, Node | None]:
    """Bytes that the loops of a gradient stack: by the sizes of this call, and by those of any
    (None where they do not follow from the arguments')."""
    inputs = tuple(n for n in order_of(outputs, inside=True) if n.op.name in ("input", "size"))
    graph = optimize(Graph(inputs, tuple(outputs)), mode="FAST_COMPILE")
    loops = [n for n in graph.all_nodes if n.op is scan_op]
    stacks = [t for n in loops for t in _stacked(n)]
    total = lit(0)
    for t in stacks:
        total = plus(total, _count(t))
    now = sum(map(_bytes, stacks))
    return now, total if hinted(total) == now else None


def bounded(log: int, total: Node | None, most: int) -> None:
    """A guard: calls that store much more than this one get a kernel of their own."""
    limit = most if log <= most else GROWTH * log
    if total is not None:
        sure(minus(lit(limit), total))


def _stacked(n: Node) -> Sequence[TensorType]:
    b: Body = bodies(n)[0]
    count = len(b.params)
    types: Sequence[TensorType] = n.type[count : count + len(b.stacks)]
    return types


def _count(t: TensorType) -> Node:
    """Its bytes as an integer of the graph."""
    total = lit(int(t.dtype.itemsize))
    for d in t.shape:
        total = scaled(total, size_node(d))
    return total


def _bytes(t: TensorType) -> int:
    total = int(t.dtype.itemsize)
    for d in t.shape:
        value = d if isinstance(d, int) else hinted(size_node(d))
        total *= UNKNOWN if value is None else max(1, value)
    return total


def in_segments(nodes: Sequence[Node], outputs: Sequence[Node], log: int) -> tuple[Node, ...]:
    """`nodes`, with the outermost loops below `outputs` in segments; log: the bytes they store."""
    loops = [n for n in order_of(outputs) if n.op is scan_op and _fits(n) and _steps(n) > 1]
    work = {n: _steps(n) * max(1, len(order_of(bodies(n)[0].roots))) for n in loops}
    whole = sum(work.values())
    replace: dict[Node, Node] = {}
    for n in loops:
        steps = _steps(n)
        a_step = max(1.0, log * work[n] / whole / steps)
        carried = sum(_bytes(p.type) for p in bodies(n)[0].params)
        size = max(1, round(math.sqrt(steps * carried / a_step)))
        if size < steps:
            results = _segmented(n, size)
            replace.update((project(n, k), r) for k, r in enumerate(results))
    return substitute(nodes, replace) if replace else tuple(nodes)


def _steps(n: Node) -> int:
    b: Body = bodies(n)[0]
    assert b.index is not None
    value = hinted(trip_count(*(b.index.attr(k) for k in ("lo", "hi", "step"))))
    return UNKNOWN if value is None else value


def _fits(n: Node) -> bool:
    """A counted loop over floating values, without stacks or checks."""
    b: Body = bodies(n)[0]
    if b.index is None or b.cond is not None or b.stacks or b.effects or not b.params:
        return False
    return any(carries_derivative(p) for p in b.params)


def _segmented(n: Node, size: int) -> tuple[Node, ...]:
    """The final carries of the loop, run in segments of `size` steps, and the steps run."""
    b: Body = bodies(n)[0]
    parts = parts_of(n)
    assert b.index is not None
    lo, hi, step = (b.index.attr(k) for k in ("lo", "hi", "step"))
    trip = trip_count(lo, hi, step)
    segment = new_index(lit(0), clip0(ceil_quotient(trip, size)), 1, "segment")
    token = new_token()
    carried = [new_param(p.attr("name"), p.type) for p in b.params]
    with inside(token):
        start = plus(lo, times(segment, size * step))
        stop = plus(start, lit(size * step))
        end = least(stop, hi) if step > 0 else greatest(stop, hi)
        index = new_index(start, end, step, b.index.attr("name"))
        fresh = [new_param(p.attr("name"), p.type) for p in b.params]
        own = new_token()
        new = {b.index: index, b.token: own, **dict(zip(b.params, fresh))}
        inner = Body(index, tuple(fresh), None, rebound(b.results, new), own)
        outs = scan(carried, inner, None, [token])[: len(carried)]
        again = outs[0].inputs[0]
        if n in origin:
            origin[again] = origin[n]
        read = [x for x in dict.fromkeys(again.inputs) if x.op.name != "constant"]
        about = Repeated(tuple(outs), (), tuple(read))
        once = make(checkpoint_op, (*outs, *read), (("repeated", about), ("uid", fresh_uid())))
        results = tuple(project(once, k) for k in range(len(outs)))
    body = Body(segment, tuple(carried), None, results, token)
    final = scan(parts["inits"], body, None, parts["here"])
    return (*final[: len(carried)], trip)
