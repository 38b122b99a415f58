"""The memory order of results: ufuncs keep that of their operands (NumPy's order "K").

It decides nothing but which later reshapes are views and the strides of what is returned, and so
is settled by this call's sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..fxgraph.affine import size_node
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.structure import view
from ..fxgraph.window import Window, transposed
from . import polynomial as poly
from .reshaping import strides_of, value_in_call
from .storage import Cell, Rolling
from .values import Array, wrap


def wrap_like(n: Node, operands: Sequence[Any]) -> Any:
    """A value of its own, in the memory order that NumPy gives to results of these operands."""
    if n.rank < 2 or all(_plain(x) for x in operands):
        return wrap(n)
    order = _order(n.rank, [x for x in operands if isinstance(x, Array)])
    if order == list(range(n.rank)):
        return wrap(n)
    return in_order(n, order)


def in_order(n: Node, order: Sequence[int]) -> Array:
    """An array of its own whose axes stand in memory in this order, the slowest first."""
    inverse = [order.index(k) for k in range(n.rank)]
    cell = Cell(view(n, transposed(n.shape, order)))
    return Array(cell, transposed(cell.version.shape, inverse))


def order_of(x: Array) -> tuple[int, ...] | None:
    """The axes by whose transposition all of x's cell becomes x; None where that does not."""
    if len(x.path) != 1 or not isinstance(x.path[0], Window):
        return None
    w, base = x.path[0], x.cell.version.shape
    if sorted(w.axes) != list(range(w.rank)) or any(s != 1 for s in w.steps):
        return None
    if any(s is not lit(0) for s in w.starts):
        return None
    if any(size_node(w.shape[a]) is not size_node(d) for a, d in zip(w.axes, base, strict=True)):
        return None
    return tuple(w.axes.index(j) for j in range(w.rank))


def memory_order(x: Array, order: str = "K") -> tuple[list[int], set[int]]:
    """The axes in the order in which np.nditer goes through them, the slowest first, and those that
    it goes through backwards."""
    rank = len(x.sizes)
    if order != "K":
        return list(range(rank))[:: 1 if order == "C" else -1], set()
    steps = _steps(x, rank)
    return _order(rank, [x]), {axis for axis in range(rank) if steps[axis] < 0}


def _plain(x: Any) -> bool:
    """Do the axes of x stand in memory in their own order, as far as one can see at once?"""
    if not isinstance(x, Array) or x.node.rank < 2:
        return True
    if x.cell.strides is not None or any(isinstance(s, Rolling) for s in x.path):
        return False
    named = [a for s in x.path if isinstance(s, Window) for a in s.axes if a >= 0]
    return named == sorted(named) or all(not isinstance(s, Window) for s in x.path)


def _order(rank: int, arrays: Sequence[Array]) -> list[int]:
    """Axes from the slowest to the fastest, as `npyiter_find_best_axis_ordering` sorts them."""
    steps = [_steps(x, rank) for x in arrays if x.node.rank]
    order = list(range(rank))
    for k in range(1, rank):
        position = k
        for j in range(k - 1, -1, -1):
            before = _goes_before(order[k], order[j], steps)
            if before is None:
                continue
            if not before:
                break
            position = j
        order.insert(position, order.pop(k))
    return order


def _goes_before(a: int, b: int, steps: Sequence[Sequence[int]]) -> bool | None:
    """Has axis a larger steps than axis b?  None where no operand tells."""
    answer: bool | None = None
    for s in steps:
        if s[a] and s[b]:
            if abs(s[a]) <= abs(s[b]):
                return False
            answer = True
    return answer


def _steps(x: Array, rank: int) -> list[int]:
    """The strides of an operand in this call, 0 for axes it is broadcast along."""
    sizes = x.sizes
    values = [value_in_call(poly.node_from(s)) or 0 for s in strides_of(x)]
    own = [0 if d == 1 else v for d, v in zip(sizes, values, strict=True)]
    return [0] * (rank - len(own)) + own
