"""Loops that have exactly one step are gone: strips of rows that are shorter than a strip.

    for j in [0, 80) by 256:                    ->      for k in [0, 80): ...
        for k in [0, 80 - j): ...

What is left has bounds that the C compiler knows, and nothing stands between it and its neighbours.
"""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.affine import minus, plus
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.prove import ge0
from .access import renamed
from .program import Break, Loop, Program, Statement, children, walk, with_children


def single_steps(program: Program) -> Program:
    """The program without loops that are known to have one step."""
    if not any(isinstance(s, Loop) and _once(s) for s in walk(program.statements)):
        return program
    return replace(program, statements=_block(program.statements))


def _block(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Loop) and _once(s):
            first: dict[Node, Node] = {s.index: s.index.attr("lo")}
            out.extend(_block(renamed(s.body, first)))
        else:
            inner = tuple(_block(c) for c in children(s))
            out.append(s if inner == children(s) else with_children(s, inner))
    return tuple(out)


def _once(loop: Loop) -> bool:
    lo, hi, step = (loop.index.attr(x) for x in ("lo", "hi", "step"))
    if abs(step) == 1 and minus(hi, lo) is not lit(step):
        return False  # most loops: not worth a proof
    if any(isinstance(s, Break) for s in walk(loop.body)):
        return False
    if step < 0:
        lo, hi, step = hi, lo, -step
    trip = minus(hi, lo)
    return ge0(plus(trip, lit(-1))) and ge0(minus(lit(step), trip))
