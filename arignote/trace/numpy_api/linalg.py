"""np.linalg: shapes and dtypes are checked here, the routines are ops of `fxgraph`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from ...errors import DTypeError
from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import const, lit, project
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import factor, linalg, triangular
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import same
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.matrices import adjoint
from ...fxgraph.ops.scalar import least
from ...fxgraph.ops.structure import reshape, set_item, view
from ...fxgraph.types import F64, DType, Size
from ...fxgraph.window import Window
from ..registry import hooks, implements
from . import grids, products, shaping
from .arguments import array, axis_of, given, integer, known_equal, node
from .products import broadcast_batch, product


# ---- operands ------------------------------------------------------------------------------------
def linalg_dtype(*operands: Node) -> DType:
    """What LAPACK computes in; raises TypeError for float16, as NumPy."""
    for x in operands:
        if x.dtype == np.dtype("f2"):
            raise DTypeError("array type float16 is unsupported in linalg")
    kinds = [F64 if x.dtype.kind in "biu" else x.dtype for x in operands]
    return np.result_type(*kinds)


def matrix(a: Any) -> Node:
    """A stack of matrices in a dtype of LAPACK.  Raises LinAlgError for rank 0 and 1."""
    x = array(a)
    if x.rank < 2:
        raise LinAlgError(
            f"{x.rank}-dimensional array given. Array must be at least two-dimensional"
        )
    return cast_to(x, linalg_dtype(x))


def square(a: Any) -> Node:
    """A stack of square matrices.  Raises LinAlgError for others."""
    x = matrix(a)
    m, n = x.shape[-2:]
    if known_equal(m, n) is False:
        raise LinAlgError("Last 2 dimensions of the array must be square")
    return with_size(x, x.rank - 2, x.rank - 1)


def with_size(x: Node, *axes: int) -> Node:
    """Axes that must be of one size get one size node."""
    n = size_node(x.shape[axes[0]])
    for k in axes[1:]:
        n = same(n, size_node(x.shape[k]))
    shape = tuple(dim(n) if k in axes else d for k, d in enumerate(x.shape))
    if shape == x.shape:
        return x
    return view(x, Window((lit(0),) * x.rank, (1,) * x.rank, tuple(range(x.rank)), shape))


def smaller(x: Node) -> Node:
    """min(m, n) of a stack of matrices, as a size node."""
    m, n = x.shape[-2:]
    return least(size_node(m), size_node(n))


# ---- systems -------------------------------------------------------------------------------------
# NumPy's own classes of named results
_RESULTS: list[Any] = [
    type(f(np.eye(1)))
    for f in (np.linalg.slogdet, np.linalg.qr, np.linalg.svd, np.linalg.eigh, np.linalg.eig)
]
SlogdetResult, QRResult, SVDResult, EighResult, EigResult = _RESULTS


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    return hooks.wrap(solved(square(a), array(b)))


def solved(x: Node, y: Node) -> Node:
    """b is one vector if its rank is 1, else a stack of matrices."""
    kind = linalg_dtype(x, y)
    x, y = cast_to(x, kind), cast_to(y, kind)
    if not y.rank:
        raise ValueError("solve: Input operand 1 does not have enough dimensions")
    vector = y.rank == 1
    y = sh.expand(y, (1,)) if vector else y
    if known_equal(x.shape[-1], y.shape[-2]) is False:
        raise ValueError(
            "solve: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
            "(m,m),(m,n)->(m,n)"
        )
    x, y = stacked("solve", x, y)
    out = linalg.solve(x, y)
    return sh.squeeze(out, (out.rank - 1,)) if vector else out


def stacked(name: str, x: Node, y: Node) -> tuple[Node, Node]:
    """x (square) and y with one row size and equal batch axes."""
    n = same(size_node(x.shape[-1]), size_node(y.shape[-2]))
    batch = broadcast_batch(name, x, y)
    x = view(x, _resized(x, (*x.shape[:-2], dim(n), dim(n))))
    y = view(y, _resized(y, (*y.shape[:-2], dim(n), y.shape[-1])))
    return sh.spread(x, (*batch, *x.shape[-2:])), sh.spread(y, (*batch, *y.shape[-2:]))


def _resized(x: Node, shape: tuple[Size, ...]) -> Window:
    return Window((lit(0),) * x.rank, (1,) * x.rank, tuple(range(x.rank)), shape)


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    return hooks.wrap(linalg.inv(square(a)))


@implements(np.linalg.det)
def det(a: Any) -> Any:
    return hooks.wrap(linalg.det(square(a)))


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    both = linalg.slogdet(square(a))
    return SlogdetResult(hooks.wrap(project(both, 0)), hooks.wrap(project(both, 1)))


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """(x, residuals, rank, singular values); residuals have a size that only the run knows."""
    x, y = matrix(a), array(b)
    if x.rank != 2:
        raise LinAlgError(f"{x.rank}-dimensional array given. Array must be two-dimensional")
    vector = y.rank == 1
    if y.rank not in (1, 2):
        raise LinAlgError(f"{y.rank}-dimensional array given. Array must be two-dimensional")
    kind = linalg_dtype(x, y)
    x, y = cast_to(x, kind), cast_to(sh.expand(y, (1,)) if vector else y, kind)
    if known_equal(x.shape[0], y.shape[0]) is False:
        raise LinAlgError("Incompatible dimensions")
    m = dim(same(size_node(x.shape[0]), size_node(y.shape[0])))
    x = view(x, _resized(x, (m, x.shape[1])))
    y = view(y, _resized(y, (m, y.shape[1])))
    if rcond is None:
        longest = ew.maximum(size_node(m), size_node(x.shape[1]), weak=True)
        small = ew.multiply(cast_to(longest, F64), float(np.finfo(kind).eps))
    else:
        small = cast_to(node(rcond), F64)
    out = linalg.lstsq(x, y, small, smaller(x))
    solution, residuals, many, rank, s = (project(out, k) for k in range(5))
    solution = sh.squeeze(solution, (1,)) if vector else solution
    residuals = sh.sliced(residuals, 0, 0, dim(many))
    return tuple(hooks.wrap(n) for n in (solution, residuals, cast_to(rank, np.dtype("i4")), s))


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    x = matrix(a)
    if rcond is None:
        if given(rtol):
            small = array(rtol)
        elif rtol is None:
            longest = ew.maximum(*(size_node(d) for d in x.shape[-2:]), weak=True)
            small = ew.multiply(cast_to(longest, F64), float(np.finfo(x.dtype).eps))
        else:
            small = const(1e-15)
    else:
        small = array(rcond)
    return hooks.wrap(linalg.pinv(x, sh.strong(small), hermitian=hermitian))


# ---- factorisations ------------------------------------------------------------------------------
@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    x = square(a)
    if upper:
        return hooks.wrap(adjoint(triangular.cholesky(adjoint(x))))
    return hooks.wrap(triangular.cholesky(x))


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Raises NotImplementedError for mode 'raw'."""
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f"Unrecognized mode '{mode}'")
    if mode == "raw":
        raise NotImplementedError("qr with mode='raw': use 'reduced' or scipy.linalg.lu_factor")
    x = matrix(a)
    both = factor.qr(x, smaller(x), complete=mode == "complete")
    if mode == "r":
        return hooks.wrap(project(both, 1))
    return QRResult(hooks.wrap(project(both, 0)), hooks.wrap(project(both, 1)))


