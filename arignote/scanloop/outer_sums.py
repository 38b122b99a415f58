"""Products of vectors over the steps of a backward loop become one matrix product after it.

    for p: total[:, p:] += outer(u, v)      ->      U[p] = u; V[p, p:] = v
                                                    total += U' @ V

    for p: total[:, p] += A[:, p:] @ v      ->      V[p, p:] = v
                                                    total += A @ V'

Such a step reads (and writes) a whole matrix for two operations an element; a product of matrices
stays in the caches.  What is kept is a row of each factor a step, so this is done only where a loop
takes no more steps than the matrix has rows or columns.  A factor that is itself a row or column of
a matrix, the next one in each step, is not kept: the matrix is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from ..autograd_sym.cotangents import is_zero
from ..fxgraph.affine import minus, plus, size_node, times
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.elementwise import add
from ..fxgraph.ops.products import matmul
from ..fxgraph.ops.shaping import swap_last, zeros
from ..fxgraph.ops.structure import add_at, add_at_op, reshape, set_item, view
from ..fxgraph.prove import ge0
from ..fxgraph.types import Shape, Size
from ..fxgraph.window import Window, window_of


@dataclass(frozen=True)
class Steps:
    """A backward loop: its counter, which goes down to 0, how many steps it takes, and its other
    leaves."""

    counter: Node
    count: Node
    leaves: frozenset[Node]

    def fixed(self, n: Node) -> bool:
        """Is n the same in all steps?"""
        return not n.free & self.leaves and self.counter not in n.free

    def line(self, at: Node) -> tuple[int, Node] | None:
        """(slope 1 or -1, the least value) of a position that moves by one in each step."""
        for slope in (1, -1):
            rest = minus(at, times(self.counter, slope))
            if self.fixed(rest):
                last = plus(rest, times(minus(self.count, lit(1)), slope))
                return slope, rest if slope > 0 else last
        return None


@dataclass(frozen=True)
class Rows:
    """One row a step, as a stacked result of the loop.  turned: the first step's comes last."""

    row: Node
    turned: bool


@dataclass(frozen=True)
class Outer:
    """total += U' @ V, where u and v are a row of each factor a step."""

    total: int
    u: Node
    v: Node


@dataclass(frozen=True)
class Fixed:
    """total[first : first + len(A)] += A @ B, where a step has a row of B, or a column of the
    result.

    matrix: A.  row: as long as a row of B, or as a column of it.  least: the first row (column) of
    B that a step has; turned: the last step has it.  mirrored: all this is so of the transposes.
    """

    total: int
    first: Node
    matrix: Node
    row: Node
    columns: bool
    least: Node
    turned: bool
    mirrored: bool


def postponed(
    results: Sequence[Node], totals: dict[int, Node], others: Sequence[Node], steps: Steps
) -> tuple[tuple[Node, ...], list[Outer | Fixed]]:
    """The results without products of vectors that a step adds to a total, and those.

    totals: position among the results -> the parameter that is added to; others: what else the
    body computes.
    """
    out, terms = list(results), list[Outer | Fixed]()
    for k, total in totals.items():
        readers = [*(r for j, r in enumerate(results) if j != k), *others]
        if total.rank != 2 or any(total in r.free for r in readers):
            continue
        if not any(ge0(minus(size_node(d), steps.count)) for d in total.shape):
            continue
        rest, found = _apart(k, results[k], total, steps)
        if found:
            out[k] = rest
            terms += found
    return tuple(out), terms


def rows_of(terms: Sequence[Outer | Fixed]) -> tuple[Node, ...]:
    """The rows that the loop has to stack, each once."""
    rows = ((t.u, t.v) if isinstance(t, Outer) else (t.row,) for t in terms)
    return tuple(dict.fromkeys(x for found in rows for x in found))


