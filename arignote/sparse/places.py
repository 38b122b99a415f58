"""Where stored elements stand, conversions between formats, and matrices built from places."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..nn.operands import arange, as_proxy, network, zeros
from .matrix import CSC, CSR, check_sparse, transpose


def owners(matrix: Any) -> Any:
    """The row (CSR) or column (CSC) of each stored element."""
    counts = as_proxy(matrix.indptr)[1:] - as_proxy(matrix.indptr)[:-1]
    return np.repeat(arange(counts.shape[0]), counts)


def rows_and_columns(matrix: Any) -> tuple[Any, Any]:
    own, other = owners(matrix), as_proxy(matrix.indices)
    return (own, other) if isinstance(matrix, CSR) else (other, own)


def keys(matrix: Any) -> Any:
    """One number for each place, growing along the format's own order of places."""
    inner = matrix.shape[1] if isinstance(matrix, CSR) else matrix.shape[0]
    return owners(matrix) * inner + as_proxy(matrix.indices)


def from_keys(kind: type, keys: Any, data: Any, shape: Any) -> Any:
    """The matrix with these elements; equal keys are added, places are in order."""
    outer, inner = shape if kind is CSR else shape[::-1]
    places, inverse = np.unique(keys, return_inverse=True)
    joined = zeros(places.shape[0], data.dtype)
    np.add.at(joined, inverse, data)
    return kind(joined, places % inner, starts(places // inner, outer), tuple(shape))


def starts(own: Any, count: Any) -> Any:
    """indptr of elements in order of their row (column)."""
    return np.searchsorted(own, arange(count + 1))


@network
def dense_from_sparse(x: Any) -> Any:
    """The matrix as an array; elements of one place are added."""
    rows, columns = rows_and_columns(check_sparse(x, "dense_from_sparse"))
    data = as_proxy(x.data)
    out = np.zeros_like(data, shape=tuple(x.shape))
    np.add.at(out, (rows, columns), data)
    return out


@network
def csr_from_dense(x: Any) -> Any:
    """The nonzero elements of an array, by rows."""
    x = as_proxy(x)
    rows, columns = np.nonzero(x)
    return CSR(x[rows, columns], columns, starts(rows, x.shape[0]), (x.shape[0], x.shape[1]))


@network
def csc_from_dense(x: Any) -> Any:
    """The nonzero elements of an array, by columns."""
    return transpose(csr_from_dense(as_proxy(x).T))


@network
def csr_from_csc(x: Any) -> Any:
    """The same matrix by rows; by rows it stays as it is."""
    check_sparse(x, "csr_from_csc")
    if isinstance(x, CSR):
        return x
    rows, columns = rows_and_columns(x)
    order = np.argsort(rows, kind="stable")
    data = as_proxy(x.data)[order]
    return CSR(data, columns[order], starts(rows[order], x.shape[0]), tuple(x.shape))


@network
def csc_from_csr(x: Any) -> Any:
    """The same matrix by columns; by columns it stays as it is."""
    check_sparse(x, "csc_from_csr")
    return x if isinstance(x, CSC) else transpose(csr_from_csc(transpose(x)))


@network
def remove0(x: Any) -> Any:
    """The matrix without stored elements that are 0."""
    own, data = owners(check_sparse(x, "remove0")), as_proxy(x.data)
    kept = np.flatnonzero(data)
    outer = x.indptr.shape[0] - 1
    return type(x)(data[kept], as_proxy(x.indices)[kept], starts(own[kept], outer), tuple(x.shape))


@network
def ensure_sorted_indices(x: Any) -> Any:
    """The matrix with places in order, elements of one place added."""
    check_sparse(x, "ensure_sorted_indices")
    return from_keys(type(x), keys(x), as_proxy(x.data), tuple(x.shape))


@network
def clean(x: Any) -> Any:
    """Places in order, elements of one place added, zeros removed."""
    return remove0(ensure_sorted_indices(x))


@network
def square_diagonal(diagonal: Any) -> Any:
    """The square matrix with this diagonal."""
    d = as_proxy(diagonal)
    n = d.shape[0]
    return CSC(d, arange(n), arange(n + 1), (n, n))


@network
def construct_sparse_from_list(values: Any, rows: Any, columns: Any, shape: Any) -> Any:
    """The matrix by rows with values[p] at (rows[p], columns[p]); those of one place are added."""
    place = as_proxy(rows) * shape[1] + as_proxy(columns)
    return from_keys(CSR, place, as_proxy(values), tuple(shape))


__all__ = [
    "clean",
    "construct_sparse_from_list",
    "csc_from_csr",
    "csc_from_dense",
    "csr_from_csc",
    "csr_from_dense",
    "dense_from_sparse",
    "ensure_sorted_indices",
    "remove0",
    "square_diagonal",
]
