"""From a trace to something that runs: the seam between tracing and the back ends.

A runner takes the leaves of a call and gives the answer, or raises GuardFailed before it has done
anything.  FAST_COMPILE interprets the graph; the other modes build kernels, and interpret where
there is no compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .emit.dispatch import NO_MATCH, Dispatcher
from .emit.kernel import compilation, make_kernel
from .errors import CompilerMissingError, warn_once
from .trace.interpreted import GuardFailed, run
from .trace.plan import Trace

Runner = Callable[[Sequence[Any]], Any]


def runner_for(trace: Trace, mode: str) -> Runner:
    """What runs a trace in a mode."""
    if mode == "FAST_COMPILE":
        return lambda leaves: run(trace, leaves)
    try:
        kernel = make_kernel(compilation(trace, mode))
    except CompilerMissingError as error:
        warn_once("compiler", f"functions are interpreted, which is slow: {error}")
        return lambda leaves: run(trace, leaves)
    dispatcher = Dispatcher(_unreachable)
    dispatcher.add(kernel)

    def call(leaves: Sequence[Any]) -> Any:
        answer = dispatcher.call(kernel, tuple(leaves))
        if answer is NO_MATCH:
            raise GuardFailed(trace.name)
        return answer

    return call


def _unreachable(args: Any, kwargs: Any) -> Any:
    raise AssertionError("a kernel is called for arguments it was made for")
