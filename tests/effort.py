"""How much a call does, counted: Python and C functions that it calls, the same on any machine."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from typing import Any


def calls_of(function: Callable[[], Any]) -> int:
    """How many functions are called while this one runs."""
    profiler = cProfile.Profile()
    profiler.runcall(function)
    return sum(row.callcount for row in profiler.getstats())
