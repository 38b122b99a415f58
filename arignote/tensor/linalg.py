"""`T.nlinalg` and `T.slinalg`: decompositions, inverses and solutions of matrix equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from .creation import tril
from .deferred import deferred
from .evaluate import call
from .products import diag, diagonal, dot
from .reductions import sum as sum_
from .types import TensorType
from .variables import as_tensor_variable


def _float(x: Any) -> str:
    return str(x.dtype) if np.dtype(x.dtype).kind in "fc" else "float64"


def _matrix(x: Any, *rest: Any, **options: Any) -> TensorType:
    return TensorType(_float(x), [False] * x.ndim)


def _vector(x: Any, *rest: Any, **options: Any) -> TensorType:
    return TensorType(_float(x), (False,))


def _scalar(x: Any, *rest: Any, **options: Any) -> TensorType:
    return TensorType(_float(x), ())


def _wrapped(function: Any, name: str, infer: Any, doc: str) -> Any:
    op = deferred(lambda *a, **k: call(function, *a, **k), name, infer)

    def symbolic(x: Any, *args: Any, **kwargs: Any) -> Any:
        return op(as_tensor_variable(x), *args, **kwargs)

    symbolic.__name__ = symbolic.__qualname__ = name
    symbolic.__doc__ = doc
    return symbolic


inv = matrix_inverse = _wrapped(np.linalg.inv, "MatrixInverse", _matrix, "The inverse.")
pinv = _wrapped(np.linalg.pinv, "MatrixPinv", _matrix, "The pseudo-inverse.")
det = _wrapped(np.linalg.det, "Det", _scalar, "The determinant.")
eigh = _wrapped(
    np.linalg.eigh, "Eigh", lambda x, *a, **k: (_vector(x), _matrix(x)),
    "(eigenvalues, eigenvectors) of a symmetric matrix.",
)  # fmt: skip
eig = _wrapped(
    np.linalg.eig, "Eig",
    lambda x: (TensorType("complex128", (False,)), TensorType("complex128", (False, False))),
    "(eigenvalues, eigenvectors)",
)  # fmt: skip
cholesky = _wrapped(np.linalg.cholesky, "Cholesky", _matrix, "The lower Cholesky factor.")
expm = _wrapped(scipy.linalg.expm, "Expm", _matrix, "The matrix exponential.")
matrix_power = _wrapped(np.linalg.matrix_power, "matrix_power", _matrix, "M multiplied n times.")


def _svd_types(x: Any, full: Any = True, uv: Any = True) -> Any:
    return (_matrix(x), _vector(x), _matrix(x)) if uv else _vector(x)


_svd = deferred(lambda x, f, uv: call(np.linalg.svd, x, f, uv), "SVD", _svd_types)
_qr = deferred(
    lambda x, mode: call(np.linalg.qr, x, mode), "QR",
    lambda x, mode: _matrix(x) if mode == "r" else (_matrix(x), _matrix(x)),
)  # fmt: skip


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """(u, singular values, v)"""
    return _svd(as_tensor_variable(a), bool(full_matrices), bool(compute_uv))


def qr(a: Any, mode: str = "reduced") -> Any:
    """(q, r), or with mode "r" only r."""
    return _qr(as_tensor_variable(a), mode)


_solve = deferred(
    lambda a, b: call(np.linalg.solve, a, b), "Solve",
    lambda a, b: TensorType(np.result_type(_float(a), _float(b)), b.broadcastable),
)  # fmt: skip
_triangular = deferred(
    lambda a, b, lower: call(scipy.linalg.solve_triangular, a, b, lower=lower), "SolveTriangular",
    lambda a, b, lower: TensorType(np.result_type(_float(a), _float(b)), b.broadcastable),
)  # fmt: skip


def solve(a: Any, b: Any) -> Any:
    """x with a x = b."""
    return _solve(as_tensor_variable(a), as_tensor_variable(b))


solve_symmetric = solve


def solve_lower_triangular(a: Any, b: Any) -> Any:
    """x with a x = b, where a is lower triangular."""
    return _triangular(as_tensor_variable(a), as_tensor_variable(b), True)


def solve_upper_triangular(a: Any, b: Any) -> Any:
    """x with a x = b, where a is upper triangular."""
    return _triangular(as_tensor_variable(a), as_tensor_variable(b), False)


def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """(solution, residuals, rank, singular values) of least squares."""
    return _lstsq(as_tensor_variable(a), as_tensor_variable(b), rcond)


_lstsq = deferred(
    lambda a, b, rcond: call(np.linalg.lstsq, a, b, rcond), "lstsq",
    lambda a, b, rcond: (
        TensorType(_float(a), b.broadcastable), _vector(a), TensorType("int64", ()), _vector(a)
    ),
)  # fmt: skip


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.ndim + b.ndim <= 2:
        raise TypeError(f"kron: the operands have ranks {a.ndim} and {b.ndim}, 3 together at least")
    return _kron(a, b)


_kron = deferred(
    lambda a, b: call(np.kron, a, b), "Kron",
    lambda a, b: TensorType(np.result_type(a.dtype, b.dtype), [False] * max(a.ndim, b.ndim)),
)  # fmt: skip


def trace(X: Any) -> Any:
    """The sum of the diagonal."""
    return sum_(diagonal(X))


extract_diag = diagonal
alloc_diag = diag


def matrix_dot(*args: Any) -> Any:
    """The product of several matrices."""
    out = args[0]
    for a in args[1:]:
        out = dot(out, a)
    return out


def norm(x: Any, ord: Any = None) -> Any:
    """The norm of a vector or matrix."""
    return _norm(as_tensor_variable(x), ord)


_norm = deferred(lambda x, ord: call(np.linalg.norm, x, ord), "norm", _scalar)


def eigvalsh(a: Any, b: Any = None, lower: bool = True) -> Any:
    """The eigenvalues of a symmetric matrix, or of the pencil (a, b)."""
    a = as_tensor_variable(a)
    if b is None:
        return eigh(a, "L" if lower else "U")[0]
    b = as_tensor_variable(b)
    if not lower:
        a, b = a.T, b.T
    factor = matrix_inverse(cholesky(b))
    a = tril(a) + tril(a, -1).T
    return eigh(matrix_dot(factor, a, factor.T))[0]


def tensorinv(a: Any, ind: int = 2) -> Any:
    """NumPy's `tensorinv`."""
    return _tensorinv(as_tensor_variable(a), ind)


_tensorinv = deferred(lambda a, ind: call(np.linalg.tensorinv, a, ind), "TensorInv", _matrix)


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """NumPy's `tensorsolve`."""
    return _tensorsolve(as_tensor_variable(a), as_tensor_variable(b), axes)


_tensorsolve = deferred(
    lambda a, b, axes: call(np.linalg.tensorsolve, a, b, axes), "TensorSolve",
    lambda a, b, axes: TensorType(_float(a), [False] * (a.ndim - b.ndim)),
)  # fmt: skip
