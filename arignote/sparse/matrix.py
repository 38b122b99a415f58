"""Sparse matrices as pytrees of arrays: arguments, results and state of compiled functions.

`CSR` and `CSC` are frozen dataclasses of data, indices, indptr and shape, as in SciPy; the number
of stored elements and the shape may change from call to call without tracing anew.  Functions on
them are in this package; what they compute is NumPy's, through arrays only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as scipy_sparse

from ..errors import ShapeError


@dataclass(frozen=True, eq=False)
class _Compressed:
    data: Any
    indices: Any
    indptr: Any
    shape: tuple[Any, Any]

    __array_ufunc__ = None  # NumPy's operators leave the answer to ours
    ndim = 2

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    @property
    def nnz(self) -> Any:
        """How many elements are stored."""
        return self.data.shape[0]

    @property
    def T(self) -> Any:
        return transpose(self)  # type: ignore[arg-type]

    def with_data(self, data: Any) -> Any:
        """The same places with other elements."""
        return type(self)(data, self.indices, self.indptr, self.shape)


class CSR(_Compressed):
    """Row i has data[p] in column indices[p] for p from indptr[i] up to indptr[i + 1]."""


class CSC(_Compressed):
    """Column j has data[p] in row indices[p] for p from indptr[j] up to indptr[j + 1]."""


def from_scipy(matrix: Any) -> CSR | CSC:
    """A SciPy matrix as CSC where it is one, else as CSR; elements of one place are added."""
    kept = matrix if matrix.format in ("csr", "csc") else matrix.tocsr()
    kept = kept.copy() if not kept.has_canonical_format else kept
    kept.sum_duplicates()
    kind = CSC if kept.format == "csc" else CSR
    indices, indptr = (np.asarray(a, np.int64) for a in (kept.indices, kept.indptr))
    return kind(np.asarray(kept.data), indices, indptr, (int(kept.shape[0]), int(kept.shape[1])))


def to_scipy(matrix: CSR | CSC) -> Any:
    """The matrix as SciPy's csr_array or csc_array."""
    arrays = (np.asarray(matrix.data), np.asarray(matrix.indices), np.asarray(matrix.indptr))
    shape = tuple(int(n) for n in matrix.shape)
    make = scipy_sparse.csc_array if isinstance(matrix, CSC) else scipy_sparse.csr_array
    return make(arrays, shape=shape)


def transpose(matrix: CSR | CSC) -> CSR | CSC:
    """The transpose, in the other format; nothing is copied."""
    turned = CSR if isinstance(matrix, CSC) else CSC
    n, m = matrix.shape
    return turned(matrix.data, matrix.indices, matrix.indptr, (m, n))


def check_sparse(x: Any, what: str) -> Any:
    """Raises ShapeError for what is no sparse matrix."""
    if not isinstance(x, CSR | CSC):
        raise ShapeError(f"{what}: a CSR or CSC matrix is wanted, not {type(x).__name__}")
    return x


__all__ = ["CSC", "CSR", "check_sparse", "from_scipy", "to_scipy", "transpose"]
