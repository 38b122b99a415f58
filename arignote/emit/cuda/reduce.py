"""Sums, products, extremes and truths over loops that threads share.

Each thread folds its steps into a variable of its own, started with what changes nothing; the team
joins these in a fixed order, so a result does not depend on which thread was first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...fxgraph.node import Node, Op
from ...fxgraph.ops import elementwise
from ...fxgraph.types import DType
from ...optimize.loopnest.program import Fold, Store
from ..cython.expressions import Text, infix
from ..cython.reductions import JOINS, accumulator
from ..scalar_code import infix as infix_of
from ..scalar_code import scalar_function
from .nest import Nest
from .scope import KernelScope

if TYPE_CHECKING:
    from .team import Printer, Team


@dataclass(frozen=True)
class Partial:
    """A fold, its variable, and the variable of this thread's share."""

    fold: Fold
    variable: str
    share: str

    @property
    def type(self) -> str:
        return accumulator(self.fold.local.dtype)


def begin_folds(scope: KernelScope, nest: Nest) -> list[Partial]:
    """Shares in place of the folds' variables."""
    out = []
    for f in nest.folds:
        variable = scope.assigned(f.local)
        t = accumulator(f.local.dtype)
        share = scope.variable(f"{variable}_part", f"an_{t}")
        scope.put(f"{share} = {identity(f)};")
        scope.held[f.local] = share
        out.append(Partial(f, variable, share))
    return out


def end_folds(printer: Printer, sums: list[Partial], team: Team) -> None:
    """The team's threads join their shares; each has the result then."""
    scope = printer.scope
    if printer.ticket and sums and team.level == "grid":
        _by_last_block(printer, sums)
    for p in sums:
        if not (printer.ticket and team.level == "grid"):
            scope.put(f"{p.share} = {_joined(printer, p, team)};")
        scope.held[p.fold.local] = p.variable
        scope.put(f"{p.variable} = {join_values(scope, p.fold, p.variable, p.share)};")


def _joined(printer: Printer, p: Partial, team: Team) -> str:
    scope = printer.scope
    join = _function(scope, p)
    if team.level == "warp":
        return f"an_warp_reduce({p.share}, {join})"
    scope.barriers = True
    slots = slots_of(scope, p.type)
    if team.level == "block":
        return f"an_block_reduce({p.share}, {join}, {slots})"
    scope.grid_barriers = True
    words = scope.counter_words()
    parts = _parts(printer, p)
    start = f"an_{p.type}({identity(p.fold)})" if p.type[0] != "c" else identity(p.fold)
    return f"an_grid_reduce({p.share}, {join}, {start}, {slots}, {parts}, {words})"


def _by_last_block(printer: Printer, sums: list[Partial]) -> None:
    """Blocks leave their parts; the last one goes on, and has the results."""
    scope = printer.scope
    scope.barriers = True
    parts = []
    for p in sums:
        slots = slots_of(scope, p.type)
        scope.put(f"{p.share} = an_block_reduce({p.share}, {_function(scope, p)}, {slots});")
        parts.append(_parts(printer, p))
        scope.put(f"if (threadIdx.x == 0) {parts[-1]}[blockIdx.x] = {p.share};")
    flag = "an_is_last"
    scope.arrays.append(f"__shared__ an_u4 {flag}[1];")
    scope.put(f"if (!an_last_block({scope.counter_words()} + 2, {flag})) return;")
    for p, part in zip(sums, parts, strict=True):
        start = f"an_{p.type}({identity(p.fold)})" if p.type[0] != "c" else identity(p.fold)
        slots = slots_of(scope, p.type)
        scope.put(f"{p.share} = an_parts_reduce({_function(scope, p)}, {start}, {slots}, {part});")


def slots_of(scope: KernelScope, t: str) -> str:
    """Shared memory with an element a warp."""
    name = f"an_slots_{t}"
    line = f"__shared__ an_{t} {name}[32];"
    if line not in scope.arrays:
        scope.arrays.append(line)
    return name


def _parts(printer: Printer, p: Partial) -> str:
    size = printer.most_blocks * int(np.dtype(p.type).itemsize)
    return printer.scope.scratch("an_parts", f"an_{p.type}", str(size))


def _function(scope: KernelScope, p: Partial) -> str:
    t = f"an_{p.type}"
    return f"[]({t} a, {t} b) -> {t} {{ return {join_values(scope, p.fold, 'a', 'b')}; }}"


def join_values(
    scope: KernelScope, s: Fold | Store, a: str, b: str, name: str | None = None
) -> str:
    """Two values joined as a fold (or an accumulating store) joins them."""
    dtype: DType = s.local.dtype if isinstance(s, Fold) else s.buffer.dtype
    if isinstance(s, Fold):
        name = JOINS[s.op.name]
        dtype = np.dtype(accumulator(dtype))
    assert name is not None
    op: Op = getattr(elementwise, name)
    symbol = infix_of(op, (dtype, dtype))
    if symbol is not None:
        return infix(symbol, (Text(a), Text(f"({b})"))).text
    return f"{scope.call(scalar_function(op, (dtype, dtype), dtype))}({a}, {b})"


def identity(f: Fold) -> str:
    """What changes nothing, as a literal of the accumulator's type."""
    t, name = accumulator(f.local.dtype), f.op.name
    if name in ("reduce_all", "reduce_any"):
        return "1" if name == "reduce_all" else "0"
    if name in ("reduce_sum", "reduce_prod"):
        one = "0" if name == "reduce_sum" else "1"
        return f"an_pair_{t}({one}, 0)" if t[0] == "c" else one
    up = name == "reduce_min"
    if t[0] == "f":
        return f"{'' if up else '-'}INFINITY"
    if t == "b1":
        return "1" if up else "0"
    limits = np.iinfo(np.dtype(t))
    value = int(limits.max if up else limits.min)
    if value == -(2**63):
        return "INT64_MIN"
    return f"{value}{'ULL' if t == 'u8' else 'LL' if t == 'i8' else 'U' if t == 'u4' else ''}"


def held_type(n: Node) -> str:
    """The type of a fold's variable."""
    return f"an_{accumulator(n.dtype)}"
