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

from arignote.emit.cuda.runtime.devices import what_is_missing

from .cuda_cases import CASES
from .cuda_sides import GPU_IS_LOST

#: Side -> (the package it needs, seconds it may take).  Ours come first, should time run out.
SIDES = {
    "arignote": ("cupy", 130), "jax": ("jax", 110), "torch": ("torch", 110), "cupy": ("cupy", 60),
    "cupy.fuse": ("cupy", 20), "torch, graphs": ("torch", 80),
}  # fmt: skip
QUIET_S = 60  # without a line, a side is taken for hung
MOST_STARTS = 10  # of one side's process
#: An H100, where it could not be measured.
ASSUMED = {"gpu": "a GPU that was not measured", "copy": 3.0e12, "product": 5.0e13}


def main() -> int:
    """Runs what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda", description=__doc__)
    parser.add_argument("--side", action="append", choices=[*SIDES], help="this one; repeatable")
    parser.add_argument("--seconds", type=float, default=500, help="for all sides together")
    parser.add_argument("--out", type=Path, default=Path("cuda.json"), help="the JSON file")
    given = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    missing = what_is_missing()
    if missing:
        console.print(f"there is no GPU to measure ({missing}); arignote doctor tells more")
        return 1
    end = time.monotonic() + given.seconds
    facts: dict[str, Any] = {**ASSUMED, "date": time.strftime("%Y-%m-%d")}
    measured = side_rows("calibration", 60, console)
    facts |= measured[0] if measured and "copy" in measured[0] else {}
    rows: list[dict[str, Any]] = []
    try:
        for side in given.side or SIDES:
            package, limit = SIDES[side]
            if importlib.util.find_spec(package) is None:
                console.print(f"{side}: {package} is not installed")
                continue
            rows += side_rows(side, min(limit, end - time.monotonic()), console)
            given.out.write_text(json.dumps({"machine": facts, "rows": rows}, indent=1))
    finally:
        console.print(table(rows, facts))
    return 0


def side_rows(side: str, seconds: float, console: Console) -> list[dict[str, Any]]:
    """What a side's processes have measured when they end or their time does.

    A process that crashes, hangs or loses the GPU costs the case it was at; another goes on.
    """
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        file = Path(folder, "rows")
        for _ in range(MOST_STARTS):
            before = _read(file)
            said = _process(side, file, end)
            rows = _read(file)
            done = {r["case"] for r in rows if "begun" not in r and "case" in r}
            for r in rows:
                if "begun" in r and r["case"] not in done:
                    row = {"side": side, "case": r["case"], "error": said or "nothing was said"}
                    with file.open("a") as out:
                        out.write(json.dumps(row) + "\n")
            if said:
                console.print(f"{side}: {said}")
            if not said or time.monotonic() > end or rows == before:
                break
        return [r for r in _read(file) if "begun" not in r]


def _process(side: str, file: Path, end: float) -> str:
    """Run a side's process; "" where it came to its end, else what became of it."""
    environment = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    log = file.with_name("log")
    words = [sys.executable, "-m", "benchmarks.cuda_sides", side, str(file)]
    with log.open("w") as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=environment)
    begun = time.time()
    while process.poll() is None:
        time.sleep(0.1)
        last = max(begun, file.stat().st_mtime if file.exists() else 0)
        over = time.monotonic() > end
        if over or time.time() - last > QUIET_S:
            process.kill()
            process.wait()
            return "stopped: its time is over" if over else f"hung: nothing for {QUIET_S} s"
    if process.returncode == 0:
        return ""
    if process.returncode == GPU_IS_LOST:
        return "the GPU was lost"
    told = log.read_text(errors="replace").strip().splitlines()[-1:]
    return f"its process ended with {process.returncode}: {' '.join(told)[:300]}"


def _read(file: Path) -> list[dict[str, Any]]:
    rows = []
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue  # half a line of a process that was killed
    return rows


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
    for heading in ("case", "floor", "of floor", "host µs", "error", *sides):
        made.add_column(heading, justify="left" if heading == "case" else "right")
    for case in CASES:
        own = {r["side"]: r for r in rows if r["case"] == case.name}
        least = floor(case.name, facts)
        ours = own.get("arignote", {})
        part = f"{least / ours['seconds']:.0%}" if "seconds" in ours else ""
        host = f"{ours['host'] * 1e6:.1f}" if "host" in ours else ""
        wrong = f"{ours['wrong']:.0e}" if "wrong" in ours else ""
        cells = [_cell(own.get(s)) for s in sides]
        made.add_row(case.name, f"{least * 1e3:.3f}", part, host, wrong, *cells)
    return made


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "-"
    if "error" in row:
        return row["error"].split(":")[0]
    return f"{row['seconds'] * 1e3:.3f} ({row['first']:.2f})"


if __name__ == "__main__":
    sys.exit(main())
