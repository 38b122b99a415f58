"""A kernel whose loop nests and library calls note how long they take.

Only those of the outermost level are timed, between two looks at a clock (some 50 ns), so the
kernel is otherwise the one that runs without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..emit.cython.printer import print_program
from ..emit.kernel import Compilation, least_work
from ..emit.plan import Constant
from ..fxgraph.constants import lit, number
from ..fxgraph.node import make
from ..fxgraph.ops.arithmetic import subtract
from ..fxgraph.types import F64, TensorType
from ..optimize.loopnest.program import (
    Assign,
    Buffer,
    Statement,
    Store,
    children,
    new_local,
    now_op,
    with_children,
)
from .inputs import NDArray


def timed(
    made: Compilation, units: Sequence[Statement], *, whole: bool = False
) -> tuple[Compilation, NDArray]:
    """The compilation with a timer around each of the statements, and the seconds that its calls
    add up: an element for each.

    whole: two more elements get the seconds of whole calls and their number.
    """
    seconds = np.zeros(max(len(units), 1) + 2 * whole)
    buffer = Buffer("seconds", F64, (len(seconds),), "argument", restrict=False)
    places = {s: k for k, s in enumerate(units)}
    block = _block(made.program.statements, places, buffer)
    if whole:
        start, now = new_local("called", TensorType(F64)), make(now_op, ())
        spent, calls = lit(len(seconds) - 2), lit(len(seconds) - 1)
        block = (
            Assign(start, now), *block,
            Store(buffer, (spent,), subtract(now, start), accumulate=True),
            Store(buffer, (calls,), number(1.0), accumulate=True),
        )  # fmt: skip
    inside = replace(
        made.program, pointers=(*made.program.pointers, buffer), statements=block
    )
    plan = replace(made.plan, ptrs=(*made.plan.ptrs, Constant(seconds)))
    source = print_program(inside, parallel_min_us=least_work())
    return replace(made, program=inside, source=source, plan=plan), seconds


def _block(
    block: Sequence[Statement], places: Mapping[Statement, int], buffer: Buffer
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    now = make(now_op, ())
    for s in block:
        if s not in places:
            inner = tuple(_block(c, places, buffer) for c in children(s))
            out.append(with_children(s, inner) if inner else s)
            continue
        start = new_local("started", TensorType(F64))
        out += [Assign(start, now), s]
        out.append(Store(buffer, (lit(places[s]),), subtract(now, start), accumulate=True))
    return tuple(out)