def finished(
    done: Sequence[Node], terms: Sequence[Outer | Fixed], stacks: dict[Node, Node]
) -> tuple[Node, ...]:
    """The totals with the products of all steps; stacks: what `rows_of` named -> the stacks.

    done: the totals so far; those that are zero need no addition.
    """
    out = list(done)
    groups: dict[tuple[int, bool, Node, Node], list[Fixed]] = {}
    for t in terms:
        if isinstance(t, Fixed):
            groups.setdefault((t.total, t.mirrored, t.first, t.matrix), []).append(t)
        else:
            _add(out, t.total, None, matmul(swap_last(stacks[t.u]), stacks[t.v]))
    for (k, mirrored, first, matrix), group in groups.items():
        if len(group) > 1:  # A @ B + A @ C = A @ (B + C)
            shape = (matrix.shape[1], out[k].shape[0 if mirrored else 1])
            parts = [_spread_out(t, shape, stacks) for t in group]
            product = matmul(matrix, reduce(add, parts))
            _add(out, k, _band(first, lit(0), product.shape), product, mirrored)
            continue
        (t,) = group
        factor = _ordered(t, stacks)
        if t.columns:
            product, start = matmul(matrix, swap_last(factor)), t.least
        else:
            part = _band(lit(0), t.least, (matrix.shape[0], factor.shape[0]))
            product, start = matmul(view(matrix, part), factor), lit(0)
        _add(out, k, _band(first, start, product.shape), product, mirrored)
    return tuple(out)


def _add(out: list[Node], k: int, w: Window | None, product: Node, mirrored: bool = False) -> None:
    if mirrored:
        product = swap_last(product)
        w = _band(w.starts[1], w.starts[0], product.shape) if w is not None else None
    if w is not None and not all(_all_along(w, axis, out[k].shape) for axis in (0, 1)):
        out[k] = add_at(out[k], w, product)
    else:
        out[k] = product if is_zero(out[k]) else add(out[k], product)


def _ordered(t: Fixed, stacks: dict[Node, Node]) -> Node:
    """The stacked rows, that of the least position first."""
    stack = stacks[t.row]
    if not t.turned:
        return stack
    last = minus(size_node(stack.shape[0]), lit(1))
    return view(stack, Window((last, lit(0)), (-1, 1), (0, 1), stack.shape))


def _spread_out(t: Fixed, shape: Shape, stacks: dict[Node, Node]) -> Node:
    """All of the right factor, zeros where no step has a part of it."""
    part, axis = _ordered(t, stacks), 0
    if t.columns:
        part, axis = swap_last(part), 1
    starts = (lit(0), t.least) if axis else (t.least, lit(0))
    w = _band(*starts, part.shape)
    return part if _all_along(w, axis, shape) else set_item(zeros(part.dtype, shape), w, part)


def _band(first: Node, start: Node, shape: Shape) -> Window:
    return Window((first, start), (1, 1), (0, 1), shape)


def _apart(k: int, result: Node, total: Node, steps: Steps) -> tuple[Node, list[Outer | Fixed]]:
    """What remains of the additions to the total, and the products of vectors among them."""
    left: list[tuple[Window | None, Node]] = []
    found: list[Outer | Fixed] = []
    n = result
    while n is not total:
        step = _addition(n, total)
        if step is None or total in step[2].free:
            return result, []
        n, w, value = step
        term = _outer(k, w, value, total.shape, steps) or _column(k, w, value, steps)
        if term is not None:
            found.append(term)
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


# ---- outer products ------------------------------------------------------------------------------
def _outer(
    k: int, w: Window | None, value: Node, whole: Shape, steps: Steps
) -> Outer | Fixed | None:
    if value.op is not matmul or value.rank != 2 or value.inputs[0].shape[1] != 1:
        return None
    if w is not None and (w.axes != (0, 1) or w.steps != (1, 1)):
        return None
    u, v = (reshape(x, (d,)) for x, d in zip(value.inputs, value.shape))
    right = _row(v, w, 1, whole[1])
    if w is None or _all_along(w, 0, whole):
        known = _columns(u, steps)
        if known is not None:
            return Fixed(k, lit(0), known[0], right, False, *known[1:], False)
    left = _row(u, w, 0, whole[0])
    if w is None or _all_along(w, 1, whole):
        known = _columns(v, steps)
        if known is not None:
            return Fixed(k, lit(0), known[0], left, False, *known[1:], True)
    return Outer(k, left, right)


