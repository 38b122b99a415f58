"""RESULTS.md: one table a benchmark, and beside it what was measured, when, and on what."""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .drive import Measurement
from .overheads import Number
from .programs import BY_NAME

OURS = "arignote"
#: Left out of the paths in peers' error messages.
_ROOT = f"{Path(__file__).resolve().parents[1]}{os.sep}"
_TITLES = {
    "elementwise": "Fused elementwise",
    "reductions": "Reductions",
    "broadcasting": "Broadcasting",
    "bandwidth": "Bandwidth, data that do not fit the cache",
    "call": "A call on 8 elements",
}


@dataclass(frozen=True)
class Case:
    """One row: the same program, size, dtype and threads on every side."""

    program: str
    n: int
    dtype: str
    threads: int
    by_side: Mapping[str, Measurement]

    @property
    def ours(self) -> float:
        return self.by_side[OURS].median if OURS in self.by_side else math.nan

    @property
    def over_numpy(self) -> float:
        return self.by_side["numpy"].median / self.ours

    @property
    def best_peer(self) -> tuple[str, float]:
        """The fastest other compiler and its time over ours."""
        times = {
            name: m.median
            for name, m in self.by_side.items()
            if name not in (OURS, "numpy") and m.seconds
        }
        if not times:
            return "", math.nan
        name = min(times, key=lambda k: times[k])
        return name, times[name] / self.ours


def cases(rows: Sequence[Measurement]) -> list[Case]:
    """Measurements of one thing put side by side, in the order in which they came."""
    found: dict[tuple[str, int, str, int], dict[str, Measurement]] = {}
    for m in rows:
        found.setdefault((m.program, m.n, m.dtype, m.threads), {})[m.side] = m
    return [Case(*key, sides) for key, sides in found.items()]


def write(
    rows: Sequence[Measurement],
    numbers: Sequence[Number],
    bandwidths: Mapping[int, float],
    versions: Mapping[str, str],
    rounds: int,
    plot: str,
) -> str:
    """The whole page."""
    today = datetime.date.today().isoformat()
    parts = [
        "# Results\n",
        f"Measured {today} on {machine.summary()}, by `python -m benchmarks{_option()}`. Sides: "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f". Times are medians of {rounds} rounds, in which the sides take turns, each in its own "
        "process pinned to as many cores as there are threads; a call makes its result anew. "
        "“over NumPy” is NumPy's time divided by Arignote's, “best peer” the fastest other "
        "compiler's time divided by Arignote's: above 1, Arignote is faster. "
        f"The rounds of a cell lie {_noise(rows):.0%} apart (median), so differences below that "
        "say nothing.\n",
    ]
    if plot:
        parts.append(f"![speed over NumPy by size]({plot})\n")
    if numbers:
        parts += ["## Overheads\n", _numbers(numbers)]
    table = cases(rows)
    for group, title in _TITLES.items():
        mine = [c for c in table if BY_NAME[c.program].group == group]
        if mine:
            parts.append(f"## {title}\n")
            if group == "bandwidth":
                parts.append(_bandwidth(mine, bandwidths))
            parts.append(_summary(mine))
            parts.append(_times(mine, list(versions)))
    parts.append("Loop programs beside C and other compilers: [NPBENCH.md](NPBENCH.md)\n")
    failed = sorted({(m.side, m.program, m.error) for m in rows if m.error})
    if failed:
        parts.append("## Not measured\n")
        parts += [
            f"- {side}, {program}: {error.splitlines()[0].replace(_ROOT, '')}"
            for side, program, error in failed
        ]
    return "\n".join(parts) + "\n"


def _option() -> str:
    return " --realtime" if os.environ.get("BENCHMARK_REALTIME") else ""


def _noise(rows: Sequence[Measurement]) -> float:
    spreads = sorted(m.spread for m in rows if m.seconds)
    return spreads[len(spreads) // 2] if spreads else 0.0


def _numbers(numbers: Sequence[Number]) -> str:
    lines = ["| | measured | goal |", "|---|---:|---:|"]
    lines += [f"| {n.what} | {n.value:.3g} {n.unit} | {n.goal} |" for n in numbers]
    return "\n".join(lines) + "\n"


def _summary(table: Sequence[Case]) -> str:
    """Least, geometric mean and number of wins."""
    lines = []
    for threads in sorted({c.threads for c in table}):
        mine = [c for c in table if c.threads == threads and math.isfinite(c.over_numpy)]
        if not mine:
            continue
        worst = min(mine, key=lambda c: c.over_numpy)
        mean = math.exp(sum(math.log(c.over_numpy) for c in mine) / len(mine))
        text = (
            f"- {threads} thread{'s' * (threads > 1)}: {mean:.1f} times NumPy (geometric mean), at "
            f"least {worst.over_numpy:.2f} ({worst.program} {worst.dtype} {worst.n})"
        )
        peers = [c for c in mine if math.isfinite(c.best_peer[1])]
        if peers:
            ahead = sum(c.best_peer[1] >= 1 for c in peers)
            text += f"; ahead of the best peer in {ahead} of {len(peers)}"
        lines.append(text)
    return "\n".join(lines) + "\n"


def _times(table: Sequence[Case], sides: Sequence[str]) -> str:
    head = ["program", "dtype", "n", "threads", *sides, "over NumPy", "best peer"]
    lines = [f"| {' | '.join(head)} |", "|---|---|" + "---:|" * (len(head) - 2)]
    for c in table:
        name, ratio = c.best_peer
        cells = [
            c.program, c.dtype, f"{c.n:.0e}".replace("e+0", "e") if c.n > 99 else str(c.n),
            str(c.threads), *(_time(c.by_side.get(side)) for side in sides),
            f"**{c.over_numpy:.2f}**" if math.isfinite(c.over_numpy) else "",
            f"{ratio:.2f} ({name})" if name else "",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _time(m: Measurement | None) -> str:
    if m is None or not m.seconds:
        return ""
    units = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))
    unit, scale = next((u for u in units if m.median * u[1] >= 1), units[-1])
    return f"{m.median * scale:.3g} {unit}"


def _bandwidth(table: Sequence[Case], bandwidths: Mapping[int, float]) -> str:
    """Traffic that the programs need, a second, beside that of copying."""
    lines = ["| program | dtype | threads | GB/s | of the copy's |", "|---|---|---:|---:|---:|"]
    for threads, rate in bandwidths.items():
        lines.append(f"| np.copyto, read and written | float64 | {threads} | {rate / 1e9:.1f} | |")
    for c in table:
        size = 8 if c.dtype == "float64" else 4
        rate = BY_NAME[c.program].items * size * c.n / c.ours
        share = rate / bandwidths.get(c.threads, math.nan)
        lines.append(f"| {c.program} | {c.dtype} | {c.threads} | {rate / 1e9:.1f} | {share:.0%} |")
    return "\n".join(lines) + "\n"
