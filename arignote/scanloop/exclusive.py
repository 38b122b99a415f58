"""What belongs to a branch though it stands around it.

A branch has no params, so what it computes does not depend on its leaves and is a node of the body
around it.  It still is only computed where the branch is taken, and may only be valid there (an
index that the predicate keeps in range); so a walk has to know it.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from ..autograd_sym.reverse import Walk
from ..fxgraph.constants import proj
from ..fxgraph.graph import bodies, captures
from ..fxgraph.node import Node, dependencies


def exclusive(
    n: Node, which: int, walk: Walk, inside: Callable[[Node], bool] = lambda x: True
) -> set[Node]:
    """The nodes around the branch n that only this side of it uses.

    inside: is a node one of the body that the walk is over?
    """
    b, other = bodies(n)[which], bodies(n)[1 - which]
    shared = {*captures(other.roots, other.own), n.inputs[0]}
    found = set(captures(b.roots, b.own)) - shared
    mine: set[Node] = set()

    def only_here(x: Node) -> bool:
        users = walk.users.get(x, [None])
        return all(u in mine or (u is n and x in found) for u in users)

    heap = [(-x.serial, x) for x in found]
    heapify(heap)
    while heap:
        _, x = heappop(heap)
        if x in mine or x in shared or not x.inputs or "leaf" in x.op.traits:
            continue
        if not inside(x):
            continue
        if x.op is proj:  # goes with its owner, and with its owner's other results
            heappush(heap, (-x.inputs[0].serial, x.inputs[0]))
            continue
        parts = [u for u in walk.users.get(x, [None]) if u is not None and u.op is proj]
        if isinstance(x.type, tuple) and parts and len(parts) == len(walk.users[x]):
            if shared.isdisjoint(parts) and all(map(only_here, parts)):
                mine.update((x, *parts))
        elif only_here(x):
            mine.add(x)
        if x in mine:
            for d in dependencies(x):
                heappush(heap, (-d.serial, d))
    return mine
