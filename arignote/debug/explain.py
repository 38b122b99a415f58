"""`f.explain(*args)`: what one call does, as data and as a table.

The numbers belong to the arguments that were given; the structure (nests, buffers, calls) holds for
every call that the same specialisation answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..emit import plan
from ..emit.kernel import Compilation
from ..fxgraph.constants import is_const
from ..fxgraph.node import Origin
from ..optimize.loopnest.program import (
    Alloc,
    Buffer,
    Check,
    If,
    Library,
    Loop,
    Note,
    Program,
    Statement,
    Store,
    While,
    load_op,
    walk,
)
from ..optimize.loopnest.program_text import buffer_names, program_text
from ..optimize.rule import RULES
from .counting import Sizes, count, taken, traffic, trip
from .on_device import device_lines
from .printed import text_of


@dataclass(frozen=True)
class Nest:
    """One loop nest or library call, in program order.

    lines: the user's, fused into it ("file.py:12  y = x + 1").  loops: steps, such as "300 x 10".
    flops, bytes: in one call; `guessed` where some number of steps depends on the data.
    """

    kind: str
    lines: tuple[str, ...]
    loops: str
    flops: float
    bytes: float | None
    parallel: bool
    guessed: bool
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Memory:
    """One buffer; bytes is None where its size depends on the data."""

    name: str
    role: str
    type: str
    bytes: float | None


@dataclass(frozen=True)
class Fired:
    """A rewrite that was applied, and how often."""

    name: str
    times: int
    doc: str


@dataclass(frozen=True, repr=False)
class Explanation:
    """What a compiled function does for arguments like those given; `str` makes a readable page.

    notes: copies that had to be made and temporaries that went, with the reason.  guards: what must
    hold for this specialisation to apply.  checks: what is tested while it runs.  device: what is
    started on a GPU, for functions that run there.
    """

    name: str
    nests: tuple[Nest, ...]
    buffers: tuple[Memory, ...]
    notes: tuple[str, ...]
    fired: tuple[Fired, ...]
    guards: tuple[str, ...]
    checks: tuple[str, ...]
    seconds: Mapping[str, float]
    device: tuple[str, ...] = ()

    @property
    def flops(self) -> float:
        return sum(n.flops for n in self.nests)

    def __rich__(self) -> Group:
        return Group(*_page(self))

    def __str__(self) -> str:
        return text_of(self)

    __repr__ = __str__


def explain(made: Compilation, leaves: Sequence[Any], device: str = "cpu") -> Explanation:
    """The explanation of a compilation for a call with these leaves, on a device."""
    program = made.program
    sizes = sizes_of(made, leaves)
    fired = sorted(made.report.fired.items(), key=lambda item: (-item[1], item[0]))
    listing = [line.strip() for line in program_text(program).splitlines()]
    return Explanation(
        program.name,
        tuple(_nests(program, sizes)),
        tuple(_buffers(program, sizes)),
        program.notes,
        tuple(
            Fired(name, times, RULES[name].doc if name in RULES else "") for name, times in fired
        ),
        tuple(line.removeprefix("guard ") for line in listing if line.startswith("guard ")),
        tuple(_checks(program)),
        dict(made.seconds),
        () if device == "cpu" else device_lines(made.trace, leaves),
    )


def sizes_of(made: Compilation, leaves: Sequence[Any]) -> Sizes:
    """The integers of a call with these leaves."""
    return Sizes(dict(zip(made.program.integers, _integers(made.plan, leaves))))


def _integers(made: plan.Plan, leaves: Sequence[Any]) -> Iterator[int]:
    for source in made.ints:
        leaf = leaves[source.leaf]
        if isinstance(source, plan.SizeOf):
            yield int(np.shape(leaf)[source.axis])
        elif isinstance(source, plan.StrideOf):
            yield int(leaf.strides[source.axis] // leaf.dtype.itemsize)
        else:
            yield int(leaf)


# ---- nests ---------------------------------------------------------------------------------------
def _nests(program: Program, sizes: Sizes) -> Iterator[Nest]:
    for s in units(program, sizes):
        yield nest_of(s, program, sizes)


def units(program: Program, sizes: Sizes) -> Iterator[Statement]:
    """Loops and calls on the outermost level; a branch that the sizes decide is followed."""
    stack = list(reversed(program.statements))
    while stack:
        s = stack.pop()
        if isinstance(s, If) and sizes.value(s.pred) is not None:
            stack.extend(reversed([x for block in taken(s, sizes) for x in block]))
        elif isinstance(s, Loop | While | If | Library):
            yield s


def nest_of(s: Statement, program: Program, sizes: Sizes) -> Nest:
    total = count((s,), sizes, program.sites)
    inside = list(walk((s,)))
    kind = {While: "while loop", If: "branch", Library: "call"}.get(type(s), _kind(inside))
    calls = tuple(f"{name} x {n:,.0f}" if n != 1 else name for name, n in total.calls.items())
    return Nest(
        calls[0] if kind == "call" else kind,
        tuple(dict.fromkeys(_lines(inside))),
        _loops(s, sizes),
        total.flops,
        traffic(total, sizes),
        any(isinstance(x, Loop) and x.parallel for x in inside),
        total.guessed,
        calls,
    )


def _kind(inside: Sequence[Statement]) -> str:
    """Of a loop: "fill" and "copy" store what was there before, anything else is a "nest"."""
    stored = [s.value for s in inside if isinstance(s, Store)]
    if not stored or not all(isinstance(s, Store | Loop | Note) for s in inside):
        return "nest"
    if all(is_const(v) for v in stored):
        return "fill"
    return "copy" if all(v.op is load_op for v in stored) else "nest"


def _lines(statements: Sequence[Statement]) -> Iterator[str]:
    """The user's lines, in the order of the statements that came of them."""
    found: list[Origin] = []
    for s in statements:
        where = s.origin if isinstance(s, Loop | While | If | Library | Note) else None
        if where is not None:
            found.append(where)
        if isinstance(s, Loop):
            found.extend(s.fused)
    for where in found:
        place = f"{where.file.rsplit('/', 1)[-1]}:{where.line}"
        yield f"{place}  {where.expression}" if where.expression else place


