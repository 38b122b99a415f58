"""Branches that write over what was just written go on from there.

    B = set_item(A, w, x);  cond: set_item(A, w, y) or B   ->   cond: set_item(B, w, y) or B

A write over a write reads what was there before both, which the rules make of it where it stands
alone. Where B is computed anyway before the branches, that leaves two lines of versions: the array
would be copied for them, and what is written into the copy is missing in an argument after an
error. What only branches need is left alone: it is computed in them, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..fxgraph.graph import Graph, bodies
from ..fxgraph.node import Node, at_origin, origin, turn_of
from ..fxgraph.ops.structure import is_lasting, set_item, set_item_op
from ..fxgraph.resolve import replaced
from ..fxgraph.window import window_of
from .loopnest.observable import Observed, between_checks, line_of, source_of
from .loopnest.region import needs
from .loopnest.versions import chain

#: Branches in branches that are looked at.
ROUNDS = 4



@dataclass(frozen=True)
class _Level:
    """What a body computes whatever branch is taken, and its writes by the version they go on from.
    """

    nodes: dict[Node, None]
    writes: dict[Node, list[Node]]


#: Levels around a branch, the outermost first.
_Known = tuple[_Level, ...]


def join_lines(graph: Graph) -> Graph:
    """The graph with branches that go on from one version where they can."""
    for _ in range(ROUNDS):
        forward = dict(_joined(graph))
        if not forward:
            break
        graph = replaced(graph, forward)
    return graph


def _joined(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """First writes of branches, and the same over what was written there before the branches."""
    if not any(n.op.name == "cond" for n in graph.all_nodes):
        return
    levels: list[tuple[Sequence[Node], Sequence[Node], _Known]] = [(graph.roots, graph.effects, ())]
    met: set[Node] = set()
    while levels:
        roots, effects, outside = levels.pop()
        known = (*outside, _level(roots, effects, outside))
        for n in known[-1].nodes:
            if n in met or "body" not in n.op.traits:
                continue
            met.add(n)
            if n.op.name == "cond":
                yield from _lines(n, known)
            levels.extend((b.roots, b.effects, known) for b in bodies(n))


def _level(roots: Sequence[Node], effects: Sequence[Node], outside: _Known) -> _Level:
    """What these roots need and is not computed outside."""
    here = _Level({}, {})

    def had(n: Node) -> bool:
        return any(n in level.nodes for level in outside)

    stack = [*roots, *between_checks(roots, Observed(tuple(effects), ()), had)]
    while stack:
        n = stack.pop()
        if n not in here.nodes and not had(n):
            here.nodes[n] = None
            if n.op is set_item_op:
                here.writes.setdefault(n.inputs[0], []).append(n)
            stack.extend(needs(n))
    return here


def _lines(n: Node, known: _Known) -> Iterator[tuple[Node, Node]]:
    then, other = bodies(n)
    for t, o in zip(then.results, other.results, strict=True):
        if not t.shape:
            continue
        sides = [(_first_writes(r, known), set(chain(r))) for r in (t, o)]
        found = [{f: v for f in fs if (v := _written_before(f, known))} for fs, _ in sides]
        for mine, others, (_, line) in zip(found, found[::-1], sides[::-1], strict=True):
            for first, v in mine.items():
                if v in others.values() or v in line:
                    with at_origin(origin.get(first), first):
                        value, window = first.inputs[-1], window_of(first)
                        yield first, set_item(v, window, value, is_lasting(first))


def _first_writes(r: Node, known: _Known) -> list[Node]:
    """The oldest of a branch's own writes that lead to a version, through loops and branches."""
    out: dict[Node, None] = {}
    stack, met = [r], set[Node]()
    while stack:
        first = None
        for m in line_of(stack.pop(), lambda n: _is_known(n, known)):
            if m.op is set_item_op and not _is_known(m, known):
                first = m
        if first is not None:
            out[first] = None
        if source_of(m).op.name == "cond" and m not in met and not _is_known(m, known):
            met.add(m)
            stack.extend(b.results[m.attr("k")] for b in bodies(m.inputs[0]))
    return list(out)


def _is_known(n: Node, known: _Known) -> bool:
    return any(n in level.nodes or source_of(n) in level.nodes for level in known)


def _written_before(first: Node, known: _Known) -> Node | None:
    """The last write of the same place of the same version that is computed before."""
    base, window, turn = first.inputs[0], window_of(first), turn_of(first)
    before = (v for level in known for v in level.writes.get(base, ()) if turn_of(v) < turn)
    return max((v for v in before if window_of(v) == window), key=turn_of, default=None)


__all__ = ["join_lines"]
