"""Which loops threads may share: the outermost ones whose steps are independent.

Steps are independent when every buffer that is written is accessed, by all its accesses in the
loop, at one and the same position of an axis that moves with the loop; when variables are set
before they are used; and when scratch made outside belongs to one step (it then moves inside: a
copy a thread). Work is estimated in tenths of nanoseconds a step, from the expressions and the
sizes of inner loops, so that the kernel itself can decide with the sizes of the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import minus, plus
from ...fxgraph.constants import constant, index, lit
from ...fxgraph.graph import order_of, substitute
from ...fxgraph.node import Node
from ...fxgraph.ops.elementwise import floor_divide
from ...fxgraph.ops.scalar import scaled
from .access import effects_of
from .dependence import Scratch, independent_steps
from .program import (
    Alloc,
    Buffer,
    If,
    Library,
    Loop,
    Program,
    Statement,
    While,
    children,
    expressions,
    with_children,
)

#: Nanoseconds of one operation on float64 in a vectorised loop, by what it is (AVX-512, 3.7 GHz).
COST = {
    "exp": 0.55, "exp2": 0.7, "expm1": 0.7, "log": 0.75, "log2": 0.9, "log10": 0.9, "log1p": 0.8,
    "expit": 0.55, "softplus": 1.0, "log_expit": 1.0, "logaddexp": 1.1, "logaddexp2": 1.7,
    "sin": 0.75, "cos": 0.75, "tan": 0.9, "arcsin": 1.0, "arccos": 1.1, "arctan": 1.1,
    "arctan2": 1.5, "sinh": 1.3, "cosh": 0.8, "tanh": 0.6, "arcsinh": 2.4, "arccosh": 2.0,
    "arctanh": 1.3, "power": 3.5, "float_power": 3.5, "cbrt": 0.9, "hypot": 0.5, "sqrt": 0.55,
    "divide": 0.35, "remainder": 1.5, "floor_divide": 1.5, "erf": 1.3, "erfc": 1.7, "xlogy": 0.8,
    "gammaln": 10.0, "digamma": 10.0, "trigamma": 15.0, "erfinv": 8.0, "i0": 20.0, "i1": 20.0,
    "i0e": 20.0, "i1e": 20.0, "j0": 20.0, "j1": 20.0, "y0": 30.0, "y1": 30.0, "gamma": 20.0,
    "beta": 60.0, "betaln": 80.0, "gammainc": 150.0, "gammaincc": 150.0, "gammainc_shape": 300.0,
    "gammainc_curve": 400.0,
    "erfcx": 8.0, "erfcinv": 8.0, "ndtri": 8.0, "ndtr": 2.0, "log_ndtr": 15.0, "rel_entr": 3.0,
    "kl_div": 2.0, "exp10": 3.5,
}  # fmt: skip
CHEAP = 0.06
#: Loops in each other whose indices are followed when steps are estimated.
_DEEPEST = 6
#: What the same takes on numbers of four bytes or less, of which twice as many are in a register.
NARROW = 0.45


def parallelize(program: Program) -> Program:
    """Mark the outermost independent loops; move their private scratch inside."""
    block = _block(program.statements)
    return replace(program, statements=block) if block != program.statements else program


def _block(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    scratch = Scratch(block)
    moved: set[Buffer] = set()
    allocs = {s.buffer: s for s in block if isinstance(s, Alloc)}
    for s in block:
        if not isinstance(s, Loop):
            if isinstance(s, If | While):
                s = with_children(s, tuple(_block(c) for c in children(s)))
        elif s.parallel:  # by the pass that made it
            s = replace(s, work=work_of(s.body))
        else:
            private = scratch.private(s, effects_of((s,)))
            if s.index.attr("step") == 1 and independent_steps(s, private):
                mine = [a for b, a in allocs.items() if b in private]
                moved |= private
                s = replace(s, body=(*mine, *s.body), parallel=True, work=work_of(s.body))
            elif not _calls_libraries(s.body):
                s = replace(s, body=_block(s.body))
        out.append(s)
    return tuple(s for s in out if not (isinstance(s, Alloc) and s.buffer in moved))


def _calls_libraries(block: Sequence[Statement]) -> bool:
    """Does a step call a library that has threads of its own?  Two pools that take turns at every
    step wait for each other: such a step is left to the library."""
    return any(isinstance(s, Library) and s.name != "python" for s in block)


def work_of(block: Sequence[Statement]) -> Node:
    """Estimated tenths of nanoseconds of a block, as an expression of sizes."""
    total, here = lit(0), 0.0
    for s in block:
        for e in expressions(s):
            here += sum(
                COST.get(m.op.name, CHEAP) * (1 if m.dtype.itemsize > 4 else NARROW)
                for m in order_of((e,))
                if m.op.name not in ("constant", "local", "index", "affine", "input")
            )
        if isinstance(s, Loop):
            lo, hi = s.index.attr("lo"), s.index.attr("hi")
            inner = work_of(s.body)
            trips = minus(hi, lo)
            if _depends(trips):
                trips = _most(trips) or _typical(trips) or lit(8)
            total = plus(total, scaled(trips, inner))
        else:
            for c in children(s):
                total = plus(total, work_of(c))
    return plus(total, lit(max(1, round(here * 10)) if here else 0))


def _depends(n: Node) -> bool:
    """Is it known inside of loops only?"""
    return any(m.op.name in ("index", "local", "load") for m in order_of((n,)))


def _typical(trips: Node) -> Node | None:
    """The steps in the middle of the loops around: of triangles, and of chunks of steps."""
    for _ in range(_DEEPEST):
        around = [m for m in order_of((trips,)) if m.op is index]
        if not around:
            break
        middle = {m: _halved(plus(m.attr("lo"), m.attr("hi"))) for m in around}
        (trips,) = substitute((trips,), middle)
    return None if _depends(trips) else trips


def _halved(n: Node) -> Node:
    return floor_divide(n, lit(2), weak=True)


def _most(trips: Node) -> Node | None:
    """The literal bound of a strip's steps, which all strips but the last have."""
    bounds = [x for x in trips.inputs if x.op is constant] if trips.op.name == "minimum" else []
    return bounds[0] if bounds else None
