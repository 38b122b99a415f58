"""Stacks of while loops grow while these run, so that what a loop saves needs no second run.

How many steps a while loop takes is known behind it.  What its backward pass asks for is therefore
stacked by a loop of its own, which repeats the steps (`reverse_scan`):

    n = steps of (while c(x): x = f(x));  for n: push x; x = f(x)

Both are one loop where stacks may grow (`trip` -1: their length is what the loop ran to):

    while c(x): push x; x = f(x)

Whatever passes over graphs make of the two loops until then, they may make: what is not the same in
both is carried twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..fxgraph.affine import dim
from ..fxgraph.constants import is_const, new_param, project, value_of
from ..fxgraph.graph import Body, Graph, order_of
from ..fxgraph.node import Node, at_origin, origin
from ..fxgraph.ops.structure import reshape
from ..fxgraph.resolve import resolve
from .listed import stacked_lists
from .scan import scan_node, scan_op
from .unused import parts_of

#: Loops of a graph that are joined so.
MOST = 32


def grow_stacks(graph: Graph, also: Sequence[Node] = ()) -> tuple[Graph, tuple[Node, ...]]:
    """The graph with while loops that stack what loops over their steps stacked; and the nodes
    `also` as they are in it."""
    also = tuple(also)
    for _ in range(MOST):
        forward = next(filter(None, _replacements((*graph.roots, *also))), None)
        if forward is None:
            break
        roots = resolve((*graph.roots, *also), forward, graph.inputs)
        count, ours = len(graph.effects), len(graph.roots)
        effects = roots[:count]
        if len(set(effects)) < count:  # what comes before which effect is told by their number
            break
        graph = Graph(graph.inputs, roots[count:ours], effects, graph.guards, graph.name)
        also = roots[ours:]
    return graph, also


def _replacements(roots: Sequence[Node]) -> Iterable[dict[Node, Node]]:
    loops = [n for n in order_of(roots, inside=True) if n.op is scan_op]
    yield from map(stacked_lists, loops)
    yield from map(_joined, _repeated(loops))


def _repeated(loops: Sequence[Node]) -> Iterable[tuple[Node, Node]]:
    """While loops, each with a loop that stacks over its steps."""
    for n in loops:
        p = parts_of(n)
        body: Body = p["body"]
        trip = p["trip"]
        if not body.stacks or body.index is None or body.cond is not None or body.effects:
            continue
        lo, hi, step = (body.index.attr(k) for k in ("lo", "hi", "step"))
        if hi is not trip or step != 1 or not is_const(lo) or value_of(lo) != 0:
            continue
        if trip.op.name == "proj" and _counts(trip.inputs[0], trip.attr("k")):
            yield trip.inputs[0], n


def _counts(n: Node, k: int) -> bool:
    """Is value k of n the number of steps of a while loop?"""
    return n.op is scan_op and n.attr("bodies")[0].index is None and k == len(n.type) - 1


def _joined(pair: tuple[Node, Node]) -> dict[Node, Node]:
    """What stands for the values of both loops; {} where they cannot be one."""
    loop, again = pair
    one, two = parts_of(loop), parts_of(again)
    body, more = one["body"], two["body"]
    if not again.free <= loop.free or not set(two["here"]) <= set(one["here"]):
        return {}
    asked = (*more.results, *more.stacks)
    if any(more.index in r.free for r in asked):
        return {}
    taken = _same_carries(one, two)
    extra = [k for k, q in enumerate(more.params) if q not in taken]
    own = {more.params[k]: _renewed(more.params[k]) for k in extra}
    given = [two["inits"][k] for k in extra]
    captured = [x for x in again.inputs[len(more.params) :] if x is not two["trip"]]
    if _reaches(loop, (*given, *captured)):
        return {}
    with at_origin(origin.get(loop), loop):
        inner = {**taken, **own, more.token: body.token}
        roots = _inside((*(more.results[k] for k in extra), *more.stacks), inner)
        params = (*body.params, *own.values())
        results = (*body.results, *roots[: len(extra)])
        stacks = (*body.stacks, *roots[len(extra) :])
        joined = Body(None, params, body.cond, results, body.token, body.effects, stacks)
        new = scan_node([*one["inits"], *given], joined, None, one["here"])
    places = [params.index({**taken, **own}[q]) for q in more.params]
    return _forward(loop, again, new, places)


def _renewed(q: Node) -> Node:
    return new_param(q.attr("name"), q.type)


def _inside(roots: Sequence[Node], forward: dict[Node, Node]) -> tuple[Node, ...]:
    return resolve(roots, {a: b for a, b in forward.items() if a is not b})


def _same_carries(one: dict[str, object], two: dict[str, object]) -> dict[Node, Node]:
    """Carries of the second loop -> those of the first that hold the same at each step: both start
    alike, and go on alike if all of these are the same."""
    a, b = one["body"], two["body"]
    assert isinstance(a, Body) and isinstance(b, Body)
    starts = dict(zip(a.params, one["inits"], strict=True))  # type: ignore[call-overload]
    goes_on = dict(zip(a.params, a.results, strict=True))
    pairs: dict[Node, Node] = {}
    for q, start in zip(b.params, two["inits"], strict=True):  # type: ignore[call-overload]
        able = [p for p in a.params if starts[p] is start and p.type == q.type]
        able = [p for p in able if p is q or p not in b.own]
        found = q if q in able else next((p for p in able if p not in pairs.values()), None)
        if found is not None:
            pairs[q] = found
    results = dict(zip(b.params, b.results, strict=True))
    while pairs:
        ours = _inside([results[q] for q in pairs], {**pairs, b.token: a.token})
        good = {q: p for (q, p), r in zip(pairs.items(), ours, strict=True) if r is goes_on[p]}
        if len(good) == len(pairs):
            break
        pairs = good
    return pairs


def _reaches(loop: Node, operands: Iterable[Node]) -> bool:
    """Does any of the operands need what the loop gives?"""
    return loop in order_of(tuple(operands), stop=lambda m: m.serial < loop.serial)


def _forward(loop: Node, again: Node, new: Node, places: Sequence[int]) -> dict[Node, Node]:
    """loop, again: what became `new`.  places: where the carries of `again` are in it."""
    steps = project(new, len(new.type) - 1)
    before, after = loop.attr("n"), new.attr("n")
    forward = {loop: new}
    for k in range(len(loop.type) - 1):
        forward[project(loop, k)] = project(new, k if k < before else k - before + after)
    forward[project(loop, len(loop.type) - 1)] = steps
    for k, place in enumerate(places):
        forward[project(again, k)] = project(new, place)
    stacks = len(again.type) - 1 - len(places)
    first = len(new.type) - 1 - stacks
    for k in range(stacks):
        whole = project(new, first + k)
        forward[project(again, len(places) + k)] = reshape(whole, (dim(steps), *whole.shape[1:]))
    forward[project(again, len(again.type) - 1)] = steps
    return forward
