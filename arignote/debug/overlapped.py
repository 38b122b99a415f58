"""Calls in which a written array shares memory with another one: their own trace, validated.

The copies on which everything is tried share memory in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..trace.overlap import Placement, placements
from ..trace.plan import Trace
from .inputs import fresh
from .kernels import Expected, outcome_of, outcomes_differ
from .report import Check, Finding

Leaves = list[Any]
#: (function, tree, leaves, how they share memory) -> (trace, static leaves)
Tracer = Callable[..., "tuple[Trace, frozenset[int]]"]
Runner = Callable[[Leaves], Any]


def shared_copies(leaves: Sequence[Any], shared: Sequence[Placement]) -> Leaves:
    """Copies of the leaves; those that are windows of another are windows of its copy."""
    out = fresh(leaves)
    for p in shared:
        out[p.leaf] = _window(out[p.base], p)
    return out


def _window(base: Any, p: Placement) -> Any:
    corner = base[tuple(slice(s, s + 1) for s in p.starts)] if base.ndim else base
    strides = [0] * len(p.shape)
    for k, axis in enumerate(p.axes):
        if axis >= 0:
            strides[axis] = base.strides[k] * p.steps[k]
    return np.lib.stride_tricks.as_strided(corner, p.shape, strides)


def check_overlapped(
    function: Callable[..., Any],
    tree: Any,
    leaves: Sequence[Any],
    tracer: Tracer,
    runner: Callable[[Trace], Runner],
) -> tuple[list[Finding], Check]:
    """The plain function, the trace and what runs it, all with arguments that share memory."""
    started = time.perf_counter()
    name = "arguments that share memory"
    given, shared = placements(leaves)
    count = len(leaves)

    def again() -> Leaves:
        return shared_copies(given, shared)


    def plain(copies: Leaves) -> Any:
        args, kwargs = tree.unflatten(iter(copies[:count]))
        return function(*args, **kwargs)

    trace, _ = tracer(function, tree, again(), shared)
    want = outcome_of(plain, again())
    expected = Expected(trace, again, lambda: want)
    sides = (("trace", expected.outcome), ("kernel", outcome_of(runner(trace), again())))
    for stage, got in sides:
        found = outcomes_differ(want, got, expected.slack)
        if found is not None:
            value, _, d = found
            finding = Finding(
                stage, trace.name, value, str(d), None, d.index, d.expected, d.got, d.ulp,
                d.tolerance, "what rounding moves the answer by",
            )  # fmt: skip
            return [finding], Check(name, 1, time.perf_counter() - started)
    return [], Check(name, 2, time.perf_counter() - started)
