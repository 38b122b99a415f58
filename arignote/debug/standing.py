"""Profiles of functions as they run: every call of a kernel adds to the times of its nests.

`compile(..., profile=True)` or the flag `profile` asks for it.  What was collected is printed when
the interpreter ends, the slowest function first, and can be read at any time.
"""

from __future__ import annotations

import atexit
import sys
from dataclasses import dataclass
from typing import Any

from ..emit.dispatch import Kernel
from ..emit.kernel import Compilation, make_kernel
from .counting import Sizes
from .explain import nest_of, units
from .inputs import NDArray
from .instrument import timed


@dataclass(frozen=True)
class Standing:
    """What the calls of one specialisation have added up to so far.

    The last two of `numbers` are the seconds of whole kernels and the number of calls; those
    before are the seconds of the nests.
    """

    name: str
    lines: tuple[str, ...]
    stages: dict[str, float]
    numbers: NDArray

    @property
    def calls(self) -> int:
        return int(self.numbers[-1])

    @property
    def seconds(self) -> float:
        """Of all calls, without what calling costs."""
        return float(self.numbers[-2])

    @property
    def nests(self) -> dict[str, float]:
        """Seconds by nest, in program order."""
        out: dict[str, float] = {}
        for line, s in zip(self.lines, self.numbers, strict=False):
            out[line] = out.get(line, 0.0) + float(s)
        return out

    def __str__(self) -> str:
        made = ", ".join(f"{k} {1e3 * s:.1f} ms" for k, s in self.stages.items())
        each = 1e6 * self.seconds / max(self.calls, 1)
        lines = [
            f"{self.name}: {self.calls} calls, {1e3 * self.seconds:.3f} ms in its kernel, "
            f"{each:.1f} µs each; compiled in {made}"
        ]
        whole = self.seconds or 1.0
        for line, s in sorted(self.nests.items(), key=lambda row: -row[1]):
            lines.append(f"  {100 * s / whole:5.1f}%  {1e3 * s:10.3f} ms  {line}")
        return "\n".join(lines)


_made: list[Standing] = []


def standing_kernel(made: Compilation, structure: Any) -> Kernel:
    """A kernel that keeps its times.  Raises CompilerMissingError and BuildError."""
    statements = tuple(units(made.program, Sizes({})))
    inside, numbers = timed(made, statements, whole=True)
    kernel, _ = make_kernel(inside, structure)
    if not _made:
        atexit.register(_print_all)
    lines = []
    for s in statements:
        n = nest_of(s, made.program, Sizes({}))
        lines.append("; ".join(n.lines) or n.kind)
    _made.append(Standing(made.trace.name, tuple(lines), inside.seconds, numbers))
    return kernel


def profiles() -> list[Standing]:
    """What was collected so far, the slowest first."""
    return sorted((s for s in _made if s.calls), key=lambda s: -s.seconds)


def _print_all() -> None:
    for s in profiles():
        print(s, file=sys.stderr)


__all__ = ["Standing", "profiles", "standing_kernel"]
