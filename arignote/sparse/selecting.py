"""Rows, columns and elements of sparse matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..nn.operands import arange, as_proxy, network, zeros
from .matrix import CSR, check_sparse, transpose
from .places import csc_from_csr, csr_from_csc, rows_and_columns


@network
def take_rows(x: Any, rows: Any) -> Any:
    """The rows with these numbers (an array of integers, or a slice), in x's format.

    Raises IndexError for numbers out of bounds.
    """
    by_row = csr_from_csc(check_sparse(x, "take_rows"))
    rows = arange(by_row.shape[0])[rows]
    starts, counts = as_proxy(by_row.indptr), np.diff(as_proxy(by_row.indptr))
    many = counts[rows]
    pair = np.repeat(arange(rows.shape[0]), many)
    at = starts[:-1][rows][pair] + arange(pair.shape[0]) - (np.cumsum(many) - many)[pair]
    indptr = np.concatenate([zeros(1, np.int64), np.cumsum(many)])
    data, indices = as_proxy(by_row.data)[at], as_proxy(by_row.indices)[at]
    made = CSR(data, indices, indptr, (rows.shape[0], by_row.shape[1]))
    return made if isinstance(x, CSR) else csc_from_csr(made)


@network
def take_columns(x: Any, columns: Any) -> Any:
    """The columns with these numbers, in x's format."""
    return transpose(take_rows(transpose(check_sparse(x, "take_columns")), columns))


@network
def element(x: Any, i: Any, j: Any) -> Any:
    """x[i, j], a number."""
    rows, columns = rows_and_columns(check_sparse(x, "element"))
    i, j = arange(x.shape[0])[i], arange(x.shape[1])[j]  # raises, and negative numbers wrap
    data = as_proxy(x.data)
    return np.sum(np.where((rows == i) & (columns == j), data, data.dtype.type(0)))


__all__ = ["element", "take_columns", "take_rows"]
