"""Loops that amplify every difference keep NumPy's rounding.

A loop whose state goes through a singularity (gravity, Coulomb forces, vortices: r ** -1.5) is
chaotic as a rule: two answers that differ in the last bit of one step have nothing in common after
some hundred.  There, and in what such a loop starts from, powers, products and sums are left to
NumPy's own loops, whose bits they have on any processor.  All other operations are exactly rounded
anyhow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..fxgraph.constants import is_const, value_of
from ..fxgraph.graph import Graph, bodies, order_of
from ..fxgraph.node import Node, at_origin, make, origin
from ..fxgraph.ops.as_numpy import numpy_power, numpy_product, numpy_sum, scalar_power
from ..fxgraph.ops.elementwise import divide, power
from ..fxgraph.ops.products import matmul
from ..fxgraph.ops.reduce import reduce_sum
from ..fxgraph.resolve import replaced


def keep_rounding(graph: Graph) -> Graph:
    """The graph with NumPy's own operations in and before loops that amplify differences."""
    nodes = graph.all_nodes
    if not any(map(_singular, nodes)):
        return graph
    forward: dict[Node, Node] = {}
    for loop in nodes:
        if loop.op.name != "scan":
            continue
        for n in order_of(_feeding(loop), inside=True):
            if n not in forward and (own := _by_numpy(n)) is not None:
                forward[n] = own
    return replaced(graph, forward)


def _singular(n: Node) -> bool:
    """x ** -1.5 or y / x ** 1.5: infinite where x is 0, by a root."""
    if n.op is power:
        return _exponent(n) < -1
    return n.op is divide and n.inputs[1].op is power and _exponent(n.inputs[1]) > 1


def _exponent(n: Node) -> float:
    """The exponent of a power, where it is a known fraction; else 0."""
    y = n.inputs[1]
    if not is_const(y) or y.rank or n.dtype.kind != "f":
        return 0.0
    value = float(value_of(y))
    return value if math.isfinite(value) and value % 1 else 0.0


def _feeding(loop: Node) -> list[Node]:
    """What the singular part of a loop's state is computed from: results of a step and where they
    start; [] where the loop has no such part."""
    (body,) = bodies(loop)
    reads = _reads(loop)
    wanted: set[int] = set()
    for k in range(len(body.params)):
        circle = {j for j in _closure([k], reads) if k in _closure([j], reads)}
        if k in reads[k] or len(circle) > 1:
            roots = [body.results[j] for j in circle]
            if any(_passes(n, circle, loop) for n in order_of(roots)):
                wanted |= _closure(circle, reads)
    return [x for k in sorted(wanted) for x in (body.results[k], loop.inputs[k])]


def _reads(loop: Node) -> list[set[int]]:
    """Of each carry, the carries that its next value is computed from."""
    (body,) = bodies(loop)
    known = _dependent(loop)
    return [
        {j for j in range(len(body.params)) if known.get(r, 0) >> j & 1} for r in body.results
    ]


def _dependent(loop: Node) -> dict[Node, int]:
    """Node of a step -> the carries it depends on, as bits."""
    (body,) = bodies(loop)
    out: dict[Node, int] = {p: 1 << k for k, p in enumerate(body.params)}
    for n in order_of(body.results):
        if n not in out:
            bits = 0
            for x in n.inputs:
                bits |= out.get(x, 0)
            out[n] = bits
    return out


def _closure(start: Iterable[int], reads: list[set[int]]) -> set[int]:
    """The carries that these are computed from, in any number of steps, themselves included."""
    out = set(start)
    stack = list(out)
    while stack:
        for j in reads[stack.pop()] - out:
            out.add(j)
            stack.append(j)
    return out


def _passes(n: Node, circle: set[int], loop: Node) -> bool:
    """Does state of this circle of carries go through a singularity in n, or in a loop in n?"""
    inside = [m for b in bodies(n) for m in order_of(b.roots, inside=True)]
    if not any(map(_singular, (n, *inside))):
        return False
    bits = sum(1 << k for k in circle)
    return bool(_dependent(loop).get(n, 0) & bits)


def _by_numpy(n: Node) -> Node | None:
    """NumPy's own form of n, where rounding may differ."""
    if n.op not in (power, matmul, reduce_sum) or n.dtype.char not in "fd":
        return None
    if any(x.dtype != n.dtype for x in n.inputs):
        return None
    with at_origin(origin.get(n)):
        if n.op is power:
            return make(numpy_power if n.rank else scalar_power, n.inputs)
        if n.op is matmul:
            return make(numpy_product, n.inputs)
        return make(numpy_sum, n.inputs, n.attrs)


__all__ = ["keep_rounding"]
