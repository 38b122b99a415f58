"""Statements as CUDA text, executed by a team: a thread, a warp, a block or the whole grid.

Threads of a team run the same statements with the same values of variables.  Loops whose steps are
independent are shared among them, sums too; one thread stores what is stored outside of such loops;
and a barrier stands wherever a statement touches what another one has written (or writes what
another has read) since the last barrier.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ...fxgraph.node import Node
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import BOOL
from ...optimize.loopnest.access import effects_of, overlap
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Break,
    Buffer,
    Check,
    Fold,
    If,
    Loop,
    Note,
    Point,
    Statement,
    Store,
    While,
    walk,
)
from ..cython.reductions import JOINS
from ..scalar_code import code
from .checks import print_check
from .device import DeviceInfo
from .host import counted, times
from .memory import print_alloc, print_point
from .nest import Analysis, Nest, wants_team
from .plan import Expr
from .reduce import begin_folds, end_folds, join_values
from .registers import Place, promoted
from .scope import KernelScope, root
from .vector import Vectors, aligned, open_pieces, vectors_of

LEVELS = ("thread", "warp", "block", "grid")


@dataclass(frozen=True)
class Team:
    """level: who runs the statements.  whole: the level of the kernel's own team.

    sequential: inside a loop whose steps follow each other.
    """

    level: str
    sequential: bool = False

    @property
    def first(self) -> str:
        """Is this the thread that acts for the team?"""
        return {
            "grid": "an_rank == 0", "block": "threadIdx.x == 0", "warp": "(threadIdx.x & 31) == 0",
        }[self.level]  # fmt: skip


@dataclass
class Touched:
    """Buffers read and written since the last barrier; the `pointed` ones change places."""

    pointed: frozenset[Buffer] = frozenset()
    reads: set[Buffer] = field(default_factory=set)
    writes: set[Buffer] = field(default_factory=set)

    def meets(self, other: Touched) -> bool:
        def any_of(a: set[Buffer], b: set[Buffer]) -> bool:
            moved = self.pointed
            return any(overlap(x, y) or (x in moved and y in moved) for x in a for y in b)

        return any_of(self.writes, other.reads | other.writes) or any_of(self.reads, other.writes)

    def __or__(self, other: Touched) -> Touched:
        return Touched(self.pointed, self.reads | other.reads, self.writes | other.writes)


@dataclass
class Site:
    """A loop that is shared among threads: `count` steps (None: the host cannot say), each of a
    `unit`: "thread", "warp" or "block"."""

    count: Expr | None
    unit: str


class Printer:
    """Prints statements into a scope for teams.

    levels: root buffer -> the level of the team that owns it (memory of the kernel's own).
    pointed: buffers whose places change.  rows: who takes a step that has loops of its own; row:
    how long these are.  ticket: do folds of the grid end in its last block?
    """

    def __init__(
        self, scope: KernelScope, analysis: Analysis, device: DeviceInfo, pointed: frozenset[Buffer]
    ) -> None:
        self.scope, self.analysis, self.pointed = scope, analysis, pointed
        self.threads = device.threads
        self.most_blocks = device.sms * device.blocks_per_sm
        self.shared_left = device.shared_bytes - 4096
        self.rows = "block"
        self.row: Expr | None = None
        self.ticket = False
        self.touched = Touched(pointed)
        self.levels: dict[Buffer, str] = {}
        self.leave: list[str] = []
        self.sites: list[Site] = []
        self.atomic: frozenset[Buffer] = frozenset()

    # ---- blocks and barriers
    def block(self, statements: Iterable[Statement], team: Team) -> None:
        for s in statements:
            self._statement(s, team)

    def _statement(self, s: Statement, team: Team) -> None:
        if team.level != "thread" and not isinstance(s, Loop | While | If):
            self.before(self._accesses(s, team), team)
        if isinstance(s, Assign):
            value = self._widened(s.local, s.value, self.scope.text(s.value))
            self.scope.put(f"{self.scope.assigned(s.local)} = {value};")
        elif isinstance(s, Fold):
            self._fold(s)
        elif isinstance(s, Store):
            self._store(s, team)
        elif isinstance(s, Loop):
            self._loop(s, team)
        elif isinstance(s, While):
            self._while(s, team)
        elif isinstance(s, If):
            self._if(s, team)
        elif isinstance(s, Break):
            self.scope.put("break;")
        elif isinstance(s, Note):
            self.scope.comment(s.origin)
        elif isinstance(s, Check):
            print_check(self, s, team)
        elif isinstance(s, Alloc):
            print_alloc(self, s, team)
        elif isinstance(s, Point):
            print_point(self, s)
        else:
            raise LookupError(f"no kernel runs {type(s).__name__}")

    def _accesses(self, s: Statement, team: Team) -> Touched:
        """What a statement touches that other threads of the team see."""
        at = LEVELS.index(team.level)
        out = Touched(self.pointed)
        if isinstance(s, Alloc | Point):
            return out
        for a in effects_of((s,)).accesses:
            b = root(a.buffer)
            if LEVELS.index(self.levels.get(b, "grid")) >= at:
                (out.writes if a.write else out.reads).add(b)
        return out

    def accesses_of(self, b: Buffer) -> Touched:
        """All of a buffer is written."""
        return Touched(self.pointed, set(), {b})

    def before(self, touched: Touched, team: Team) -> None:
        """A barrier, where the team needs one before it touches this."""
        if self.touched.meets(touched):
            self.barrier(team)
        self.touched = self.touched | touched

    def barrier(self, team: Team) -> None:
        self.touched = Touched(self.pointed)
        if team.level == "thread":
            return
        if team.level == "warp":
            self.scope.put("__syncwarp();")
            return
        self.scope.barriers = True
        if team.level == "grid":
            self.scope.grid_barriers = True
            self.scope.put(f"an_grid_sync({self.scope.counter_words()});")
        else:
            self.scope.put("__syncthreads();")

    # ---- single statements
    def _fold(self, s: Fold) -> None:
        target = self.scope.assigned(s.local)
        logical = s.op.name in ("reduce_all", "reduce_any")
        value = self.scope.text(cast_to(s.value, BOOL) if logical else s.value)
        value = self._widened(s.local, s.value, value)
        joined = join_values(self.scope, s, target, value)
        self.scope.put(f"{target} = {joined};")

    def _widened(self, local: Node, value: Node, text: str) -> str:
        """A half that is folded is carried in single precision."""
        if local in self.scope.folded and code(value.dtype) == code(local.dtype) == "f2":
            return f"an_f4_of_f2({text})"
        return text

    def _store(self, s: Store, team: Team) -> None:
        if team.level != "thread":
            self.scope.put(f"if ({team.first}) {{")
            self.scope.depth += 1
        value = self.scope.texts(s.value)[0]
        self.scope.stored.add(root(s.buffer))
        place = self.scope.place(s.buffer, s.index)
        t = code(s.buffer.dtype)
        if s.accumulate and root(s.buffer) in self.atomic:
            self._add_atomically(place, value.text, t)
        elif s.accumulate:
            fold = JOINS["reduce_sum"]
            self.scope.put(f"{place} = {join_values(self.scope, s, place, value.text, fold)};")
        else:
            self.scope.put(f"{place} = {value.text};")
        if team.level != "thread":
            self.scope.depth -= 1
            self.scope.put("}")

    def _add_atomically(self, place: str, value: str, t: str) -> None:
        if t[0] != "c":
            self.scope.put(f"an_atomic_add(&{place}, {value});")
            return
        part = {"c8": "an_f4", "c16": "an_f8"}[t]
        held = self.scope.variable("an_added", f"an_{t}")
        self.scope.put(f"{held} = {value};")
        self.scope.put(f"an_atomic_add(({part}*)&{place}, {held}.re);")
        self.scope.put(f"an_atomic_add(({part}*)&{place} + 1, {held}.im);")

    # ---- control
    def _if(self, s: If, team: Team) -> None:
        self.scope.comment(s.origin)
        if team.level != "thread":
            self.before(self._accesses(If(s.pred, ()), team), team)
        self.scope.put(f"if ({self.scope.text(s.pred)}) {{")
        start = self.touched
        self._inside(s.then, team)
        ended = self.touched
        self.touched = start
        if s.other:
            self.scope.put("} else {")
            self._inside(s.other, team)
        self.touched = self.touched | ended
        self.scope.put("}")

    def _inside(self, block: Sequence[Statement], team: Team) -> None:
        self.scope.depth += 1
        self.block(block, team)
        self.scope.depth -= 1

    def _while(self, s: While, team: Team) -> None:
        self.scope.comment(s.origin)
        inner = replace(team, sequential=True)
        self.scope.put("while (true) {")
        start = self.touched
        self.scope.depth += 1
        self.block(s.setup, inner)
        if team.level != "thread":
            self.before(self._accesses(If(s.cond, ()), team), team)
        self.scope.put(f"if (!({self.scope.text(s.cond)})) break;")
        self.block(s.body, inner)
        self._again((*s.setup, If(s.cond, ()), *s.body), team, start)
        self.scope.depth -= 1
        self.scope.put("}")

    def _again(self, body: Sequence[Statement], team: Team, start: Touched) -> None:
        """The end of a step that another one follows."""
        if team.level == "thread":
            return
        whole = Touched(self.pointed)
        for s in body:
            whole = whole | self._accesses(s, team)
        if self.touched.meets(whole):
            self.barrier(team)
        self.touched = start | whole

    def _loop(self, s: Loop, team: Team) -> None:
        self.scope.comment(s.origin)
        nest = self.analysis.nest(s) if team.level != "thread" else None
        if nest is not None:
            self._shared(s, nest, team)
            return
        if team.level != "thread":
            ends = (s.index.attr("lo"), s.index.attr("hi"))
            self.before(
                self._accesses(If(ends[0], ()), team) | self._accesses(If(ends[1], ()), team), team
            )
        wide = counted(s.index, self.scope.host) is None and team.level == "thread"
        lo, hi = self.bounds(s, wide)
        index = self.scope.open_index(s.index, wide)
        step = s.index.attr("step")
        test = f"{index} < {hi}" if step > 0 else f"{index} > {hi}"
        move = {1: f"{index}++", -1: f"{index}--"}.get(step, f"{index} += {step}")
        kept = self._into_variables(s, team, f"{lo} {test[len(index) + 1]} {hi}")
        self.scope.put(f"for ({index} = {lo}; {test}; {move}) {{")
        start = self.touched
        self._inside(s.body, replace(team, sequential=True))
        self.scope.depth += 1
        self._again(s.body, team, start)
        self.scope.depth -= 1
        self.scope.put("}")
        self.scope.close_index(s.index)
        if kept:
            self.scope.put(f"if ({lo} {test[len(index) + 1]} {hi}) {{")
            for (b, at), name in kept.items():
                del self.scope.vectors[b, at]
                self.scope.put(f"    {self.scope.place(b, at)} = {name};")
            self.scope.put("}")

    def _into_variables(self, s: Loop, team: Team, runs: str) -> dict[Place, str]:
        """Variables for elements that a loop of one thread works on, where it runs at all."""
        kept: dict[Place, str] = {}
        if team.level != "thread":
            return kept
        lines = []
        for b, at in promoted(s, self.pointed, self.atomic):
            if (b, at) in self.scope.vectors:
                continue
            name = self.scope.variable(f"{root(b).name}_here", f"an_{code(b.dtype)}")
            lines.append(f"    {name} = {self.scope.place(b, at)};")
            kept[b, at] = name
        if kept:
            self.scope.stored.update(root(b) for b, _ in kept)
            self.scope.put(f"if ({runs}) {{")
            self.scope.lines += ["    " * self.scope.depth + line for line in lines]
            self.scope.put("}")
            self.scope.vectors.update(kept)
        return kept

    def bounds(self, s: Loop, wide: bool = False) -> tuple[str, str]:
        """The ends of a loop; what is not plain is computed once, before it."""
        out = []
        for key in ("lo", "hi"):
            n = s.index.attr(key)
            text = self.scope.text(n) if wide else self.scope.position(n).text
            if not text.lstrip("-").isdigit():
                held = self.scope.variable(f"an_{key}", "an_i8" if wide else "an_ix")
                self.scope.put(f"{held} = {text};")
                text = held
            out.append(text)
        return out[0], out[1]

    # ---- loops that threads share
    def _shared(self, s: Loop, nest: Nest, team: Team) -> None:
        self.before(self._accesses(s, team), team)
        kept = self.touched
        unit = "thread"
        if team.level in ("grid", "block") and wants_team(nest, self.analysis):
            unit = self.rows if team.level == "grid" and not team.sequential else "warp"
            if unit == self.rows:
                self.row = self._longest(nest)
        counts = [counted(x.index, self.scope.host) for x in nest.loops]
        known = [c for c in counts if c is not None]
        whole = times(known) if len(known) == len(counts) else None
        if team.level == "grid":
            self.sites.append(Site(whole, unit))
        sums = begin_folds(self.scope, nest)
        outer, self.atomic = self.atomic, self.atomic | nest.atomic
        self._steps(nest, team, Team(unit))
        self.atomic = outer
        self.touched = kept
        end_folds(self, sums, team)

    def _longest(self, nest: Nest) -> Expr | None:
        """The most steps of a loop that a team shares."""
        inner = [s for s in walk(nest.body) if isinstance(s, Loop) and self.analysis.nest(s)]
        counts = [counted(s.index, self.scope.host) for s in inner]
        if not counts or any(c is None for c in counts):
            return None
        known = list(dict.fromkeys(c for c in counts if c is not None))
        return known[0] if len(known) == 1 else f"max({', '.join(known)})"

    def _steps(self, nest: Nest, team: Team, inner: Team) -> None:
        """for each combination of steps: one of the units takes it."""
        scope = self.scope
        rank, size = _PLACES[team.level, inner.level]
        starts, spans = self._ranges(nest)
        k = scope.variable("an_k", "an_ix")
        total = " * ".join(spans)
        if len(spans) > 1:
            count = scope.variable("an_count", "an_ix")
            scope.put(f"{count} = {total};")
            total = count
        first = rank
        vectors = vectors_of(nest) if (team.level, inner.level) == ("grid", "thread") else None
        if vectors is not None:
            first = f"{self._by_pieces(nest, vectors, total, inner)} + {rank}"
        scope.put(f"for ({k} = {first}; {k} < {total}; {k} += {size}) {{")
        scope.depth += 1
        self._decode(nest, k, starts, spans)
        self.leave.append(label := scope.label())
        self.touched = Touched(self.pointed)
        self.block(nest.body, inner)
        self.leave.pop()
        if any(f"goto {label};" in line for line in scope.lines):
            scope.put(f"{label}:;")
        if inner.level != "thread" and (self.touched.writes or self.touched.reads):
            self.barrier(inner)  # scratch of the team is free again
        scope.depth -= 1
        scope.put("}")
        for x in nest.loops:
            scope.close_index(x.index)

    def _by_pieces(self, nest: Nest, v: Vectors, total: str, inner: Team) -> str:
        """The steps that whole pieces hold; gives the variable of the first step that is left."""
        scope, n = self.scope, nest.loops[0].index
        q, done = scope.variable("an_q", "an_ix"), scope.variable("an_done", "an_ix")
        scope.put(f"{done} = 0;")
        scope.put(f"if ({aligned(scope, v, n)}) {{")
        scope.depth += 1
        scope.put(f"{done} = {total} > 0 ? {total} / {v.width} * {v.width} : 0;")
        scope.put(f"for ({q} = an_rank; {q} < {done} / {v.width}; {q} += an_size) {{")
        scope.depth += 1
        index = scope.open_index(n)
        stores = list(open_pieces(scope, v, n, q))
        scope.put("#pragma unroll")
        scope.put(f"for (int an_u = 0; an_u < {v.width}; an_u++) {{")
        scope.depth += 1
        scope.put(f"{index} = {q} * {v.width} + an_u;")
        self.block(nest.body, inner)
        scope.depth -= 1
        scope.put("}")
        for p in v.pieces:
            del scope.vectors[p.buffer, p.index]
        for line in stores:
            scope.put(line)
        scope.close_index(n)
        for _ in range(2):
            scope.depth -= 1
            scope.put("}")
        return done

    def _ranges(self, nest: Nest) -> tuple[list[str], list[str]]:
        """First values, and numbers of steps."""
        starts, spans = [], []
        for x in nest.loops:
            lo, hi = self.bounds(x)
            step = x.index.attr("step")
            span = hi if lo == "0" else f"({hi} - {lo})" if step > 0 else f"({lo} - {hi})"
            if abs(step) != 1:
                span = f"(({span} + {abs(step) - 1}) / {abs(step)})"
            if len(nest.loops) > 1:
                held = self.scope.variable("an_span", "an_ix")
                self.scope.put(f"{held} = {span} > 0 ? {span} : 0;")
                span = held
            starts.append(lo)
            spans.append(span)
        return starts, spans

    def _decode(self, nest: Nest, k: str, starts: list[str], spans: list[str]) -> None:
        """The counters of step k, the last one fastest."""
        scope = self.scope
        left = k
        for j in range(len(nest.loops) - 1, -1, -1):
            n = nest.loops[j].index
            index = scope.open_index(n)
            step = n.attr("step")
            q = left
            if j:
                q = f"{left} % {spans[j]}"
            value = q if step == 1 else f"({q}) * {step}"
            scope.put(f"{index} = {value if starts[j] == '0' else f'{starts[j]} + {value}'};")
            if j:
                rest = scope.variable("an_left", "an_ix")
                scope.put(f"{rest} = {left} / {spans[j]};")
                left = rest


#: (team, unit) -> which unit this thread belongs to, and how many there are.
_PLACES = {
    ("grid", "thread"): ("an_rank", "an_size"),
    ("grid", "warp"): ("an_rank >> 5", "an_size >> 5"),
    ("grid", "block"): ("(an_ix)blockIdx.x", "(an_ix)gridDim.x"),
    ("block", "thread"): ("(an_ix)threadIdx.x", "(an_ix)blockDim.x"),
    ("block", "warp"): ("(an_ix)(threadIdx.x >> 5)", "(an_ix)(blockDim.x >> 5)"),
    ("warp", "thread"): ("(an_ix)(threadIdx.x & 31)", "32"),
}
