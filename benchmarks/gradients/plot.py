"""The picture: time and memory of a gradient by size, a column a problem, a line a side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .problems import BY_NAME

if TYPE_CHECKING:
    from .__main__ import Row


def draw(rows: Sequence[Row], path: Path) -> bool:
    """Writes the picture; False where matplotlib is missing or there is one size only."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    names = list(dict.fromkeys(r.problem for r in rows))
    if not names or all(len({r.n for r in rows if r.problem == name}) < 2 for name in names):
        return False
    figure = Figure(figsize=(2.6 * len(names), 5), layout="constrained")
    axes = figure.subplots(2, len(names), squeeze=False)
    for j, name in enumerate(names):
        mine = [r for r in rows if r.problem == name and r.seconds]
        for side in dict.fromkeys(r.side for r in mine):
            sizes = [r.n for r in mine if r.side == side]
            bold = 2.5 if side == "arignote" else 1.0
            times = [r.median for r in mine if r.side == side]
            memory = [max(r.bytes, 1e4) / 1e6 for r in mine if r.side == side]
            axes[0][j].plot(sizes, times, "o-", label=side, lw=bold, ms=2 * bold)
            axes[1][j].plot(sizes, memory, "o-", label=side, lw=bold, ms=2 * bold)
        for i in range(2):
            axes[i][j].set_xscale("log")
            axes[i][j].set_yscale("log")
        axes[0][j].set_title(name)
        axes[1][j].set_xlabel(BY_NAME[name].what)
    axes[0][0].set_ylabel("seconds")
    axes[1][0].set_ylabel("MB")
    axes[0][0].legend()
    figure.savefig(path, dpi=90)
    return True
