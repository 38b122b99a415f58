"""The picture beside RESULTS.md: speed over NumPy by size, a line a side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from .drive import Measurement
from .programs import BY_NAME
from .report import cases

_GROUPS = ("elementwise", "reductions", "broadcasting")


def draw(rows: Sequence[Measurement], path: Path) -> bool:
    """Writes the picture; False where matplotlib is missing or there is nothing to draw."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    groups = [g for g in _GROUPS if any(BY_NAME[m.program].group == g for m in rows)]
    threads = sorted({m.threads for m in rows})
    if not groups:
        return False
    figure = Figure(figsize=(4.5 * len(groups), 3.4 * len(threads)), layout="constrained")
    axes = figure.subplots(len(threads), len(groups), squeeze=False, sharey=True)
    for i, count in enumerate(threads):
        for j, group in enumerate(groups):
            mine = [m for m in rows if m.threads == count and BY_NAME[m.program].group == group]
            for side in dict.fromkeys(m.side for m in mine):
                if side != "numpy":
                    sizes, means = _means(mine, side)
                    bold = 2.5 if side == "arignote" else 1.0
                    axes[i][j].plot(sizes, means, "o-", label=side, lw=bold, ms=2 * bold)
            axes[i][j].axhline(1.0, color="k", lw=0.6)
            axes[i][j].set_xscale("log")
            axes[i][j].set_yscale("log")
            axes[i][j].set_title(f"{group}, {count} thread{'s' * (count > 1)}")
            axes[i][j].set_xlabel("elements")
        axes[i][0].set_ylabel("times NumPy")
    axes[0][0].legend()
    figure.savefig(path, dpi=100)
    return True


def _means(rows: Sequence[Measurement], side: str) -> tuple[list[int], list[float]]:
    """Geometric means over the programs that the side runs, by size."""
    ratios: dict[int, list[float]] = {}
    for c in cases(rows):
        if side in c.by_side and c.by_side[side].seconds and c.by_side["numpy"].seconds:
            ratio = c.by_side["numpy"].median / c.by_side[side].median
            ratios.setdefault(c.n, []).append(math.log(ratio))
    sizes = sorted(ratios)
    return sizes, [math.exp(sum(ratios[n]) / len(ratios[n])) for n in sizes]
