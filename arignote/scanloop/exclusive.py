"""What belongs to a branch though it stands around it.

A branch has no params, so what it computes does not depend on its leaves and is a node of the body
around it.  It still is only computed where the branch is taken, and may only be valid there (an
index that the predicate keeps in range); so a walk has to know it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from ..autograd_sym.reverse import Walk
from ..fxgraph.constants import proj
from ..fxgraph.graph import bodies, captures, order_of
from ..fxgraph.interpret import needed
from ..fxgraph.node import Node, dependencies
from ..fxgraph.overlap import in_range
from ..fxgraph.window import window_of
from .cond import cond_op
from .scan import scan_op


def exclusive(
    n: Node, which: int, walk: Walk, inside: Callable[[Node], bool] = lambda x: True
) -> set[Node]:
    """The nodes around the branch n that only this side of it uses, and those that several branches
    use but nothing else does, if they read elements that may not be there: each branch goes back
    through these by itself, because around it they are not valid.

    inside: is a node one of the body that the walk is over?  What the walk ends at is outside of
    both sides: its cotangent is asked for there.
    """
    b, other = bodies(n)[which], bodies(n)[1 - which]
    shared = {*captures(other.roots, other.own), n.inputs[0]}
    guarded = _guarded(walk)
    shared -= guarded
    found = set(captures(b.roots, b.own)) - shared
    mine: set[Node] = set()

    def only_here(x: Node) -> bool:
        users = walk.users.get(x, [None])
        return x in guarded or all(u in mine or (u is n and x in found) for u in users)

    heap = [(-x.serial, x) for x in found]
    heapify(heap)
    while heap:
        _, x = heappop(heap)
        if x in mine or x in shared or not x.inputs or "leaf" in x.op.traits or x in walk.ends:
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


def _guarded(walk: Walk) -> set[Node]:
    """Values that only branches use, and that read or write elements not proved to be there."""
    known = _guarded_of.get(walk)
    if known is not None:
        return known
    only: set[Node] = set()
    for x in sorted(walk.users, key=lambda x: -x.serial):  # users first
        if all(u is not None and (u in only or _holds(u, x)) for u in walk.users[x]):
            only.add(x)
    out: set[Node] = set()
    for x in sorted(only, key=lambda x: x.serial):
        owner = x.inputs[0] if x.op is proj else x
        if owner.op is cond_op or owner.op is scan_op or x in walk.ends:
            continue
        if _may_miss(x) or any(d in out for d in dependencies(x)):
            out.add(x)
    _guarded_of[walk] = out
    return out


#: What `_guarded` found: the branches of a walk ask one after the other.
_guarded_of: weakref.WeakKeyDictionary[Walk, set[Node]] = weakref.WeakKeyDictionary()


def _holds(n: Node, x: Node) -> bool:
    """Is n a branch that has x inside?"""
    return n.op is cond_op and x is not n.inputs[0]


def _may_miss(n: Node) -> bool:
    if n.op.name not in _WINDOWS:
        return False
    return not in_range(window_of(n), n.inputs[0].shape)


_WINDOWS = ("view", "set_item", "add_at")


def unconditional(roots: Iterable[Node], mine: Callable[[Node], bool]) -> set[Node]:
    """The nodes of a body that may be computed whenever it runs.

    Those that only a branch reads are left out, and those that only a loop reads if they read or
    write elements that are not proved to be there: the loop may not run.
    """
    out: set[Node] = set()
    stack = [r for r in roots if mine(r)]
    while stack:
        n = stack.pop()
        if n in out:
            continue
        out.add(n)
        below = needed(n)
        if n.op is scan_op:
            below = [*below, *(x for x in _read_by_steps(n) if mine(x) and _is_safe(x, mine))]
        stack.extend(x for x in below if mine(x) and x not in out)
    return out


def _read_by_steps(n: Node) -> list[Node]:
    """What every step of a loop reads from outside."""
    b = bodies(n)[0]
    found: dict[Node, None] = {}
    seen: set[Node] = set()
    stack = list(b.roots)
    while stack:
        m = stack.pop()
        if m in seen:
            continue
        seen.add(m)
        if not m.free & b.own:
            found[m] = None
            continue
        stack.extend(needed(m))
        if m.op is scan_op:
            stack.extend(_read_by_steps(m))
    return list(found)


def _is_safe(n: Node, mine: Callable[[Node], bool]) -> bool:
    """Are all elements that computing n reads or writes proved to be there?"""
    return not any(map(_may_miss, order_of((n,), stop=lambda m: not mine(m))))
