"""Elements that are kept or not, in chunks that run at once: `x[x > 0]`, `nonzero`, growing lists.

    for i: t[n] = e(i); n = n + keep(i)        (or the same under `if keep(i)`)

Each chunk counts what it keeps, the counts are summed, and each chunk writes its own from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import linear, plus
from ...fxgraph.constants import const, lit
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make, op_named
from ...optimize.loopnest.access import renamed
from ...optimize.loopnest.mentions import own
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Check,
    If,
    Loop,
    Note,
    Statement,
    Store,
    expressions,
    new_local,
    walk,
)
from .chunk_scan import Chunks
from .scope import root


@dataclass(frozen=True)
class _Count:
    """n: the variable; keep: by which condition it rises by one; names: it and what it becomes;
    branch: the branch it rises in, None where it is raised without one."""

    n: Node
    keep: Node
    names: frozenset[Node]
    branch: If | None


def counting(chunks: Chunks, mentions: dict[Node, int]) -> list[Statement] | None:
    """The loop in chunks, None where it does something else."""
    loop = chunks.loop
    count = _count_of(loop)
    if count is None or not _is_alone(loop, count, mentions):
        return None
    n = count.n
    part = chunks.buffer("counts", n.dtype)

    def counts(chunk: tuple[Node, Node], step: Node) -> list[Statement]:
        p = new_local("n", n.type)
        rise = If(count.keep, (Assign(p, plus(p, lit(1))),))
        body = renamed((*_tests(loop.body, count), rise), {loop.index: step})
        return [Assign(p, const(0, n.dtype)), Loop(step, body), Store(part, chunk, p)]

    joined, before = chunks.before("add", part, n, const(0, n.dtype))

    def again(chunk: tuple[Node, Node], step: Node) -> list[Statement]:
        p = new_local("n", n.type)
        body = renamed(_kept(loop, count), {loop.index: step, n: p})
        return [Assign(p, before(chunk)), Loop(step, body)]

    return [Alloc(part), chunks.each(counts), *joined, chunks.each(again)]


def _count_of(loop: Loop) -> _Count | None:
    """The variable that the last statement sets to itself, or to one more."""
    last = loop.body[-1] if loop.body else None
    if not isinstance(last, Assign) or last.local.dtype != "i8":
        return None
    n, value = last.local, last.value
    if value.op.name != "local":
        terms, more = _linear(value)
        rest = [m for m in terms if m is not n]
        if terms.get(n) != 1 or more or len(rest) != 1 or terms[rest[0]] != 1:
            return None
        term = rest[0]
        if term.op.name != "cast" or term.inputs[0].dtype.kind != "b":
            return None
        return _Count(n, term.inputs[0], frozenset((n,)), None)
    for s in loop.body[:-1]:
        if isinstance(s, If):
            sides = [_becomes(b, value, n) for b in (s.then, s.other)]
            if sides == [1, 0]:
                return _Count(n, s.pred, frozenset((n, value)), s)
            if sides == [0, 1]:
                keep = make(op_named("logical_not"), (s.pred,))
                return _Count(n, keep, frozenset((n, value)), s)
    return None


def _linear(value: Node) -> tuple[dict[Node, int], int]:
    terms, more = linear(value)
    return dict(terms), int(more)


def _becomes(block: Sequence[Statement], new: Node, n: Node) -> int | None:
    """By how much `new`, set once in the block, is greater than n."""
    found = [s for s in walk(block) if isinstance(s, Assign) and s.local is new]
    if len(found) != 1 or found[0] not in block:
        return None
    terms, more = _linear(found[0].value)
    return more if terms == {n: 1} else None


def _is_alone(loop: Loop, count: _Count, mentions: dict[Node, int]) -> bool:
    """Do the steps share nothing but the count, and write only where it says?"""
    places = set(count.names)  # the count, and checks of it
    stores: list[Store] = []
    for s in walk(loop.body):
        if not isinstance(s, Assign | Store | If | Check | Note):
            return False
        if isinstance(s, Check) and s.operands[0] in places:
            if places & set(order_of(s.operands[1:])) or s.result is None:
                return False
            places.add(s.result)
        elif isinstance(s, Store):
            stores.append(s)
        elif not (isinstance(s, Assign) and s.local in count.names):
            if places & set(order_of(expressions(s))):
                return False
    rising = [] if count.branch is None else [count.branch.then, count.branch.other]
    where = (*loop.body, *(s for b in rising if _raises(b, count) for s in b))
    if not stores or any(s not in where or s.accumulate for s in stores):
        return False
    if any(len(s.index) != 1 or s.index[0] not in places for s in stores):
        return False
    targets = {root(s.buffer) for s in stores}
    reads = {
        root(m.attr("buffer"))
        for s in walk(loop.body) for m in order_of(expressions(s)) if m.op.name == "load"
    }  # fmt: skip
    if targets & reads or not all(b.restrict and b.role != "alias" for b in targets):
        return False
    set_ = [s.local for s in walk(loop.body) if isinstance(s, Assign)]
    if len(set(set_)) + (count.branch is not None) < len(set_):
        return False  # stores are moved: each variable must have one value a step
    return set(set_) - {count.n} <= set(own((loop,), mentions))


def _raises(block: Sequence[Statement], count: _Count) -> bool:
    return any(
        isinstance(s, Assign) and s.local in count.names and s.value is not count.n for s in block
    )


def _tests(block: Sequence[Statement], count: _Count) -> tuple[Statement, ...]:
    """The statements by which it is decided what is kept."""
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Store | Note) or (isinstance(s, Assign) and s.local in count.names):
            continue
        if isinstance(s, Check) and s.operands[0] in count.names:
            continue
        if isinstance(s, If):
            s = replace(s, then=_tests(s.then, count), other=_tests(s.other, count))
            if not s.then and not s.other:
                continue
        out.append(s)
    return tuple(out)


def _kept(loop: Loop, count: _Count) -> tuple[Statement, ...]:
    """The steps, without what later ones write over: the place behind the kept elements belongs to
    the next chunk, but for that of the last step."""
    last = make(op_named("equal"), (plus(loop.index, lit(1)), loop.index.attr("hi")))
    shown = make(op_named("logical_or"), (count.keep, last))
    stores = tuple(s for s in loop.body if isinstance(s, Store))
    others = tuple(s for s in loop.body[:-1] if not isinstance(s, Store))
    written = (If(shown, stores, (), loop.origin),) if stores else ()
    return (*others, *written, loop.body[-1])
