"""Derivatives against difference quotients.

Directions are random, so one comparison covers every element.  Analytic graphs take a complex step
(`complex_step.py`), the others quotients, which are central and
extrapolated (Richardson): for smooth functions in float64 they are right to about 1e-10.  They are
computed in NumPy through the graph's interpreter, so what is checked is the derivative and nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..fxgraph.constants import const, lit, new_input
from ..fxgraph.graph import Graph
from ..fxgraph.interpret import interpret
from ..fxgraph.node import Node
from ..fxgraph.ops.shaping import zeros_like
from ..fxgraph.ops.structure import view
from ..fxgraph.window import Window
from .activity import carries_derivative
from .complex_step import complex_step
from .forward import jvp
from .reverse import vjp

STEP = 1e-3
Arrays = list["np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class Comparison:
    """One directional derivative: of mode "rev" or "fwd", against the quotient."""

    mode: str
    order: int
    derivative: float
    quotient: float

    @property
    def error(self) -> float:
        """The difference, relative where the quotient is larger than one."""
        return abs(self.derivative - self.quotient) / max(1.0, abs(self.quotient))


def check_gradients(
    graph: Graph,
    feeds: Mapping[Node, Any],
    wrt: Sequence[Node] | None = None,
    *,
    order: int = 1,
    modes: Sequence[str] = ("fwd", "rev"),
    rtol: float = 1e-6,
    seed: int = 0,
) -> list[Comparison]:
    """Compare the derivatives of a graph's outputs with difference quotients at `feeds`.

    wrt: the inputs to vary (default: all of a floating dtype).  order: 1, or 2 to check the
    gradient of the gradient too.  Raises AssertionError, with every number, where they differ by
    more than `rtol`.
    """
    wrt = [x for x in graph.inputs if carries_derivative(x)] if wrt is None else list(wrt)
    rng = np.random.default_rng(seed)
    results: list[Comparison] = []
    for level in range(1, order + 1):
        weights = [_direction(rng, np.asarray(v)) for v in interpret(graph, feeds)]
        directions = [_direction(rng, np.asarray(feeds[x])) for x in wrt]
        quotient = complex_step(graph, feeds, wrt, directions, weights)
        if quotient is None:
            quotient = difference(graph, feeds, wrt, directions, weights)
        for mode in modes:
            value = MODES[mode](graph, feeds, wrt, directions, weights)
            results.append(Comparison(mode, level, value, quotient))
        graph = gradient_graph(graph, wrt, weights)
    bad = [c for c in results if not c.error <= rtol]
    if bad:
        raise AssertionError("\n".join(f"{c}: error {c.error:.2e}" for c in bad))
    return results


def _direction(rng: np.random.Generator, like: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    out = rng.normal(size=like.shape)
    if like.dtype.kind == "c":
        out = out + 1j * rng.normal(size=like.shape)
    return np.asarray(out).astype(like.dtype if like.dtype.kind in "fc" else np.float64)


def difference(
    graph: Graph,
    feeds: Mapping[Node, Any],
    wrt: Sequence[Node],
    directions: Arrays,
    weights: Arrays,
    step: float = STEP,
) -> float:
    """d/dt of the weighted outputs at feeds + t * directions, extrapolated from three steps."""

    def objective(t: float) -> float:
        moved = dict(feeds)
        for x, d in zip(wrt, directions, strict=True):
            moved[x] = (np.asarray(feeds[x]) + t * d).astype(x.dtype)[()]
        return _weighted(interpret(graph, moved), weights)

    def central(h: float) -> float:
        return (objective(h) - objective(-h)) / (2 * h)

    first, second, third = central(step), central(step / 2), central(step / 4)
    a, b = (4 * second - first) / 3, (4 * third - second) / 3
    return (16 * b - a) / 15


def _weighted(outputs: Sequence[Any], weights: Arrays) -> float:
    """The real number sum(weights * outputs), integers left out."""
    total = 0.0
    for out, w in zip(outputs, weights, strict=True):
        value = np.asarray(out)
        if value.dtype.kind in "fc":
            total += float(np.sum(w * value).real)
    return total


def _by_reverse(
    graph: Graph,
    feeds: Mapping[Node, Any],
    wrt: Sequence[Node],
    directions: Arrays,
    weights: Arrays,
) -> float:
    """<vjp(weights), directions>"""
    gradients = interpret(gradient_graph(graph, wrt, weights), feeds)
    return _weighted(gradients, directions)


def _by_forward(
    graph: Graph,
    feeds: Mapping[Node, Any],
    wrt: Sequence[Node],
    directions: Arrays,
    weights: Arrays,
) -> float:
    """<jvp(directions), weights>"""
    seeds = [new_input(f"t{k}", x.dtype, x.shape) for k, x in enumerate(wrt)]
    tangents = jvp(graph.outputs, wrt, seeds)
    kept = [k for k, t in enumerate(tangents) if t is not None]
    outputs = tuple(t for t in tangents if t is not None)
    forward = Graph((*graph.inputs, *seeds), outputs, graph.effects, graph.guards)
    values = interpret(forward, {**feeds, **dict(zip(seeds, directions, strict=True))})
    return _weighted(values, [weights[k] for k in kept])


MODES: dict[str, Callable[..., float]] = {"fwd": _by_forward, "rev": _by_reverse}


def gradient_graph(graph: Graph, wrt: Sequence[Node], weights: Arrays) -> Graph:
    """The graph of the gradients of sum(weights * outputs), zeros where nothing flows."""
    seeds = [
        _shaped(const(w.astype(o.dtype), o.dtype), o) if carries_derivative(o) else None
        for o, w in zip(graph.outputs, weights, strict=True)
    ]
    grads = vjp(graph.outputs, seeds, wrt)
    outputs = tuple(g if g is not None else zeros_like(x) for g, x in zip(grads, wrt, strict=True))
    return Graph(graph.inputs, outputs, graph.effects, graph.guards, f"{graph.name}_grad")


def _shaped(seed: Node, out: Node) -> Node:
    """A constant under the output's own sizes, which may be symbols."""
    rank = out.rank
    if seed.shape == out.shape:
        return seed
    return view(seed, Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), out.shape))
