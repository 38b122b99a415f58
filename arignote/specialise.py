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
from .trace.overlap import stand_in
from .trace.plan import Trace
from .trace.pytree import flatten

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

    shared = [p.leaf for p in trace.signature.shared]
    return _with_stand_ins(call, shared) if shared else call


def _with_stand_ins(call: Runner, shared: Sequence[int]) -> Runner:
    """Arrays in the memory of another are not read by the kernel, which has the other: it gets
    untouched memory of the same kind in their place.
    """

    def with_stand_ins(leaves: Sequence[Any]) -> Any:
        given = list(leaves)
        for k in shared:
            given[k] = stand_in(leaves[k])
        parts, tree = flatten(call(given))
        own = {id(given[k]): leaves[k] for k in shared}
        return tree.unflatten(own.get(id(x), x) for x in parts)

    return with_stand_ins


def _unreachable(args: Any, kwargs: Any) -> Any:
    raise AssertionError("a kernel is called for arguments it was made for")
