"""The complex step: derivatives without a difference, to the last digits.

f(x + i h d) = f(x) + i h f'(x) d, so for a tiny h the imaginary part over h is the derivative with
no cancellation.  It needs f to be analytic and every op to have a complex loop; other graphs
decline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..fxgraph.constants import new_input
from ..fxgraph.graph import Graph
from ..fxgraph.interpret import interpret
from ..fxgraph.node import Node
from ..fxgraph.resolve import Resolve

#: Ops that compute the analytic continuation of themselves for complex operands.
ANALYTIC = frozenset(
    (
        "add subtract multiply divide negative positive square reciprocal exp exp2 expm1 log log1p"
        " log2 log10 sqrt sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh"
        " power view reshape full reduce_sum reduce_prod cumulate_sum cumulate_prod gather"
        " constant input affine iota index"
    ).split()
)
STEP = 1e-30


def complex_step(
    graph: Graph,
    feeds: Mapping[Node, Any],
    wrt: Sequence[Node],
    directions: Sequence[np.ndarray[Any, Any]],
    weights: Sequence[np.ndarray[Any, Any]],
) -> float | None:
    """The derivative of sum(weights * outputs) along the directions; None where it cannot be
    had."""
    if any(n.op.name not in ANALYTIC for n in graph.order):
        return None
    if any(x.dtype != np.float64 for x in wrt) or any(o.dtype.kind != "f" for o in graph.outputs):
        return None
    run = Resolve()
    moved = dict(feeds)
    for x, d in zip(wrt, directions, strict=True):
        z = run.done[x] = new_input(x.attr("name"), np.dtype("c16"), x.shape)
        moved[z] = np.asarray(feeds[x]) + 1j * STEP * d
    kept = [x for x in graph.inputs if x not in run.done]
    run.done.update((x, x) for x in kept)
    outputs = run(graph.outputs)
    lifted = Graph((*kept, *(run.done[x] for x in wrt)), outputs)
    values = interpret(lifted, moved)
    total = sum(float(np.sum(w * np.imag(v))) for w, v in zip(weights, values, strict=True))
    return total / STEP
