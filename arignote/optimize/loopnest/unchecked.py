"""`boundscheck=False`: indices are taken to be in range; negative ones still count from the end.

The user's explicit choice.  A wrong index then reads or writes other memory.
"""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.affine import plus
from ...fxgraph.constants import lit
from ...fxgraph.node import OPS
from .program import Assign, Check, Program, Statement, children, with_children


def unchecked(program: Program) -> Program:
    """The program without the tests of indices."""
    return replace(program, statements=_block(program.statements))


def _block(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if not isinstance(s, Check) or s.kind != "check_index":
            inner = tuple(_block(c) for c in children(s))
            out.append(with_children(s, inner) if inner else s)
        elif s.result is not None:
            index, size = s.operands[:2]
            is_negative = OPS["less"](index, lit(0), weak=True)
            wrapped = OPS["where"](is_negative, plus(index, size), index, weak=True)
            out.append(Assign(s.result, wrapped))
    return tuple(out)
