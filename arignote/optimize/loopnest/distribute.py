"""Distribution: sums leave innermost loops that store as well, for both to be vectors.

    for j:                                 for j: y[j] = y[j] + r * a[i, j]
        y[j] = y[j] + r * a[i, j]    ->    for j: s += a[i, j] * x[j]
        s += a[i, j] * x[j]

A sum beside a store waits for each addition; alone it runs in lanes.  What both read is in the
first cache the second time.
"""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from .access import effects_of, overlap
from .mentions import mentioned, own
from .program import (
    Assign,
    Fold,
    Loop,
    Program,
    Statement,
    Store,
    children,
    expressions,
    with_children,
)

#: Operations of a step that are done twice, for both loops, at most.
TWICE = 4


def distribute(program: Program) -> Program:
    """The program with sums in loops of their own."""
    notes: list[str] = []
    block = _block(program.statements, mentioned(program), notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(
    block: tuple[Statement, ...], mentions: dict[Node, int], notes: list[str]
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        parts = _parts(s, mentions) if isinstance(s, Loop) else None
        if parts is not None:
            notes.append(f"{parts[0].origin or parts[0].index.attr('name')}: its sums apart")
            out.extend(parts)
        else:
            out.append(with_children(s, tuple(_block(c, mentions, notes) for c in children(s))))
    return tuple(out)


def _parts(loop: Loop, mentions: dict[Node, int]) -> tuple[Loop, Loop] | None:
    """The loop without its sums, and its sums."""
    if not all(isinstance(s, Assign | Fold | Store) for s in loop.body):
        return None
    folds = [s for s in loop.body if isinstance(s, Fold)]
    stores = [s for s in loop.body if isinstance(s, Store)]
    if not folds or not stores or any(_waits_not(f) for f in folds):
        return None
    assigns = [s for s in loop.body if isinstance(s, Assign)]
    mine = set(own(loop.body, mentions))
    if any(a.local not in mine for a in assigns) or len({a.local for a in assigns}) < len(assigns):
        return None
    sums = {f.local for f in folds}
    if len(sums) < len(folds) or any(m in sums for s in loop.body for m in order_of(_read(s))):
        return None
    needed = _needed(folds, assigns)
    work = sum("elementwise" in m.op.traits for m in order_of([a.value for a in needed]))
    written = [s.buffer for s in stores]
    reads = effects_of((*needed, *folds)).accesses
    if work > TWICE or any(overlap(a.buffer, b) for a in reads for b in written):
        return None
    return (
        replace(loop, body=tuple(s for s in loop.body if not isinstance(s, Fold))),
        replace(loop, body=(*needed, *folds)),
    )


def _waits_not(f: Fold) -> bool:
    return f.op.name != "reduce_sum" or f.local.dtype.kind not in "fc"


def _read(s: Statement) -> tuple[Node, ...]:
    return (s.value,) if isinstance(s, Fold) else expressions(s)


def _needed(folds: list[Fold], assigns: list[Assign]) -> list[Assign]:
    """The assignments that the folds read, through others too, in order."""
    wanted = set(order_of([f.value for f in folds]))
    out = []
    for a in reversed(assigns):
        if a.local in wanted:
            out.append(a)
            wanted.update(order_of((a.value,)))
    return out[::-1]
