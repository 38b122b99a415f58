"""A loop over time whose steps work on rows of a batch becomes rows that each run through time.

    for t: (for b: u[b] = f(h[b]); for b: h[b] = g(u[b], x[t, b]))
        ->   for b: for t: (u[b] = f(h[b]); h[b] = g(u[b], x[t, b]))

Then a block (or a thread) keeps its row and waits for no other one.  It pays where there are enough
rows for the multiprocessors, so both forms are printed and the host chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import minus
from ...fxgraph.constants import lit
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make, op_named
from ...optimize.loopnest.access import effects_of, renamed
from ...optimize.loopnest.dependence import independent_steps
from ...optimize.loopnest.mentions import mentioned, own
from ...optimize.loopnest.program import (
    Alloc,
    If,
    Library,
    Loop,
    Note,
    Point,
    Program,
    Statement,
    children,
    new_local,
    walk,
    with_children,
)

#: Rows from which on blocks of their own pay: half of a large GPU's multiprocessors.
ROWS = 64


def rows_first(program: Program) -> Program:
    """The program with such loops turned, where the host finds rows enough."""
    mentions = mentioned(program)
    block = _block(program.statements, mentions)
    return replace(program, statements=block) if block != program.statements else program


def _block(block: Sequence[Statement], mentions: dict[Node, int]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        turned = _turned(s, mentions) if isinstance(s, Loop) else None
        if turned is not None:
            assert isinstance(s, Loop)
            rows = turned[-1]
            assert isinstance(rows, Loop)
            count = minus(rows.index.attr("hi"), rows.index.attr("lo"))
            enough = make(op_named("greater_equal"), (count, lit(ROWS)))
            out.append(If(enough, tuple(turned), (s,), s.origin))
            continue
        if isinstance(s, If):
            blocks = tuple(_block(c, mentions) for c in children(s))
            s = with_children(s, blocks) if blocks != children(s) else s
        out.append(s)
    return tuple(out)


def _turned(loop: Loop, mentions: dict[Node, int]) -> list[Statement] | None:
    """The scratch, and the rows; None where the rows are not independent of each other."""
    inside = list(walk(loop.body))
    if any(isinstance(s, Library | Point) for s in inside) or independent_steps(loop, set()):
        return None
    loops = [s for s in loop.body if isinstance(s, Loop)]
    allocs = [s for s in loop.body if isinstance(s, Alloc)]
    known = len(loops) + len(allocs) + sum(isinstance(s, Note) for s in loop.body)
    if len(loops) < 2 or known < len(loop.body) or any(a.zero for a in allocs):
        return None
    first = loops[0].index
    ends = [first.attr(k) for k in ("lo", "hi")]
    varying = {loop.index, *effects_of(loop.body).sets}
    sizes = [d for a in allocs for d in a.buffer.shape if isinstance(d, Node)]
    if any(m in varying or m.op.name == "load" for m in order_of((*ends, *sizes))):
        return None
    if any(not _same_range(s.index, first) for s in loops):
        return None
    if not effects_of(loop.body).sets <= set(own(loop.body, mentions)):
        return None
    body: list[Statement] = []
    for s in loops:
        body += renamed(s.body, {s.index: first})
    rows = Loop(first, (replace(loop, body=tuple(body)),), origin=loop.origin)
    if not independent_steps(rows, set()):
        return None
    (copy,) = fresh((rows,))
    return [*allocs, copy]


def _same_range(a: Node, b: Node) -> bool:
    return all(a.attr(k) == b.attr(k) for k in ("lo", "hi", "step")) and a.attr("step") == 1


def fresh(block: Sequence[Statement]) -> tuple[Statement, ...]:
    """A copy of a block with variables of its own."""
    others = {
        v: new_local(str(v.attr("name")), v.type)
        for v in sorted(effects_of(block).sets, key=lambda v: v.serial)
    }
    return renamed(block, others)
