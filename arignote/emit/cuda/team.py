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
)
from ..cython.reductions import JOINS
from ..scalar_code import code
from .checks import print_check
from .device import DeviceInfo
from .host import counted
from .memory import print_alloc, print_point
from .nest import Analysis, joined
from .plan import Expr
from .reduce import join_values
from .registers import Place, promoted
from .scope import KernelScope, root
from .share import Site, share

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
            self.before(self.accesses(s, team), team)
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

    def accesses(self, s: Statement, team: Team) -> Touched:
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

    def nothing(self) -> Touched:
        """What is touched right behind a barrier."""
        return Touched(self.pointed)

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
        other = joined(s) if root(s.buffer) in self.atomic else None
        value = self.scope.texts(s.value if other is None else other)[0]
        self.scope.stored.add(root(s.buffer))
        place = self.scope.place(s.buffer, s.index)
        t = code(s.buffer.dtype)
        if other is not None:
            self.scope.put(f"an_atomic_{s.value.op.name}(&{place}, {value.text});")
        elif s.accumulate and root(s.buffer) in self.atomic:
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
            self.before(self.accesses(If(s.pred, ()), team), team)
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
            self.before(self.accesses(If(s.cond, ()), team), team)
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
            whole = whole | self.accesses(s, team)
        if self.touched.meets(whole):
            self.barrier(team)
        self.touched = start | whole

    def _loop(self, s: Loop, team: Team) -> None:
        self.scope.comment(s.origin)
        nest = self.analysis.nest(s) if team.level != "thread" else None
        if nest is not None:
            share(self, s, nest, team)
            return
        if team.level != "thread":
            ends = (s.index.attr("lo"), s.index.attr("hi"))
            self.before(
                self.accesses(If(ends[0], ()), team) | self.accesses(If(ends[1], ()), team), team
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
