"""What may run in another order: distances between accesses, and steps that are independent.

The facts are exact for positions that move with the loop by one (index + constant), and
conservative
for anything else; integer sets decide what these cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...fxgraph.affine import linear, minus, plus, size_node
from ...fxgraph.constants import lit, new_index
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from ...fxgraph.prove import ge0
from .access import Access, Effects, differ, effects_of, meeting
from .program import (
    Alloc,
    Assign,
    Buffer,
    Fold,
    If,
    Library,
    Loop,
    Statement,
    Store,
    children,
    expressions,
    walk,
)
from .strides import inner_indices


def offset_from(i: Node, index: Node) -> Node | None:
    """i - index when i is index + (something that does not vary inside the loop)."""
    coefs, _ = linear(i)
    if coefs.get(index) != 1:
        return None
    rest = minus(i, index)
    for atom in linear(rest)[0]:
        if atom.op.name in ("index", "load") and atom.serial > index.serial:
            return None
        if atom.op.name not in ("index", "input", "local"):
            return None
    return rest


def along(x: Access, index: Node) -> list[Node | None] | None:
    """Per axis: the offset from the loop index, where the axis moves with it and nothing inside."""
    if x.index is None:
        return None
    return [offset_from(i, index) for i in x.index]


def ordered(
    ax: list[Node | None] | None, by: list[Node | None] | None, ups: bool, same: bool
) -> bool:
    if ax is None or by is None:
        return False
    for ca, cb in zip(ax, by, strict=True):
        if ca is None or cb is None:
            continue
        if ca is cb:
            return True
        if not same and ups and ge0(minus(ca, cb)):
            return True
    return False


def independent_steps(loop: Loop, private: set[Buffer]) -> bool:
    """May the steps of the loop run in any order, or at once?"""
    e = effects_of(loop.body)
    if e.barrier or any(isinstance(s, Library) for s in walk(loop.body)):
        return False
    if not _variables_private(loop.body, set(), e.sets):
        return False
    own = private | (e.touches & e.allocates)
    meetings: Meetings | None = None
    for b in e.at:
        writes = [w for w in e.at[b] if w.write] if b not in own else []
        shared = [r for r in meeting(e.at.keys(), {b}) if r not in own] if writes else []
        for w in writes:
            for a in (a for r in shared for a in e.at[r]):
                if not _same_slice(w, a, loop.index):
                    meetings = meetings or Meetings(loop)
                    if not meetings.never(w, a):
                        return False
    return True


class Meetings:
    """Whether two accesses of a loop touch one element in different steps.

    The later step is a copy of the loop's counter that starts behind it, with counters of its own
    for the loops inside; positions that differ on some axis whatever the counters are do not meet.
    """

    def __init__(self, loop: Loop) -> None:
        i = loop.index
        step = i.attr("step")
        later = new_index(plus(i, lit(step)), i.attr("hi"), step, i.attr("name"))
        self.later = Rebuild({i: later})
        for k in inner_indices(loop.body):
            lo, hi = self.later((k.attr("lo"), k.attr("hi")))
            self.later.done[k] = new_index(lo, hi, k.attr("step"), k.attr("name"))
        self.varying = effects_of(loop.body).sets
        self.tests = 0

    def never(self, x: Access, y: Access) -> bool:
        if x.buffer is not y.buffer or x.index is None or y.index is None:
            return False
        self.tests += 1
        if self.tests > MOST_TESTS or not (self._plain(x) and self._plain(y)):
            return False
        return self.apart(x.index, y.index) and self.apart(y.index, x.index)

    def apart(self, now: tuple[Node, ...], then: tuple[Node, ...]) -> bool:
        """Are the positions different when the second is that of a later step?"""
        return differ(now, self.later(then))

    def _plain(self, a: Access) -> bool:
        assert a.index is not None
        return not any(
            m.op.name == "load" or m in self.varying for i in a.index for m in order_of((i,))
        )


#: Pairs of accesses of one loop that are looked at before it is given up.
MOST_TESTS = 2000


def _same_slice(w: Access, a: Access, index: Node) -> bool:
    """Some axis is accessed at the same distance from the loop's index by both."""
    if w.buffer is not a.buffer or w.index is None or a.index is None:
        return False
    for x, y in zip(w.index, a.index, strict=True):
        dx, dy = offset_from(x, index), offset_from(y, index)
        if dx is not None and dx is dy:
            return True
    return False


