"""`python -m benchmarks.functions`: everyday functions one by one, beside NumPy, on one thread.

    python -m benchmarks.functions [--write] [NAME ...]

Both sides run in this process, in turn; the least processor time of each counts.  --write puts the
table into benchmarks/FUNCTIONS.md; NAMEs (words of them) restrict it.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

import arignote as ag

from ..machine import summary
from . import algebra, elements, grids, places, small
from .data import PROGRAMS, Program

SUBJECTS = {m.__name__.rpartition(".")[2]: m for m in (elements, places, algebra, grids, small)}
PAGE = Path(__file__).parents[1] / "FUNCTIONS.md"
#: Seconds a function is measured for at least; repetitions of one that takes less than a tick.
BUDGET, TICK = 0.3, 2e-5


@dataclass(frozen=True)
class Row:
    """Seconds of a call.  right: were the values NumPy's?"""

    program: Program
    numpy: float
    ours: float
    right: bool

    @property
    def ratio(self) -> float:
        return self.numpy / self.ours


def measured(program: Program) -> Row:
    """Least processor time of both sides, in turns."""
    compiled = ag.compile(program.function)

    def fresh() -> tuple[Any, ...]:
        return copy.deepcopy(program.arguments)

    right = _agree(program.function(*fresh()), compiled(*fresh()))
    repeat = max(1, int(TICK / max(_seconds(compiled, fresh(), 1), 1e-7)))
    plain = ours = math.inf
    end = time.perf_counter() + BUDGET
    turns = 0
    while time.perf_counter() < end or turns < 5:
        plain = min(plain, _seconds(program.function, fresh(), repeat))
        ours = min(ours, _seconds(compiled, fresh(), repeat))
        turns += 1
    return Row(program, plain, ours, right)


def _seconds(f: Callable[..., Any], arguments: Sequence[Any], repeat: int) -> float:
    start = time.process_time()
    for _ in range(repeat):
        f(*arguments)
    return (time.process_time() - start) / repeat


def _agree(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, tuple | list):
        return len(wanted) == len(got) and all(map(_agree, wanted, got))
    a, b = np.asarray(wanted), np.asarray(got)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fc":
        close = 1e-4 if a.dtype.itemsize < 8 else 1e-9
        return bool(np.allclose(a, b, rtol=close, atol=1e-12, equal_nan=True))
    return bool(np.array_equal(a, b))


def page(rows: Sequence[Row]) -> str:
    """The table, subject by subject."""
    mean = math.exp(sum(math.log(r.ratio) for r in rows) / len(rows))
    slower = [r for r in rows if r.ratio < 0.9]
    lines = [
        "# Everyday functions beside NumPy",
        "",
        f"Measured by `python -m benchmarks.functions --write` on {summary()}, NumPy "
        f"{np.__version__}, one thread, least processor time of both sides in turns. Vectors have "
        "200,000 elements, matrices 400 x 500, pictures 512 x 512, “few” are 50 or 6 x 6.",
        "",
        f"- {mean:.2f} times NumPy in the geometric mean of {len(rows)}",
        f"- slower than NumPy by more than a tenth: {len(slower)}"
        + (f" ({', '.join(r.program.name for r in slower)})" if slower else ""),
        "",
    ]
    for subject, module in SUBJECTS.items():
        lines += [f"## {(module.__doc__ or '').strip().rstrip('.')}", ""]
        lines += ["| | NumPy, µs | Arignote, µs | times |", "|---|---:|---:|---:|"]
        lines += [
            f"| {r.program.name}{'' if r.right else ' (other values)'} | {r.numpy * 1e6:.3g} "
            f"| {r.ours * 1e6:.3g} | **{r.ratio:.2f}** |"
            for r in rows
            if r.program.subject == subject
        ]
        lines.append("")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.functions")
    parser.add_argument("--write", action="store_true", help="write benchmarks/FUNCTIONS.md")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args(arguments)
    chosen = [p for p in PROGRAMS if not options.names or any(n in p.name for n in options.names)]
    warnings.simplefilter("ignore")
    ag.config.threads = 1  # for good: inside a `with` calls look for flags of their thread
    rows = [measured(p) for p in track(chosen, description="functions")]
    text = page(rows)
    print(text)
    if options.write:
        PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
