"""One kernel: statements printed for the whole grid, and how the host starts it.

A kernel whose grid shares nothing runs in one thread.  One whose threads must wait for each other
is launched cooperatively, with at most one block a multiprocessor; where its loops are short the
host asks for a single block, and the grid's barrier is the block's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...fxgraph.node import Node, Origin
from ...optimize.loopnest.program import Buffer, Loop, Statement, walk
from ..lines import source_line
from ..scalar_code import code
from .device import DeviceInfo
from .host import HostValues
from .nest import Analysis
from .plan import Expr, Launch, Pointer
from .scope import KernelScope, ModuleText
from .share import Site
from .team import Printer, Team

#: Positions above this need 64 bits: a grid's stride may be added to them.
NARROW = 2**31 - 2**24


@dataclass(frozen=True)
class Setting:
    """What kernels of one program have in common.

    place: the plan's name of a root buffer's memory.
    """

    module: ModuleText
    analysis: Analysis
    host: HostValues
    device: DeviceInfo
    folded: frozenset[Node]
    pointed: frozenset[Buffer]
    place: Callable[[Buffer], str]


@dataclass(frozen=True)
class Made:
    """A printed kernel.  alone: it runs in one thread.  row: the longest loop of a step that blocks
    take; where it is short at run time, a kernel whose warps do is faster."""

    launch: Launch
    text: str
    alone: bool
    row: Expr | None


def make_kernel(
    setting: Setting, name: str, before: Sequence[Statement], statements: Sequence[Statement],
    after: Sequence[Statement], rows: str = "block",
) -> Made:  # fmt: skip
    """The kernel that runs these statements.

    before: assignments that make values known; every thread makes them.  after: what becomes of
    results.  rows: who takes a step that has loops of its own, "block" or "warp".  Raises
    LookupError where a statement cannot be in a kernel.
    """
    level = "grid" if _shares(statements, setting.analysis) else "thread"
    work = (before, statements, after)
    printer = _print(setting, Team(level), rows, *work)
    if level == "grid" and not printer.sites:
        level = "thread"
        printer = _print(setting, Team(level), rows, *work)
    origins = _origins(statements)
    origin = origins[0] if origins else None
    scope = printer.scope
    alone = level == "thread"
    for variable, (b, _) in list(scope.pointers.items()):
        scope.pointers[variable] = (b, Pointer(setting.place(b)))
    launch = Launch(
        name,
        ("1",) if alone else (_grid(printer, setting.device),),
        ("1",) if alone else (str(setting.device.threads),),
        tuple(a for _, a in (*scope.pointers.values(), *scope.params.values())),
        cooperative=scope.grid_barriers,
        wide=_wide(printer, setting.host),
        line="; ".join(dict.fromkeys(map(source_line, origins))),
    )
    threads = 1 if alone else setting.device.threads
    text = _text(scope, name, threads, origin, setting.pointed)
    return Made(launch, text, alone, printer.row if rows == "block" else None)


def _origins(statements: Sequence[Statement]) -> list[Origin]:
    """The user's lines that a kernel stands for, those of loops that were joined included."""
    out: dict[Origin, None] = {}
    for s in walk(statements):
        found = (getattr(s, "origin", None), *getattr(s, "fused", ()))
        out.update(dict.fromkeys(o for o in found if o is not None))
    return list(out)


def _shares(statements: Sequence[Statement], analysis: Analysis) -> bool:
    return any(isinstance(s, Loop) and analysis.nest(s) is not None for s in walk(statements))


def _print(
    setting: Setting, team: Team, rows: str, before: Sequence[Statement],
    statements: Sequence[Statement], after: Sequence[Statement],
) -> Printer:  # fmt: skip
    scope = KernelScope(setting.module, setting.host, setting.folded)
    printer = Printer(scope, setting.analysis, setting.device, setting.pointed)
    printer.rows = rows
    for v in setting.host.entry:
        scope.name(v)
    printer.block(before, team)
    first = statements[0] if statements else None
    nest = (
        setting.analysis.nest(first) if isinstance(first, Loop) and team.level == "grid" else None
    )
    if nest is not None and nest.folds and not any(isinstance(s, Loop) for s in statements[1:]):
        printer.ticket = True
        printer.block(statements[:1], team)
        printer.block((*statements[1:], *after), Team("block"))
    else:
        printer.block((*statements, *after), team)
    return printer


