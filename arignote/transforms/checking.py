"""check_grad: the derivatives of a function against difference quotients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..api import Compiled
from ..autograd_sym.check import Comparison, check_gradients
from ..fxgraph.graph import Graph
from ..scanloop import derivatives
from ..trace.interpreted import feeds_of
from ..trace.plan import ArrayResult, DataOf, ScalarResult, ValueOf
from ..trace.pytree import flatten

__all__ = ["check_grad", "derivatives"]


def check_grad(
    function: Callable[..., Any],
    *args: Any,
    order: int = 1,
    modes: Sequence[str] = ("fwd", "rev"),
    rtol: float = 1e-6,
    seed: int = 0,
) -> list[Comparison]:
    """Compare the derivatives of `function` at `args` with difference quotients.

    Every floating argument is varied, along random directions, and every floating result and
    changed argument is looked at.  order: 1, or 2 for the gradient of the gradient too.  modes:
    "fwd", "rev". Returns what was compared; raises AssertionError, with the numbers, where they
    differ by more than rtol, UnsupportedError for an operation without derivative.
    """
    inner = function if isinstance(function, Compiled) else Compiled(function)
    trace = inner.trace_of(*args)
    leaves, _ = flatten((args, {}))
    feeds = feeds_of(trace, leaves)
    wanted = {o.output for o in trace.outputs if isinstance(o, ArrayResult | ScalarResult)}
    wanted |= {w.output for w in trace.writes}
    graph = trace.graph
    outputs = tuple(o for k, o in enumerate(graph.outputs) if k in wanted and o.dtype.kind in "fc")
    wrt = [
        n
        for n, s in zip(graph.inputs, trace.sources, strict=True)
        if isinstance(s, DataOf | ValueOf) and n.dtype.kind in "fc"
    ]
    smaller = Graph(graph.inputs, outputs, graph.effects, graph.guards, graph.name)
    return check_gradients(smaller, feeds, wrt, order=order, modes=modes, rtol=rtol, seed=seed)
