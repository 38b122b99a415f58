"""Carries: what a loop's body takes from one step to the next, in their simplest form.

A carry that no step changes is no carry: its param is replaced by the initial value, inside nested
bodies too; a Python integer that grows by a literal at every step is a function of the counter.
What is left is what `scan` gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..fxgraph.affine import minus, plus, times
from ..fxgraph.constants import array_of, constant
from ..fxgraph.graph import Rebuild, order_of
from ..fxgraph.node import Node
from ..fxgraph.types import I64


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


def simplified(
    carries: Sequence[Carry],
    others: Sequence[Node],
    known: dict[Node, Node],
    index: Node | None = None,
    steps: Node | None = None,
) -> Simplified:
    """Drop the carries that do not change, and those that only count.

    known: params with values from elsewhere.  index, steps: the counter of a range by 1 or -1, and
    how many steps run.
    """
    replaced = dict(known)
    gone: dict[int, Node] = {}
    left = dict(enumerate(carries))
    roots = tuple(others)
    if replaced:
        left, roots = _substituted(left, roots, replaced)
    while True:
        still = {k: c.init for k, c in left.items() if _is_still(c)}
        new = {left[k].param: init for k, init in still.items()}
        if not still and index is not None and steps is not None:
            for k, c in left.items():
                by = _stride(c)
                if by is not None:
                    new[c.param] = plus(c.init, times(position_of(index), by))
                    still[k] = plus(c.init, times(steps, by))
        if not still:
            break
        gone |= still
        left, roots = _substituted({k: c for k, c in left.items() if k not in still}, roots, new)
    return Simplified(tuple(left), tuple(left.values()), gone, roots)


def _stride(c: Carry) -> int | None:
    """By how much a Python integer grows at every step, if that is a literal."""
    if not c.param.type.weak or c.param.type.dtype != I64 or c.param.shape:
        return None
    by = minus(c.result, c.param)
    return int(array_of(by)) if by.op is constant else None


def position_of(index: Node) -> Node:
    """How many steps ran before this one."""
    lo = index.attr("lo")
    return minus(index, lo) if index.attr("step") > 0 else minus(lo, index)


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
    """`roots` with the leaves `replace` replaced, inside bodies too; what does not depend on them
    is not visited, so the cost is that of the body, not of the function around it.
    """
    if not replace:
        return tuple(roots)
    keys = frozenset(replace)
    rebuild = Rebuild(replace)
    rebuild.done = done = _Itself(replace)
    below = order_of(roots, stop=lambda n: n in done or not n.free & keys, inside=True)
    below.sort(key=lambda n: n.serial)  # operands are older; ages keep program order
    for n in below:
        done[n] = rebuild._rebuilt(n)
    return tuple(done[r] for r in roots)
