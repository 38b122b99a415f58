"""Which elements are computed again where they are read, rather than kept in memory.

Arithmetic on what is in vector registers takes a tenth of a nanosecond; an element that is stored
and loaded again takes as long for each level of memory that its array does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from .dependence import offset_from
from .program import Buffer, Fold, Loop, Statement, children, expressions

#: Operations that are done again for every reader.
CHEAP = 2
#: The same for masks, whose operations are comparisons.
MASKS = 5
#: The same for arrays of several axes, whose readers walk them as their writer did; and operands.
STENCIL = 6
#: Elements of such an array that its readers name in a step.
PLACES = 6
_QUICK = frozenset("add subtract multiply negative absolute minimum maximum cast".split())
_TESTS = frozenset(
    "less less_equal greater greater_equal equal not_equal logical_and logical_or logical_not "
    "logical_xor bitwise_and bitwise_or bitwise_xor invert".split()
)


def cheap(value: Node) -> bool:
    """An operation or two of one element."""
    return _quick(value, CHEAP, 1)


def read_often(t: Buffer, readers: Sequence[Statement]) -> bool:
    """Is an element of t read in more loops than t has axes: again and again, and as a number that
    stands beside vectors?"""
    return any(depth > t.rank for s in readers for _, depth, _ in _reads(s, t))


def quick_mask(value: Node, index: Sequence[Node]) -> bool:
    """A few comparisons of an element or two: bytes in memory take longer to test than that.

    What does not move with `index` is computed once.
    """
    if value.dtype.kind != "b":
        return False
    moving = set(index)
    work, loads = 0, set[Node]()
    for m in order_of((value,)):
        if m.op.name == "load":
            loads.add(m)
            if _indirect(m):
                return False
        elif "elementwise" in m.op.traits and moving & set(order_of((m,))):
            work += 1
            if m.op.name not in _TESTS and not cheap(m):
                return False
    return work <= MASKS and len(loads) <= 2


def quick_stencil(
    value: Node, index: Sequence[Node], t: Buffer, readers: Sequence[Statement]
) -> bool:
    """A few operations of neighbours, for an array that is walked by as many loops as it has axes,
    all along the same axis of memory."""
    if t.rank < 2 or value.dtype.kind != "f" or not _quick(value, STENCIL, STENCIL):
        return False
    last = index[-1]
    for m in order_of((value,)):
        if m.op.name == "load":
            along = [last in order_of((i,)) for i in m.inputs]
            if along.count(True) != 1 or not along[-1] or offset_from(m.inputs[-1], last) is None:
                return False
    reads = [found for s in readers for found in _reads(s, t)]
    places = {e for e, _, _ in reads}
    return len(places) <= PLACES and all(depth == t.rank and not fold for _, depth, fold in reads)


def _reads(s: Statement, t: Buffer) -> Iterator[tuple[Node, int, bool]]:
    """(load, loops around it, is it folded?) for every read of t."""
    stack = [(s, 0)]
    while stack:
        s, depth = stack.pop()
        for m in order_of(expressions(s)):
            if m.op.name == "load" and m.attr("buffer") is t:
                yield m, depth, isinstance(s, Fold)
        deeper = depth + isinstance(s, Loop)
        stack.extend((x, deeper) for block in children(s) for x in block)


def _quick(value: Node, most: int, operands: int) -> bool:
    nodes = order_of((value,))
    if any("elementwise" in m.op.traits and m.op.name not in _QUICK for m in nodes):
        return False
    if any(m.dtype.kind == "c" for m in nodes):  # of which an operation is several
        return False
    work = sum("elementwise" in m.op.traits for m in nodes)
    loads = [m for m in nodes if m.op.name == "load"]
    return work <= most and len(loads) <= operands and not any(map(_indirect, loads))


def _indirect(m: Node) -> bool:
    return any(i.op.name == "load" for i in order_of(m.inputs))
