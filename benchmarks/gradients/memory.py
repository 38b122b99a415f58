"""`python -m benchmarks.gradients.memory`: extra memory of gradients over sizes and over steps.

Each function is compiled once; then each size runs in a fork of its own, and what counts is by how
much the call raises the most memory that the fork ever had (Linux tells both).  What a gradient
should need: a copy of what the function writes, the adjoints, and the elements that are overwritten
after a derivative has to read them.  Writes GRADIENT_MEMORY.md and gradient_memory.png.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent.parent


# ---- what is measured ----------------------------------------------------------------------------
def lu(a: Any) -> Any:
    """Factors in place; nothing that is overwritten is read by a derivative."""
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j] = (a[i, j] - a[i, :j] @ a[:j, j]) / a[j, j]
        for j in range(i, a.shape[0]):
            a[i, j] = a[i, j] - a[i, :i] @ a[:i, j]
    return np.sum(a)


def cholesky(a: Any) -> Any:
    """As LU, the lower triangle only."""
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j] = (a[i, j] - a[i, :j] @ a[j, :j]) / a[j, j]
        a[i, i] = np.sqrt(a[i, i] - a[i, :i] @ a[i, :i])
    return np.sum(np.tril(a))


def heat(u: Any, steps: int) -> Any:
    """A linear stencil."""
    for _ in range(steps):
        u[1:-1] = u[1:-1] + 0.2 * (u[:-2] - 2.0 * u[1:-1] + u[2:])
    return np.sum(u * u)


def burgers(u: Any, steps: int) -> Any:
    """A nonlinear stencil: each step's array is wanted."""
    for _ in range(steps):
        u[1:-1] = u[1:-1] - 0.1 * u[1:-1] * (u[2:] - u[:-2])
    return np.sum(u * u)


def logistic(x: Any, steps: int) -> Any:
    """A scalar recurrence."""
    y = x[0]
    for _ in range(steps):
        y = 3.7 * y * (1.0 - y)
    return y


@dataclass(frozen=True)
class Line:
    """args(k): the arguments at size k.  memory: a bound."""

    name: str
    function: Callable[..., Any]
    args: Callable[[int], list[Any]]
    sizes: Sequence[int]
    memory: str | None = None


def _matrix(n: int) -> list[Any]:
    rng = np.random.default_rng(n)
    return [rng.random((n, n)) + n * np.eye(n)]


def _symmetric(n: int) -> list[Any]:
    (a,) = _matrix(n)
    return [a + a.T]


def _wave(n: int, steps: int) -> list[Any]:
    return [0.1 * np.sin(np.linspace(0.0, 6.0, n)), steps]


OVER_N = (
    Line("LU, n x n", lu, _matrix, (100, 200, 400, 800)),
    Line("Cholesky, n x n", cholesky, _symmetric, (100, 200, 400, 800)),
    Line("heat, n, 100 steps", heat, lambda n: _wave(n, 100), (10**4, 10**5, 10**6)),
    Line("Burgers, n, 100 steps", burgers, lambda n: _wave(n, 100), (10**4, 10**5, 4 * 10**5)),
)
OVER_STEPS = (
    Line("heat, n = 10000", heat, lambda t: _wave(10**4, t), (100, 400, 1600, 6400)),
    Line("Burgers, n = 10000", burgers, lambda t: _wave(10**4, t), (100, 400, 1600, 6400)),
    Line(
        'Burgers, memory="16MB"', burgers, lambda t: _wave(10**4, t), (100, 400, 1600, 6400), "16MB"
    ),
    Line("scalar recurrence", logistic, lambda t: [np.full(2, 0.3), t], (10**5, 10**6, 10**7)),
)


# ---- measuring -----------------------------------------------------------------------------------
def main(out: Path = HERE) -> int:
    """Measures everything and writes the page and the picture."""
    over_n = [(line, measured(line)) for line in OVER_N]
    over_steps = [(line, measured(line)) for line in OVER_STEPS]
    drawn = _draw(over_n, over_steps, out / "gradient_memory.png")
    (out / "GRADIENT_MEMORY.md").write_text(page(over_n, over_steps, drawn))
    return 0


def measured(line: Line) -> list[int]:
    """Extra bytes at each size."""
    import arignote as ag

    slope = ag.grad(line.function, memory=line.memory) if line.memory else ag.grad(line.function)
    with ag.config(threads=1):
        slope(*line.args(min(line.sizes) // 10 + 5))
        found = [_in_fork(slope, line.args(k)) for k in line.sizes]
    print(line.name, [f"{b / 1e6:.1f} MB" for b in found], flush=True)
    return found


def _in_fork(slope: Callable[..., Any], args: Sequence[Any]) -> int:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        before = _kilobytes("VmRSS")
        slope(*args)
        os.write(write, str(max(_kilobytes("VmHWM") - before, 0)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as f:
        text = f.read()
    os.waitpid(child, 0)
    return int(text) * 1024


def _kilobytes(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise LookupError(field)


# ---- the page ------------------------------------------------------------------------------------
Rows = Sequence[tuple[Line, Sequence[int]]]


def page(over_n: Rows, over_steps: Rows, drawn: bool) -> str:
    """Two tables: extra memory in MB, and in arrays of the argument's size."""
    parts = [
        "# Memory of gradients\n",
        "By how much a call of `ag.grad(f)` raises the most memory of its process, results "
        "included: in MB, and in brackets in arrays of the size of `f`'s argument. Measured "
        f"{date.today()} by `python -m benchmarks.gradients.memory`.\n",
    ]
    if drawn:
        parts.append("![extra memory over sizes and over steps](gradient_memory.png)\n")
    for title, rows in ("Over n", over_n), ("Over steps", over_steps):
        parts += [f"## {title}\n", "| | |", "|---|---|"]
        for line, found in rows:
            cells = []
            for k, b in zip(line.sizes, found, strict=True):
                arrays = b / line.args(k)[0].nbytes
                own = f" ({arrays:.1f})" if line.function is not logistic else ""
                cells.append(f"{k}: {b / 1e6:.3g}{own}")
            parts.append(f"| {line.name} | {'; '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def _draw(over_n: Rows, over_steps: Rows, path: Path) -> bool:
    """Writes the picture; False where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, rows, what in zip(
        figure.subplots(1, 2), (over_n, over_steps), ("n", "steps"), strict=True
    ):
        for line, found in rows:
            axes.loglog(line.sizes, [max(b, 4096) / 1e6 for b in found], "o-", label=line.name)
        axes.set_xlabel(what)
        axes.set_ylabel("extra MB")
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=90)
    return True


if __name__ == "__main__":
    sys.exit(main())
