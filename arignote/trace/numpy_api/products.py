"""dot, matmul, tensordot, outer, kron, cross, trace: the one op `matmul`, views, reductions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ShapeError
from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import same
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.products import matmul as matmul_op
from ...fxgraph.ops.reduce import reduce_sum
from ...fxgraph.ops.scalar import scaled
from ...fxgraph.ops.structure import reshape, view
from ...fxgraph.prove import hinted, sure_equal
from ...fxgraph.types import Shape, Size
from ..registry import hooks, implements, implements_newer
from .arguments import (
    array,
    axis_of,
    finish,
    integer,
    known_equal,
    only,
    said,
    said_shape,
    supported,
)
from .grids import diagonal_of
from .reductions import wide


def product(a: Node, b: Node, name: str = "matmul") -> Node:
    """np.matmul of nodes, vectors and batches included.

    Raises ValueError for scalars and for sizes that do not fit.
    """
    kind = np.result_type(a.dtype, b.dtype)
    a, b = cast_to(a, kind), cast_to(b, kind)
    for i, x in enumerate((a, b)):
        if not x.rank:
            raise ValueError(
                f"{name}: Input operand {i} does not have enough dimensions (has 0, "
                "gufunc core with "
                "signature (n?,k),(k,m?)->(n?,m?) requires 1)"
            )
    vector_a, vector_b = a.rank == 1, b.rank == 1
    a = sh.expand(a, (0,)) if vector_a else a
    b = sh.expand(b, (1,)) if vector_b else b
    a, b = contractible(a, b, name)
    batch = broadcast_batch(name, a, b)
    a = sh.spread(a, (*batch, *a.shape[-2:]))
    b = sh.spread(b, (*batch, *b.shape[-2:]))
    out = matmul_op(a, b)
    drop = [out.rank - 2] * vector_a + [out.rank - 1] * vector_b
    return sh.squeeze(out, drop) if drop else out


def contractible(a: Node, b: Node, name: str) -> tuple[Node, Node]:
    """a and b with one node for the size they share; raises ValueError where it differs."""
    k, m = a.shape[-1], b.shape[-2]
    if known_equal(k, m) is False:
        raise ShapeError(
            f"{name}: Input operand 1 has a mismatch in its core dimension 0, with "
            "gufunc signature "
            f"(n?,k),(k,m?)->(n?,m?) (size {said(m)} is different from {said(k)})"
        )
    n = dim(same(size_node(k), size_node(m)))
    return _with_size(a, a.rank - 1, n), _with_size(b, b.rank - 2, n)


def _with_size(x: Node, axis: int, n: Size) -> Node:
    if x.shape[axis] is n or x.shape[axis] == n:
        return x
    return view(x, sh.slice_window(x.shape, axis, lit(0), n))


def broadcast_batch(name: str, a: Node, b: Node) -> Shape:
    """The common batch axes of two stacks of matrices."""
    _, shape = sh.spread_together(
        name, [sh.zeros(a.dtype, a.shape[:-2]), sh.zeros(a.dtype, b.shape[:-2])]
    )
    return shape


@implements(np.matmul)
def matmul(
    x1: Any, x2: Any, /, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    a, b = array(x1), array(x2)
    wanted = supported(dtype) if dtype is not None else None
    room = None if only(out) is None else hooks.node_of(only(out)).dtype
    # NumPy's own rules of casts, asked before any shape
    loop = np.matmul.resolve_dtypes(
        (a.dtype, b.dtype, room), signature=(None, None, wanted), casting=casting  # type: ignore[arg-type]
    )
    result = product(cast_to(a, loop[0]), cast_to(b, loop[1]))
    _require_core(result, (a.rank > 1) + (b.rank > 1), out)
    return finish(result, out, wide=True)


def _require_core(result: Node, many: int, out: Any) -> None:
    """The last axes of `out=` must be those of the products.  Raises ValueError."""
    if only(out) is None:
        return
    room = hooks.node_of(only(out)).shape
    for k in range(1, many + 1):
        if len(room) < k or known_equal(room[-k], result.shape[-k]) is False:
            raise ValueError(
                f"matmul: Output operand 0 has a mismatch in its core dimensions: shape "
                f"{said_shape(room)} for a result of shape {said_shape(result.shape)}"
            )


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    x, y = array(a), array(b)
    if not x.rank or not y.rank:
        result = ew.multiply(x, y)
    elif y.rank <= 2 and x.rank <= 2:
        result = product(*_dot_fit(x, y), "dot")
    else:
        result = contract(x, y, (x.rank - 1,), (max(y.rank - 2, 0),))
    room = only(out)
    if room is not None and not (
        hooks.node_of(room).dtype == result.dtype
        and (not (x.rank and y.rank) or hooks.contiguous(room))
    ):
        raise ValueError(
            "output array is not acceptable (must have the right datatype, number of dimensions, "
            "and be a C-Array)"
        )
    return finish(result, out)


def _dot_fit(x: Node, y: Node) -> tuple[Node, Node]:
    k, m = x.shape[-1], y.shape[max(y.rank - 2, 0)]
    if known_equal(k, m) is False:
        raise ShapeError(
            f"shapes {said_shape(x.shape)} and {said_shape(y.shape)} not aligned: "
            f"{said(k)} (dim {x.rank - 1}) != {said(m)} (dim {max(y.rank - 2, 0)})"
        )
    return x, y


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    x, y = sh.ravel(array(a)), sh.ravel(array(b))
    return hooks.wrap(product(*_dot_fit(conjugate(x), y), "vdot"))


def conjugate(x: Node) -> Node:
    return ew.conjugate(x) if x.dtype.kind == "c" else x


@implements(np.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    x, y = array(x1), array(x2)
    for i, n in enumerate((x, y)):
        if not n.rank:
            raise ValueError(
                f"vecdot: Input operand {i} does not have enough dimensions (has 0, gufunc core "
                "with signature (n),(n)->() requires 1)"
            )
    x = sh.move_axis(x, axis_of(axis, x.rank), x.rank - 1)
    y = sh.move_axis(y, axis_of(axis, y.rank), y.rank - 1)
    out = product(sh.expand(conjugate(x), (x.rank - 1,)), sh.expand(y, (y.rank,)), "vecdot")
    return hooks.wrap(sh.squeeze(out, (out.rank - 2, out.rank - 1)))


@implements_newer("matvec")
def matvec(x1: Any, x2: Any, /) -> Any:
    """Matrices times vectors, in their last axes."""
    x, y = array(x1), array(x2)
    out = product(x, sh.expand(y, (y.rank,)), "matvec")
    return hooks.wrap(sh.squeeze(out, (out.rank - 1,)))


@implements_newer("vecmat")
def vecmat(x1: Any, x2: Any, /) -> Any:
    """Vectors, conjugated, times matrices, in their last axes."""
    x, y = array(x1), array(x2)
    out = product(sh.expand(conjugate(x), (x.rank - 1,)), y, "vecmat")
    return hooks.wrap(sh.squeeze(out, (out.rank - 2,)))


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    x, y = array(a), array(b)
    if not x.rank or not y.rank:
        return hooks.wrap(ew.multiply(x, y))
    return hooks.wrap(contract(x, y, (x.rank - 1,), (y.rank - 1,)))


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    x, y = sh.ravel(array(a)), sh.ravel(array(b))
    return finish(ew.multiply(sh.expand(x, (1,)), sh.expand(y, (0,))), out)


def contract(a: Node, b: Node, axes_a: Sequence[int], axes_b: Sequence[int]) -> Node:
    """Sum of products over pairs of axes: transposes, reshapes and one matrix product."""
    for i, j in zip(axes_a, axes_b, strict=True):
        if known_equal(a.shape[i], b.shape[j]) is False:
            raise ShapeError("shape-mismatch for sum")
    free_a = [k for k in range(a.rank) if k not in axes_a]
    free_b = [k for k in range(b.rank) if k not in axes_b]
    kind = np.result_type(a.dtype, b.dtype)
    left = merged(sh.transpose(cast_to(a, kind), [*free_a, *axes_a]), len(free_a))
    right = merged(sh.transpose(cast_to(b, kind), [*axes_b, *free_b]), len(axes_b))
    out = matmul_op(*contractible(left, right, "tensordot"))
    return reshape(out, (*(a.shape[k] for k in free_a), *(b.shape[k] for k in free_b)))


def merged(x: Node, cut: int) -> Node:
    """A matrix: the axes before `cut` as rows, the others as columns."""
    return reshape(x, (dim(sh.count(x.shape[:cut])), dim(sh.count(x.shape[cut:]))))


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    x, y = array(a), array(b)
    if isinstance(axes, tuple | list):
        one, two = (p if isinstance(p, tuple | list) else (p,) for p in axes)
        if len(one) != len(two):
            raise ShapeError("shape-mismatch for sum")
        axes_a = [axis_of(k, x.rank) for k in one]
        axes_b = [axis_of(k, y.rank) for k in two]
    else:
        n = integer(axes)
        if n > x.rank or n > y.rank:
            raise IndexError("tuple index out of range")
        axes_a, axes_b = list(range(x.rank - n, x.rank)), list(range(n))
    return hooks.fresh(contract(x, y, axes_a, axes_b))


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    x, y = array(a), array(b)
    rank = max(x.rank, y.rank)
    x = sh.expand(x, tuple(range(rank - x.rank))) if x.rank < rank else x
    y = sh.expand(y, tuple(range(rank - y.rank))) if y.rank < rank else y
    spaced = sh.expand(x, tuple(range(1, 2 * rank, 2))) if rank else x
    filled = sh.expand(y, tuple(range(0, 2 * rank, 2))) if rank else y
    shape = tuple(
        dim(scaled(size_node(m), size_node(n))) for m, n in zip(x.shape, y.shape, strict=True)
    )
    return hooks.wrap(reshape(ew.multiply(spaced, filled), shape))


@implements(np.cross)
def cross(
    a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = array(a), array(b)
    x = sh.move_axis(x, axis_of(axisa, x.rank), x.rank - 1)
    y = sh.move_axis(y, axis_of(axisb, y.rank), y.rank - 1)
    p, u = _components(x), _components(y)
    if len(p) == len(u) == 2:
        flat = ew.subtract(ew.multiply(p[0], u[1]), ew.multiply(p[1], u[0]))
        return hooks.wrap(flat)
    parts = []
    for i, j in ((1, 2), (2, 0), (0, 1)):
        left = _times(p, i, u, j)
        right = _times(p, j, u, i)
        if left is None or right is None:
            parts.append(right and ew.negative(right) if left is None else left)
        else:
            parts.append(ew.subtract(left, right))
    (one, two, three), shape = sh.spread_together("cross", [n for n in parts if n is not None])
    return hooks.wrap(sh.stack([one, two, three], axis_of(axisc, len(shape) + 1)))


def _times(p: Sequence[Node], i: int, u: Sequence[Node], j: int) -> Node | None:
    """p[i] * u[j]; None where a plane vector has no third component."""
    return ew.multiply(p[i], u[j]) if i < len(p) and j < len(u) else None


#: Lengths of the vectors that np.cross takes; NumPy 2.5 has left those of the plane out.
_CROSSED = (2, 3) if np.lib.NumpyVersion(np.__version__) < "2.5.0" else (3,)


def _components(x: Node) -> list[Node]:
    """The two or three components of vectors along the last axis."""
    n = size_node(x.shape[-1])
    value = hinted(n)
    if value is None or value not in _CROSSED or not sure_equal(n, lit(value)):
        raise ValueError(
            "incompatible dimensions for cross product\n"
            f"(dimension must be {' or '.join(map(str, _CROSSED))})"
        )
    return [sh.select(x, x.rank - 1, k) for k in range(value)]


@implements(np.trace)
def trace(
    a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None, out: Any = None
) -> Any:
    x = array(a)
    line = view(x, diagonal_of(x.shape, integer(offset), axis1, axis2))
    line = cast_to(line, supported(dtype) if dtype is not None else wide(line.dtype))
    return finish(reduce_sum(line, axes=(line.rank - 1,)), out)
