"""Starts a process for each side, and has them measured in turns."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .programs import Program

_HERE = Path(__file__).parent
#: Variables by which someone may have tied a library's hands.
_UNSET = ("OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "OMP_WAIT_POLICY",
          "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "ARIGNOTE_FLAGS", "XLA_FLAGS")  # fmt: skip


@dataclass(frozen=True)
class Side:
    """A compiler to measure, and the Python that has it."""

    name: str
    python: str


@dataclass
class Measurement:
    """Seconds of one call, one number a round.  `first`: making it and calling it once."""

    program: str
    group: str
    n: int
    dtype: str
    threads: int
    side: str
    seconds: list[float] = field(default_factory=list)
    first: float = math.nan
    error: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else math.nan

    @property
    def spread(self) -> float:
        """How far the slowest round is from the fastest, relative to the median."""
        return (max(self.seconds) - min(self.seconds)) / self.median if self.seconds else math.nan


class Worker:
    """The process of a side, and the requests it answers."""

    def __init__(self, side: Side, threads: int, environment: Mapping[str, str]) -> None:
        env = {k: v for k, v in os.environ.items() if k not in _UNSET}
        if side.python == sys.executable:
            env["PYTHONPATH"] = str(_HERE.parent)
        for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "NUMEXPR_MAX_THREADS"):
            if side.name != "arignote":
                env[name] = str(threads)
        env.update(environment)
        command = [side.python, str(_HERE / "worker.py"), side.name, str(threads)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=env,
        )  # fmt: skip

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            return {"error": "its process has ended"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure(
    programs: Sequence[Program],
    sides: Sequence[Side],
    threads: int,
    rounds: int,
    sizes: Callable[[Program], Sequence[int]],
    dtypes: Callable[[Program], Sequence[str]],
    environment: Mapping[str, str],
) -> Iterator[Measurement]:
    """Every program in every size and dtype on every side; `environment` is for all processes."""
    workers = {side.name: Worker(side, threads, environment) for side in sides}
    try:
        for program in programs:
            for dtype in dtypes(program):
                for n in sizes(program):
                    rows = [
                        Measurement(program.name, program.group, n, dtype, threads, side.name)
                        for side in sides
                    ]
                    _rounds(rows, workers, rounds)
                    yield from rows
    finally:
        for worker in workers.values():
            worker.close()


def _rounds(rows: Sequence[Measurement], workers: Mapping[str, Worker], rounds: int) -> None:
    wanted: list[float] = []
    for row in rows:
        answer = workers[row.side].ask(program=row.program, n=row.n, dtype=row.dtype)
        row.first, row.error = answer.get("first", math.nan), answer.get("error", "")
        wanted = wanted or answer.get("checksum", [])
        tolerance = 1e-9 if row.dtype == "float64" else 2e-3
        if not row.error and not _agree(answer["checksum"], wanted, tolerance):
            row.error = f"gives {answer['checksum']} for {wanted}"
    for _ in range(rounds):
        for row in rows:
            if not row.error:
                answer = workers[row.side].ask(go=True)
                row.error = answer.get("error", "")
                if not row.error:
                    row.seconds.append(answer["seconds"])


def _agree(got: Sequence[float], wanted: Sequence[float], tolerance: float) -> bool:
    """The first side is NumPy; the others give its numbers."""
    if len(got) != len(wanted):
        return False
    return all(abs(x - y) <= tolerance * (1 + abs(y)) for x, y in zip(got, wanted))
