"""NanGuardMode: the first operation that gives nan, an infinity or a number that is too big.

The graph is interpreted after rewriting, so what the rewriting stabilises (log(1 + exp(x))) is no
false alarm.  `config.nan_guard` names what is looked for, `config.nan_guard_big` says what is big.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..config import config
from ..emit.dispatch import NO_MATCH, Kernel
from ..emit.plan import Plan
from ..errors import NanGuardError
from ..fxgraph.node import Node, origin
from ..fxgraph.types import TensorType
from ..optimize.pipeline import optimize
from ..trace.interpreted import GuardFailed, feeds_of, run
from ..trace.overlap import overlapping
from ..trace.plan import Trace
from ..trace.pytree import Tree
from .rewriting import expression


def guarded_kernel(
    trace: Trace, structure: Tree | None, overlap: Callable[[Kernel, Sequence[Any]], Any]
) -> Kernel:
    """Runs a trace and raises NanGuardError at the first value that is looked for."""
    graph = trace.graph
    better = optimize(graph, including=config.including, excluding=config.excluding)
    checked = replace(trace, graph=replace(graph, outputs=better.outputs))

    def call(*leaves: Any) -> Any:
        if not trace.signature.shared and overlapping(leaves, trace.written):
            return overlap(kernel, leaves)
        for n, value in feeds_of(checked, leaves).items():
            guard(n, value)
        try:
            return run(checked, leaves, guard)
        except GuardFailed:
            return NO_MATCH

    plan = Plan(trace.signature.leaves, name=trace.name)
    kernel = Kernel(plan, function=call, structure=structure)
    return kernel


def guard(n: Node, value: Any) -> None:
    """Raises NanGuardError where a value has what `config.nan_guard` names."""
    if not isinstance(n.type, TensorType) or n.dtype.kind not in "fc" or n.op.name == "constant":
        return
    for word in config.nan_guard:
        bad = np.asarray(FOUND[word](np.asarray(value)))
        if bad.any():
            raise NanGuardError(_message(n, np.asarray(value), bad, word))


FOUND: dict[str, Callable[[Any], Any]] = {
    "nan": np.isnan,
    "inf": np.isinf,
    "big": lambda v: np.isfinite(v) & (np.abs(v) > config.nan_guard_big),
}


def _message(n: Node, value: Any, bad: Any, word: str) -> str:
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), value.shape))
    at = f" at {list(index)}" if index else ""
    where = origin.get(n)
    if n.op.name == "input":
        what = f"argument {n.attr('name')}"
    elif where is not None:
        what = f"{where.expression} ({where}, in {where.function})"
    else:
        what = expression(n)
    limit = f", above nan_guard_big={config.nan_guard_big:g}" if word == "big" else ""
    return (
        f"{what} gives {value[index]}{at}{limit}; {int(bad.sum())} of {value.size} elements. "
        f"It was computed as {expression(n)}"
    )