def _variables_private(block: Sequence[Statement], known: set[Node], mine: set[Node]) -> bool:
    """Every variable set in the step is set before it is read."""
    known = set(known)
    for s in block:
        for e in expressions(s):
            for m in order_of((e,)):
                if m.op.name == "local" and m in mine and m not in known:
                    return False
        if isinstance(s, Fold) and s.local not in known:
            return False
        for c in children(s):
            if not _variables_private(c, known, mine):
                return False
        if isinstance(s, Assign):
            known.add(s.local)
        elif isinstance(s, If) and s.other:
            known |= _assigned(s.then) & _assigned(s.other)
    return True


def _assigned(block: Sequence[Statement]) -> set[Node]:
    return {s.local for s in block if isinstance(s, Assign)}


def private_scratch(loop: Loop, block: Sequence[Statement]) -> set[Buffer]:
    """Scratch of this block that only this loop uses, and writes before it reads in each step."""
    return Scratch(block).private(loop, effects_of((loop,)))


class Scratch:
    """Which of a block's temporaries one statement alone uses, as far as the block was read."""

    def __init__(self, block: Iterable[Statement] = ()) -> None:
        self.made: set[Buffer] = set()
        self.users: dict[Buffer, int] = {}
        for s in block:
            self.add(s, effects_of((s,)))

    def add(self, s: Statement, facts: Effects) -> None:
        if not isinstance(s, Alloc):
            for b in facts.at:
                self.users[b] = self.users.get(b, 0) + 1
        elif s.buffer.role == "temporary" and not s.zero:
            self.made.add(s.buffer)

    def join(self, a: Effects, b: Effects) -> None:
        """One statement more does b, which does a already."""
        for x in b.at:
            if x not in a.at:
                self.users[x] = self.users.get(x, 0) + 1

    def private(self, loop: Loop, facts: Effects, counted: bool = True) -> set[Buffer]:
        """Scratch that only this loop uses, and writes before it reads in each step.

        counted: was the loop added?
        """
        mine = {b for b in facts.at if b in self.made and self.users.get(b, 0) == int(counted)}
        return written_first(loop, mine)


def written_first(loop: Loop, wanted: set[Buffer]) -> set[Buffer]:
    """Those buffers of which each step of the loop writes everything before it reads."""
    out: set[Buffer] = set()
    left = {b for b in wanted if all(_outside(d, loop) for d in b.shape)}
    for s in loop.body:
        if not left:
            break
        at = effects_of((s,)).at
        for b in at.keys() & left:
            left.discard(b)
            if covers(s, b) and _written_before_read(s, at[b], b):
                out.add(b)
            elif isinstance(s, Loop) and _only_in(s, loop.body, b):
                out |= written_first(s, {b})
    return out


def _written_before_read(s: Statement, accesses: Iterable[Access], b: Buffer) -> bool:
    """Does a nest that covers b read only elements that the same step has just written?"""
    while isinstance(s, Loop):
        s = next(c for c in s.body if b in effects_of((c,)).at)
    assert isinstance(s, Store)
    if s.accumulate or any(not a.write and a.buffer is b for a in effects_of((s,)).accesses):
        return False
    return all(not a.accumulate and (a.write or a.index == s.index) for a in accesses)


def _only_in(s: Statement, block: Sequence[Statement], b: Buffer) -> bool:
    return not any(b in effects_of((x,)).at for x in block if x is not s)


def _outside(d: int | Node, loop: Loop) -> bool:
    return isinstance(d, int) or loop.index not in order_of((d,))


def covers(s: Statement, b: Buffer) -> bool:
    """Does the statement, a nest, store to every element of b?"""
    loops: list[Node] = []
    while True:
        if isinstance(s, Store):
            return s.buffer is b and _all_positions(s.index, loops, b)
        if not isinstance(s, Loop):
            return False
        loops.append(s.index)
        inner = next((c for c in s.body if b in effects_of((c,)).at), None)
        if inner is None:
            return False
        s = inner


def _all_positions(index: Sequence[Node], loops: Sequence[Node], b: Buffer) -> bool:
    if len(set(index)) != len(index):
        return False
    for i, d in zip(index, b.shape, strict=True):
        if isinstance(d, int) and d == 1:
            continue
        if i not in loops or i.attr("lo") is not lit(0) or i.attr("hi") is not size_node(d):
            return False
    return True
