"""Reverse mode of branches: a branch on the same predicate, each side the other way round.

Only the side that was taken runs, so nothing of the other side (its nan, its infinities) is
multiplied by zero.  What a side needs of its forward values are further results of the forward
branch, with zeros on the other side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..autograd_sym.activity import carries_derivative
from ..autograd_sym.reverse import Walk
from ..fxgraph.constants import new_token, project
from ..fxgraph.graph import Body, bodies, order_of
from ..fxgraph.node import Node, origin
from ..fxgraph.ops.checks import recording
from ..fxgraph.ops.shaping import zeros
from ..fxgraph.prove import inside
from .body_walk import BodyWalk
from .cond import branch, cond, cond_node, cond_op
from .exclusive import exclusive
from .replay import Replay
from .reverse_scan import holder
from .scan import scan_op
from .versions import base_of, chain


@dataclass
class Side:
    """One branch: its token and walk on the backward side, and what is left to decide."""

    token: Node
    walk: BodyWalk
    roots: list[Node]
    effects: list[Node]
    replay: Replay | None = None


def reverse_cond(n: Node, walk: Walk) -> None:
    """Add the cotangents that the branch n gives, and restore the arrays that it wrote."""
    outs = [project(n, k) for k in range(len(n.type))]
    flags = walk.active.flags(n)
    wanted = [k for k, f in enumerate(flags) if f and walk.cot.has(outs[k])]
    if any(f and o in walk.reached for f, o in zip(flags, outs)):
        walk.reach(n.inputs)
    inside_walk = walk.mine if isinstance(walk, BodyWalk) else lambda x: True
    private = [exclusive(n, which, walk, inside_walk) for which in range(2)]
    restore = [
        k for k, o in enumerate(outs) if holder(walk, o) is not None and _undoable(n, k, private)
    ]
    if not wanted and not (restore and isinstance(walk, BodyWalk)):
        return
    targets = _targets(n, private, walk) if wanted else []
    starts = {x: walk.cot.of(x) for x in targets if walk.cot.has(x)}
    sides = [
        _side(n, which, walk, private[which], wanted, restore, targets, starts)
        for which in range(2)
    ]
    for s in sides:
        s.replay = Replay(s.walk, s.roots)
    forward, places = _forward(n, sides, walk)
    branches = [_tied(s, forward, at, walk) for s, at in zip(sides, places)]
    back = cond(walk.value(n.inputs[0]), branches[0], branches[1])
    if n in origin and back:
        origin[back[0].inputs[0]] = origin[n]
    walk.cot.base.update(zip(targets, back))
    walk.reached.update(targets)
    if isinstance(walk, BodyWalk) and restore:
        arrays = back[len(targets) :]
        walk.undoing(*arrays)
        for k, r in zip(restore, arrays):
            walk.hold(_base(n, k), r)


def _targets(n: Node, private: Sequence[set[Node]], walk: Walk) -> list[Node]:
    """The active outer values that either side reads, in a fixed order."""
    out: dict[Node, None] = {}
    for b, mine in zip(bodies(n), private):
        seen = order_of(b.roots, stop=lambda x: not (x in mine or x.free & b.own))  # noqa: B023
        reads = [r for r in b.results if r not in mine and not r.free & b.own]
        for m in seen:
            reads.extend(x for x in m.inputs if x not in mine and not x.free & b.own)
        out.update(dict.fromkeys(x for x in reads if carries_derivative(x) and walk.active(x)))
    return sorted(out, key=lambda x: x.serial)


def _base(n: Node, k: int) -> Node:
    """The version from which both sides' versions of result k start."""
    base = base_of(project(n, k))
    assert base is not None
    return base


def _versions(n: Node, k: int, b: Body) -> list[Node]:
    """The versions that one side makes, newest first."""
    found = chain(b.results[k], _base(n, k))
    return found[:-1] if found is not None else []


def _undoable(n: Node, k: int, private: Sequence[set[Node]]) -> bool:
    """Is result k an array that both sides write, in ways that the walk over them passes?"""
    if base_of(project(n, k)) is None:
        return False
    return all(
        v in mine or v.free & b.own or v.inputs[0].op not in (cond_op, scan_op)
        for b, mine in zip(bodies(n), private)
        for v in _versions(n, k, b)
    )


def _side(
    n: Node,
    which: int,
    walk: Walk,
    mine: set[Node],
    wanted: Sequence[int],
    restore: Sequence[int],
    targets: Sequence[Node],
    starts: dict[Node, Node],
) -> Side:
    b: Body = bodies(n)[which]
    token = new_token()
    with inside(token), recording() as effects:
        inner = BodyWalk(b.results, (), walk, b.own, {b.token: token}, mine)
        for x, g in starts.items():
            inner.give(x, g)
        for k in wanted:
            if walk.active(b.results[k]) or inner.active(b.results[k]):
                inner.give(b.results[k], walk.cot.of(project(n, k)))
        for k in restore:
            array = holder(walk, project(n, k))
            assert array is not None
            inner.hold(b.results[k], array)
        inner.run()
        roots = [inner.cot.of(x) for x in targets]
        for k in restore:
            for version in _versions(n, k, b):
                inner.undo(version)
            roots.append(inner.restored[_base(n, k)])
    return Side(token, inner, roots, effects)


def _forward(n: Node, sides: Sequence[Side], walk: Walk) -> tuple[Node, list[list[int]]]:
    """The forward branch with what both sides save as further results, and where these stand."""
    then, other = bodies(n)
    extra: list[tuple[Node, Node]] = []
    places: list[list[int]] = []
    for which, s in enumerate(sides):
        assert s.replay is not None
        start = len(then.results) + len(extra)
        places.append(list(range(start, start + len(s.replay.saved))))
        for v in s.replay.saved:
            blank = zeros(v.dtype, v.shape)
            extra.append((v, blank) if which == 0 else (blank, v))
    if not extra:
        return n, places
    here = [x for x in n.inputs[1:] if x.op.name == "token"]
    new = cond_node(
        n.inputs[0],
        branch((*then.results, *(a for a, _ in extra)), then.token, then.effects),
        branch((*other.results, *(b for _, b in extra)), other.token, other.effects),
        here,
    )
    if isinstance(walk, BodyWalk) and walk.mine(n):
        walk.adopt(new)
        for k in range(len(new.type)):
            walk.adopt(project(new, k))
    return new, places


def _tied(s: Side, forward: Node, places: Sequence[int], walk: Walk) -> Body:
    assert s.replay is not None
    rows = [walk.value(project(forward, k)) for k in places]
    results, effects = s.replay.tie(rows, s.effects)
    return branch(results, s.token, effects)


cond_op.extra["reverse"] = reverse_cond
