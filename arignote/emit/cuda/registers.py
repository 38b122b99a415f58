"""Elements that stay where they are while a loop of one thread runs live in variables meanwhile.

for t: h[b] = f(h[b], x[t, b])   ->   r = h[b]; for t: r = f(r, x[t, b]); h[b] = r
"""

from __future__ import annotations

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.access import Access, effects_of
from ...optimize.loopnest.program import Buffer, Check, Loop, Store, While, walk
from .scope import root

Place = tuple[Buffer, tuple[Node, ...]]


def promoted(loop: Loop, pointed: frozenset[Buffer], atomic: frozenset[Buffer]) -> list[Place]:
    """The elements that a loop stores at each step and that nothing else of it touches.

    Not where a step may be left in the middle, as the stores behind the loop were lost.
    """
    inside = list(walk(loop.body))
    if any(isinstance(s, Check | While) for s in inside):
        return []
    moving = {loop.index, *effects_of((loop,)).counters, *effects_of(loop.body).sets}
    by_root: dict[Buffer, list[Access]] = {}
    for a in effects_of(loop.body).accesses:
        by_root.setdefault(root(a.buffer), []).append(a)
    out: list[Place] = []
    for s in loop.body:
        if not isinstance(s, Store) or (s.buffer, s.index) in out:
            continue
        b = root(s.buffer)
        same = all(a.buffer is s.buffer and a.index == s.index for a in by_root[b])
        if not same or not b.restrict or b in pointed or b in atomic:
            continue
        nodes = order_of(s.index)
        if any(m.op.name == "load" or m in moving for m in nodes):
            continue
        out.append((s.buffer, s.index))
    return out
