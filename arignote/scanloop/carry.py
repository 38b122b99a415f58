"""Carries: what a loop's body takes from one step to the next, in their simplest form.

A carry that no step changes is no carry: its param is replaced by the initial value, inside nested
bodies too.  What is left is what `scan` gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..fxgraph.constants import constant
from ..fxgraph.graph import Rebuild, order_of
from ..fxgraph.node import Node


@dataclass(frozen=True)
class Carry:
    """One value carried: `result` is `param` at the next step; all three have one type."""

    init: Node
    param: Node
    result: Node


@dataclass(frozen=True)
class Simplified:
    """kept: positions of the carries that remain; carries: these, rewritten.

    constant: position -> value, of those that went.  others: the other roots, rewritten.
    """

    kept: tuple[int, ...]
    carries: tuple[Carry, ...]
    constant: dict[int, Node]
    others: tuple[Node, ...]


def simplified(carries: Sequence[Carry], others: Sequence[Node], known: dict[Node, Node]) -> Simplified:
    """Drop the carries that do not change; `known` are params with values from elsewhere."""
    replaced = dict(known)
    gone: dict[int, Node] = {}
    left = dict(enumerate(carries))
    roots = tuple(others)
    if replaced:
        left, roots = _substituted(left, roots, replaced)
    while True:
        still = {k: c.init for k, c in left.items() if _is_still(c)}
        if not still:
            break
        gone |= still
        new = {left[k].param: init for k, init in still.items()}
        left, roots = _substituted({k: c for k, c in left.items() if k not in still}, roots, new)
    return Simplified(tuple(left), tuple(left.values()), gone, roots)


def _is_still(c: Carry) -> bool:
    return c.result is c.param or (c.result is c.init and c.init.op is constant)


def _substituted(
    left: dict[int, Carry], roots: tuple[Node, ...], new: dict[Node, Node]
) -> tuple[dict[int, Carry], tuple[Node, ...]]:
    every = rebound([*(c.result for c in left.values()), *roots], new)
    results = dict(zip(left, every, strict=False))
    carries = {k: replace(c, result=results[k]) for k, c in left.items()}
    return carries, tuple(every[len(left) :])


class _Itself(dict[Node, Node]):
    """A mapping in which what is not listed stands for itself."""

    def __missing__(self, n: Node) -> Node:
        return n


def rebound(roots: Sequence[Node], replace: dict[Node, Node]) -> tuple[Node, ...]:
    """`roots` with the leaves `replace` replaced, inside bodies too; what does not depend on them is
    not visited, so the cost is that of the body, not of the function around it.
    """
    if not replace:
        return tuple(roots)
    keys = frozenset(replace)
    rebuild = Rebuild(replace)
    rebuild.done = done = _Itself(replace)
    below = order_of(roots, stop=lambda n: n in done or not n.free & keys, inside=True)
    for n in below:
        done[n] = rebuild._rebuilt(n)
    return tuple(done[r] for r in roots)
