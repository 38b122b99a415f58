"""Writes into a carried array that no later read meets, and additions to what is still zero.

The backward loop of a loop that writes an array holds the array again and sets back what each step
overwrote.  Most of that is for nobody: a value is only needed where some adjoint reads an element
that was overwritten after it.  Every read and write of such an array (one that is dead after its
loop) is an affine map from loop counters to elements; isl tells which writes reach a read.  The
others go, and with them the stacks that the forward loop kept for them.

An addition that meets no element that was written before adds to the zeros that a cotangent starts
with, and becomes an assignment.  What is not affine reads everything and is never removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..fxgraph.constants import is_value, proj
from ..fxgraph.graph import Body, Graph, bodies, order_of
from ..fxgraph.node import Node, dependencies
from ..fxgraph.ops.structure import add_at_op, full_op, set_item, set_item_op, view_op
from ..fxgraph.overlap import injective
from ..fxgraph.resolve import replaced
from ..fxgraph.window import window_of
from .access_sets import Statement, met_before, reaching
from .scan import scan_op
from .versions import chain

#: Loops whose arrays have more reads and writes than this are left alone.
MOST = 200


def drop_dead_writes(graph: Graph) -> Graph:
    """The graph without those writes; the same object where there are none."""
    used = {n for n in graph.order if n.op is proj} & _reads(graph)
    forward: dict[Node, Node] = {}
    for n in graph.order:
        if n.op is scan_op:
            for k in _candidates(n, used):
                forward.update((w, w.inputs[0]) for w in _dead(n, k))
    return replaced(graph, forward)


def assign_first_additions(graph: Graph) -> Graph:
    """The graph with additions to elements that are still zero as assignments."""
    forward: dict[Node, Node] = {}
    for n in graph.order:
        if n.op is scan_op:
            b: Body = bodies(n)[0]
            for k, p in enumerate(b.params):
                start = n.inputs[k]
                if p.rank and start.op is full_op and is_value(start.inputs[0], 0):
                    forward.update((a, _assigned(a)) for a in _first_additions(n, k))
    return replaced(graph, forward)


def _assigned(a: Node) -> Node:
    return set_item(a.inputs[0], window_of(a), a.inputs[-1])


def _reads(graph: Graph) -> set[Node]:
    return {d for n in graph.order for d in dependencies(n)} | set(graph.roots)


def _candidates(n: Node, used: set[Node]) -> list[int]:
    """Carries that are written in place, and dead after the loop."""
    b: Body = bodies(n)[0]
    if b.index is None or b.cond is not None:
        return []
    live = {p.attr("k") for p in used if p.inputs[0] is n}
    return [
        k
        for k, p in enumerate(b.params)
        if k not in live and p.rank and (chain(b.results[k], p) or [p])[0] is not p
    ]


@dataclass
class _Uses:
    """Who reads each node inside a loop, and inside which further loops."""

    readers: dict[Node, list[tuple[Node, tuple[Body, ...]]]] = field(default_factory=dict)
    results: dict[Node, int] = field(default_factory=dict)  # how often it is a result of a body
    size: int = 0

    def enter(self, b: Body, loops: tuple[Body, ...]) -> None:
        for r in b.roots:
            self.results[r] = self.results.get(r, 0) + 1
        for m, around, inner in _inside(b, loops):
            self.size += 1
            for x in m.inputs:
                self.readers.setdefault(x, []).append((m, around))
            for sub in inner:
                for r in sub.roots:
                    self.results[r] = self.results.get(r, 0) + 1


def _inside(
    b: Body, loops: tuple[Body, ...]
) -> Iterator[tuple[Node, tuple[Body, ...], tuple[Body, ...]]]:
    """(node, loops around it, its bodies) for all nodes of a body, and of the bodies in it."""
    left = [(b, loops)]
    while left:
        body, around = left.pop()
        own = body.own
        for m in order_of(body.roots, stop=lambda m: not m.free & own):  # noqa: B023
            inner = bodies(m)
            yield m, around, inner
            for sub in inner:
                left.append((sub, (*around, sub) if m.op is scan_op else around))


def _dead(n: Node, k: int) -> list[Node]:
    """The writes into carry k of the loop n that reach no read."""
    b: Body = bodies(n)[0]
    uses = _Uses()
    uses.enter(b, (b,))
    found = _Accesses(uses)
    if not found.loop(n, k, (b,), ()) or not found.writes or len(found.statements) > MOST:
        return []
    alive = reaching(found.statements, b.own)
    if alive is None:
        return []
    return [w for at, w in found.writes.items() if at not in alive and w.op is set_item_op]


def _first_additions(n: Node, k: int) -> list[Node]:
    """The additions to carry k of the loop n, zero before it, that nothing comes before."""
    b: Body = bodies(n)[0]
    versions = chain(b.results[k], b.params[k])
    if versions is None or len(versions) < 2:
        return []
    found = _Accesses(_Uses())
    if not found.loop(n, k, (b,), ()) or len(found.statements) > MOST:
        return []
    added = {at: w for at, w in found.writes.items() if w.op is add_at_op}
    if not added:
        return []
    second = met_before(found.statements, b.own)
    if second is None:
        return []
    return [w for at, w in added.items() if at not in second and injective(window_of(w))]


class _Accesses:
    """The reads and writes of one array in a loop nest, in the order of a step.

    writes: position in `statements` -> the node.
    """

    def __init__(self, uses: _Uses) -> None:
        self.uses = uses
        self.statements: list[Statement] = []
        self.writes: dict[int, Node] = {}

    def loop(
        self, n: Node, k: int, loops: tuple[Body, ...], before: tuple[int | Body, ...]
    ) -> bool:
        """Collect from a loop over which the array is carry k; False where it escapes.

        before: the time at which the loop starts.
        """
        b: Body = bodies(n)[0]
        if b.index is None or b.cond is not None:
            return False
        versions = chain(b.results[k], b.params[k])
        if versions is None or self.uses.results.get(b.results[k], 1) != 1:
            return False
        time = (*before, b)
        versions.reverse()
        for j, v in enumerate(versions):
            after = versions[j + 1] if j + 1 < len(versions) else None
            if after is not None and self.uses.results.get(v, 0):
                return False
            made_by = after.inputs[0] if after is not None and after.op is proj else after
            for user, around in self.uses.readers.get(v, ()):
                if user is not made_by:
                    self._read(user, v, around, (*time, 2 * j))
                elif list(user.inputs).count(v) > 1:
                    return False
            if after is not None and not self._step(v, after, loops, (*time, 2 * j + 1)):
                return False
        return True

    def _read(
        self, user: Node, v: Node, loops: tuple[Body, ...], time: tuple[int | Body, ...]
    ) -> None:
        known = user.op is view_op and v not in user.inputs[1:]
        w = window_of(user) if known else None
        self.statements.append(Statement(w, v.rank, loops, time, False))

    def _step(
        self, v: Node, after: Node, loops: tuple[Body, ...], time: tuple[int | Body, ...]
    ) -> bool:
        """From one version to the next."""
        if after.op is proj:
            owner = after.inputs[0]
            if owner.op is not scan_op:
                return False
            k = after.attr("k")
            if owner.inputs[k] is not v:
                return False
            return self.loop(owner, k, (*loops, bodies(owner)[0]), time)
        if after.op is add_at_op:
            self.statements.append(Statement(window_of(after), v.rank, loops, time, False))
        elif after.op is not set_item_op:
            return False
        self.writes[len(self.statements)] = after
        self.statements.append(Statement(window_of(after), v.rank, loops, time, True))
        return True