#: Work of so small a part of the multiprocessors is done by one block, whose barriers cost a
#: fiftieth of the grid's: of steps without loops, and of others.
LIGHT, HEAVY = 8, 32


def _grid(printer: Printer, device: DeviceInfo) -> Expr:
    """The number of blocks."""
    each = {"thread": device.threads, "warp": device.threads // 32, "block": 1}
    counts: list[Site] = printer.sites
    together = printer.scope.grid_barriers
    most = device.sms if together else device.sms * device.blocks_per_sm
    if any(s.count is None for s in counts):
        return str(most)
    wanted = [s.count if s.unit == "block" else f"cdiv({s.count}, {each[s.unit]})" for s in counts]
    wanted = list(dict.fromkeys(wanted))
    largest = wanted[0] if len(wanted) == 1 else f"max({', '.join(map(str, wanted))})"
    if together:
        alone = device.sms // (LIGHT if all(s.light for s in counts) else HEAVY)
        return f"where({largest} <= {alone}, 1, min({most}, {largest}))"
    return f"min({most}, max(1, {largest}))"


def _wide(printer: Printer, host: HostValues) -> Expr:
    """Is an array, or a loop, too long for 32-bit positions?"""
    counts: dict[Expr, None] = {}
    for b, _ in printer.scope.pointers.values():
        if b.strides is None:
            text = host.product(b.shape)
        else:
            terms = [
                f"abs({host.size(s)}) * {host.size(d)}"
                for d, s in zip(b.shape, b.strides, strict=True)
            ]
            text = " + ".join(terms) or "1"
        if text is not None:
            counts[text] = None
    for s in printer.sites:
        if s.count is not None:
            counts[s.count] = None
    tests = [t for t in counts if not _small(t)]
    return " or ".join(f"{t} > {NARROW}" for t in tests) or "False"


def _small(text: str) -> bool:
    """Is the number literal and below the limit?"""
    parts = text.split(" * ")
    if not all(p.isdigit() for p in parts):
        return False
    total = 1
    for p in parts:
        total *= int(p)
    return total <= NARROW


# ---- text ----------------------------------------------------------------------------------------
def _text(
    scope: KernelScope, name: str, threads: int, where: Origin | None, pointed: frozenset[Buffer]
) -> str:
    params = []
    for variable, (b, _) in scope.pointers.items():
        written = b in scope.stored
        moved = b in pointed
        params.append(f"{_pointer_type(b, written, scope.barriers, moved)} {variable}")
    for variable, (kind, _) in scope.params.items():
        params.append(f"{kind} {variable}" if kind.endswith("*") else f"const {kind} {variable}")
    head = f'extern "C" __global__ void __launch_bounds__({threads}) {name}('
    lines = [f"// {source_line(where)}"] if where is not None else []
    lines += [head + _wrapped(params) + ") {"]
    lines += [f"    {a}" for a in scope.arrays]
    lines += _declarations(scope)
    lines += [
        "    const an_ix an_rank = (an_ix)(blockIdx.x * blockDim.x + threadIdx.x);",
        "    const an_ix an_size = (an_ix)(gridDim.x * blockDim.x);",
        "    (void)an_rank, (void)an_size;",
        *(f"    {line}" for line in scope.opening),
        *scope.lines,
        "an_end:;",
        "}",
    ]
    return "\n".join(lines)


def _pointer_type(b: Buffer, written: bool, barriers: bool, moved: bool) -> str:
    """`const __restrict__` is a promise that nobody writes it meanwhile, also through a barrier."""
    element = f"an_{code(b.dtype)}"
    if moved:
        return f"{element}*"
    alone = b.restrict and b.role != "alias"
    if not written:
        return f"const {element}* __restrict__" if alone else f"const {element}*"
    return f"{element}* __restrict__" if alone and not barriers else f"{element}*"


def _wrapped(params: list[str]) -> str:
    line = ", ".join(params)
    return line if len(line) < 70 else "\n    " + ",\n    ".join(params)


def _declarations(scope: KernelScope) -> list[str]:
    by_type: dict[str, list[str]] = {}
    for name, kind in scope.declared.items():
        by_type.setdefault(kind, []).append(name)
    out = []
    for kind, names in by_type.items():
        if kind.endswith("*"):
            out += [f"    {kind} {n};" for n in names]
        else:
            out += [f"    {kind} {', '.join(names[k : k + 8])};" for k in range(0, len(names), 8)]
    return out
