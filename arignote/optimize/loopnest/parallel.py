"""Which loops threads may share: the outermost ones whose steps are independent.

Steps are independent when every buffer that is written is accessed, by all its accesses in the loop, at
one and the same position of an axis that moves with the loop; when variables are set before they are
used; and when scratch made outside belongs to one step (it then moves inside: a copy a thread).
Work is estimated in tenths of nanoseconds a step, from the expressions and the sizes of inner loops, so that the
kernel itself can decide with the sizes of the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import minus, plus
from ...fxgraph.constants import lit
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import scaled
from .dependence import independent_steps, private_scratch
from .program import (
    Alloc,
    If,
    Loop,
    Program,
    Statement,
    While,
    children,
    expressions,
    with_children,
)

#: Nanoseconds of one scalar operation in a vectorised loop, by what it is.
COST = {"exp": 1.0, "log": 1.0, "tanh": 2.0, "sin": 1.5, "cos": 1.5, "power": 3.0, "divide": 0.4}
CHEAP = 0.08


def parallelize(program: Program) -> Program:
    """Mark the outermost independent loops; move their private scratch inside."""
    block = _block(program.statements)
    return replace(program, statements=block) if block != program.statements else program


def _block(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    out = list(block)
    for k, s in enumerate(out):
        if not isinstance(s, Loop):
            if isinstance(s, If | While):
                out[k] = with_children(s, tuple(_block(c) for c in children(s)))
            continue
        if s.parallel:  # by the pass that made it
            out[k] = replace(s, work=work_of(s.body))
            continue
        private = private_scratch(s, block)
        if s.index.attr("step") == 1 and independent_steps(s, private):
            scratch = tuple(a for a in block if isinstance(a, Alloc) and a.buffer in private)
            body = (*scratch, *s.body)
            out[k] = replace(s, body=body, parallel=True, work=work_of(s.body))
            out = [a for a in out if not (isinstance(a, Alloc) and a.buffer in private)]
            return _rest(tuple(out), s)
        out[k] = replace(s, body=_block(s.body))
    return tuple(out)


def _rest(block: tuple[Statement, ...], done: Loop) -> tuple[Statement, ...]:
    """Continue behind the loop that was just marked."""
    at = next(k for k, s in enumerate(block) if isinstance(s, Loop) and s.index is done.index)
    return (*block[: at + 1], *_block(block[at + 1 :]))


def work_of(block: Sequence[Statement]) -> Node:
    """Estimated tenths of nanoseconds of a block, as an expression of sizes."""
    total, here = lit(0), 0.0
    for s in block:
        for e in expressions(s):
            here += sum(
                COST.get(m.op.name, CHEAP)
                for m in order_of((e,))
                if m.op.name not in ("constant", "local", "index", "affine", "input")
            )
        if isinstance(s, Loop):
            lo, hi = s.index.attr("lo"), s.index.attr("hi")
            inner = work_of(s.body)
            trips = minus(hi, lo)
            if any(m.op.name in ("index", "local", "load") for m in order_of((trips,))):
                trips = lit(8)
            total = plus(total, scaled(trips, inner))
        else:
            for c in children(s):
                total = plus(total, work_of(c))
    return plus(total, lit(max(1, round(here * 10)) if here else 0))