def _loops(s: Statement, sizes: Sizes) -> str:
    """Steps of a loop, then of those inside: "300 x 10", "300 x (10, 10)"."""
    if isinstance(s, Loop):
        steps = trip(s, sizes)
        own = "?" if steps is None else f"{steps:.0f}"
        inner = _inner(s.body, sizes)
    elif isinstance(s, While):
        own, inner = "?", _inner((*s.setup, *s.body), sizes)
    elif isinstance(s, If):
        own, inner = "", _inner((*s.then, *s.other), sizes)
    else:
        return ""
    if not inner:
        return own
    rest = inner[0] if len(inner) == 1 else f"({', '.join(inner)})"
    return f"{own} x {rest}" if own else rest


def _inner(block: Sequence[Statement], sizes: Sizes) -> list[str]:
    return [text for text in (_loops(s, sizes) for s in block) if text]


# ---- the rest ------------------------------------------------------------------------------------
def _buffers(program: Program, sizes: Sizes) -> Iterator[Memory]:
    given = [p for p in program.pointers if isinstance(p, Buffer)]
    results = [r.buffer for r in program.results if r.buffer is not None]
    scratch = [s.buffer for s in walk(program.statements) if isinstance(s, Alloc)]
    names = buffer_names(program)
    for b in dict.fromkeys((*given, *results, *scratch)):
        values = [sizes.value(d) for d in b.shape]
        shape = ", ".join("?" if v is None else f"{v:.0f}" for v in values)
        role = f"{b.role}, written" if b.role == "argument" and b.written else b.role
        yield Memory(names.get(b, b.name), role, f"{b.dtype}[{shape}]", sizes.bytes(b))


def _checks(program: Program) -> Iterator[str]:
    sites = dict.fromkeys(s.site for s in walk(program.statements) if isinstance(s, Check))
    for k in sites:
        site = program.sites[k]
        where = site.origin
        place = f"{where.file.rsplit('/', 1)[-1]}:{where.line}  {where.expression}" if where else ""
        yield f"{site.error} at {place}" if place else f"{site.error}: {site.message}"


# ---- the page ------------------------------------------------------------------------------------
def _page(e: Explanation) -> Iterator[Any]:
    times = ", ".join(f"{stage} {1e3 * s:.1f} ms" for stage, s in e.seconds.items())
    yield Text(f"{e.name}: {len(e.nests)} nests and calls, {_number(e.flops)} operations a call")
    table = _table(("", "what", "the lines in it", "loops", "operations", "bytes", "parallel"))
    for k, n in enumerate(e.nests):
        mark = "≥ " if n.guessed else ""
        lines = "\n".join((*n.lines, *(f"calls {c}" for c in n.calls if c != n.kind)))
        table.add_row(str(k), n.kind, Text(lines), n.loops, mark + _number(n.flops),
                      mark + _number(n.bytes), "yes" if n.parallel else "")  # fmt: skip
    yield table
    table = _table(("buffer", "role", "type", "bytes"))
    for b in e.buffers:
        table.add_row(b.name, b.role, Text(b.type), _number(b.bytes))
    yield table
    yield from _list("copies and temporaries", e.notes)
    yield from _list("rewrites", tuple(f"{f.name} x {f.times}: {f.doc}" for f in e.fired))
    yield from _list("guards (else it is traced anew)", tuple(f"{g}" for g in e.guards))
    yield from _list("checks while it runs", e.checks)
    yield from _list("on a GPU (the sizes are those for an H100)", e.device)
    yield Text(f"compiled in: {times}")


def _table(heads: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1), title_justify="left")
    for head in heads:
        number = head in ("operations", "bytes")
        table.add_column(head, justify="right" if number else "left", no_wrap=number)
    return table


def _list(title: str, lines: Sequence[str]) -> Iterator[Text]:
    if lines:
        yield Text(f"{title}:")
    for line in lines:
        yield Text(f"  {line}")


def _number(x: float | None) -> str:
    if x is None:
        return "?"
    for unit, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if x >= 10 * scale:
            return f"{x / scale:.0f}{unit}"
        if x >= scale:
            return f"{x / scale:.1f}{unit}"
    return f"{x:.0f}"
