"""From a trace to something that runs: the seam between tracing and the back ends.

A runner takes the leaves of a call and gives the answer, or raises GuardFailed before it has done
anything.  FAST_COMPILE interprets the graph; the other modes build kernels once a back end is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .trace.interpreted import run
from .trace.plan import Trace

Runner = Callable[[Sequence[Any]], Any]


def runner_for(trace: Trace, mode: str) -> Runner:
    """What runs a trace in a mode."""
    return lambda leaves: run(trace, leaves)
