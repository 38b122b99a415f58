"""Slices of symbolic sizes: Python's rules, decided where they can be proved."""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import dim, minus, plus, times
from ..fxgraph.constants import is_const, lit, value_of
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.elementwise import add, floor_divide, less, multiply, where
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.scalar import ceil_quotient, clip0, greatest, least
from ..fxgraph.ops.structure import iota
from ..fxgraph.prove import hinted, sure, sure_equal
from ..fxgraph.types import I64
from .optional import used
from .values import Proxy, node_of


def int_node(x: Any) -> Node:
    """An integer scalar as a Python integer node.  Raises IndexError for anything else."""
    x = used(x)
    if hasattr(x, "__index__") and not isinstance(x, Proxy):
        return lit(x.__index__())
    n = node_of(x)
    if n.dtype.kind not in "iu" or n.shape:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or "
            "boolean arrays are valid indices"
        )
    return cast_to(n, I64, weak=True)


def literal(x: Any, what: str) -> int:
    """An integer that the graph must know: a number, or a traced size, fixed by a guard.

    Raises TraceError where it is computed from data.
    """
    n = int_node(x)
    if is_const(n):
        return int(value_of(n))
    value = hinted(n)
    if value is None or not sure_equal(n, lit(value)):
        raise TraceError(
            f"{what} must be known while tracing, but it is computed: pass it as an argument"
        )
    return value


def settled(n: Node) -> Node:
    """A size as a trace may use it: a literal where it is 0 or 1 in this call, else a symbol that
    is 2 or more; guarded, because only known sizes of 1 are broadcast.
    """
    if is_const(n):
        return n
    value = hinted(n)
    if value is None:
        return n
    if value < 2:
        return lit(value) if sure_equal(n, lit(value)) else n
    sure(minus(n, lit(2)))
    return n


def resolve(s: slice, n: Node) -> tuple[Node, int, Node]:
    """(start, step, size) of a slice of an axis of size n."""
    step = 1 if s.step is None else literal(s.step, "the step of a slice")
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if step > 0:
        start, span = _forward(s, n)
    else:
        start, span = _backward(s, n)
    return start, step, settled(ceil_quotient(clip0(span), abs(step)))


def is_literal(step: Any) -> bool:
    """Can this step of a slice be known while tracing?"""
    return step is None or hinted(int_node(step)) is not None


def positions(s: slice, n: Node) -> Node:
    """The positions that a slice with a computed step selects: an int64 vector.

    A step that is not provably negative must be positive when the compiled function runs.
    """
    step = int_node(s.step)
    if sure(minus(lit(-1), step)):
        start, span = _backward(s, n)
        size = times(step, -1)
    else:
        start, span = _forward(s, n)
        size = step
        if not sure(minus(step, lit(1))):
            message = "slice step cannot be zero, and a computed one not negative"
            required(less(lit(0), step), "ValueError", message)
    count = floor_divide(minus(plus(clip0(span), size), lit(1)), size, weak=True)
    line = multiply(iota(dim(count)), cast_to(step, I64))
    return add(line, cast_to(start, I64))


def _forward(s: slice, n: Node) -> tuple[Node, Node]:
    stop = n if s.stop is None else least(_wrapped(int_node(s.stop), n), n)
    if s.start is None:
        return lit(0), stop
    start = int_node(s.start)
    if not sure(start):
        start = _wrapped(start, n)
    # Where the window is empty its start is never read: it need not be clipped to n.
    return start, minus(stop, start)


def _wrapped(i: Node, n: Node) -> Node:
    """A bound counted from the end if it is negative, then at least 0."""
    if sure(i):
        return i
    if sure(minus(lit(-1), i)):
        return clip0(plus(i, n))
    return clip0(where_int(i, plus(i, n), i))


def where_int(i: Node, negative: Node, other: Node) -> Node:
    """`negative` where i < 0, else `other` (Python integers)."""
    return where(less(i, lit(0)), negative, other, weak=True)


def _backward(s: slice, n: Node) -> tuple[Node, Node]:
    last = minus(n, lit(1))
    start = last if s.start is None else _clipped(int_node(s.start), n)
    stop = lit(-1) if s.stop is None else _clipped(int_node(s.stop), n)
    return start, minus(start, stop)


def _clipped(i: Node, n: Node) -> Node:
    """A bound of a descending slice: wrapped, then within [-1, n - 1]."""
    last = minus(n, lit(1))
    if sure(i):
        return least(i, last)
    if sure(minus(lit(-1), i)):
        return greatest(plus(i, n), lit(-1))
    wrapped = where_int(i, plus(i, n), i)
    return least(greatest(wrapped, lit(-1)), last)
