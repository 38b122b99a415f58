"""Which variables belong to a block: set there, and named nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from .access import effects_of
from .program import Assign, Check, Fold, Program, Statement, expressions, walk


def mentioned(program: Program) -> dict[Node, int]:
    """How many statements and results name each variable."""
    out: dict[Node, int] = {}
    for s in walk(program.statements):
        _count(s, out)
    for r in program.results:
        if r.value is not None:
            for m in _locals((r.value,)):
                out[m] = out.get(m, 0) + 1
    return out


def _count(s: Statement, out: dict[Node, int]) -> None:
    named = _locals(expressions(s))
    if isinstance(s, Assign | Fold):
        named.add(s.local)
    elif isinstance(s, Check) and s.result is not None:
        named.add(s.result)
    for m in named:
        out[m] = out.get(m, 0) + 1


def _locals(roots: Iterable[Node]) -> set[Node]:
    return {m for m in order_of(tuple(roots)) if m.op.name == "local"}


def own(block: Sequence[Statement], mentions: dict[Node, int]) -> tuple[Node, ...]:
    """The variables that a block sets and that nothing else names, in order."""
    inside: dict[Node, int] = {}
    for s in walk(block):
        _count(s, inside)
    sets = sorted(effects_of(block).sets, key=lambda v: v.serial)
    return tuple(v for v in sets if mentions.get(v) == inside.get(v))
