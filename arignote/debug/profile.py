"""Where the time of a call goes: stages of the compilation, the kernel, its loop nests, and tips.

The whole call is timed with the kernel as it is; the nests with a second one that looks at the
clock around each (`instrument`).
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..emit.dispatch import Dispatcher, Kernel
from ..emit.kernel import Compilation, make_kernel
from .explain import Nest, explain, sizes_of, units
from .footprint import Footprint, footprint
from .inputs import fresh
from .instrument import timed
from .printed import text_of
from .tips import tips_for

#: Calls that are timed, and the seconds after which no further one is.
CALLS, SECONDS = 30, 0.3
#: Rules and passes that are listed: those that took longest.
LISTED = 6


@dataclass(frozen=True)
class Profile:
    """stages: seconds of tracing and compiling; rewriting: of each rule, passes: of each pass.
    call: seconds of one call, the median.  seconds: of each of `nests`, the mean."""

    name: str
    stages: Mapping[str, float]
    rewriting: Mapping[str, float]
    passes: Mapping[str, float]
    call: float
    calls: int
    nests: tuple[Nest, ...]
    seconds: tuple[float, ...]
    memory: Footprint
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
        """The nest's part of the time of all nests, in 0..1."""
        whole = sum(self.seconds)
        return self.seconds[self.nests.index(nest)] / whole if whole else 0.0

    def __rich__(self) -> Group:
        return Group(*_page(self))

    def __str__(self) -> str:
        return text_of(self)

    __repr__ = __str__

    def html(self, path: str) -> None:
        """Write the profile as one page."""
        console = Console(file=io.StringIO(), width=120, record=True, highlight=False)
        console.print(self)
        page = console.export_html(inline_styles=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)


def profile(
    made: Compilation,
    leaves: Sequence[Any],
    traced: float,
    specialisations: int = 0,
    device: str = "cpu",
) -> Profile:
    """Time a compilation's kernel on copies of the arguments.

    traced: seconds that tracing took.  device: where the function runs, for the tips.  Raises
    CompilerMissingError, BuildError, and what the call raises.
    """
    kernel, _ = make_kernel(made)
    times = _calls(kernel, lambda: fresh(leaves))
    sizes = sizes_of(made, leaves)
    statements = tuple(units(made.program, sizes))
    inside, seconds = timed(made, statements)
    clocked, _ = make_kernel(inside)
    _calls(clocked, lambda: fresh(leaves), most=1)  # what the first call costs more is left out
    seconds[:] = 0.0
    count = len(_calls(clocked, lambda: fresh(leaves)))
    return Profile(
        made.trace.name,
        {"trace": traced, **made.seconds},
        {name: c.seconds for name, c in made.report.counts.items() if c.fired},
        {**{name: s for name, s, _ in made.report.passes}, **made.passes},
        times[len(times) // 2],
        len(times),
        explain(made, leaves).nests,
        tuple(float(s) / count for s in seconds[: len(statements)]),
        footprint(made.program, statements, sizes),
        tuple(tips_for(made, leaves, specialisations, device)),
    )


def _calls(
    kernel: Kernel, arguments: Callable[[], Sequence[Any]], most: int = CALLS
) -> list[float]:
    """Seconds of some calls, in increasing order."""
    calls = Dispatcher(_unexpected)
    out: list[float] = []
    while len(out) < most and (len(out) < 3 or sum(out) < SECONDS):
        given = tuple(arguments())
        started = time.perf_counter()
        calls.call(kernel, given)
        out.append(time.perf_counter() - started)
    return sorted(out)


def _unexpected(*_: Any) -> Any:
    raise AssertionError("a kernel is called for arguments it was made for")


# ---- the page ------------------------------------------------------------------------------------
def _page(p: Profile) -> Any:
    yield Text(
        f"{p.name}: {1e6 * p.call:.1f} µs a call (median of {p.calls}), "
        f"{p.flops / p.call / 1e9:.2f} Gflop/s, {p.bandwidth / 1e9:.2f} GB/s"
    )
    table = Table(box=None, padding=(0, 1))
    for head in ("share", "", "µs", "Gflop/s", "GB/s", "MB held"):
        table.add_column(head, justify="left" if not head else "right", no_wrap=True)
    table.add_column("steps, lines", overflow="fold")
    for n, s, held in zip(p.nests, p.seconds, p.memory.steps, strict=True):
        part = p.share(n)
        rate = "?" if n.bytes is None else _rate(n.bytes, s)
        lines = "\n".join((f"{n.kind} {n.loops}", *n.lines))
        bar = Text("█" * round(10 * part), style="red" if part > 0.5 else "yellow")
        table.add_row(f"{100 * part:.1f}%", bar, f"{1e6 * s:.1f}", _rate(n.flops, s), rate,
                      f"{held / 1e6:.3g}", Text(lines))  # fmt: skip
    yield table
    m = p.memory
    more = f", and {', '.join(m.unknown)} of unknown size" if m.unknown else ""
    yield Text(
        f"memory: {m.peak / 1e6:.3g} MB at the end of a call: {m.results / 1e6:.3g} of results, "
        f"{m.scratch / 1e6:.3g} of scratch{more}"
    )
    yield Text(f"compiled in {_times(p.stages, len(p.stages))}")
    yield Text(f"passes: {_times(p.passes)}")
    if p.rewriting:
        yield Text(f"rules: {_times(p.rewriting)}")
    for t in p.tips:
        yield Text(f"tip: {t}")


def _rate(amount: float, seconds: float) -> str:
    return f"{amount / seconds / 1e9:.2f}" if seconds > 0 else "-"


def _times(seconds: Mapping[str, float], most: int = LISTED) -> str:
    rows = list(seconds.items())
    if most < len(rows):
        rows = sorted(rows, key=lambda row: -row[1])[:most]
    return ", ".join(f"{name} {1e3 * s:.1f} ms" for name, s in rows)
