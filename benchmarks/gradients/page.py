"""The gradients section of RESULTS.md."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import machine
from .problems import BY_NAME

if TYPE_CHECKING:
    from .__main__ import Row

TITLE = "## Gradients"


def put(path: Path, section: str, page: str | None = None) -> None:
    """Write the section at the end of a page: that at `path`, or another one."""
    if page is None:
        page = path.read_text() if path.exists() else "# Results\n"
    at = page.find(f"\n{TITLE}\n")
    page = (page if at < 0 else page[:at]).rstrip("\n") + "\n"
    path.write_text(page + ("\n" + section if section else ""))


def of(path: Path) -> str:
    """The section that a page has; "" where there is none."""
    page = path.read_text() if path.exists() else ""
    at = page.find(f"\n{TITLE}\n")
    return "" if at < 0 else page[at + 1 :]


def section(rows: Sequence[Row], threads: int, rounds: int, picture: str) -> str:
    """Tables of times and of memory, a row a problem and size."""
    sides = list(dict.fromkeys(r.side for r in rows))
    lines = [
        TITLE + "\n",
        f"Measured {datetime.date.today().isoformat()} on {machine.summary()}, {threads} "
        f"thread{'s' * (threads > 1)}, by `python -m benchmarks.gradients`: the value and the "
        f"gradient of an objective, median of {rounds} rounds in which the sides take turns. "
        "Arignote compiles NumPy code with loops and writes; JAX gets scans under `jit`, PyTorch "
        "and autograd run Python loops eagerly. All sides give the same value and gradient (1e-6). "
        "MB: by how much a call raises the most memory its process had.\n",
    ]
    if picture:
        lines.append(f"![time and memory by size]({picture})\n")
    summary = _summary(rows, sides)
    if summary:
        lines.append(summary)
    head = ["problem", "size", *(f"{s}" for s in sides), *(f"{s} MB" for s in sides)]
    lines.append(f"| {' | '.join(head)} |\n|---|---|" + "---:|" * (2 * len(sides)))
    for (name, n), cells in _cells(rows).items():
        size = f"{n:,} {BY_NAME[name].what}".replace(",", " ")
        times = [_time(cells[s].median) if s in cells else "" for s in sides]
        memory = [_megabytes(cells[s].bytes) if s in cells else "" for s in sides]
        lines.append(f"| {' | '.join([name, size, *times, *memory])} |")
    failed = [r for r in rows if r.error]
    if failed:
        lines += ["\nNot measured:\n"]
        lines += [f"- {r.side}, {r.problem} {r.n}: {r.error.splitlines()[0]}" for r in failed]
    return "\n".join(lines) + "\n"


def _cells(rows: Sequence[Row]) -> dict[tuple[str, int], dict[str, Row]]:
    out: dict[tuple[str, int], dict[str, Row]] = {}
    for r in rows:
        out.setdefault((r.problem, r.n), {})[r.side] = r
    return out


def _summary(rows: Sequence[Row], sides: Sequence[str]) -> str:
    """Geometric means of the peers' times over ours."""
    lines = []
    for side in sides[1:]:
        ratios = [
            c[side].median / c[sides[0]].median
            for c in _cells(rows).values()
            if side in c and c[side].seconds and c[sides[0]].seconds
        ]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            ahead = sum(r >= 1 for r in ratios)
            lines.append(
                f"- {side} takes {mean:.1f} times as long (geometric mean); ahead of it in "
                f"{ahead} of {len(ratios)}"
            )
    return "\n".join(lines) + "\n"


def _time(seconds: float) -> str:
    if not math.isfinite(seconds):
        return ""
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _megabytes(count: float) -> str:
    return f"{count / 1e6:.1f}" if math.isfinite(count) else ""
