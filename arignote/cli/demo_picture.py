"""The picture at the end of `arignote demo`: what the programs computed, and how much faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from arignote.cli.demo_programs import digits

if TYPE_CHECKING:
    from arignote.cli.demo import Row


def draw(rows: Sequence[Row], path: Path) -> Path:
    """Writes the picture and returns its path, resolved.  Raises OSError."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7.5), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    drawn = [(row, _PANELS[row.case.name]) for row in rows if row.case.name in _PANELS]
    for panel, (row, paint) in zip(axes, drawn):
        if row.error:
            panel.text(0.5, 0.5, row.error, wrap=True, ha="center")
        else:
            paint(panel, row.answer)
        panel.set_xticks([])
        panel.set_yticks([])
    _speeds(axes[-1], [row for row in rows if not row.error])
    figure.savefig(path, dpi=110)
    return path.resolve()


def _classifier(panel: Any, answer: Any) -> None:
    weights, losses = answer
    tiles = weights.T.reshape(2, 5, 8, 8).transpose(0, 2, 1, 3).reshape(16, 40)
    limit = np.abs(tiles).max()
    panel.imshow(tiles, cmap="RdBu_r", vmin=-limit, vmax=limit)
    panel.set_title(f"softmax: weights of 0 to 9, loss {losses[0]:.2f} to {losses[-1]:.2f}")


def _kernel(panel: Any, answer: Any) -> None:
    _, _, numbers = digits()
    order = np.argsort(numbers[: len(answer)], kind="stable")
    panel.imshow(answer[np.ix_(order, order)], cmap="magma")
    panel.set_title("gaussian: digits sorted by number")


def _water(panel: Any, answer: Any) -> None:
    limit = np.abs(answer).max() / 2
    panel.imshow(answer, cmap="Blues_r", vmin=-limit, vmax=limit)
    panel.set_title("waves: two drops")


def _coefficients(panel: Any, answer: Any) -> None:
    panel.bar(range(len(answer)), answer, color=["C0" if w else "C7" for w in answer])
    panel.axhline(0.0, color="k", lw=0.5)
    panel.set_title(f"lasso: {np.count_nonzero(answer)} of {len(answer)} features kept")


def _orbits(panel: Any, answer: Any) -> None:
    panel.plot(answer[:, :, 0], answer[:, :, 1], lw=0.7)
    panel.plot(answer[-1, :, 0], answer[-1, :, 1], "k.", ms=3)
    panel.set_aspect("equal")
    panel.set_title("bodies: paths")


def _speeds(panel: Any, rows: Sequence[Row]) -> None:
    names = [row.case.name for row in rows]
    ratios = [row.ratio for row in rows]
    bars = panel.barh(names, ratios, color="C2", log=True)
    panel.bar_label(bars, [f"{r:.1f}" for r in ratios], padding=2)
    panel.axvline(1.0, color="k", lw=0.8)
    panel.set_xlim(min([0.5, *ratios]) / 1.2, max([2.0, *ratios]) * 2)
    panel.invert_yaxis()
    panel.set_title("times faster than NumPy")


_PANELS: dict[str, Callable[[Any, Any], None]] = {
    "softmax": _classifier,
    "gaussian": _kernel,
    "lasso": _coefficients,
    "waves": _water,
    "bodies": _orbits,
}
