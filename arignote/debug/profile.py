"""Where the time of a call goes: stages of the compilation, the kernel, its loop nests, and tips.

The kernel is timed as a whole.  Nests are not timed one by one, which would change them: their
operations and bytes are counted, and `share` is the part of the work that the counts give them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..emit.dispatch import Dispatcher
from ..emit.kernel import Compilation, make_kernel
from .explain import Nest, explain
from .inputs import fresh
from .tips import tips_for

#: Calls that are timed, and the seconds after which no further one is.
CALLS, SECONDS = 30, 0.3


@dataclass(frozen=True)
class Profile:
    """stages: seconds of tracing and compiling.  call: seconds of one call, the median."""

    name: str
    stages: Mapping[str, float]
    call: float
    calls: int
    nests: tuple[Nest, ...]
    tips: tuple[str, ...]

    @property
    def flops(self) -> float:
        return sum(n.flops for n in self.nests)

    @property
    def bytes(self) -> float:
        """Bytes read and written by the nests for which they are known."""
        return sum(n.bytes or 0.0 for n in self.nests)

    @property
    def bandwidth(self) -> float:
        """Bytes a second that the call achieved."""
        return self.bytes / self.call

    def share(self, nest: Nest) -> float:
        """The nest's part of all operations and bytes, in 0..1."""
        whole = self.flops + self.bytes
        return (nest.flops + (nest.bytes or 0.0)) / whole if whole else 0.0

    def __str__(self) -> str:
        stages = ", ".join(f"{name} {1e3 * s:.1f} ms" for name, s in self.stages.items())
        lines = [
            f"{self.name}: {1e6 * self.call:.1f} µs a call (median of {self.calls}), "
            f"{self.flops / self.call / 1e9:.2f} Gflop/s, {self.bandwidth / 1e9:.2f} GB/s",
            f"  compiled in {stages}",
            f"  {'share':>6} {'flops':>10} {'bytes':>10}  steps, lines",
        ]
        for n in self.nests:
            size = "?" if n.bytes is None else f"{n.bytes:.3g}"
            what = "; ".join(n.lines) or n.kind
            lines.append(
                f"  {100 * self.share(n):5.1f}% {n.flops:10.3g} {size:>10}  {n.loops}  {what}"
            )
        lines += [f"  tip: {t}" for t in self.tips]
        return "\n".join(lines)


def profile(
    made: Compilation, leaves: Sequence[Any], traced: float, specialisations: int = 0
) -> Profile:
    """Time a compilation's kernel on copies of the arguments.

    traced: seconds that tracing took.  Raises CompilerMissingError, BuildError, and what the call
    raises.
    """
    kernel, _ = make_kernel(made)
    calls = Dispatcher(_unexpected)
    seconds: list[float] = []
    while len(seconds) < CALLS and (len(seconds) < 3 or sum(seconds) < SECONDS):
        given = tuple(fresh(leaves))
        started = time.perf_counter()
        calls.call(kernel, given)
        seconds.append(time.perf_counter() - started)
    seconds.sort()
    found = explain(made, leaves)
    tips = tips_for(made, leaves, specialisations)
    stages = {"trace": traced, **made.seconds}
    median = seconds[len(seconds) // 2]
    return Profile(made.trace.name, stages, median, len(seconds), found.nests, tuple(tips))


def _unexpected(*_: Any) -> Any:
    raise AssertionError("a kernel is called for arguments it was made for")
