"""`python -m benchmarks.cuda_npbench CHECKOUT`: NPBench on a GPU, beside its own CuPy versions.

Every kernel of a checkout of spcl/npbench that has a CuPy version: its NumPy source, decorated and
otherwise unchanged, with arrays of CuPy.  Right is what NumPy says at preset --small; times are of
preset --large, the median of calls that end with a wait for the GPU, copies of the arguments left
out.  Each kernel and side is a process of its own.  Writes JSON as it goes, prints a table last.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import arignote as ag
from arignote.emit.cuda.runtime.devices import what_is_missing

from .gradients.npbench_case import Results, inputs, module_of

SIDES = ("arignote", "cupy")
#: Seconds of a process; of its measured calls.
LIMIT_S, BUDGET_S = 40, 2.0
#: Part of the norm by which results may differ from NumPy's.
CLOSE = 1e-3


def main(words: Sequence[str] | None = None) -> int:
    """Runs what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda_npbench", description=__doc__)
    parser.add_argument("checkout", type=Path, help="of github.com/spcl/npbench")
    parser.add_argument("kernels", nargs="*", help="these; all with a CuPy version without")
    parser.add_argument("--small", default="S", help="the preset whose results are compared")
    parser.add_argument("--large", default="paper", help="the preset that is measured")
    parser.add_argument("--seconds", type=float, default=520, help="for all together")
    parser.add_argument("--out", type=Path, default=Path("cuda-npbench.json"))
    given = parser.parse_args(words)
    console = Console(highlight=False, soft_wrap=True)
    missing = what_is_missing()
    if missing:
        console.print(f"there is no GPU to measure ({missing}); arignote doctor tells more")
        return 1
    end = time.monotonic() + given.seconds
    rows: list[dict[str, Any]] = []
    for name in given.kernels or kernels(given.checkout):
        for side in SIDES:
            job = (side, str(given.checkout.resolve()), name, given.small, given.large)
            rows.append(row_of(job, min(LIMIT_S, end - time.monotonic())))
            given.out.write_text(json.dumps(rows, indent=1))
    console.print(table(rows))
    return 0


def kernels(checkout: Path) -> list[str]:
    """The names of the kernels that have a CuPy version."""
    out = []
    for file in sorted((checkout / "bench_info").glob("*.json")):
        info = json.loads(file.read_text())["benchmark"]
        folder = checkout / "npbench" / "benchmarks" / info["relative_path"]
        if (folder / f"{info['module_name']}_cupy.py").exists():
            out.append(file.stem)
    return out


def row_of(job: Sequence[str], seconds: float) -> dict[str, Any]:
    """What a process finds out; what became of it where it finds out nothing."""
    row: dict[str, Any] = {"side": job[0], "kernel": job[2]}
    if seconds <= 0:
        return row | {"error": "no time is left"}
    with tempfile.TemporaryDirectory(prefix="npbench-") as folder:
        file = Path(folder, "row")
        words = [sys.executable, "-m", __spec__.name, "--worker", str(file), *job]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=seconds,
                                  check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            return row | {"error": f"stopped after {seconds:.0f} s"}
        if file.exists():
            found: dict[str, Any] = json.loads(file.read_text())
            return row | found
        told = done.stderr.strip().splitlines()[-1:]
        return row | {"error": f"its process ended with {done.returncode}: {' '.join(told)[:200]}"}


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """A line a kernel: both times, their ratio, how far both are from NumPy."""
    by = {(r["kernel"], r["side"]): r for r in rows}
    names = list(dict.fromkeys(r["kernel"] for r in rows))
    ratios = []
    made = Table()
    for heading in ("kernel", "Arignote, ms", "first call, s", "CuPy, ms", "times", "wrong"):
        made.add_column(heading, justify="left" if heading == "kernel" else "right")
    for name in names:
        own, other = (by.get((name, s), {"error": "not run"}) for s in SIDES)
        times = ""
        if "seconds" in own and "seconds" in other and not wrong(own):
            ratios.append(other["seconds"] / own["seconds"])
            times = f"{ratios[-1]:.2f}"
        first = f"{own['first']:.2f}" if "first" in own else ""
        told = ", ".join(f"{s}: {r['wrong']:.0e}" for s, r in zip(SIDES, (own, other)) if wrong(r))
        made.add_row(name, _cell(own), first, _cell(other), times, told)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else math.nan
    made.title = f"NPBench: {mean:.2f} times CuPy (geometric mean of {len(ratios)})"
    return made


def wrong(row: dict[str, Any]) -> bool:
    return not row.get("wrong", 0.0) <= CLOSE


def _cell(row: dict[str, Any]) -> str:
    return f"{row['seconds'] * 1e3:.3f}" if "seconds" in row else str(row.get("error", ""))[:60]


# ---- a process -----------------------------------------------------------------------------------
def work(file: str, side: str, checkout: str, name: str, small: str, large: str) -> None:
    """Compare, then measure; the row goes to the file, what is known so far at each step."""
    sys.path.insert(0, checkout)
    os.chdir(checkout)
    cupy = importlib.import_module("cupy")
    warnings.simplefilter("ignore")
    row: dict[str, Any] = {}

    def told(**more: Any) -> None:
        row.update(more)
        Path(file).write_text(json.dumps(row))

    try:
        info = json.loads(Path("bench_info", f"{name}.json").read_text())["benchmark"]
        function = _function(info, "cupy" if side == "cupy" else "numpy")
        if side == "arignote":
            function = ag.compile(function)
        data, results = inputs(info, small), Results(info, info["input_args"])
        args = _given(info, data)
        want = results.of(_function(info, "numpy")(*args), args)
        args = _given(info, data, cupy.asarray)
        got = results.of(function(*args), args)
        told(wrong=max(map(_distance, [cupy.asnumpy(x) for x in got], want), default=0.0))
        data = inputs(info, large)
        seconds: list[float] = []
        end = time.perf_counter() + BUDGET_S
        while len(seconds) < 3 or (time.perf_counter() < end and len(seconds) < 20):
            args = _given(info, data, cupy.asarray)
            cupy.cuda.Device().synchronize()
            start = time.perf_counter()
            function(*args)
            cupy.cuda.Device().synchronize()
            seconds.append(time.perf_counter() - start)
            told(first=seconds[0], seconds=statistics.median(seconds[1:] or seconds))
    except Exception as error:  # of either side: it is the row
        told(error=f"{type(error).__name__}: {' '.join(str(error).split())}"[:300])


def _function(info: dict[str, Any], kind: str) -> Callable[..., Any]:
    module = importlib.import_module(f"{module_of(info)}_{kind}")
    found: Callable[..., Any] = getattr(module, info["func_name"])
    return found


def _given(
    info: dict[str, Any], data: dict[str, Any], put: Callable[[Any], Any] = np.array
) -> list[Any]:
    """Fresh arguments."""
    own = (data[a] for a in info["input_args"])
    return [put(np.array(x)) if isinstance(x, np.ndarray) else x for x in own]


def _distance(got: Any, want: Any) -> float:
    """Of two arrays, as a part of the second one's norm; infinity where the kinds differ."""
    a, b = np.asarray(got), np.asarray(want)
    if a.shape != b.shape:
        return math.inf
    kind = np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64
    a, b = a.astype(kind), b.astype(kind)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return math.inf
    scale = float(np.linalg.norm(np.nan_to_num(b)))
    return float(np.linalg.norm(np.nan_to_num(a - b)) / (scale or 1.0))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(*sys.argv[2:])
    else:
        sys.exit(main())
