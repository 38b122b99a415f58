"""Interchange: a loop whose steps are independent moves inside the loops that it holds.

    for j:                                      for strips of j:
        s = 0                                       for j in strip: s[j] = 0
        for k: s += a[k] * b[k, j]         ->       for k: for j in strip: s[j] += a[k] * b[k, j]
        c[j] = s                                    for j in strip: c[j] = s[j]

It pays where elements that are far apart for the inner loop are neighbours for the outer one.  The
body is cut into segments without loops; a variable that lives from one segment to another gets an
element a step, so the outer loop runs in strips that the first cache holds.  An inner loop that
walks along memory as it stands stays inside, in a segment of its own.  Steps may also be dependent
by what they add to an array that nothing in the loop reads, as in the backward pass of a loop:
floats may be added in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...fxgraph.affine import linear, minus, plus
from ...fxgraph.constants import lit, new_index
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import greatest, least
from .access import effects_of, meeting, renamed
from .accumulate import accumulate
from .dependence import independent_steps
from .mentions import mentioned, own
from .program import (
    Alloc,
    Assign,
    Buffer,
    Fold,
    Loop,
    Program,
    Statement,
    Store,
    children,
    expressions,
    load,
    walk,
    with_children,
)
from .strides import stride
from .sums import adding

#: Steps of a strip: so many doubles of a few variables fit the first cache, and the stack.
STRIP = 256


def interchange(program: Program) -> Program:
    """The program with loops turned where that makes inner loops walk along memory."""
    mentions = mentioned(program)
    notes: list[str] = []
    block = _block(program.statements, mentions, notes)
    if not notes:
        return program
    turned = replace(program, statements=block, notes=(*program.notes, *notes))
    return accumulate(turned)  # a loop that moved inside may add to one element all along


def _block(
    block: tuple[Statement, ...], mentions: dict[Node, int], notes: list[str]
) -> tuple[Statement, ...]:
    out = []
    for s in block:
        s = with_children(s, tuple(_block(c, mentions, notes) for c in children(s)))
        if isinstance(s, Loop):
            turned = _turned(s, mentions)
            if turned is not None:
                notes.append(f"{s.origin or s.index.attr('name')}: the loop moved inside")
                s = turned
        out.append(s)
    return tuple(out)


def _turned(loop: Loop, mentions: dict[Node, int]) -> Loop | None:
    """The loop, in strips, inside the loops of its body; None where that is not possible or does
    not pay."""
    if loop.index.attr("step") == -1:
        loop = _upwards(loop)
    if loop.index.attr("step") != 1 or not _pays(loop) or not _sinkable(loop):
        return None
    parallel = independent_steps(loop, set())
    if not parallel:
        loop = replace(loop, body=adding(loop.body))
        sums = _only_added(loop)
        if not sums or not independent_steps(loop, sums):
            return None
    if len(own(loop.body, mentions)) < len(effects_of(loop.body).sets):
        return None
    kept = frozenset(s for s in loop.body if isinstance(s, Loop) and not _gains(s, loop))
    crossing = _crossing(loop.body, kept)
    if any(v.dtype.kind not in "fiucb" or v.dtype.char == "e" for v in crossing):
        return None
    lo, hi = loop.index.attr("lo"), loop.index.attr("hi")
    if len(loop.body) == 1 and isinstance(loop.body[0], Loop) and not crossing:
        (whole,) = _Sink(loop, lo, minus(hi, lo), {}).block(loop.body)
        assert isinstance(whole, Loop)
        return replace(whole, origin=whole.origin or loop.origin)
    strip = new_index(lo, hi, STRIP, loop.index.attr("name"))
    arrays = {v: Buffer(v.attr("name"), v.dtype, (STRIP,), "temporary") for v in crossing}
    sink = _Sink(loop, strip, least(lit(STRIP), minus(hi, strip)), arrays, kept)
    body = (*(Alloc(b) for b in arrays.values()), *sink.block(loop.body))
    return Loop(strip, body, parallel=parallel, origin=loop.origin)


def _upwards(loop: Loop) -> Loop:
    """The same steps in the other order."""
    lo, hi, name = (loop.index.attr(k) for k in ("lo", "hi", "name"))
    index = new_index(plus(hi, lit(1)), plus(lo, lit(1)), 1, name)
    return replace(loop, index=index, body=renamed(loop.body, {loop.index: index}))


def _only_added(loop: Loop) -> set[Buffer]:
    """The arrays of which the loop only adds to elements."""
    at = effects_of(loop.body).at
    return {
        b
        for b, accesses in at.items()
        if b.restrict
        and b.dtype.char in "fdFD"
        and all(a.accumulate and a.buffer is b for a in accesses)
        and all(r is b for r in meeting(at.keys(), {b}))
    }


# ---- does it pay, can it be done -----------------------------------------------------------------
def _pays(loop: Loop) -> bool:
    """Do inner loops walk along memory afterwards, and did not before?"""
    return any(_gains(s, loop) for s in loop.body if isinstance(s, Loop))


def _gains(inner: Loop, outer: Loop) -> bool:
    """Do its innermost loops walk along memory when the outer loop is inside?"""
    gains = 0
    for s in walk((inner,)):
        if not isinstance(s, Loop) or any(isinstance(x, Loop) for x in s.body):
            continue
        for a in effects_of(s.body).accesses:
            before, after = stride(a, s.index), stride(a, outer.index)
            if before == "far" and after == "unit":
                gains += 1
            elif before != "far" and after == "far":
                return False
    return gains > 0


def _sinkable(loop: Loop) -> bool:
    """Only assignments and loops, whose bounds move with the outer counter at one end at most."""
    for s in walk(loop.body):
        if isinstance(s, Loop):
            lo, hi = (moves(s.index.attr(k), loop.index) for k in ("lo", "hi"))
            if "otherwise" in (lo, hi) or (lo, hi) == ("along", "along"):
                return False
            if s.index.attr("step") != 1 and (lo, hi) != ("still", "still"):
                return False
        elif not isinstance(s, Assign | Fold | Store):
            return False
    return True


def moves(bound: Node, index: Node) -> str:
    """still: the bound does not depend on the counter; along: it is counter + constant."""
    if not any(m is index or m.op.name in ("local", "load") for m in order_of((bound,))):
        return "still"
    if linear(bound)[0].get(index) == 1:
        rest = minus(bound, index)
        if not any(m is index or m.op.name in ("local", "load") for m in order_of((rest,))):
            return "along"
    return "otherwise"


def _crossing(block: Sequence[Statement], kept: frozenset[Statement]) -> tuple[Node, ...]:
    """Variables that one segment sets and another (or the same one, next time) reads, in order."""
    sets, exposed = effects_of(block).sets, dict[Node, None]()
    stack: list[Sequence[Statement]] = [block]
    while stack:
        for segment in segments(stack.pop(), kept):
            if isinstance(segment, Loop):
                stack.append(segment.body)
                continue
            for v in _exposed(segment):
                exposed[v] = None
    return tuple(sorted((v for v in exposed if v in sets), key=lambda v: v.serial))


def _exposed(segment: Sequence[Statement]) -> list[Node]:
    """The variables that a segment reads before it sets them."""
    known: set[Node] = set()
    out: dict[Node, None] = {}
    for s in walk(segment):
        read = (s.local, *expressions(s)) if isinstance(s, Fold) else expressions(s)
        for v in order_of(read):
            if v.op.name == "local" and v not in known:
                out[v] = None
        if isinstance(s, Assign | Fold):
            known.add(s.local)
    return list(out)


def segments(
    block: Sequence[Statement], kept: frozenset[Statement] = frozenset()
) -> list[Loop | list[Statement]]:
    """Runs of statements without loops, and the loops between them; loops of `kept` count as
    statements, and are runs of their own."""
    out: list[Loop | list[Statement]] = []
    for s in block:
        if isinstance(s, Loop):
            out.append([s] if s in kept else s)
        elif out and isinstance(out[-1], list) and out[-1][-1] not in kept:
            out[-1].append(s)
        else:
            out.append([s])
    return out


# ---- doing it ------------------------------------------------------------------------------------
@dataclass
class _Sink:
    """Puts `count` steps of the outer loop, from `base`, around every segment.

    arrays: the variables that live from one segment to another; `first` and `stop`: which of the
    steps take part (inside a loop that only some of them reach).  kept: loops that stay inside.
    """

    outer: Loop
    base: Node
    count: Node
    arrays: dict[Node, Buffer]
    kept: frozenset[Statement] = frozenset()
    first: Node = field(default_factory=lambda: lit(0))
    stop: Node | None = None

    def block(self, block: Sequence[Statement]) -> tuple[Statement, ...]:
        return tuple(
            self._loop(s) if isinstance(s, Loop) else self._segment(s)
            for s in segments(block, self.kept)
        )

    def _segment(self, segment: list[Statement]) -> Loop:
        at = new_index(self.first, self.stop or self.count, 1, self.outer.index.attr("name"))
        sets = effects_of(segment).sets
        body = [
            *(
                Assign(v, load(self.arrays[v], (at,)))
                for v in _exposed(segment)
                if v in self.arrays
            ),
            *renamed(segment, {self.outer.index: plus(self.base, at)}),
            *(Store(b, (at,), v) for v, b in self.arrays.items() if v in sets),
        ]
        return Loop(at, tuple(body), origin=self.outer.origin)

    def _loop(self, loop: Loop) -> Loop:
        """The inner loop over all steps that some outer step takes, around those that take it."""
        k, j = loop.index, self.outer.index
        lo, hi = k.attr("lo"), k.attr("hi")
        first, stop = self.first, self.stop or self.count
        if moves(hi, j) == "along":  # k < j + c: the outer steps from k - c + 1
            c = minus(hi, j)
            hi = plus(plus(self.base, minus(stop, lit(1))), c)
            k2 = new_index(lo, hi, 1, k.attr("name"))
            first = greatest(first, minus(plus(minus(k2, c), lit(1)), self.base))
        elif moves(lo, j) == "along":  # k >= j + c: the outer steps to k - c
            c = minus(lo, j)
            k2 = new_index(plus(plus(self.base, first), c), hi, 1, k.attr("name"))
            stop = least(stop, minus(plus(minus(k2, c), lit(1)), self.base))
        else:
            return replace(loop, body=self.block(loop.body))
        inner = _Sink(self.outer, self.base, self.count, self.arrays, self.kept, first, stop)
        body = inner.block(renamed(loop.body, {k: k2}))
        return Loop(k2, body, origin=loop.origin)
