"""Operations and bytes of the statements of a Program, for sizes that are known.

Counts are exact for loops whose bounds follow from the sizes; an inner loop whose bounds move with
the outer counter is counted at the middle step, which for triangles is exact too.  What only the
data decide (steps of a while loop, bounds read from an array) is counted once and marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from ..emit.array_c import array_c
from ..emit.library_table import by_lapack
from ..fxgraph.graph import order_of
from ..fxgraph.interpret import evaluate
from ..fxgraph.node import Node
from ..optimize.loopnest.program import (
    Alloc,
    Buffer,
    Fold,
    If,
    Library,
    Loop,
    Panel,
    Site,
    Statement,
    Store,
    While,
    children,
    expressions,
)

_UNKNOWN = ("load", "local", "index", "param", "input")


@dataclass
class Count:
    """flops: floating-point operations, each function counted as one.  touched: accesses by buffer.
    calls: library routines.  guessed: some number of steps is not known before the call."""

    flops: float = 0.0
    touched: dict[Buffer, float] = field(default_factory=dict)
    own: set[Buffer] = field(default_factory=set)
    calls: dict[str, float] = field(default_factory=dict)
    guessed: bool = False

    def touch(self, buffer: Buffer, times: float) -> None:
        while buffer.base is not None:
            buffer = buffer.base
        self.touched[buffer] = self.touched.get(buffer, 0.0) + times


class Sizes:
    """What integers are, for one call."""

    def __init__(self, known: Mapping[Node, int]) -> None:
        self.known: dict[Node, Any] = dict(known)

    def value(self, n: int | Node) -> float | None:
        """The number, or None where it depends on the data."""
        if isinstance(n, int):
            return n
        if n in self.known:
            return float(self.known[n])
        if any(m.op.name in _UNKNOWN and m not in self.known for m in order_of((n,))):
            return None
        (found,) = evaluate((n,), self.known)
        return float(found)

    def product(self, shape: Iterable[int | Node]) -> float | None:
        values = [self.value(d) for d in shape]
        return None if None in values else prod(v for v in values if v is not None)

    def bytes(self, buffer: Buffer) -> float | None:
        elements = self.product(buffer.shape)
        return None if elements is None else elements * buffer.dtype.itemsize


def count(statements: Sequence[Statement], sizes: Sizes, sites: Sequence[Site]) -> Count:
    """What the statements do in one call; `sites` are the program's, and name its callbacks."""
    total = Count()
    stack: list[tuple[Statement, float]] = [(s, 1.0) for s in reversed(statements)]
    while stack:
        s, times = stack.pop()
        if isinstance(s, Alloc):
            total.own.add(s.buffer)
        if isinstance(s, Library):
            _library(s, times, total, sizes)
            name = routine(s, sites)
            total.calls[name] = total.calls.get(name, 0.0) + times
            continue
        _expressions(s, times, total)
        if isinstance(s, Loop):
            steps = trip(s, sizes)
            total.guessed |= steps is None
            times *= 1.0 if steps is None else steps
        total.guessed |= isinstance(s, While)
        for block in taken(s, sizes):
            stack.extend((x, times) for x in reversed(block))
    return total


def trip(s: Loop, sizes: Sizes) -> float | None:
    """Steps of a loop; binds its counter to the middle of its range."""
    lo, hi = sizes.value(s.index.attr("lo")), sizes.value(s.index.attr("hi"))
    step = int(s.index.attr("step"))
    if lo is None or hi is None:
        return None
    sizes.known[s.index] = int(lo + hi - (1 if step > 0 else -1)) // 2
    return max(0.0, (hi - lo) / step if abs(step) == 1 else -((lo - hi) // step))


def taken(s: Statement, sizes: Sizes) -> tuple[tuple[Statement, ...], ...]:
    """The blocks of a statement that run: of a branch that the sizes decide, one."""
    if isinstance(s, If):
        chosen = sizes.value(s.pred)
        if chosen is not None:
            return (s.then if chosen else s.other,)
    return children(s)


def traffic(total: Count, sizes: Sizes) -> float | None:
    """Bytes that are read or written at least once, scratch of single steps left out."""
    out = 0.0
    for buffer, times in total.touched.items():
        if buffer in total.own:
            continue
        size = sizes.bytes(buffer)
        reached = times * buffer.dtype.itemsize
        out += reached if size is None else min(size, reached)
    return out


def _expressions(s: Statement, times: float, total: Count) -> None:
    seen: set[Node] = set()
    for e in expressions(s):
        for m in order_of((e,)):
            if m in seen:
                continue
            seen.add(m)
            if m.op.name == "load":
                total.touch(m.attr("buffer"), times)
            elif "elementwise" in m.op.traits and m.op.name != "cast" and _floating(m):
                total.flops += times
    if isinstance(s, Store):
        total.touch(s.buffer, times)
        total.flops += times if s.accumulate and s.buffer.dtype.kind in "fc" else 0.0
    elif isinstance(s, Fold) and _floating(s.local):
        total.flops += times


def _floating(n: Node) -> bool:
    return not isinstance(n.type, tuple) and n.dtype.kind in "fc"


def _library(s: Library, times: float, total: Count, sizes: Sizes) -> None:
    panels = [p for p in (*s.outputs, *s.inputs) if isinstance(p, Panel)]
    for p in panels:
        elements = sizes.product(p.shape)
        if elements is None:
            total.guessed = True
        else:
            total.touch(p.buffer, times * elements)
    flops = _library_flops(s, sizes)
    total.flops += times * (flops or 0.0)


def routine(s: Library, sites: Sequence[Site]) -> str:
    """The name of what is called; of a callback, the op whose C, LAPACK or NumPy function it
    runs."""
    site = sites[s.site] if s.name == "python" and 0 <= s.site < len(sites) else None
    if site is None or site.node is None:
        return s.name
    name = site.node.op.name
    own = array_c(site.node, s) is not None or by_lapack(site.node, s)
    return name if own else f"NumPy's {name}"


def _library_flops(s: Library, sizes: Sizes) -> float | None:
    """Multiplications and additions of a product; None for other routines."""
    panels = [p for p in s.inputs if isinstance(p, Panel)]
    if s.name == "gemm" and panels:
        rows = sizes.product((*s.outputs[0].shape, panels[0].shape[-1]))
        return None if rows is None else 2 * rows
    if s.name == "syrk" and panels:
        return sizes.product((*s.outputs[0].shape, panels[0].shape[-1]))
    if s.name in ("gemv", "dot") and panels:
        most = [sizes.product(p.shape) or 0.0 for p in panels]
        return 2 * max(most)
    if s.name == "ger":
        size = sizes.product(s.outputs[0].shape)
        return None if size is None else 2 * size
    return None