def _columns(u: Node, steps: Steps) -> tuple[Node, Node, bool] | None:
    """(A, the least position, does the last step have it?) where u is, step by step, the next
    column of a fixed matrix A, or row of A'."""
    n, length = u, u.shape[0]
    while n.op.name == "reshape":
        n = n.inputs[0]
    if n.op.name != "view" or n.inputs[0].rank != 2 or not steps.fixed(n.inputs[0]):
        return None
    w, base = window_of(n), n.inputs[0]
    long = [a for a, d in enumerate(n.shape) if d != 1]
    along = [b for b, a in enumerate(w.axes) if [a] == long]
    if len(along) != 1:
        return None
    over, across = along[0], 1 - along[0]
    line = steps.line(w.starts[across])
    if line is None or w.steps[over] != 1 or not steps.fixed(w.starts[over]):
        return None
    starts = tuple(w.starts[over] if b == over else lit(0) for b in (0, 1))
    axes = (0, 1) if over == 0 else (1, 0)
    whole = Window(starts, (1, 1), axes, (length, base.shape[across]))
    return view(base, whole), line[1], line[0] > 0


# ---- columns that are products with a fixed matrix -----------------------------------------------
def _column(k: int, w: Window | None, value: Node, steps: Steps) -> Fixed | None:
    """total[:, p] += A[:, ...] @ v, or so to a row"""
    if w is None or w.axes not in ((0, -1), (-1, 0)):
        return None
    long = w.axes.index(0)
    if w.steps[long] != 1 or not steps.fixed(w.starts[long]):
        return None
    line = steps.line(w.starts[1 - long])
    found = _matrix_and_vector(value)
    if line is None or found is None:
        return None
    x, v = found
    if x.op.name != "view" or not steps.fixed(x.inputs[0]) or x.inputs[0].rank != 2:
        return None
    part, base = window_of(x), x.inputs[0]
    if part.axes not in ((0, 1), (1, 0)) or part.steps != (1, 1):
        return None
    over, along = part.axes.index(0), part.axes.index(1)
    if not steps.fixed(part.starts[over]):
        return None
    starts = tuple(part.starts[over] if b == over else lit(0) for b in (0, 1))
    width = base.shape[along]
    matrix = view(base, Window(starts, (1, 1), part.axes, (value.shape[0], width)))
    row = _padded(v, part.starts[along], width)
    return Fixed(k, w.starts[long], matrix, row, True, line[1], line[0] > 0, long == 1)


def _matrix_and_vector(value: Node) -> tuple[Node, Node] | None:
    """(A, v) where the value, a vector, is A @ v."""
    n = value
    while n.op.name in ("reshape", "view") and n.op is not matmul:
        if n.op.name == "view":
            w = window_of(n)
            if any(s is not lit(0) for s in w.starts) or any(x != 1 for x in w.steps):
                return None
        n = n.inputs[0]
    if n.op is not matmul or n.rank != 2 or 1 not in n.shape:
        return None
    if not any(d == value.shape[0] for d in n.shape):
        return None
    a, b = n.inputs
    if n.shape[1] == 1:
        return a, reshape(b, (b.shape[0],))
    return swap_last(b), reshape(a, (a.shape[1],))


# ---- rows as long as the matrix ------------------------------------------------------------------
def _row(factor: Node, w: Window | None, axis: int, side: Size) -> Node:
    """A factor as long as its side of the matrix, zeros around it."""
    return factor if w is None else _padded(factor, w.starts[axis], side)


def _padded(factor: Node, start: Node, side: Size) -> Node:
    if start is lit(0) and size_node(factor.shape[0]) is size_node(side):
        return factor
    place = Window((start,), (1,), (0,), factor.shape)
    return set_item(zeros(factor.dtype, (side,)), place, factor)


def _all_along(w: Window, axis: int, whole: Shape) -> bool:
    return w.starts[axis] is lit(0) and size_node(w.shape[axis]) is size_node(whole[axis])
