"""`python -m benchmarks.loops`: loops that depend on their own last step, against the same in C.

A step of such a loop cannot begin before the one before has ended, so there is nothing to win by
vectors or threads: what is measured is whether a compiled Python loop costs what the C loop costs.
Both sides run in one process, in turn; the best of all rounds counts.  The C compiler gets -O3.
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import arignote as ag

SOURCE = r"""
#include <stdint.h>
double logistic(double x, double r, int64_t n) {
    for (int64_t i = 0; i < n; i++) x = r * x * (1.0 - x);
    return x;
}
int64_t congruential(int64_t x, int64_t n) {
    for (int64_t i = 0; i < n; i++) x = (x * 1103515245 + 12345) % 2147483648;
    return x;
}
double branches(double x, int64_t n) {
    for (int64_t i = 0; i < n; i++) x = x > 1.0 ? x * 0.5 : x * 1.5 + 0.01;
    return x;
}
void state(double *restrict s, double *restrict t, int64_t size, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < size; k++)
            t[k] = 0.9 * s[k] + 0.05 * (s[size - 1 - k] - s[k] * s[k]);
        for (int64_t k = 0; k < size; k++) s[k] = t[k];
    }
}
"""


def logistic(x: float, r: float, n: int) -> float:
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def congruential(x: Any, n: int) -> Any:
    for _ in range(n):
        x = (x * 1103515245 + 12345) % 2147483648
    return x


def branches(x: float, n: int) -> float:
    for _ in range(n):
        if x > 1.0:
            x = x * 0.5
        else:
            x = x * 1.5 + 0.01
    return x


def state(s: Any, n: int) -> None:
    for _ in range(n):
        s[:] = 0.9 * s + 0.05 * (s[::-1] - s * s)


@dataclass(frozen=True)
class Case:
    """function and the C function of its name; steps: of one call.

    arguments: of the Python function, and of the C function, made anew for each call.
    """

    function: Callable[..., Any]
    steps: int
    arguments: Callable[[int], tuple[Any, ...]]
    c_arguments: Callable[[int], tuple[Any, ...]]


CASES = (
    Case(logistic, 10**7, lambda n: (0.3, 3.9, n), lambda n: (0.3, 3.9, n)),
    Case(congruential, 10**7, lambda n: (np.int64(7), n), lambda n: (7, n)),
    Case(branches, 10**7, lambda n: (0.3, n), lambda n: (0.3, n)),
    Case(
        state,
        10**6,
        lambda n: (np.linspace(0.1, 0.9, 16), n),
        lambda n: (np.linspace(0.1, 0.9, 16), np.empty(16), 16, n),
    ),
)


@dataclass(frozen=True)
class Timing:
    """Nanoseconds a step on both sides; same: did they give the same bits?"""

    name: str
    steps: int
    ours: float
    c: float
    same: bool

    @property
    def ratio(self) -> float:
        return self.ours / self.c


def main(given: Sequence[str] | None = None) -> int:
    """Prints a line a loop; the exit status tells whether the results were the same."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loops", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, help="of every loop, instead of its own number")
    options = parser.parse_args(given)
    compiler = next((c for c in ("gcc", "cc", "clang") if shutil.which(c)), None)
    if compiler is None:
        print("there is no C compiler to compare with")
        return 1
    rows = measure(compiler, options.rounds, options.steps)
    print(f"{'loop':<14}{'steps':>10}{'ns a step':>12}{'in C':>8}{'ratio':>8}")
    for r in rows:
        note = "" if r.same else "  other results"
        print(f"{r.name:<14}{r.steps:>10}{r.ours:>12.2f}{r.c:>8.2f}{r.ratio:>8.2f}{note}")
    return 0 if all(r.same for r in rows) else 1


def measure(compiler: str, rounds: int, steps: int | None = None) -> list[Timing]:
    """Every loop on both sides."""
    with tempfile.TemporaryDirectory(prefix="loops-") as folder:
        library = built(compiler, Path(folder))
        return [_timing(c, getattr(library, c.function.__name__), rounds, steps) for c in CASES]


def built(compiler: str, folder: Path) -> ctypes.CDLL:
    """The C twins, compiled."""
    source, library = folder / "loops.c", folder / "loops.so"
    source.write_text(SOURCE)
    flags = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library)], check=True)
    found = ctypes.CDLL(str(library))
    real, whole = ctypes.c_double, ctypes.c_int64
    vector = np.ctypeslib.ndpointer(dtype=np.float64, flags="C")
    found.logistic.argtypes, found.logistic.restype = (real, real, whole), real
    found.congruential.argtypes, found.congruential.restype = (whole, whole), whole
    found.branches.argtypes, found.branches.restype = (real, whole), real
    found.state.argtypes, found.state.restype = (vector, vector, whole, whole), None
    return found


def _timing(case: Case, twin: Callable[..., Any], rounds: int, steps: int | None) -> Timing:
    n = steps or case.steps
    ours = ag.compile(case.function)
    ours(*case.arguments(n))
    best = {"ours": float("inf"), "c": float("inf")}
    got: dict[str, Any] = {}
    for _ in range(rounds):
        for side, function, arguments in (
            ("ours", ours, case.arguments),
            ("c", twin, case.c_arguments),
        ):
            given = arguments(n)
            started = time.perf_counter()
            result = function(*given)
            best[side] = min(best[side], time.perf_counter() - started)
            got[side] = given[0] if result is None else result
    same = bool(np.array_equal(got["ours"], got["c"]))
    name = case.function.__name__
    return Timing(name, n, best["ours"] / n * 1e9, best["c"] / n * 1e9, same)


if __name__ == "__main__":
    sys.exit(main())
