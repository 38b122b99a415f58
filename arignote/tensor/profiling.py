"""`profile=True`: what a function's calls cost, printed by `f.profile.summary()`."""

from __future__ import annotations

import sys
import time
from typing import Any


class ProfileStats:
    """Number and time of the calls of a function, and the arguments of the last one."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.fct_callcount = 0
        self.fct_call_time = 0.0
        self._last: tuple[Any, tuple[Any, ...]] | None = None

    def recorded(self, program: Any) -> Recorded:
        """The program, with its calls counted."""
        return Recorded(self, program)

    def add(self, program: Any, args: tuple[Any, ...], seconds: float) -> None:
        """One more call."""
        self.fct_callcount += 1
        self.fct_call_time += seconds
        self._last = program, args

    def summary(self, file: Any = None, **_: Any) -> None:
        """Print them, and where the time of a call like the last one goes."""
        out = sys.stderr if file is None else file
        out.write(f"{self.fct_callcount} calls, {self.fct_call_time:.6f} s\n")
        if self._last is not None:
            program, args = self._last
            out.write(f"{program.profile(*args)}\n")


class Recorded:
    """A compiled function whose calls are counted."""

    def __init__(self, stats: ProfileStats, program: Any) -> None:
        self.stats, self.program = stats, program

    def __call__(self, *args: Any) -> Any:
        started = time.perf_counter()
        found = self.program(*args)
        self.stats.add(self.program, args, time.perf_counter() - started)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.program, name)
