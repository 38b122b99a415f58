"""What DEBUG_MODE costs: its calls against those of FAST_COMPILE, over the corpora of the tests.

    python -m benchmarks.debug_mode [every]        every: take each so-manieth program (default 4)

Seconds are of this process, so C compilers are not in them, and the time in which Cython translates
is taken off: the promise is 50 times FAST_COMPILE plus builds.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import arignote as ag
import arignote.emit.cython.build as build_module
from tests.corpus import loops_discrete, loops_numeric, loops_state, loops_traps, straight

CORPORA: tuple[ModuleType, ...] = (
    straight, loops_traps, loops_discrete, loops_numeric, loops_state,
)  # fmt: skip
PROMISE = 50.0


@dataclass(frozen=True)
class Row:
    """Seconds of the first call, which validates, and of a further one, which compares."""

    name: str
    first: float
    fast_first: float
    later: float
    fast_later: float


def rows(every: int) -> Iterator[Row]:
    """A row for each program that ends without an error."""
    for case in [c for m in CORPORA for c in m.CASES[::every]]:
        try:
            fast = _times(ag.compile(case.function, mode="FAST_COMPILE"), case)
            slow = _times(ag.compile(case.function, mode="DEBUG_MODE"), case)
        except Exception:  # programs that raise are of the tests, not of this
            continue
        yield Row(case.name, slow[0], fast[0], slow[1], fast[1])


def _times(f: Callable[..., Any], case: Any) -> tuple[float, float]:
    spent = [0.0]
    real = build_module.build.__globals__["_make"]

    def timed(*args: Any) -> Any:
        start = time.process_time()
        try:
            return real(*args)
        finally:
            spent[0] += time.process_time() - start

    build_module._make = timed
    try:
        first = _seconds(f, case) - spent[0]
    finally:
        build_module._make = real
    return first, min(_seconds(f, case) for _ in range(2))


def _seconds(f: Callable[..., Any], case: Any) -> float:
    args = case.fresh()
    start = time.process_time()
    f(*args)
    return time.process_time() - start


def main(arguments: list[str]) -> int:
    found = list(rows(int(arguments[0]) if arguments else 4))
    print(f"{len(found)} programs")
    worst = 0.0
    for what, ratio in (
        ("first calls", lambda r: r.first / r.fast_first),
        ("later calls", lambda r: r.later / r.fast_later),
    ):
        by = sorted(found, key=ratio, reverse=True)
        all_of = [ratio(r) for r in by]
        mean = statistics.geometric_mean(all_of)
        print(f"{what}: {mean:.1f} times FAST_COMPILE, at most {all_of[0]:.1f}; the worst are")
        for r in by[:6]:
            print(f"  {ratio(r):6.1f}  {r.name}")
        worst = max(worst, all_of[0])
    return 0 if worst <= PROMISE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