@implements(np.linalg.svd)
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Raises NotImplementedError for hermitian=True."""
    if hermitian:
        raise NotImplementedError("svd with hermitian=True: use eigh")
    x = matrix(a)
    if not compute_uv:
        return hooks.wrap(factor.svdvals(x, smaller(x)))
    m, n = x.shape[-2:]
    full = full_matrices and size_node(m) is not size_node(n)
    parts = factor.svd(x, smaller(x), full=full)
    return SVDResult(*(hooks.wrap(project(parts, k)) for k in range(3)))


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    return svd(x, compute_uv=False)


def _upper(UPLO: str) -> bool:
    side = UPLO.upper()
    if side not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return side == "U"


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    both = factor.eigh(square(a), upper=_upper(UPLO))
    return EighResult(hooks.wrap(project(both, 0)), hooks.wrap(project(both, 1)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return hooks.wrap(factor.eigvalsh(square(a), upper=_upper(UPLO)))


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    """Always complex: whether all eigenvalues are real is only known at run time."""
    both = factor.eig(square(a))
    return EigResult(hooks.wrap(project(both, 0)), hooks.wrap(project(both, 1)))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """Always complex, as `eig`."""
    return hooks.wrap(project(factor.eig(square(a)), 0))


# ---- powers and chains ---------------------------------------------------------------------------
@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    """Binary powers in NumPy's order; integers stay integers."""
    x = array(a)
    if x.rank < 2:
        raise LinAlgError(
            f"{x.rank}-dimensional array given. Array must be at least two-dimensional"
        )
    if known_equal(*x.shape[-2:]) is False:
        raise LinAlgError("Last 2 dimensions of the array must be square")
    x = with_size(x, x.rank - 2, x.rank - 1)
    k = integer(n)
    if k == 1 and hooks.is_proxy(a):
        return a
    if k == 0:
        d = x.shape[-1]
        eye = sh.zeros(x.dtype, (d, d))
        eye = set_item(eye, sh.diagonal_window((d, d), 0, d), const(1, x.dtype))
        return hooks.wrap(sh.spread(eye, x.shape))
    if k < 0:
        x, k = linalg.inv(square(hooks.wrap(x))), -k
    if k == 3:
        return hooks.wrap(product(product(x, x), x))
    power: Node | None = None
    out: Node | None = None
    while k > 0:
        power = x if power is None else product(power, power)
        k, bit = divmod(k, 2)
        if bit:
            out = power if out is None else product(out, power)
    assert out is not None
    return hooks.fresh(out)


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """From the left; the optimizer finds the cheapest order."""
    parts = [array(a) for a in arrays]
    if len(parts) < 2:
        raise ValueError("Expecting at least two arrays.")
    result = parts[0]
    for p in parts[1:]:
        result = product(result, p)
    return hooks.wrap(result)


