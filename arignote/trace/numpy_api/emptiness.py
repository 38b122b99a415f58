"""Axes whose length only the run tells, and which may turn out to have no elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...fxgraph.affine import dim, minus, size_node
from ...fxgraph.constants import const, lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.scalar import greatest
from ...fxgraph.prove import ge0
from ...fxgraph.types import I64, Size

_ERRORS = {"IndexError": IndexError, "TypeError": TypeError, "ValueError": ValueError}


def may_be_empty(d: Size) -> bool:
    """Is a size 0, or is that left to the run?"""
    return d == 0 if isinstance(d, int) else not ge0(minus(size_node(d), lit(1)))


def require_source(source: Size, wanted: Size, message: str, error: str = "IndexError") -> None:
    """Raise error(message), now or at run time, where elements are wanted and there are none."""
    if wanted == 0 or not may_be_empty(source):
        return
    if source == 0 and isinstance(wanted, int):
        raise _ERRORS[error](message)
    some = ew.not_equal(size_node(source), 0)
    required(ew.logical_or(some, ew.equal(size_node(wanted), 0)), error, message)


def with_one_more(x: Node, axis: int, value: Any) -> Node:
    """x, and where it may be empty an element behind it: what positions clipped to it then read."""
    if not may_be_empty(x.shape[axis]):
        return x
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return sh.concatenate([x, sh.filled(value, x.dtype, shape)], axis)


def never_empty(x: Node, axis: int) -> Node:
    """x, and one zero where it turns out to have no elements: for what a check has asked for.

    Nothing but data orders a check and what reads behind it, and reads must stay inside.
    """
    n = x.shape[axis]
    if not may_be_empty(n):
        return x
    length = dim(greatest(size_node(n), lit(1)))
    return sh.sliced(with_one_more(x, axis, 0), axis, 0, length)


def checked_positions(
    x: Node, index: Sequence[Node], axes: Sequence[int], mode: str
) -> tuple[Sequence[Node], str]:
    """Positions, and how they are read: those clipped to, or wrapped round, an axis that may be
    empty are checked, too."""
    if mode == "raise" or not any(may_be_empty(x.shape[a]) for a in axes):
        return index, mode
    inside = []
    for i, a in zip(index, axes, strict=True):
        n = cast_to(size_node(x.shape[a]), I64)
        if mode == "clip":
            inside.append(ew.minimum(ew.maximum(i, 0), ew.subtract(n, 1)))
        else:
            inside.append(ew.remainder(i, ew.maximum(n, const(1, I64))))
    return inside, "raise"


def repeated(x: Node, positions: Node) -> tuple[Node, Node]:
    """(x, positions modulo its length): an array of one axis as positions that count on wrap
    round read it; where it may be empty, every one of them reads a zero behind it."""
    if not may_be_empty(x.shape[0]):
        return x, positions
    n = cast_to(size_node(x.shape[0]), I64)
    return with_one_more(x, 0, 0), ew.remainder(positions, ew.maximum(n, const(1, I64)))
