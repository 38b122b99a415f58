"""Branches that write over what was just written go on from there.

    B = set_item(A, w, x);  cond: set_item(A, w, y) or B   ->   cond: set_item(B, w, y) or B

A write over a write reads what was there before both, which the rules make of it where it stands
alone. Where B is computed anyway before the branches, that leaves two lines of versions: the array
would be copied for them, and what is written into the copy is missing in an argument after an
error. What only branches need is left alone: it is computed in them, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..fxgraph.graph import Graph, bodies, order_of
from ..fxgraph.node import Node, at_origin, origin
from ..fxgraph.ops.structure import is_lasting, set_item, set_item_op
from ..fxgraph.resolve import replaced
from ..fxgraph.window import window_of
from .loopnest.observable import Observed, between_checks
from .loopnest.region import needs
from .loopnest.versions import chain

#: Branches in branches that are looked at.
ROUNDS = 4

#: What is computed around a branch, the outermost first.
_Known = tuple[dict[Node, None], ...]


def join_lines(graph: Graph) -> Graph:
    """The graph with branches that go on from one version where they can."""
    for _ in range(ROUNDS):
        forward = dict(_joined(graph))
        if not forward:
            break
        graph = replaced(graph, forward)
    return graph


def _joined(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """First writes of branches, and the same over what the other branch goes on from."""
    if not any(n.op.name == "cond" for n in order_of(graph.roots, inside=True)):
        return
    levels: list[tuple[Sequence[Node], Sequence[Node], _Known]] = [(graph.roots, graph.effects, ())]
    met: set[Node] = set()
    while levels:
        roots, effects, outside = levels.pop()
        here = _computed(roots, effects, outside)
        known = (*outside, here)
        for n in here:
            if n in met or "body" not in n.op.traits:
                continue
            met.add(n)
            if n.op.name == "cond":
                yield from _lines(n, known)
            levels.extend((b.roots, b.effects, known) for b in bodies(n))


def _computed(
    roots: Sequence[Node], effects: Sequence[Node], outside: _Known
) -> dict[Node, None]:
    """What these roots need whatever branch is taken, and is not computed outside."""
    done: dict[Node, None] = {}
    stack = [*roots, *between_checks(roots, Observed(tuple(effects), ()))]
    while stack:
        n = stack.pop()
        if n not in done and not any(n in known for known in outside):
            done[n] = None
            stack.extend(needs(n))
    return done


def _lines(n: Node, known: _Known) -> Iterator[tuple[Node, Node]]:
    then, other = bodies(n)
    for t, o in zip(then.results, other.results, strict=True):
        if not t.shape:
            continue
        for mine, theirs in ((t, o), (o, t)):
            first = _first_write(mine)
            if first is None:
                continue
            line = set(chain(mine))
            for v in chain(theirs):
                if v not in line and _same_place(v, first) and any(v in k for k in known):
                    with at_origin(origin.get(first)):
                        value, window = first.inputs[-1], window_of(first)
                        yield first, set_item(v, window, value, is_lasting(first))
                    break


def _first_write(v: Node) -> Node | None:
    """The oldest of the writes that lead to a version."""
    first = None
    while v.op is set_item_op:
        first, v = v, v.inputs[0]
    return first


def _same_place(a: Node, b: Node) -> bool:
    return a.op is set_item_op and a.inputs[0] is b.inputs[0] and window_of(a) == window_of(b)


__all__ = ["join_lines"]
