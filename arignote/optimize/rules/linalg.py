"""Matrix products: transposes go inside, single rows and columns are taken before multiplying."""

from __future__ import annotations

from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node, make
from ...fxgraph.ops.elementwise import multiply
from ...fxgraph.ops.linalg import inv, solve
from ...fxgraph.ops.products import matmul
from ...fxgraph.ops.reduce import reduce_sum
from ...fxgraph.ops.scalar import product
from ...fxgraph.ops.shaping import swap_last
from ...fxgraph.ops.structure import reshape, view, view_op
from ...fxgraph.types import Size
from ...fxgraph.window import Window, transposed, window_of
from ..rule import rule


@rule(view_op, keeps="reals", tags=("linalg",), first=(matmul,))
def transpose_product(n: Node) -> Node | None:
    """(A @ B).T -> B.T @ A.T"""
    m = n.inputs[0]
    if m.op is not matmul:
        return None
    r = m.rank
    if window_of(n) != transposed(m.shape, (*range(r - 2), r - 1, r - 2)):
        return None
    a, b = m.inputs
    return matmul(swap_last(b), swap_last(a))


@rule(view_op, keeps="reals", tags=("linalg",), first=(matmul,))
def row_of_product(n: Node) -> Node | None:
    """(A @ B)[i] -> A[i] @ B and (A @ B)[:, j] -> A @ B[:, j]"""
    m = n.inputs[0]
    if m.op is not matmul or m.rank != 2:
        return None
    w = window_of(n)
    a, b = m.inputs
    if w.axes[0] >= 0 and w.axes[1] >= 0:
        return None
    rows = a if w.axes[0] >= 0 else view(a, _one(a, 0, w.starts[0]))
    columns = b if w.axes[1] >= 0 else view(b, _one(b, 1, w.starts[1]))
    small = matmul(rows, columns)
    starts = tuple(lit(0) if x < 0 else s for s, x in zip(w.starts, w.axes))
    return view(small, Window(starts, w.steps, w.axes, w.shape))


def _one(x: Node, axis: int, at: Node) -> Window:
    """The window that keeps one position of an axis, as an axis of length 1."""
    shape = tuple(1 if k == axis else d for k, d in enumerate(x.shape))
    starts = tuple(at if k == axis else lit(0) for k in range(2))
    return Window(starts, (1, 1), tuple(-1 if k == axis else k for k in range(2)), shape)


@rule(matmul, keeps="reals", tags=("linalg",), kinds="fc", among=(view_op,))
def vector_product(n: Node) -> Node | None:
    """A.T @ x -> x @ A and x @ A.T -> A @ x, for vectors: A is read as it lies in memory"""
    a, b = n.inputs
    if n.rank != 2 or n.shape[0] == n.shape[1]:
        return None
    if n.shape[1] == 1 and (turned := _turned(a)) is not None:
        row = matmul(_as_row(b), turned)
        return view(row, Window((lit(0), lit(0)), (1, 1), (-1, 0), n.shape))
    if n.shape[0] == 1 and (turned := _turned(b)) is not None:
        column = matmul(turned, _as_column(a))
        return view(column, Window((lit(0), lit(0)), (1, 1), (1, -1), n.shape))
    return None


def _turned(a: Node) -> Node | None:
    """The transpose of a, if a is the transpose of a part of an array."""
    if a.op is not view_op or window_of(a).axes != (1, 0):
        return None
    w = window_of(a)
    return view(a.inputs[0], Window(w.starts, w.steps, (0, 1), w.shape[::-1]))


def _as_row(column: Node) -> Node:
    w = Window((lit(0), lit(0)), (1, 1), (1, -1), (1, column.shape[0]))
    return view(column, w)


def _as_column(row: Node) -> Node:
    w = Window((lit(0), lit(0)), (1, 1), (-1, 0), (row.shape[1], 1))
    return view(row, w)


@rule(matmul, keeps="reals", tags=("linalg",), kinds="fciu")
def outer_product(n: Node) -> Node | None:
    """A @ B -> A * B, where the summed axis has length 1"""
    a, b = n.inputs
    return multiply(a, b) if a.shape[-1] == 1 else None


@rule(reduce_sum, keeps="reals", tags=("linalg",), kinds="fc", first=(multiply,))
def sum_of_outer_products(n: Node) -> Node | None:
    """sum of A[b, :, None] * B[b, None, :] over all b -> A.T @ B"""
    m = n.inputs[0]
    if m.op is not multiply or m.rank < 3 or n.attr("axes") != tuple(range(m.rank - 2)):
        return None
    for a, b in (m.inputs, m.inputs[::-1]):
        if a.shape == (*m.shape[:-1], 1) and b.shape == (*m.shape[:-2], 1, m.shape[-1]):
            left, right = _as_rows(a, m.shape[-2]), _as_rows(b, m.shape[-1])
            if left is not None and right is not None and 1 not in n.shape:
                return matmul(swap_last(left), right)
    return None


def _as_rows(x: Node, width: Size) -> Node | None:
    """x as a matrix of rows of that width, if its elements lie in order."""
    shape = (dim(product([size_node(d) for d in x.shape[:-2]])), width)
    if x.op is not view_op:
        return reshape(x, shape)
    w, base = window_of(x), x.inputs[0]
    if any(s is not lit(0) for s in w.starts) or any(step != 1 for step in w.steps):
        return None
    long = [a for a, d in enumerate(x.shape) if d != 1]
    if [a for a in w.axes if a in long] != long:
        return None
    sizes = [x.shape[a] if a in long else 1 for a in w.axes]
    return reshape(base, shape) if list(base.shape) == sizes else None


@rule(matmul, keeps="reals", tags=("linalg",), kinds="fc", among=(multiply, view_op))
def scaled_product(n: Node) -> Node | None:
    """(c * A) @ B -> c * (A @ B), for a scalar c: A is read as it stands, and a call scales"""
    a, b = n.inputs
    if found := _scaled(a):
        return multiply(found[0], matmul(found[1], b))
    if found := _scaled(b):
        return multiply(found[0], matmul(a, found[1]))
    return None


def _scaled(matrix: Node) -> tuple[Node, Node] | None:
    """(c, A), where the matrix is c * A, or a window of it."""
    whole = matrix.inputs[0] if matrix.op is view_op else matrix
    if whole.op is not multiply:
        return None
    for c, a in (whole.inputs, whole.inputs[::-1]):
        if not c.rank and a.type == whole.type:
            return c, a if whole is matrix else view(a, window_of(matrix))
    return None


@rule(matmul, keeps="reals", tags=("linalg",), kinds="fc", among=(inv,))
def inverse_product(n: Node) -> Node | None:
    """inv(A) @ B -> solve(A, B); B @ inv(A) -> solve(A.T, B.T).T"""
    a, b = n.inputs
    if a.op is inv:
        return _solved(a, a.inputs[0], b)
    turned = _solved(b, swap_last(b.inputs[0]), swap_last(a))
    return None if turned is None else swap_last(turned)


def _solved(inverse: Node, a: Node, b: Node) -> Node | None:
    """solve(a, b), raising where the inverse would."""
    if a.dtype != b.dtype or a.rank != b.rank:
        return None
    token = inverse.inputs[inverse.attr("operands") :]
    return make(solve, (a, b, *token), (("operands", 2),))


@rule(inv, keeps="reals", tags=("linalg",), kinds="fc", first=(inv,))
def inverse_inverse(n: Node) -> Node:
    """inv(inv(A)) -> A"""
    return n.inputs[0].inputs[0]
