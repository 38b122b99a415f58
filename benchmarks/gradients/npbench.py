"""`python -m benchmarks.gradients.npbench CHECKOUT`: gradients of NPBench's kernels.

CHECKOUT is a folder with https://github.com/spcl/npbench.  Each kernel is measured in a process of
its own, on one thread: value and gradient against the value alone, both compiled, call by call in
turns, least processor time of each.  Writes GRADIENTS.md; `--rows FILE` keeps the rows there, and
makes the page from them alone where no kernel is named and the file exists.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from . import npbench_case

HERE = Path(__file__).parent
#: Seconds in which a kernel's calls take turns; calls at most.
SPENT, CALLS = 2.5, 200
PATIENCE = 600.0


@dataclass(frozen=True)
class Row:
    """primal, gradient: seconds.  error: against differences, None where these do not settle, NaN
    where it was not looked at."""

    kernel: str
    primal: float = math.nan
    gradient: float = math.nan
    error: float | None = None
    single: bool = False
    failed: str = ""

    @property
    def ratio(self) -> float:
        return self.gradient / self.primal


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradients.npbench")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("kernels", nargs="*")
    parser.add_argument("--preset", default="S")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--out", type=Path, default=HERE.parent / "GRADIENTS.md")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.one:
        print(json.dumps(asdict(measured(given.checkout, given.kernels[0], given.preset))))
        return 0
    if given.rows and given.rows.exists() and not given.kernels:
        rows = [Row(**json.loads(line)) for line in given.rows.read_text().splitlines()]
    else:
        rows = _measured(given)
    given.out.write_text(page(rows, given.preset))
    return 0


def _measured(given: argparse.Namespace) -> list[Row]:
    rows = []
    env = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    env |= {"OPENBLAS_NUM_THREADS": "1"}
    for kernel in given.kernels or npbench_case.kernels(given.checkout):
        command = [sys.executable, "-m", "benchmarks.gradients.npbench", str(given.checkout),
                   kernel, "--preset", given.preset, "--one"]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=HERE.parent.parent, env=env, capture_output=True, text=True,
                timeout=PATIENCE, check=False,
            )  # fmt: skip
            last = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1]
            row = Row(**json.loads(last)) if done.returncode == 0 else Row(kernel, failed=last)
        except subprocess.TimeoutExpired:
            row = Row(kernel, failed=f"longer than {PATIENCE:.0f} s")
        rows.append(row)
        print(kernel, row.failed or f"{row.ratio:.2f}", flush=True)
        if given.rows:
            with given.rows.open("a") as f:
                f.write(json.dumps(asdict(row)) + "\n")
    return rows


def measured(checkout: Path, name: str, preset: str) -> Row:
    """The row of one kernel."""
    import arignote as ag

    c = npbench_case.case(checkout, name, preset)
    if not c.wrt:
        return Row(name, failed="no real float array among its arguments")
    value, both = ag.compile(c.objective), ag.value_and_grad(c.objective, argnums=c.wrt)
    least = [math.inf, math.inf]
    with ag.config(threads=1):
        _, gradient = both(*c.fresh())
        value(*c.fresh())
        first, calls = time.perf_counter(), 0
        while calls < 4 or (calls < CALLS and time.perf_counter() - first < SPENT):
            for k, f in enumerate((value, both)):
                args = c.fresh()
                started = time.thread_time()
                f(*args)
                least[k] = min(least[k], time.thread_time() - started)
            calls += 1
    single = any(c.args[k].dtype == np.float32 for k in c.wrt)
    return Row(name, *least, npbench_case.error(c, gradient), single)


# ---- the page ------------------------------------------------------------------------------------
def page(rows: Sequence[Row], preset: str) -> str:
    """The rows as a page, worst ratio first."""
    done = sorted((r for r in rows if not r.failed), key=lambda r: -r.ratio)
    ratios = [r.ratio for r in done]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    settled = [r for r in done if r.error is not None and not math.isnan(r.error)]
    right = sum(_right(r) for r in settled)
    parts = [
        f"# Gradients of NPBench, size {preset}\n",
        "Value and gradient over the value alone, for every differentiable kernel of "
        "[spcl/npbench](https://github.com/spcl/npbench), unchanged: the gradient of a random "
        "weighting of its results, with respect to all its real float arrays. Both sides are "
        "compiled by Arignote and run on one thread, in turns; least processor time of each. "
        f"Measured {date.today()} by `python -m benchmarks.gradients.npbench`.\n",
        f"- geometric mean {mean:.2f} over {len(done)} (goal 2.5)",
        f"- at most 3.3: {sum(x <= 3.3 for x in ratios)} (goal {math.ceil(0.8 * len(done))}); "
        f"above 5.5: {sum(x > 5.5 for x in ratios)} (goal 0)",
        f"- difference quotients settle for {len(settled)}; the gradient agrees with them "
        f"(1e-6; 2e-2 in single precision) in {right}\n",
        "| kernel | value, ms | value and gradient, ms | ratio | difference |",
        "|---|---:|---:|---:|---:|",
    ]
    for r in done:
        error = "does not settle" if r.error is None else f"{r.error:.0e}"
        error = "not measured" if error == "nan" else error
        times = f"{r.primal * 1e3:.3g} | {r.gradient * 1e3:.3g}"
        parts.append(f"| {r.kernel} | {times} | **{r.ratio:.2f}** | {error} |")
    parts += [f"\nLeft out: {r.kernel} ({r.failed})" for r in rows if r.failed]
    return "\n".join(parts) + "\n"


def _right(r: Row) -> bool:
    return r.error is not None and r.error < (2e-2 if r.single else 1e-6)


if __name__ == "__main__":
    raise SystemExit(main())
