"""Sums of outer products over the steps of a backward loop become one matrix product after it.

    for p: total[:, p:] += outer(u, v)      ->      U[p] = u; V[p, p:] = v
                                                    total += U' @ V

An outer product reads and writes a whole matrix for two operations an element; a product of
matrices stays in the caches.  What is kept is a row of each factor a step, so this is done only
where a loop takes no more steps than the matrix has rows or columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..fxgraph.affine import minus, size_node
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.elementwise import add
from ..fxgraph.ops.products import matmul
from ..fxgraph.ops.shaping import swap_last, zeros
from ..fxgraph.ops.structure import add_at, add_at_op, reshape, set_item
from ..fxgraph.prove import ge0
from ..fxgraph.types import Shape, Size
from ..fxgraph.window import Window, window_of


@dataclass(frozen=True)
class Term:
    """total: which result; left, right: the factors, as rows of the whole matrix."""

    total: int
    left: Node
    right: Node


def postponed(
    results: Sequence[Node], totals: dict[int, Node], others: Sequence[Node], steps: Node
) -> tuple[tuple[Node, ...], list[Term]]:
    """The results without outer products that a step adds to a total, and those.

    totals: position among the results -> the parameter that is added to; others: what else the
    body computes.
    """
    out, terms = list(results), list[Term]()
    for k, total in totals.items():
        readers = [*(r for j, r in enumerate(results) if j != k), *others]
        if total.rank != 2 or any(total in r.free for r in readers):
            continue
        if not any(ge0(minus(size_node(d), steps)) for d in total.shape):
            continue
        rest, found = _apart(results[k], total)
        if found:
            out[k] = rest
            terms += [Term(k, u, v) for u, v in found]
    return tuple(out), terms


def finished(total: Node, left: Node, right: Node) -> Node:
    """The total with the products of all steps; left and right: the stacked factors."""
    return add(total, matmul(swap_last(left), right))


def _apart(result: Node, total: Node) -> tuple[Node, list[tuple[Node, Node]]]:
    """What remains of the additions to the total, and the outer products among them."""
    left: list[tuple[Window | None, Node]] = []
    found: list[tuple[Node, Node]] = []
    n = result
    while n is not total:
        step = _addition(n, total)
        if step is None or total in step[2].free:
            return result, []
        n, w, value = step
        factors = _factors(value)
        if factors is not None and (w is None or _plain(w)):
            found.append(tuple(_row(f, k, w, total.shape) for k, f in enumerate(factors)))  # type: ignore[arg-type]
        else:
            left.append((w, value))
    for w, value in reversed(left):
        n = add_at(n, w, value) if w is not None else add(n, value)
    return n, found


def _addition(n: Node, total: Node) -> tuple[Node, Window | None, Node] | None:
    """(what is added to, where, what), where None is everywhere."""
    if n.op is add_at_op:
        return n.inputs[0], window_of(n), n.inputs[-1]
    if n.op is add:
        for base, value in (n.inputs, n.inputs[::-1]):
            if total in base.free and value.type == total.type:
                return base, None, value
    return None


def _factors(value: Node) -> tuple[Node, Node] | None:
    """The vectors whose outer product it is."""
    if value.op is not matmul or value.rank != 2 or value.inputs[0].shape[1] != 1:
        return None
    a, b = value.inputs
    return reshape(a, a.shape[:1]), reshape(b, b.shape[1:])


def _plain(w: Window) -> bool:
    return w.axes == (0, 1) and w.steps == (1, 1)


def _row(factor: Node, axis: int, w: Window | None, whole: Shape) -> Node:
    """A factor as long as its side of the matrix, zeros around it."""
    side: Size = whole[axis]
    if w is None or (w.starts[axis] is lit(0) and size_node(factor.shape[0]) is size_node(side)):
        return factor
    place = Window((w.starts[axis],), (1,), (0,), factor.shape)
    return set_item(zeros(factor.dtype, (side,)), place, factor)
