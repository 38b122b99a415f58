"""Variables that only repeat another one, or that are read once, are not needed."""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from .access import Effects, effects_of, overlap
from .forward import without_dead
from .program import (
    Assign,
    Loop,
    Program,
    Statement,
    While,
    children,
    expressions,
    map_expressions,
    walk,
    with_children,
)


def propagate(program: Program) -> Program:
    """The program with copies of variables, and values read once, put where they are used."""
    reads: dict[Node, int] = {}
    for s in walk(program.statements):
        for m in order_of(expressions(s)):
            if m.op.name == "local":
                reads[m] = reads.get(m, 0) + 1
    block = _block(program.statements, {}, reads)
    if block == program.statements:
        return program
    return replace(program, statements=without_dead(block, program))


def _block(
    block: tuple[Statement, ...], known: dict[Node, Node], reads: dict[Node, int]
) -> tuple[Statement, ...]:
    """known: variable -> what it equals here."""
    known = dict(known)
    out: list[Statement] = []
    for s in block:
        facts = effects_of((s,))
        inner = known
        if isinstance(s, Loop | While):  # its own steps come before what it reads
            inner = _valid(known, facts)
        s = _rewritten(s, inner, reads)
        known = _valid(known, facts)
        if isinstance(s, Assign) and s.local.type == s.value.type and s.value is not s.local:
            if s.value.op.name == "local" or _once(s, reads):
                known[s.local] = s.value
        out.append(s)
    return tuple(out)


def _once(s: Assign, reads: dict[Node, int]) -> bool:
    return reads.get(s.local) == 1 and s.local not in order_of((s.value,))


def _rewritten(s: Statement, known: dict[Node, Node], reads: dict[Node, int]) -> Statement:
    mine = expressions(s)
    if known and any(m in known for m in order_of(mine)) and not isinstance(s, Loop):
        rebuild = Rebuild(dict(known))
        s = map_expressions(s, lambda e: rebuild((e,))[0])
    # work stays outside inner blocks, which may be loops
    cheap = {v: e for v, e in known.items() if e.op.name in ("local", "load")}
    blocks = tuple(_block(c, cheap, reads) for c in children(s))
    return s if blocks == children(s) else with_children(s, blocks)


def _valid(known: dict[Node, Node], facts: Effects) -> dict[Node, Node]:
    """What still holds after (or inside) a statement."""
    changed = facts.writes
    return {
        v: e
        for v, e in known.items()
        if v not in facts.sets
        and not any(
            m in facts.sets or (m.op.name == "load" and any(
                overlap(m.attr("buffer"), b) for b in changed))
            for m in order_of((e,))
        )
    }  # fmt: skip
