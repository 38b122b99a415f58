"""`python -m benchmarks.cuda`: the twelve GPU cases on every side that is installed, within nine
minutes.  Writes a JSON file as it goes, prints a table last.

The floor of a case is the larger of its bytes over the measured copy bandwidth and its operations
over the measured rate of a matrix product.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .cuda_cases import CASES

#: Side -> (the package it needs, seconds it may take).
SIDES = {
    "arignote": ("cupy", 60), "cupy": ("cupy", 60), "cupy.fuse": ("cupy", 30), "jax": ("jax", 130),
    "torch": ("torch", 120), "torch, graphs": ("torch", 100),
}  # fmt: skip


def main() -> int:
    """Runs what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda", description=__doc__)
    parser.add_argument("--side", action="append", choices=[*SIDES], help="this one; repeatable")
    parser.add_argument("--seconds", type=float, default=520, help="for all sides together")
    parser.add_argument("--out", type=Path, default=Path("cuda.json"), help="the JSON file")
    given = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    try:
        facts = calibration()
    except Exception as error:
        console.print(f"there is no GPU to measure ({error}); arignote doctor says what is missing")
        return 1
    end = time.monotonic() + given.seconds
    rows: list[dict[str, Any]] = []
    for side in given.side or SIDES:
        package, limit = SIDES[side]
        if importlib.util.find_spec(package) is None:
            console.print(f"{side}: {package} is not installed")
            continue
        rows += side_rows(side, min(limit, end - time.monotonic()), console)
        given.out.write_text(json.dumps({"machine": facts, "rows": rows}, indent=1))
    console.print(table(rows, facts))
    return 0


def side_rows(side: str, seconds: float, console: Console) -> list[dict[str, Any]]:
    """What a side's process has measured when it ends or its time does."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        file = Path(folder, "rows")
        environment = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        words = [sys.executable, "-m", "benchmarks.cuda_sides", side, str(file)]
        try:
            done = subprocess.run(
                words, timeout=max(seconds, 1), env=environment, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            if done.returncode:
                console.print(f"{side}: {done.stderr.strip().splitlines()[-1:]}")
        except subprocess.TimeoutExpired:
            console.print(f"{side}: stopped after {seconds:.0f} s")
        lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]


def calibration() -> dict[str, Any]:
    """The GPU's name, its copy bandwidth in byte/s, and the rate of a float32 product in FLOP/s."""
    import cupy
    from cupyx.profiler import benchmark

    def seconds(function: Any, *given: Any) -> float:
        return float(benchmark(function, given, n_repeat=5, n_warmup=2).gpu_times.min())

    a, b = cupy.empty(2**28, "f4"), cupy.empty(2**28, "f4")
    a[...] = cupy.random.standard_normal(2**28, dtype="f4")
    copy = 2 * a.nbytes / seconds(lambda: cupy.copyto(b, a))
    m = a[: 8192 * 8192].reshape(8192, 8192)
    product = 2 * 8192**3 / seconds(lambda: m @ m)
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    day = time.strftime("%Y-%m-%d")
    return {"gpu": name, "date": day, "copy": copy, "product": product, "cupy": cupy.__version__}


def floor(name: str, facts: dict[str, Any]) -> float:
    """Seconds below which the case cannot be."""
    case = next(c for c in CASES if c.name == name)
    bound = case.moved(*case.sizes) / facts["copy"], case.flops(*case.sizes) / facts["product"]
    return float(max(bound))


def table(rows: list[dict[str, Any]], facts: dict[str, Any]) -> Table:
    """One line a case: the floor, then each side's time; ours as a part of the floor too."""
    sides = [s for s in SIDES if any(r["side"] == s for r in rows)]
    title = f"{facts['gpu']}, {facts['date']}: copy {facts['copy'] / 1e12:.2f} TB/s, float32 "
    title += f"product {facts['product'] / 1e12:.0f} TFLOP/s; milliseconds (first call, seconds)"
    made = Table(title=title)
    for heading in ("case", "floor", "of floor", "host µs", *sides):
        made.add_column(heading, justify="left" if heading == "case" else "right")
    for case in CASES:
        own = {r["side"]: r for r in rows if r["case"] == case.name}
        least = floor(case.name, facts)
        ours = own.get("arignote", {})
        part = f"{least / ours['seconds']:.0%}" if "seconds" in ours else ""
        host = f"{ours['host'] * 1e6:.1f}" if "host" in ours else ""
        cells = [_cell(own.get(s)) for s in sides]
        made.add_row(case.name, f"{least * 1e3:.3f}", part, host, *cells)
    return made


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "-"
    if "error" in row:
        return row["error"].split(":")[0]
    return f"{row['seconds'] * 1e3:.3f} ({row['first']:.2f})"


if __name__ == "__main__":
    sys.exit(main())
