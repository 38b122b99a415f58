"""`python -m benchmarks.gradients.npbench CHECKOUT`: gradients of NPBench's kernels.

CHECKOUT is a folder with https://github.com/spcl/npbench.  Each kernel is measured in a process of
its own, on one thread: value and gradient against the value alone, both compiled, call by call in
turns, least processor time of each.  `--jax PYTHON`, an interpreter that has JAX, measures the
gradients of NPBench's own JAX versions as well.  Writes GRADIENTS.md; `--rows FILE` adds rows to
those that are there, and makes the page of them alone where no kernel is named and the file exists.
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
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from . import npbench_case

HERE = Path(__file__).parent
#: Seconds in which a kernel's calls take turns; calls at most.
SPENT, CALLS = 2.5, 200
PATIENCE = 600.0


@dataclass(frozen=True)
class Row:
    """primal, gradient: seconds.  error: against differences, None where these do not settle, NaN
    where it was not looked at.  terms: the derivative along the case's direction.  jax, jax_along:
    the same of NPBench's JAX version; jax_failed: why there is none."""

    kernel: str
    primal: float = math.nan
    gradient: float = math.nan
    error: float | None = None
    single: bool = False
    failed: str = ""
    terms: Sequence[float] = ()
    jax: float = math.nan
    jax_along: float = math.nan
    jax_failed: str = ""

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
    parser.add_argument("--jax", type=Path)
    parser.add_argument("--no-differences", action="store_true", help="time only")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.one:
        row = measured(given.checkout, given.kernels[0], given.preset, not given.no_differences)
        print(json.dumps(asdict(row)))
        return 0
    if given.rows and given.rows.exists() and not given.kernels:
        rows = kept(given.rows)
    else:
        rows = _measured(given)
        rows = kept(given.rows) if given.rows else rows
    given.out.write_text(page(rows, given.preset))
    return 0


def _measured(given: argparse.Namespace) -> list[Row]:
    rows = []
    env = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    env |= {"OPENBLAS_NUM_THREADS": "1"}
    for kernel in given.kernels or npbench_case.kernels(given.checkout):
        command = [sys.executable, "-m", "benchmarks.gradients.npbench", str(given.checkout),
                   kernel, "--preset", given.preset, "--one"]  # fmt: skip
        command += ["--no-differences"] if given.no_differences else []
        try:
            done = subprocess.run(
                command, cwd=HERE.parent.parent, env=env, capture_output=True, text=True,
                timeout=PATIENCE, check=False,
            )  # fmt: skip
            last = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1]
            row = Row(**json.loads(last)) if done.returncode == 0 else Row(kernel, failed=last)
        except subprocess.TimeoutExpired:
            row = Row(kernel, failed=f"longer than {PATIENCE:.0f} s")
        if given.jax and not row.failed:
            row = replace(row, **_jax(given, kernel))
        rows.append(row)
        print(kernel, row.failed or f"{row.ratio:.2f}", flush=True)
        if given.rows:
            with given.rows.open("a") as f:
                f.write(json.dumps(asdict(row)) + "\n")
    return rows


def kept(path: Path) -> list[Row]:
    """The rows of a file, the last of each kernel."""
    rows = [Row(**json.loads(line)) for line in path.read_text().splitlines()]
    return list({r.kernel: r for r in rows}.values())


def _jax(given: argparse.Namespace, kernel: str) -> dict[str, Any]:
    """What becomes of NPBench's JAX version, on one thread."""
    env = dict(os.environ) | {
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    }
    script = HERE / "npbench_jax.py"
    command = [given.jax, script, given.checkout.resolve(), kernel, given.preset]
    try:
        done = subprocess.run(
            command, cwd=HERE, env=env, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"jax_failed": f"longer than {PATIENCE:.0f} s"}
    if done.returncode != 0:
        lines = [x for x in done.stderr.strip().splitlines() if "Error" in x.split(":")[0]]
        return {"jax_failed": (lines or ["it crashes"])[-1][:100]}
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return {"jax": found["seconds"], "jax_along": found["along"]}


def measured(checkout: Path, name: str, preset: str, differences: bool = True) -> Row:
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
    terms = npbench_case.terms(c, gradient)
    error = npbench_case.error(c, gradient) if differences else math.nan
    return Row(name, *least, error, single, terms=terms)


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
    parts += _beside_jax(done)
    return "\n".join(parts) + "\n"


def _beside_jax(rows: Sequence[Row]) -> list[str]:
    """The section on NPBench's JAX versions; nothing where none was run."""
    tried = [r for r in rows if r.jax_failed or not math.isnan(r.jax)]
    if not tried:
        return []
    agreeing = [r for r in tried if _agrees(r)]
    factors = [r.jax / r.gradient for r in agreeing]
    lines = [
        "\n## Beside JAX\n",
        "`jax.value_and_grad` of NPBench's own JAX versions, under `jit`, on one thread of the "
        "same processor: least processor time. Factor: JAX's time over ours, where both gradients "
        "agree along a random direction (1e-6; 2e-2 in single precision).\n",
    ]
    if factors:
        mean = sum(factors) / len(factors)
        geometric = math.exp(sum(map(math.log, factors)) / len(factors))
        lines += [
            f"- {len(tried)} kernels tried; both agree in {len(agreeing)}",
            f"- there JAX takes {mean:.1f} times as long in the arithmetic mean (goal 92) and "
            f"{geometric:.1f} times in the geometric mean (goal 10); ahead of it in "
            f"{sum(f >= 1 for f in factors)}",
        ]
    lines += ["", "| kernel | ours, ms | JAX, ms | factor |", "|---|---:|---:|---:|"]
    agreeing.sort(key=lambda r: -r.jax / r.gradient)
    for r in agreeing:
        times = f"{r.gradient * 1e3:.3g} | {r.jax * 1e3:.3g}"
        lines.append(f"| {r.kernel} | {times} | **{r.jax / r.gradient:.1f}** |")
    for r in tried:
        if r not in agreeing:
            why = r.jax_failed or "another gradient"
            ours = f"{r.gradient * 1e3:.3g}"
            lines.append(f"| {r.kernel} | {ours} | {why.replace('|', '/')} | |")
    return lines


def _agrees(r: Row) -> bool:
    if r.jax_failed or math.isnan(r.jax) or not r.terms:
        return False
    return npbench_case.distance(r.terms, r.jax_along) < (2e-2 if r.single else 1e-6)


def _right(r: Row) -> bool:
    return r.error is not None and r.error < (2e-2 if r.single else 1e-6)


if __name__ == "__main__":
    raise SystemExit(main())
