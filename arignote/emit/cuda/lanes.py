"""Loops over time whose lanes do not meet become lanes that each run through time.

    for t: for i: h[i] = f(h[i], x[t, i])   ->   for i: for t: h[i] = f(h[i], x[t, i])

What stands before and after them, copies of the state and maps of it, then joins them, and the
state is a variable of a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...optimize.loopnest.contract import contract
from ...optimize.loopnest.forward import forward
from ...optimize.loopnest.fuse import fuse_for_threads
from ...optimize.loopnest.mentions import mentioned
from ...optimize.loopnest.program import If, Loop, Program, Statement, children, with_children
from ...optimize.loopnest.propagate import propagate
from .nest import Analysis, kind_of
from .results import results_in_variables


def lanes_first(program: Program) -> Program:
    """The program with such loops turned, and joined by their neighbours."""
    block = _block(program.statements, Analysis(mentioned(program)))
    if block == program.statements:
        return program
    program = fuse_for_threads(replace(program, statements=block), kind_of)
    return propagate(forward(contract(results_in_variables(program))))


def _block(block: Sequence[Statement], analysis: Analysis) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Loop):
            s = _turned(s, analysis)
        elif isinstance(s, If):
            blocks = tuple(_block(c, analysis) for c in children(s))
            s = with_children(s, blocks) if blocks != children(s) else s
        out.append(s)
    return tuple(out)


def _turned(loop: Loop, analysis: Analysis) -> Loop:
    nest = analysis.nest(loop)
    if nest is None or nest.folds or nest.atomic or nest.loops[0] is loop:
        return loop
    body = nest.body
    for lane in reversed(nest.loops):
        body = (replace(lane, body=body, origin=loop.origin),)
    (made,) = body
    assert isinstance(made, Loop)
    return made
