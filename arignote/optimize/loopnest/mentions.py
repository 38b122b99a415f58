"""Which variables belong to a block: set there, and named nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from .access import effects_of
from .program import (
    Assign,
    Check,
    Fold,
    If,
    Program,
    Statement,
    children,
    expressions,
    walk,
)


def mentioned(program: Program) -> dict[Node, int]:
    """How many statements and results name each variable."""
    out: dict[Node, int] = {}
    for s in walk(program.statements):
        _count(s, out)
    for r in program.results:
        if r.value is not None:
            for m in locals_of((r.value,)):
                out[m] = out.get(m, 0) + 1
    return out


def _count(s: Statement, out: dict[Node, int]) -> None:
    named = locals_of(expressions(s))
    if isinstance(s, Assign | Fold):
        named.add(s.local)
    elif isinstance(s, Check) and s.result is not None:
        named.add(s.result)
    for m in named:
        out[m] = out.get(m, 0) + 1


def locals_of(roots: Iterable[Node]) -> set[Node]:
    """The variables that expressions read."""
    return {m for m in order_of(tuple(roots)) if m.op.name == "local"}


def read_first(block: Sequence[Statement]) -> set[Node]:
    """The variables whose value before the block may be read in it."""
    out: set[Node] = set()
    _follow(block, set(), out)
    return out


def _follow(block: Sequence[Statement], known: set[Node], out: set[Node]) -> set[Node]:
    """`known`, and what the block surely sets; what it reads before that goes into `out`."""
    for s in block:
        out |= locals_of(expressions(s)) - known
        if isinstance(s, Fold):
            out |= {s.local} - known
        ends = [_follow(b, set(known), out) for b in children(s)]
        if isinstance(s, Assign):
            known.add(s.local)
        elif isinstance(s, Check) and s.result is not None:
            known.add(s.result)
        elif isinstance(s, If):
            known |= set.intersection(*ends)
    return known


def own(block: Sequence[Statement], mentions: dict[Node, int]) -> tuple[Node, ...]:
    """The variables that a block sets and that nothing else names, in order."""
    inside: dict[Node, int] = {}
    for s in walk(block):
        _count(s, inside)
    sets = sorted(effects_of(block).sets, key=lambda v: v.serial)
    return tuple(v for v in sets if mentions.get(v) == inside.get(v))
