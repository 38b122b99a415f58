"""Who names which variable, statement by statement."""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.node import Node
from ...optimize.loopnest.access import effects_of
from ...optimize.loopnest.program import If, Loop, Program, Statement, While, children, walk


def named_by(s: Statement) -> set[Node]:
    """The variables that a statement itself names, not the blocks in it."""
    if isinstance(s, While):
        s = replace(s, setup=(), body=())
    elif isinstance(s, Loop):
        s = replace(s, body=())
    elif isinstance(s, If):
        s = replace(s, then=(), other=())
    e = effects_of((s,))
    return {m for m in e.uses | e.sets if m.op.name == "local"}


def set_once(v: Node, program: Program) -> bool:
    """Is the variable set by one statement only?"""
    setting = (s for s in walk(program.statements) if not children(s))
    return sum(v in effects_of((s,)).sets for s in setting) <= 1
