"""Memory of a kernel's own: arrays of a thread, shared memory of a block, slices of an arena."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ...fxgraph.affine import size_node
from ...optimize.loopnest.program import Alloc, Buffer, Point
from ..scalar_code import code
from .host import times
from .plan import Expr
from .scope import root

if TYPE_CHECKING:
    from .team import Printer, Team

#: A thread's own arrays of literal size, up to so many bytes, are variables.
IN_THREAD = 1024


class NotInKernel(LookupError):
    """The statement cannot be part of a kernel: the host takes its loops."""


def print_alloc(printer: Printer, s: Alloc, team: Team) -> None:
    """The buffer exists from here on, once for each team that comes here."""
    b = root(s.buffer)
    scope = printer.scope
    if b.role == "result":
        raise NotInKernel(f"{b} is a result whose size is known only here")
    if b in printer.levels:
        if printer.levels[b] != team.level:
            raise NotInKernel(f"{b} is allocated at two places")
    else:
        printer.levels[b] = team.level
        _place(printer, b, team)
    if s.zero:
        element = f"an_{code(b.dtype)}"
        rank, size = _RANKS[team.level]
        if team.level != "thread":
            printer.before(printer.accesses_of(b), team)
        k = scope.variable("an_z", "an_ix")
        count = times(scope.position(size_node(d)).within(0) for d in b.shape)
        scope.put(f"for ({k} = {rank}; {k} < {count}; {k} += {size}) {{")
        scope.put(f"    memset(&{scope.roots[b]}[{k}], 0, sizeof({element}));")
        scope.put("}")


def _place(printer: Printer, b: Buffer, team: Team) -> None:
    scope = printer.scope
    element = f"an_{code(b.dtype)}"
    literal = all(isinstance(d, int) for d in b.shape)
    count = prod(d for d in b.shape if isinstance(d, int))
    bytes = count * int(b.dtype.itemsize)
    pointed = b in printer.pointed
    if literal and team.level == "thread" and bytes <= IN_THREAD and not pointed:
        name = scope.roots[b] = scope.names.fresh(b.name)
        scope.arrays.append(f"{element} {name}[{max(count, 1)}];")
        return
    if literal and team.level == "block" and bytes <= printer.shared_left and not pointed:
        printer.shared_left -= bytes
        name = scope.roots[b] = scope.names.fresh(b.name)
        scope.arrays.append(f"__shared__ {element} {name}[{max(count, 1)}];")
        return
    bound = [scope.host.upper(size_node(d)) for d in b.shape]
    if any(t is None for t in bound):
        raise NotInKernel(f"the size of {b} is known only in the kernel")
    size: Expr = times(f"max(0, {t})" for t in bound if t is not None)
    teams = printer.most_blocks * {
        "grid": 0, "block": 1, "warp": printer.threads // 32, "thread": printer.threads,
    }[team.level]  # fmt: skip
    total = f"{size} * {max(teams, 1) * int(b.dtype.itemsize)}"
    arena = scope.scratch(f"{b.name}_all", element, total)
    if team.level == "grid":
        scope.roots[b] = arena
        return
    name = scope.roots[b] = scope.variable(b.name, f"{element}*")
    held = scope.host_int(size)
    scope.put(f"{name} = {arena} + (size_t){held} * {_NUMBER[team.level]};")


def print_point(printer: Printer, s: Point) -> None:
    """Pointer variables take buffers' places, all at once."""
    scope = printer.scope
    held = []
    for b in s.buffers:
        source = scope.pointer(b)
        held.append(scope.variable(f"{b.name}_now", f"an_{code(b.dtype)}*"))
        scope.put(f"{held[-1]} = {source};")
    for a, h in zip(s.aliases, held, strict=True):
        b = root(a)
        name = scope.roots.get(b)
        if name is None:
            name = scope.roots[b] = scope.variable(b.name, f"an_{code(b.dtype)}*")
        elif name in scope.pointers:  # it came in by a parameter that is not written to
            kept = scope.names.fresh(b.name)
            raise NotInKernel(f"{kept} is rotated here and bound elsewhere")
        scope.put(f"{name} = {h};")


_RANKS = {
    "thread": ("0", "1"),
    "warp": ("(threadIdx.x & 31)", "32"),
    "block": ("threadIdx.x", "blockDim.x"),
    "grid": ("an_rank", "an_size"),
}
_NUMBER = {
    "thread": "((size_t)blockIdx.x * blockDim.x + threadIdx.x)",
    "warp": "(((size_t)blockIdx.x * blockDim.x + threadIdx.x) >> 5)",
    "block": "(size_t)blockIdx.x",
}
