"""`python -m benchmarks.gradients`: value and gradient on every side, in turns.

Writes the gradients section of RESULTS.md, and gradients.png.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import page, plot
from .problems import PROBLEMS, Problem

HERE = Path(__file__).parent
PEERS = ("jax", "torch", "autograd")
#: Variables by which someone may have tied a library's hands.
_UNSET = ("OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "OMP_WAIT_POLICY",
          "MKL_NUM_THREADS", "ARIGNOTE_FLAGS", "XLA_FLAGS")  # fmt: skip
#: A side whose call took longer than this is timed once more, and not tried at larger sizes.
PATIENCE_S = 20.0


@dataclass
class Row:
    """One problem in one size on one side."""

    problem: str
    n: int
    side: str
    first: float = math.nan
    seconds: list[float] = field(default_factory=list)
    bytes: float = math.nan
    error: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else math.nan


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what the command line asks for; returns the exit status."""
    given = _arguments(argv)
    problems = [p for p in PROBLEMS if not given.names or p.name in given.names]
    sides = _sides(given.peer)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="gradients-") as folder:
        for row in measure(problems, sides, given, {"ARIGNOTE_FLAGS": f"cache_dir={folder}"}):
            rows.append(row)
            what = row.error or f"{row.median * 1e3:.3g} ms, {row.bytes / 1e6:.1f} MB"
            print(f"{row.problem} {row.n} {row.side}: {what}", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    drawn = plot.draw(rows, given.out / "gradients.png")
    text = page.section(rows, given.threads, given.rounds, "gradients.png" if drawn else "")
    page.put(given.out / "RESULTS.md", text)
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradients", description=__doc__)
    names = [p.name for p in PROBLEMS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="the smallest size of each")
    parser.add_argument("--size", type=int, help="this size for all")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=PYTHON",
        help=f"a Python that has one of {', '.join(PEERS)}; may be repeated",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=HERE.parent)
    given = parser.parse_args(argv)
    for name in given.names:
        if name not in names:
            parser.error(f"there is no problem {name!r}: {', '.join(names)}")
    return given


def _sides(peers: Sequence[str]) -> dict[str, str]:
    """Side -> the Python that has it."""
    found = {"arignote": sys.executable}
    found |= {name: sys.executable for name in PEERS if importlib.util.find_spec(name)}
    return found | dict(p.split("=", 1) for p in peers)


class Worker:
    """The process of a side."""

    def __init__(self, side: str, python: str, threads: int, more: Mapping[str, str]) -> None:
        env = {k: v for k, v in os.environ.items() if k not in _UNSET} | dict(more)
        if python == sys.executable:
            env["PYTHONPATH"] = str(HERE.parent.parent)
        if side != "arignote":
            env["OMP_NUM_THREADS"] = str(threads)
        self.slow = False
        self.process = subprocess.Popen(
            [python, str(HERE / "worker.py"), side, str(threads)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env,
        )  # fmt: skip

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": "its process has ended"}
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure(
    problems: Sequence[Problem],
    sides: Mapping[str, str],
    given: argparse.Namespace,
    environment: Mapping[str, str],
) -> Iterator[Row]:
    """Every problem in every size on every side; the sides take turns."""
    for p in problems:
        workers = {s: Worker(s, python, given.threads, environment) for s, python in sides.items()}
        try:
            for n in (given.size,) if given.size else p.sizes[:1] if given.quick else p.sizes:
                rows = [Row(p.name, n, side) for side in sides]
                _rounds(rows, workers, given.rounds)
                yield from rows
        finally:
            for worker in workers.values():
                worker.close()


def _rounds(rows: Sequence[Row], workers: Mapping[str, Worker], rounds: int) -> None:
    wanted: dict[str, Any] = {}
    for row in rows:
        if workers[row.side].slow:
            row.error = "took too long at the size before"
            continue
        answer = workers[row.side].ask(problem=row.problem, n=row.n)
        row.first, row.error = answer.get("first", math.nan), answer.get("error", "")
        if not row.error:
            wanted = wanted or answer
            row.error = _difference(answer, wanted)
    for k in range(rounds):
        for row in rows:
            if not row.error and (k < 2 or not workers[row.side].slow):
                row.seconds.append(workers[row.side].ask(go=True)["seconds"])
                workers[row.side].slow |= row.seconds[-1] > PATIENCE_S
    for row in rows:
        if not row.error:
            row.bytes = workers[row.side].ask(memory=True).get("bytes", math.nan)


def _difference(got: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What differs from the first side; "" where nothing does."""
    if abs(got["value"] - wanted["value"]) > 1e-8 * (1 + abs(wanted["value"])):
        return f"value {got['value']} for {wanted['value']}"
    for k, (a, b, size) in enumerate(zip(got["slopes"], wanted["slopes"], wanted["sizes"])):
        if abs(a - b) > 1e-6 * (1e-12 + size):
            return f"slope {k}: {a} for {b}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
