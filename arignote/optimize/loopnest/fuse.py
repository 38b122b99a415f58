"""Fusion of neighbouring loops.

Two loops over the same range become one when no step of the second needs, or spoils, what a later
step of the first does: for every buffer that both touch and one writes, some axis is read and
written at (loop index + constant) with the second's constant at most the first's.  Then a
temporary that is only used at the loop's own position loses that axis; one without axes becomes a
variable.

    for i: t[i] = max(x[i, :])                for i:
    for i: for j: e[i, j] = exp(x - t[i])  ->     m = max(x[i, :])
                                                  for j: e[j] = exp(x[i, j] - m)

A reduction is not fused into an innermost elementwise loop: both would lose their vector form.  On
a GPU, where each step is a thread's, it is, and so are loops that test indices: what a failed test
comes before is seen to when the call ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, Origin
from .access import Effects, effects_of, independent, meeting, renamed, together
from .dependence import Scratch, along, independent_steps, ordered
from .program import (
    Alloc,
    Assign,
    Buffer,
    Check,
    Fold,
    If,
    Loop,
    Program,
    Statement,
    Store,
    While,
    children,
    with_children,
)
from .sums import sums_of

#: How many loops, and statements, back a partner is looked for.
WINDOW, FURTHEST = 12, 100
#: A loop joins one partner a round; those that joined others meanwhile may join each other.
ROUNDS = 4


Kind = Callable[[Loop], str]


def fuse_for_threads(program: Program, kind: Kind) -> Program:
    """The program with neighbouring loops fused for a GPU, until no two are left that may be.

    kind: how threads share an innermost loop: "free", "folds", "adds" (into places that data
    gives), "alone" where a form of its own waits for it, or "" where they do not.
    """
    for _ in range(ROUNDS):
        statements = _block(program.statements, False, kind)
        if statements == program.statements:
            break
        program = replace(program, statements=statements)
    return program


def fuse(program: Program, sums: bool = False) -> Program:
    """The program with neighbouring loops fused.

    sums: may a loop that adds to a vector join one that reads the same rows of a matrix?  For those
    who share such sums among threads afterwards.
    """
    statements = _block(program.statements, sums)
    return program if statements == program.statements else replace(program, statements=statements)


_IN_LANES = frozenset({"reduce_sum", "reduce_prod", "reduce_max", "reduce_min"})


@dataclass
class _Nest:
    """A statement of the block, with the loops that were fused into it.

    bodies: of a loop and of what joined it.  facts: of all; this record's own once something
    joined.  inner: is there no loop inside?  plain: does a step only assign and store?
    folds: does a step only fold numbers that may be folded in lanes?  kind: for a GPU, of an
    innermost loop that only assigns, stores, folds and tests.
    free: are the steps independent (None: not looked at yet)?  sums: are they but for additions to
    small arrays?
    """

    first: Statement
    facts: Effects
    bodies: list[tuple[Statement, ...]]
    inner: bool = False
    plain: bool = False
    folds: bool = False
    kind: str = ""
    free: bool | None = None
    sums: bool = False
    origin: Origin | None = None
    fused: tuple[Origin, ...] = ()

    @property
    def loop(self) -> Loop:
        assert isinstance(self.first, Loop)
        return self.first

    def statement(self) -> Statement:
        if len(self.bodies) < 2:
            return self.first
        body = tuple(s for b in self.bodies for s in b)
        return replace(self.loop, body=body, origin=self.origin, fused=self.fused)


def nest_of(s: Statement, kind: Kind | None = None) -> _Nest:
    facts = effects_of((s,))
    if not isinstance(s, Loop):
        return _Nest(s, facts, [])
    inner = not any(isinstance(x, Loop | While) for x in s.body)
    plain = all(isinstance(x, Assign | Store | Alloc) for x in s.body)
    folds = _only_folds(s.body)
    of = kind(s) if kind is not None else ""
    if of != "alone" and not all(map(_is_simple, s.body)):
        of = ""
    if of not in ("", "alone") and facts.barrier:
        # of tests: accesses that they stand before stay behind them
        facts = together([facts])
        facts.barrier = False
    return _Nest(s, facts, [s.body], inner, plain, folds, of, origin=s.origin, fused=s.fused)


def _is_simple(s: Statement) -> bool:
    if isinstance(s, Check):
        return s.kind == "check_index"
    return isinstance(s, Assign | Store | Alloc | Fold)


def _only_folds(block: tuple[Statement, ...]) -> bool:
    return all(
        isinstance(s, Fold) and s.op.name in _IN_LANES and s.local.dtype.kind in "fiu"
        for s in block
    )


def _block(
    block: tuple[Statement, ...], sums: bool, kind: Kind | None = None
) -> tuple[Statement, ...]:
    """Fuse the loops of one block, then those inside."""
    out: list[_Nest] = []
    scratch = Scratch()
    for s in block:
        n = nest_of(s, kind)
        if not isinstance(s, Loop) or not _absorb(n, out, scratch, sums):
            out.append(n)
            scratch.add(s, n.facts)
    done = [n.statement() for n in out]
    return tuple(with_children(s, tuple(_block(c, sums, kind) for c in children(s))) for s in done)


def _absorb(b: _Nest, out: list[_Nest], scratch: Scratch, sums: bool) -> bool:
    """Fuse loop b into an earlier loop of `out` if one fits; with `sums`, into one that reads the
    same rows where there is one."""
    if b.facts.barrier:
        return False
    _look(b, scratch.private(b.loop, b.facts, False), sums)
    if sums and not b.inner and _absorbed(b, out, scratch, sums, share_rows):
        return True
    return _absorbed(b, out, scratch, sums)


def _absorbed(
    b: _Nest,
    out: list[_Nest],
    scratch: Scratch,
    sums: bool,
    wanted: Callable[[_Nest, _Nest], bool] | None = None,
) -> bool:
    loops = 0
    for p in range(len(out) - 1, max(-1, len(out) - 1 - FURTHEST), -1):
        a = out[p]
        if isinstance(a.first, Loop):
            loops += 1
            if loops > WINDOW:
                return False
            if (wanted is None or wanted(a, b)) and _fits(a, b, scratch, sums):
                moved = _clear_way(p, b.facts, [n.facts for n in out[p:]])
                if moved is not None and legal(a, b):
                    scratch.join(a.facts, b.facts)
                    _join(a, b)
                    out[p : p + 1] = [*(out[q] for q in moved), a]
                    for q in sorted(moved, reverse=True):
                        del out[q + len(moved)]
                    return True
        if isinstance(a.first, If | While) or a.facts.barrier:
            if not independent(a.facts, b.facts):
                return False
    return False


def _fits(a: _Nest, b: _Nest, scratch: Scratch, sums: bool) -> bool:
    """The same range, worth it, and the fused loop is as parallel as both were: one that adds to a
    vector may join another that reads the same rows."""
    if a.facts.barrier or not same_range(a.loop, b.loop) or not pays(a, b):
        return False
    if "alone" in (a.kind, b.kind):
        return False
    if a.kind and b.kind:
        return True
    if a.free is None:
        _look(a, scratch.private(a.loop, a.facts), sums)
    if a.free == b.free and not a.sums and not b.sums:
        return True
    able = (a.free or a.sums) and (b.free or b.sums)
    return bool(able) and not a.inner and not b.inner and share_rows(a, b)


def _look(n: _Nest, private: set[Buffer], sums: bool) -> None:
    n.free = independent_steps(n.loop, private)
    n.sums = sums and not n.free and bool(sums_of(n.loop, private))


def share_rows(a: _Nest, b: _Nest) -> bool:
    """Do step i of a and step i of b walk along row i of the same matrix?"""
    mine = _rows(a)
    return any(row in mine for row in _rows(b))


def _rows(n: _Nest) -> set[tuple[Buffer, int, Node]]:
    """(matrix, axis, c) where step i of the nest takes what is at i + c on that axis."""
    found = set()
    inner = n.facts.counters - {n.loop.index}
    for b, accesses in n.facts.at.items():
        for x in accesses:
            for k, offset in enumerate(along(x, n.loop.index) or ()):
                others = [i for j, i in enumerate(x.index or ()) if j != k]
                if offset is not None and any(m in inner for m in order_of(others)):
                    found.add((b, k, offset))
    return found


def same_range(a: Loop, b: Loop) -> bool:
    return all(
        a.index.attr(k) is b.index.attr(k) or a.index.attr(k) == b.index.attr(k)
        for k in ("lo", "hi", "step")
    )


def pays(a: _Nest, b: _Nest) -> bool:
    """They share data, and fusing keeps both inner loops in vector form.

    An innermost loop that only prepares one number a row may join a nest over the rows; folds have
    a form of their own, which takes several of them, but nothing else.
    """
    if not a.facts.at.keys() & b.facts.at.keys():
        return False
    if a.kind and b.kind:
        return {a.kind, b.kind} != {"folds", "adds"}
    if a.inner != b.inner:
        return a.plain if a.inner else b.plain
    return not a.inner or (a.plain and b.plain) or (a.folds and b.folds)


def _clear_way(p: int, mine: Effects, facts: Sequence[Effects]) -> list[int] | None:
    """Statements after p that must go before it so that b can follow p directly; None: impossible.

    facts: of the statements from p on.
    """
    moved: list[int] = []
    wanted = [mine]
    for q in range(len(facts) - 1, 0, -1):
        if all(independent(facts[q], w) for w in wanted):
            continue
        if not independent(facts[q], facts[0]):
            return None
        moved.append(q)
        wanted.append(facts[q])
    for q in moved:
        between = [facts[r] for r in range(1, q) if r not in moved]
        if not all(independent(facts[q], f) for f in between):
            return None
    return [p + q for q in reversed(moved)]


def _join(a: _Nest, b: _Nest) -> None:
    """a's steps do b's work, too."""
    if len(a.bodies) == 1:
        a.facts = together([a.facts])
    body = renamed(b.loop.body, {b.loop.index: a.loop.index})
    a.bodies.append(body)
    a.facts.extend(effects_of(body))
    a.inner, a.plain = a.inner and b.inner, a.plain and b.plain
    a.folds = a.folds and b.folds
    a.kind = (b.kind if a.kind == "free" else a.kind) if a.kind and b.kind else ""
    a.facts.barrier = a.facts.barrier and not a.kind
    a.sums = a.sums or b.sums
    a.free = a.free and not a.sums
    a.fused = lines_of(a.origin, b.origin, *a.fused, *b.fused)
    a.origin = a.origin or b.origin


def lines_of(*origins: Origin | None) -> tuple[Origin, ...]:
    """Those that are known, each once."""
    return tuple(dict.fromkeys(o for o in origins if o is not None))


# ---- legality -----------------------------------------------------------------------------------
def legal(a: _Nest, b: _Nest) -> bool:
    """May step i of b run right after step i of a, for all i?

    Where the steps are independent, they stay so; so they do in innermost loops, which are vectors.
    """
    fa, fb = a.facts, b.facts
    if not (fa.sets.isdisjoint(fb.uses) and fb.sets.isdisjoint(fa.uses)):
        return False
    if not fa.sets.isdisjoint(fb.sets):
        return False
    i, j = a.loop.index, b.loop.index
    ups, inner = i.attr("step") > 0, bool(b.free or b.sums) or (a.inner and b.inner)
    for r in meeting(fb.at.keys(), fa.at.keys()):
        theirs = [(y, along(y, j)) for y in fb.at[r]]
        for x in (x for s in meeting(fa.at.keys(), {r}) for x in fa.at[s]):
            ax = along(x, i)
            for y, by in theirs:
                if not (x.write or y.write):
                    continue
                if x.buffer is not y.buffer or not ordered(ax, by, ups, inner):
                    return False
    return True
