"""From a Program to the records of the host: what becomes a kernel, and what the host does itself.

Top-level statements go one by one.  A loop (or a branch) becomes a kernel with all that is in it,
unless it holds a library call or memory whose size only the device knows: then the host runs it,
and its body goes the same way.  Variables live in three places: integers that follow from sizes are
the host's; others are cells, arrays of rank 0 on the device; and a value that is cheap to compute
is not stored at all but computed again by each kernel that reads it ("lazy").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...fxgraph.affine import size_node
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.access import effects_of, overlap
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Break,
    Buffer,
    Check,
    Fold,
    If,
    Library,
    Loop,
    Note,
    Point,
    Program,
    Statement,
    Store,
    While,
    load,
    walk,
)
from . import plan
from .calls import call_library
from .host_checks import check_records
from .kernel import Setting, make_kernel
from .nest import few_steps
from .scope import root
from .segments import absorbing, rotating
from .variables import named_by, set_once

_ALONE = "steps follow each other: one thread runs them"


@dataclass
class Planner:
    """program: with its results stored by statements.  buffers: root -> its entry in the plan.

    cells: variable -> its place on the device.  lazy: variable -> what it is, oldest first.
    recent: variable -> the host variable that it was fetched into, while both are the same.
    run: small statements that wait to be done by one thread.
    """

    program: Program
    setting: Setting
    buffers: dict[Buffer, plan.BufferInfo]
    hosted: set[Node]
    texts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cells: dict[Node, Buffer] = field(default_factory=dict)
    lazy: dict[Node, Node] = field(default_factory=dict)
    recent: dict[Node, plan.Expr] = field(default_factory=dict)
    run: list[Statement] = field(default_factory=list)
    records: list[plan.Record] = field(default_factory=list)
    counter: int = 0
    kernels: int = 0

    # ---- blocks
    def block(self, statements: Sequence[Statement]) -> None:
        at = 0
        while at < len(statements):
            at = self._next(statements, at)
        self.flush()

    def inner(self, statements: Sequence[Statement]) -> tuple[plan.Record, ...]:
        """The records of a block that the host runs."""
        outer, self.records = self.records, []
        self.recent.clear()
        self.block(statements)
        self._settle(list(self.lazy))
        self.recent.clear()
        out, self.records = tuple(self.records), outer
        return out

    def _next(self, block: Sequence[Statement], at: int) -> int:
        """Do the statement at this place (and what goes with it); where to go on."""
        s = block[at]
        if isinstance(s, Note):
            return at + 1
        end = rotating(block, at)
        if end and self._try(block[at:end], rotating=True):
            return end
        if isinstance(s, If) and not end and self._chooses(s):
            self._control(s)
            return at + 1
        if isinstance(s, Loop | While | If) and not end:
            end = absorbing(self, block, at)
            if self._try(block[at:end]):
                return end
        self._one(s)
        return at + 1

    def _chooses(self, s: If) -> bool:
        """Does the host know which branch, and is there enough in them to let it choose?"""
        known = self.setting.host.text(s.pred) is not None
        return known and any(isinstance(x, Loop) for x in walk((*s.then, *s.other)))

    def _one(self, s: Statement) -> None:
        """A statement that the host sees to."""
        if isinstance(s, Assign):
            self._assign(s)
        elif isinstance(s, Store | Fold):
            self._later(s)
        elif isinstance(s, Check):
            if all(self.setting.host.text(x) is not None for x in _operands(s)):
                self.flush()
                self.records.extend(check_records(s, _operands(s), self.setting.host, self.name))
            else:
                self._later(s)
        elif isinstance(s, Alloc):
            self._alloc(s)
        elif isinstance(s, Library):
            call_library(self, s)
        elif isinstance(s, Point):
            self.flush()
            names = [[self.setting.place(root(b)) for b in bs] for bs in (s.aliases, s.buffers)]
            self.records.append(plan.Bind(tuple(names[0]), tuple(names[1])))
        elif isinstance(s, Break):
            self.flush()
            self._settle(list(self.lazy))
            self.records.append(plan.Break())
        else:
            self._control(s)

    def _control(self, s: Statement) -> None:
        """Loops and branches of the host."""
        self.flush()
        self._settle(list(self.lazy))
        host = self.setting.host
        if isinstance(s, If):
            cond = self.known(s.pred)
            then, said = self.inner(s.then), len(self.notes)
            other = self.inner(s.other)
            if any(isinstance(x, Loop) for x in walk(s.then)):  # the form for short loops
                self.notes[said:] = [n for n in self.notes[said:] if not n.endswith(_ALONE)]
            self.records.append(plan.If(cond, then, other))
        elif isinstance(s, Loop):
            lo, hi = self.known(s.index.attr("lo")), self.known(s.index.attr("hi"))
            name = host.names[s.index] = self.fresh("k")
            step = int(s.index.attr("step"))
            self.records.append(plan.For(name, lo, hi, step, self.inner(s.body)))
            del host.names[s.index]
        elif isinstance(s, While):
            outer, self.records = self.records, []
            self.recent.clear()
            self.block(s.setup)
            self._settle(list(self.lazy))
            cond = self.known(s.cond)
            setup, self.records = tuple(self.records), outer
            self.records.append(plan.While(setup, cond, self.inner(s.body)))
        else:
            raise LookupError(f"the host does not run {type(s).__name__}")

    # ---- variables
    def fresh(self, stem: str) -> str:
        self.counter += 1
        return f"{stem}{self.counter}"

    def name(self, n: Node) -> str:
        """The host variable of a node, made at its first use."""
        names = self.setting.host.names
        if n not in names:
            names[n] = self.fresh("h")
        return names[n]

    def _assign(self, s: Assign) -> None:
        text = self.setting.host.text(s.value) if s.local in self.hosted else None
        if text is not None:
            self.spoiled({s.local}, set())
            self.records.append(plan.Set(self.name(s.local), text))
            return
        if s.local in self.hosted or s.local in order_of((s.value,)):
            self._later(s)
            return
        self.spoiled({s.local}, set())
        if any(s.local in effects_of((r,)).sets | effects_of((r,)).uses for r in self.run):
            self.flush()
        reads = effects_of((s,))
        if any(_meets(effects_of((r,)), reads) for r in self.run):
            self.flush()
        self.lazy.pop(s.local, None)
        self.lazy[s.local] = s.value

    def spoiled(self, locals: set[Node], written: set[Buffer]) -> None:
        """Variables and memory change: what depends on them is computed before."""
        for v in locals:
            self.recent.pop(v, None)
        late = []
        for v, value in self.lazy.items():
            nodes = order_of((value,))
            reads = {root(m.attr("buffer")) for m in nodes if m.op.name == "load"}
            if locals & set(nodes) or any(overlap(a, b) for a in reads for b in written):
                late.append(v)
        self._settle(late)

    def _settle(self, late: Iterable[Node]) -> None:
        """Lazy values get their cells."""
        late = [v for v in late if v in self.lazy]
        if late:
            self.flush()
            self.launch((), [Store(self.cell(v), (), v) for v in late])
            for v in late:
                del self.lazy[v]

    def cell(self, v: Node) -> Buffer:
        """The place of a variable on the device."""
        if v not in self.cells:
            name = str(dict(v.attrs).get("name", "v"))
            b = self.cells[v] = Buffer(name, v.dtype, (), "temporary")
            self.add(b, "scratch")
        return self.cells[v]

    def add(self, b: Buffer, role: str, position: int = -1, static: bool = True) -> None:
        """An entry of the plan for a root buffer."""
        shape = tuple(self.known(size_node(d)) for d in b.shape)
        name = b.name
        taken = {i.name for i in self.buffers.values()}
        k = 2
        while name in taken:
            name, k = f"{b.name}_{k}", k + 1
        self.buffers[b] = plan.BufferInfo(name, b.dtype, shape, role, position, b.written, static)  # type: ignore[arg-type]

    def known(self, n: Node) -> plan.Expr:
        """A host expression; what only the device knows is fetched."""
        text = self.setting.host.text(n) or self.recent.get(n)
        if text is not None:
            return text
        target = n if n.op.name == "local" else None
        self.flush()
        name = self.fetched(n)
        if (
            target is not None
            and self.setting.analysis.mentions.get(target, 0)
            and set_once(target, self.program)
        ):
            self.setting.host.names[target] = name
        elif target is not None:
            self.recent[target] = name
        return name

    def stored(self, n: Node) -> plan.BufferInfo:
        """A cell that the device computes a value into."""
        b = Buffer("value", n.dtype, (), "temporary")
        self.add(b, "scratch")
        self.launch((), [Store(b, (), n)])
        return self.buffers[b]

    def fetched(self, n: Node) -> str:
        """A host variable that holds a value which only the device can compute."""
        cell = self.stored(n)
        name = self.fresh("h")
        self.records.append(plan.Fetch(name, cell.name, cell.dtype))
        return name

    # ---- statements that the device does
    def _later(self, s: Statement) -> None:
        """A small statement: one thread does it, together with its neighbours."""
        e = effects_of((s,))
        self.spoiled(e.sets, e.writes)
        self.run.append(s)

    def flush(self) -> None:
        """One thread does the statements that wait."""
        if self.run:
            run, self.run = self.run, []
            self.launch(run, ())

    def _try(self, statements: Sequence[Statement], rotating: bool = False) -> bool:
        """One kernel for these statements, if one can do them."""
        inside = list(walk(statements))
        if any(isinstance(s, Library) for s in inside):
            return False
        if not rotating and any(isinstance(s, Point) for s in inside):
            return False
        allocs = [s for s in statements if isinstance(s, Alloc)]
        rest = [s for s in statements if not isinstance(s, Alloc)]
        kept = len(self.records), list(self.run), dict(self.lazy), len(self.texts)
        names = dict(self.setting.host.names)
        try:
            for a in allocs:
                self._alloc(a)
            e = effects_of(rest)
            self.spoiled(e.sets, e.writes)
            self.flush()
            self.launch(rest, ())
        except LookupError as error:
            del self.records[kept[0] :], self.texts[kept[3] :]
            self.run, self.lazy = kept[1], kept[2]
            self.setting.host.names, self.recent = names, {}  # what was fetched is not any more
            self.notes.append(f"the host runs a loop: {error}")
            return False
        return True

    def launch(self, statements: Sequence[Statement], after: Sequence[Statement]) -> None:
        """A kernel, with the values it needs before and the cells it sets after."""
        e = effects_of((*statements, *after))
        shown = [v for v in sorted(e.sets, key=lambda v: v.serial) if self._shown(v, statements)]
        before = self._needs({*e.uses, *e.folds, *shown})
        stores = [Store(self.cell(v), (), v) for v in shown]
        name = f"{self.setting.module.name}_{self.kernels}"
        self.kernels += 1
        host = self.setting.host
        host.entry = {v: host.names.pop(v) for v in shown_first(e.sets, host.names)}
        try:
            work = (before, tuple(statements), (*after, *stores))
            made = make_kernel(self.setting, name, *work)
            small = made.row and make_kernel(self.setting, f"{name}_rows", *work, rows="warp")
        finally:
            host.names.update(host.entry)
            host.entry = {}
        self.texts.append(made.text)
        if small:
            self.texts.append(small.text)
            short = f"{made.row} <= {self.setting.device.warp_row}"
            self.records.append(plan.If(short, (small.launch,), (made.launch,)))
        else:
            self.records.append(made.launch)
        for s in walk(statements):
            if made.alone and isinstance(s, Loop | While) and s.origin and not few_steps(s):
                self.notes.append(f"{s.origin}: {_ALONE}")
                break
        for v in shown:
            self.lazy.pop(v, None)
            if v in self.hosted:
                place = self.buffers[self.cells[v]].name
                self.records.append(plan.Fetch(self.name(v), place, v.dtype))

    def _shown(self, v: Node, statements: Sequence[Statement]) -> bool:
        """Does anything else than these statements name the variable?"""
        inside = 0
        for s in walk(statements):
            named = named_by(s)
            inside += v in named
        return self.setting.analysis.mentions.get(v, 0) > inside

    def _needs(self, wanted: set[Node]) -> list[Statement]:
        """Assignments that make variables known in a kernel."""
        out: dict[Node, Statement] = {}
        stack = [(v, False) for v in sorted(wanted, key=lambda v: -v.serial)]
        while stack:
            v, ready = stack.pop()
            if v in out or v.op.name != "local" or v in self.setting.host.names:
                continue
            if v in self.lazy:
                if ready:
                    out[v] = Assign(v, self.lazy[v])
                else:
                    stack.append((v, True))
                    stack.extend((m, False) for m in order_of((self.lazy[v],)) if m is not v)
            elif v in self.cells:
                out[v] = Assign(v, load(self.cells[v], ()))
        return list(out.values())

    # ---- memory and calls
    def _alloc(self, s: Alloc) -> None:
        self.flush()
        b = root(s.buffer)
        self.spoiled(set(), {b})
        if b not in self.buffers:
            position = self._result(b)
            role = "scratch" if position < 0 else "result"
            self.add(b, role, position, static=False)
            fresh = True
        else:
            fresh = not self.buffers[b].static
        if fresh or s.zero:
            self.records.append(plan.Allocate(self.buffers[b].name, s.zero))

    def _result(self, b: Buffer) -> int:
        for k, r in enumerate(self.program.results):
            if r.buffer is not None and root(r.buffer) is b:
                return k
        return -1


def shown_first(sets: set[Node], names: dict[Node, str]) -> list[Node]:
    """The variables that a kernel sets and that the host holds, oldest first."""
    return sorted((v for v in sets if v in names), key=lambda v: v.serial)


def _operands(s: Check) -> list[Node]:
    return [x for x in s.operands if x.op.name != "token"]


def _meets(a, b) -> bool:  # type: ignore[no-untyped-def]
    """Does the first one write what the second one reads?"""
    return bool(a.sets & b.uses) or any(overlap(x, y) for x in a.writes for y in b.reads)
