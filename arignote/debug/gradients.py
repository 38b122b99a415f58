"""The backward graph against difference quotients, and which op's rule is to blame.

Both are computed by the interpreter along random directions.  Where the whole differs, every node's
own rule is tried by itself at the values it had; the first in program order that is wrong is named.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd_sym.check import check_gradients
from ..autograd_sym.places import PLACES
from ..autograd_sym.reverse import vjp
from ..errors import UnsupportedError
from ..fxgraph.constants import new_input, proj, projections
from ..fxgraph.graph import Graph, substitute
from ..fxgraph.interpret import evaluate
from ..fxgraph.node import Node, origin
from ..fxgraph.types import TensorType
from ..trace.interpreted import feeds_of
from ..trace.plan import Trace
from .inputs import fresh
from .report import Check, Finding

#: Relative error of a directional derivative that is forgiven.
RTOL = 1e-4


def check_gradient(trace: Trace, leaves: Sequence[Any]) -> tuple[list[Finding], Check]:
    """Reverse-mode derivatives of the answer by every float64 argument."""
    return check_graph(trace.graph, feeds_of(trace, fresh(leaves)))


def check_graph(graph: Graph, feeds: dict[Node, Any]) -> tuple[list[Finding], Check]:
    """Reverse-mode derivatives of a graph at `feeds`."""
    started = time.perf_counter()
    name = "gradients"
    wrt = [x for x in graph.inputs if _smooth(x) and np.all(np.isfinite(feeds[x]))]
    outputs = tuple(o for o in graph.outputs if _smooth(o))
    if not wrt or not outputs:
        return [], Check(name, 0, 0.0, "nothing of dtype float64 to differentiate")
    closed = Graph(graph.inputs, outputs, graph.effects, graph.guards, graph.name)
    try:
        rows = check_gradients(closed, feeds, wrt, modes=("rev",), rtol=np.inf)
    except UnsupportedError as error:
        return [], Check(name, 0, time.perf_counter() - started, str(error).splitlines()[0])
    wrong = [r for r in rows if not r.error <= RTOL]
    if not wrong:
        return [], Check(name, len(rows), time.perf_counter() - started)
    finding = _blame(closed, feeds) or Finding(
        "gradient", graph.name, "directional derivative", "differs from the quotient",
        None, (), wrong[0].quotient, wrong[0].derivative, tolerance=RTOL,
    )  # fmt: skip
    return [finding], Check(name, len(rows), time.perf_counter() - started)


def _smooth(n: Node) -> bool:
    return isinstance(n.type, TensorType) and n.dtype == np.float64


def _blame(graph: Graph, feeds: dict[Node, Any]) -> Finding | None:
    """The first node whose own rule gives another derivative than its quotient."""
    known = _known(graph, feeds)
    for n in graph.order:
        own = n.op.vjp is not None or n.op.name in PLACES or "reverse" in n.op.extra
        if not own or n.op is proj or not all(x in known for x in n.inputs):
            continue
        row = _alone(n, known)
        if row is None:
            continue
        derivative, quotient = row
        if not abs(derivative - quotient) <= RTOL * max(1.0, abs(quotient)):
            text = f"the rule of {n.op.name} gives {derivative:.10g}, the quotient {quotient:.10g}"
            return Finding(
                "gradient", n.op.name, f"vjp of {n.op.name}", text, origin.get(n), (), quotient,
                derivative, tolerance=RTOL, why="central differences, extrapolated",
            )  # fmt: skip
    return None


def _known(graph: Graph, feeds: dict[Node, Any]) -> dict[Node, Any]:
    """The values of the graph's own nodes: those inside bodies are of one step only.  Those that
    only the branch not taken needs are there too, unless they raise."""
    values: dict[Node, Any] = {}
    evaluate(graph.roots, feeds, values.__setitem__)
    known = {**{n: values[n] for n in graph.order if n in values}, **feeds}
    for n in graph.order:
        if n not in known and all(x in known for x in n.inputs):
            with contextlib.suppress(Exception):
                known[n] = evaluate((n,), known)[0]
    return known


def _alone(n: Node, known: dict[Node, Any]) -> tuple[float, float] | None:
    """(derivative by its rule, quotient) of one node along a random direction."""
    rng = np.random.default_rng(0)
    feeds: dict[Node, Any] = dict(known)
    leaves: list[Node] = []
    for k, x in enumerate(n.inputs):
        if _smooth(x) and x.op.name not in ("constant", "token"):
            leaf = new_input(f"x{k}", x.dtype, x.shape)
            feeds[leaf] = known[x]
            leaves.append(leaf)
        else:
            leaves.append(x)
    free = [x for x, old in zip(leaves, n.inputs, strict=True) if x is not old]
    if not free:
        return None
    try:
        (again,) = substitute((n,), dict(zip(n.inputs, leaves, strict=True)))
        outs = [o for o in _values(again) if _smooth(o)]
        before = dict(zip(_values(again), _values(n), strict=True))
        seeds = [new_input(f"g{k}", o.dtype, o.shape) for k, o in enumerate(outs)]
        steps = {x: np.asarray(rng.uniform(0.5, 1.5, np.shape(feeds[x]))) for x in free}
        shapes = [np.shape(v) for v in evaluate([before[o] for o in outs], known)]
        weights = [np.asarray(rng.uniform(0.5, 1.5, shape)) for shape in shapes]
        feeds.update(zip(seeds, weights, strict=True))
        found = vjp(outs, seeds, free)
        got = [evaluate((g,), feeds)[0] if g is not None else 0.0 for g in found]
    except Exception:
        return None
    derivative = sum(float(np.sum(g * steps[x])) for g, x in zip(got, free, strict=True))

    def at(h: float) -> float:
        moved = {**feeds, **{x: feeds[x] + h * s for x, s in steps.items()}}
        values = evaluate(outs, moved)
        return sum(float(np.sum(v * w)) for v, w in zip(values, weights, strict=True))

    h = 1e-4
    with np.errstate(all="ignore"):
        quotient = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    return derivative, quotient


def _values(n: Node) -> tuple[Node, ...]:
    return (n,) if isinstance(n.type, TensorType) else projections(n)