# ---- tensors and names from elsewhere ------------------------------------------------------------
@implements(np.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    return hooks.wrap(product(array(x1), array(x2)))


@implements(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    return shaping.matrix_transpose(x)


@implements(np.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    if array(x1).rank != 1 or array(x2).rank != 1:
        raise ValueError("Input arrays must be one-dimensional")
    return products.outer(x1, x2)


@implements(np.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    return products.cross(x1, x2, axis=axis)


@implements(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return products.tensordot(x1, x2, axes)


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    return products.vecdot(x1, x2, axis=axis)


@implements(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: Any = 0) -> Any:
    return grids.diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def trace(x: Any, /, *, offset: Any = 0, dtype: Any = None) -> Any:
    return products.trace(x, offset, -2, -1, dtype)


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    x, y = array(a), array(b)
    if axes is not None:
        moved = list(range(x.rank))
        for k in axes:
            moved.remove(axis_of(k, x.rank))
            moved.append(axis_of(k, x.rank))
        x = sh.transpose(x, moved)
    rest = x.shape[y.rank :]
    n = dim(sh.count(rest))
    out = solved(square(hooks.wrap(reshape(x, (dim(sh.count(y.shape)), n)))), sh.ravel(y))
    return hooks.wrap(reshape(out, rest))


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: Any = 2) -> Any:
    x = array(a)
    k = integer(ind)
    if k <= 0:
        raise ValueError("Invalid ind argument.")
    lead, rest = x.shape[:k], x.shape[k:]
    flat = reshape(x, (dim(sh.count(lead)), dim(sh.count(rest))))
    return hooks.wrap(reshape(linalg.inv(square(hooks.wrap(flat))), (*rest, *lead)))
