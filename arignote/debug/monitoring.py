"""MonitorMode: callbacks around every operation of every call, inside loops too.

The graph runs as it was traced, operation by operation in NumPy.  Without a callback each operation
is printed with the user's line and its value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..emit.dispatch import NO_MATCH, Kernel
from ..emit.plan import Plan
from ..trace.interpreted import GuardFailed, run
from ..trace.overlap import overlapping
from ..trace.plan import Trace
from ..trace.pytree import Tree
from .values import Callback, Seen, Watch


def monitored_kernel(
    trace: Trace,
    structure: Tree | None,
    overlap: Callable[[Kernel, Sequence[Any]], Any],
    monitor: Callback | tuple[Callback | None, Callback | None] | None = None,
) -> Kernel:
    """Runs a trace under callbacks: one after each operation, or (before, after); either may raise
    to stop the call."""
    before, after = monitor if isinstance(monitor, tuple) else (None, monitor or shown)

    def call(*leaves: Any) -> Any:
        if not trace.signature.shared and overlapping(leaves, trace.written):
            return overlap(kernel, leaves)
        try:
            return run(trace, leaves, Watch(after, before))
        except GuardFailed:
            return NO_MATCH

    plan = Plan(trace.signature.leaves, name=trace.name)
    kernel = Kernel(plan, function=call, structure=structure)
    return kernel


def shown(seen: Seen) -> None:
    """Print one operation."""
    value = np.array2string(np.asarray(seen.value), threshold=8, precision=6).replace("\n", " ")
    where = f"{seen.origin}: {seen.origin.expression}" if seen.origin else ""
    name = f"{seen.name} = " if seen.name else ""
    print(f"{seen.op:<14} {name}{value}    {where}".rstrip())
