"""Fusion of neighbouring loops.

Two loops over the same range become one when no step of the second needs, or spoils, what a later
step of the first does: for every buffer that both touch and one writes, some axis is read and
written at (loop index + constant) with the second's constant at most the first's.  Then a
temporary that is only used at the loop's own position loses that axis; one without axes becomes a
variable.

    for i: t[i] = max(x[i, :])                for i:
    for i: for j: e[i, j] = exp(x - t[i])  ->     m = max(x[i, :])
                                                  for j: e[j] = exp(x[i, j] - m)

A reduction is not fused into an innermost elementwise loop: both would lose their vector form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .access import Effects, effects_of, independent, overlap, renamed, root
from .dependence import along, independent_steps, ordered, private_scratch
from .program import (
    Alloc,
    Assign,
    If,
    Loop,
    Program,
    Statement,
    Store,
    While,
    children,
    with_children,
)

#: How many loops back a partner is looked for.
WINDOW = 12


def fuse(program: Program) -> Program:
    """The program with neighbouring loops fused."""
    statements = _block(program.statements)
    return program if statements == program.statements else replace(program, statements=statements)


def _block(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Fuse the loops of one block, then those inside."""
    out: list[Statement] = []
    facts: list[Effects] = []
    for s in block:
        if (isinstance(s, Loop) and not _absorb(s, out, facts)) or not isinstance(s, Loop):
            out.append(s)
            facts.append(effects_of((s,)))
    return tuple(with_children(s, tuple(_block(c) for c in children(s))) for s in out)


def _absorb(b: Loop, out: list[Statement], facts: list[Effects]) -> bool:
    """Fuse loop b into an earlier loop of `out` if one fits."""
    mine = effects_of((b,))
    if mine.barrier:
        return False
    free = independent_steps(b, private_scratch(b, (*out, b)))
    tried = 0
    for p in range(len(out) - 1, -1, -1):
        a = out[p]
        if isinstance(a, Loop):
            tried += 1
            if tried > WINDOW:
                return False
            if _fits(a, b, facts[p], mine, free, out):
                moved = _clear_way(p, mine, facts)
                if moved is not None and legal(a, b, facts[p], mine, free):
                    _join(p, a, b, moved, out, facts)
                    return True
        if isinstance(a, If | While) or facts[p].barrier:
            if not independent(facts[p], mine):
                return False
    return False


def _fits(
    a: Loop, b: Loop, fa: Effects, fb: Effects, free: bool, block: Sequence[Statement]
) -> bool:
    """The same range, worth it, and the fused loop is as parallel as both were."""
    if fa.barrier or not same_range(a, b) or not _pays(a, b, fa, fb):
        return False
    return independent_steps(a, private_scratch(a, block)) == free


def same_range(a: Loop, b: Loop) -> bool:
    return all(
        a.index.attr(k) is b.index.attr(k) or a.index.attr(k) == b.index.attr(k)
        for k in ("lo", "hi", "step")
    )


def _pays(a: Loop, b: Loop, fa: Effects, fb: Effects) -> bool:
    """They share data, and fusing keeps both inner loops in vector form."""
    shared = {root(x.buffer) for x in fa.accesses} & {root(x.buffer) for x in fb.accesses}
    if not shared:
        return False
    inner_a, inner_b = _innermost(a), _innermost(b)
    if inner_a or inner_b:
        if inner_a != inner_b:
            return _scalar_rows(a if inner_a else b)
        return _shape_of(a) == _shape_of(b)
    return True


def _innermost(loop: Loop) -> bool:
    return not any(isinstance(s, Loop | While) for s in loop.body)


def _scalar_rows(loop: Loop) -> bool:
    """An innermost loop that only prepares one number a row may join a nest over the rows."""
    return all(isinstance(s, Assign | Store | Alloc) for s in loop.body)


def _shape_of(loop: Loop) -> str:
    """What an innermost loop is: a map, or something that keeps to itself (a fold has its own
    form).
    """
    if all(isinstance(s, Store | Assign | Alloc) for s in loop.body):
        return "map"
    return f"other{id(loop)}"


def _clear_way(p: int, mine: Effects, facts: Sequence[Effects]) -> list[int] | None:
    """Statements after p that must go before it so that b can follow p directly; None: impossible.
    """
    moved: list[int] = []
    wanted = [mine]
    for q in range(len(facts) - 1, p, -1):
        if all(independent(facts[q], w) for w in wanted):
            continue
        if not independent(facts[q], facts[p]):
            return None
        moved.append(q)
        wanted.append(facts[q])
    for q in moved:
        between = [facts[r] for r in range(p + 1, q) if r not in moved]
        if not all(independent(facts[q], f) for f in between):
            return None
    return moved[::-1]


def _join(
    p: int, a: Loop, b: Loop, moved: list[int], out: list[Statement], facts: list[Effects]
) -> None:
    body = renamed(b.body, {b.index: a.index})
    fused = replace(a, body=(*a.body, *body), origin=a.origin or b.origin)
    first = [out[q] for q in moved]
    first_facts = [facts[q] for q in moved]
    for q in sorted(moved, reverse=True):
        del out[q], facts[q]
    out[p : p + 1] = [*first, fused]
    facts[p : p + 1] = [*first_facts, effects_of((fused,))]


# ---- legality -----------------------------------------------------------------------------------
def legal(a: Loop, b: Loop, fa: Effects, fb: Effects, together: bool) -> bool:
    """May step i of b run right after step i of a, for all i?

    together: and the steps stay independent (needed in innermost loops, too: they are vectors).
    """
    inner = together or (_innermost(a) and _innermost(b))
    if fa.sets & fb.uses or fb.sets & fa.uses or fa.sets & fb.sets:
        return False
    ups = a.index.attr("step") > 0
    mine = [(x, along(x, a.index)) for x in fa.accesses]
    theirs = [(y, along(y, b.index)) for y in fb.accesses]
    for x, ax in mine:
        for y, by in theirs:
            if not (x.write or y.write) or not overlap(x.buffer, y.buffer):
                continue
            if x.buffer is not y.buffer or not ordered(ax, by, ups, inner):
                return False
    return True
