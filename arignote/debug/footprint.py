"""How much memory a call holds, step by step: results and scratch, as they come into being.

Scratch is given back when the call ends, and results start before it, so the last step holds most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..optimize.loopnest.program import Alloc, Program, Statement, walk
from .counting import Sizes


@dataclass(frozen=True)
class Footprint:
    """results, scratch: bytes at the end.  steps: bytes held after each nest, in program order.
    unknown: names of buffers whose size only the data decide; they count as nothing."""

    results: float
    scratch: float
    steps: tuple[float, ...]
    unknown: tuple[str, ...]

    @property
    def peak(self) -> float:
        return self.results + self.scratch


def footprint(program: Program, units: Sequence[Statement], sizes: Sizes) -> Footprint:
    """The memory of a call; `units` are the statements of the outermost level to report on."""
    early = [r.buffer for r in program.results if r.buffer is not None and r.static]
    unknown: list[str] = []
    held = 0.0
    for b in dict.fromkeys(early):
        held += sizes.bytes(b) or 0.0
    results, scratch = held, 0.0
    wanted = set(units)
    steps: list[float] = []
    seen = set(early)
    for s in walk(program.statements):
        if isinstance(s, Alloc) and s.buffer not in seen:
            seen.add(s.buffer)
            size = sizes.bytes(s.buffer)
            if size is None:
                unknown.append(s.buffer.name)
            elif s.buffer.role == "result":
                results += size
            else:
                scratch += size
        if s in wanted:
            inside = [x.buffer for x in walk((s,)) if isinstance(x, Alloc)]
            more = sum(sizes.bytes(b) or 0.0 for b in dict.fromkeys(inside) if b not in seen)
            steps.append(results + scratch + more)
    return Footprint(results, scratch, tuple(steps), tuple(unknown))
