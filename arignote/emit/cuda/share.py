"""Loops whose steps several threads share: who takes which step, and in which pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...fxgraph.affine import minus
from ...fxgraph.node import Node
from ...optimize.loopnest.program import Loop, While, walk
from .host import counted, times
from .nest import Nest, wants_team
from .plan import Expr
from .reduce import begin_folds, end_folds
from .tile import SIDE, print_tiles, tiles_of
from .vector import Vectors, aligned, open_pieces, vectors_of, whole_rows

if TYPE_CHECKING:
    from .team import Printer, Team


@dataclass
class Site:
    """A loop that is shared among threads: at most `count` steps (None: the host cannot say), each
    of a `unit`: "thread", "warp" or "block".  light: has a step no loops of its own?"""

    count: Expr | None
    unit: str
    light: bool = False


def share(printer: Printer, s: Loop, nest: Nest, team: Team) -> None:
    printer.before(printer.accesses(s, team), team)
    kept = printer.touched
    unit = "thread"
    if team.level in ("grid", "block") and wants_team(nest, printer.analysis):
        unit = printer.rows if team.level == "grid" and not team.sequential else "warp"
        if unit == printer.rows:
            printer.row = _longest(printer, nest)
    counts = [counted(x.index, printer.scope.host) for x in nest.loops]
    known = [c for c in counts if c is not None]
    whole = times(known) if len(known) == len(counts) else None
    tiles = tiles_of(nest) if (team.level, unit) == ("grid", "thread") else None
    if tiles is not None:
        sides = [f"cdiv({c}, {SIDE})" for c in known]
        printer.sites.append(Site(times(sides) if whole is not None else None, "block"))
        print_tiles(printer, nest, tiles, _ranges(printer, nest)[1], replace(team, level="thread"))
        printer.touched = kept
        return
    if team.level == "grid":
        light = unit == "thread" and not any(isinstance(x, Loop | While) for x in walk(nest.body))
        printer.sites.append(Site(whole or _at_most(printer, nest), unit, light))
    sums = begin_folds(printer.scope, nest)
    outer, printer.atomic = printer.atomic, printer.atomic | nest.atomic
    _steps(printer, nest, team, replace(team, level=unit, sequential=False))
    printer.atomic = outer
    printer.touched = kept
    end_folds(printer, sums, team)


def _at_most(printer: Printer, nest: Nest) -> Expr | None:
    """An upper bound of the steps of a nest, where loops around it move its ends."""
    host = printer.scope.host
    bounds = []
    for x in nest.loops:
        lo, hi, step = (x.index.attr(k) for k in ("lo", "hi", "step"))
        text = host.upper(minus(hi, lo) if step > 0 else minus(lo, hi))
        if text is None:
            return None
        bounds.append(f"max(0, {text})")
    return times(bounds)


def _longest(printer: Printer, nest: Nest) -> Expr | None:
    """The most steps of a loop that a team shares."""
    inner = [s for s in walk(nest.body) if isinstance(s, Loop) and printer.analysis.nest(s)]
    counts = [counted(s.index, printer.scope.host) for s in inner]
    if not counts or any(c is None for c in counts):
        return None
    known = list(dict.fromkeys(c for c in counts if c is not None))
    return known[0] if len(known) == 1 else f"max({', '.join(known)})"


def _steps(printer: Printer, nest: Nest, team: Team, inner: Team) -> None:
    """for each combination of steps: one of the units takes it."""
    scope = printer.scope
    rank, size = _PLACES[team.level, inner.level]
    starts, spans = _ranges(printer, nest)
    k = scope.variable("an_k", "an_ix")
    total = " * ".join(spans)
    if len(spans) > 1:
        count = scope.variable("an_count", "an_ix")
        scope.put(f"{count} = {total};")
        total = count
    first = rank
    vectors = vectors_of(nest) if (team.level, inner.level) == ("grid", "thread") else None
    if vectors is not None and len(spans) == 1:
        first = f"{_by_pieces(printer, nest, vectors, total, inner)} + {rank}"
    elif vectors is not None:
        first = f"{_by_rows(printer, nest, vectors, (starts, spans, total), inner)} + {rank}"
    scope.put(f"for ({k} = {first}; {k} < {total}; {k} += {size}) {{")
    scope.depth += 1
    _decode(printer, nest, k, starts, spans)
    printer.leave.append(label := scope.label())
    printer.touched = printer.nothing()
    printer.block(nest.body, inner)
    printer.leave.pop()
    if any(f"goto {label};" in line for line in scope.lines):
        scope.put(f"{label}:;")
    if inner.level != "thread" and (printer.touched.writes or printer.touched.reads):
        printer.barrier(inner)  # scratch of the team is free again
    scope.depth -= 1
    scope.put("}")
    for x in nest.loops:
        scope.close_index(x.index)


def _by_pieces(printer: Printer, nest: Nest, v: Vectors, total: str, inner: Team) -> str:
    """The steps that whole pieces hold; gives the variable of the first step that is left."""
    scope, n = printer.scope, nest.loops[0].index
    q, done = scope.variable("an_q", "an_ix"), scope.variable("an_done", "an_ix")
    scope.put(f"{done} = 0;")
    scope.put(f"if ({aligned(scope, v, n)}) {{")
    scope.depth += 1
    scope.put(f"{done} = {total} > 0 ? {total} / {v.width} * {v.width} : 0;")
    scope.put(f"for ({q} = an_rank; {q} < {done} / {v.width}; {q} += an_size) {{")
    scope.depth += 1
    scope.open_index(n)
    _piece(printer, nest, v, n, q, inner)
    scope.close_index(n)
    for _ in range(2):
        scope.depth -= 1
        scope.put("}")
    return done


def _piece(printer: Printer, nest: Nest, v: Vectors, n: Node, piece: str, inner: Team) -> None:
    """The steps of one piece of 16 bytes."""
    scope = printer.scope
    stores = list(open_pieces(scope, v, n, piece))
    scope.put("#pragma unroll")
    scope.put(f"for (int an_u = 0; an_u < {v.width}; an_u++) {{")
    scope.depth += 1
    scope.put(f"{scope.counters[n]} = {piece} * {v.width} + an_u;")
    printer.block(nest.body, inner)
    scope.depth -= 1
    scope.put("}")
    for p in v.pieces:
        del scope.vectors[p.buffer, p.index]
    for line in stores:
        scope.put(line)


def _by_rows(
    printer: Printer,
    nest: Nest,
    v: Vectors,
    ranges: tuple[list[str], list[str], str],
    inner: Team,
) -> str:
    """All steps, where rows are whole numbers of pieces; gives the variable of the first step that
    is left."""
    scope, n = printer.scope, nest.loops[-1].index
    starts, spans, total = ranges
    q, done, piece = (scope.variable(f"an_{x}", "an_ix") for x in ("q", "done", "piece"))
    scope.put(f"{done} = 0;")
    begins = aligned(scope, v, n, [x.index for x in nest.loops[:-1]])
    scope.put(f"if ({begins} && {whole_rows(scope, v, spans[-1])}) {{")
    scope.depth += 1
    scope.put(f"for ({q} = an_rank; {q} < {total} / {v.width}; {q} += an_size) {{")
    scope.depth += 1
    _decode(printer, nest, q, starts, [*spans[:-1], f"({spans[-1]} / {v.width})"])
    scope.put(f"{piece} = {scope.counters[n]};")
    _piece(printer, nest, v, n, piece, inner)
    for x in nest.loops:
        scope.close_index(x.index)
    scope.depth -= 1
    scope.put("}")
    scope.put(f"{done} = {total};")
    scope.depth -= 1
    scope.put("}")
    return done


def _ranges(printer: Printer, nest: Nest) -> tuple[list[str], list[str]]:
    """First values, and numbers of steps."""
    starts, spans = [], []
    for x in nest.loops:
        lo, hi = printer.bounds(x)
        step = x.index.attr("step")
        span = hi if lo == "0" else f"({hi} - {lo})" if step > 0 else f"({lo} - {hi})"
        if abs(step) != 1:
            span = f"(({span} + {abs(step) - 1}) / {abs(step)})"
        if len(nest.loops) > 1:
            held = printer.scope.variable("an_span", "an_ix")
            printer.scope.put(f"{held} = {span} > 0 ? {span} : 0;")
            span = held
        starts.append(lo)
        spans.append(span)
    return starts, spans


def _decode(printer: Printer, nest: Nest, k: str, starts: list[str], spans: list[str]) -> None:
    """The counters of step k, the last one fastest."""
    scope = printer.scope
    left = k
    for j in range(len(nest.loops) - 1, -1, -1):
        n = nest.loops[j].index
        index = scope.open_index(n)
        step = n.attr("step")
        q = left
        if j:
            rest = scope.variable("an_left", "an_ix")
            scope.put(f"{rest} = (an_ix)((an_ux){left} / (an_ux){spans[j]});")
            q, left = f"{left} - {rest} * {spans[j]}", rest
        value = q if step == 1 else f"({q}) * {step}"
        scope.put(f"{index} = {value if starts[j] == '0' else f'{starts[j]} + {value}'};")


#: (team, unit) -> which unit this thread belongs to, and how many there are.
_PLACES = {
    ("grid", "thread"): ("an_rank", "an_size"),
    ("grid", "warp"): ("an_rank >> 5", "an_size >> 5"),
    ("grid", "block"): ("(an_ix)blockIdx.x", "(an_ix)gridDim.x"),
    ("block", "thread"): ("(an_ix)threadIdx.x", "(an_ix)blockDim.x"),
    ("block", "warp"): ("(an_ix)(threadIdx.x >> 5)", "(an_ix)(blockDim.x >> 5)"),
    ("warp", "thread"): ("(an_ix)(threadIdx.x & 31)", "32"),
}
