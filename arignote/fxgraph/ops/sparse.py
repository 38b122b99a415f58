"""Products of compressed sparse matrices and dense ones: three ops closed under derivatives.

A matrix has stored elements data[p] at (i, indices[p]) for p from indptr[i] up to indptr[i + 1];
then i counts rows (CSR), or columns (CSC, which is the transpose).

    sparse_dot       y[i] = sum over p of data[p] * x[indices[p]]
    sparse_dot_t     x[indices[p]] += data[p] * y[i]
    sparse_sampled   data[p] = y[i] . x[indices[p]]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..affine import dim, size_node
from ..node import Node, Op
from ..types import TensorType
from .elementwise import add
from .library import library

Tangents = Sequence[Node | None]


def _owners(indptr: Any) -> Any:
    """The i of each stored element."""
    counts = np.diff(indptr)
    if (counts < 0).any():
        raise ValueError("indptr of a sparse matrix does not decrease")
    return np.repeat(np.arange(counts.size), counts)


def _checked(indices: Any, indptr: Any, size: int) -> Any:
    if int(indptr[-1]) > indices.shape[0] or int(indptr[0]) != 0:
        raise IndexError("indptr of a sparse matrix reaches beyond its stored elements")
    used = indices[: int(indptr[-1])]
    if used.size and not (int(used.min()) >= 0 and int(used.max()) < size):
        raise IndexError(f"an index of a sparse matrix is out of bounds for size {size}")
    return used


def _dot(data: Any, indices: Any, indptr: Any, x: Any) -> Any:
    used = _checked(indices, indptr, x.shape[0])
    y = np.zeros((indptr.shape[0] - 1, x.shape[1]), x.dtype)
    np.add.at(y, _owners(indptr), data[: used.size, None] * x[used])
    return y


def _dot_t(data: Any, indices: Any, indptr: Any, y: Any, size: Any) -> Any:
    used = _checked(indices, indptr, int(size))
    x = np.zeros((int(size), y.shape[1]), y.dtype)
    np.add.at(x, used, data[: used.size, None] * y[_owners(indptr)])
    return x


def _sampled(indices: Any, indptr: Any, y: Any, x: Any) -> Any:
    used = _checked(indices, indptr, x.shape[0])
    out = np.zeros(indices.shape, x.dtype)
    out[: used.size] = np.einsum("pk,pk->p", y[_owners(indptr)], x[used])
    return out


def _total(*parts: Node | None) -> Node | None:
    given = [p for p in parts if p is not None]
    return None if not given else given[0] if len(given) == 1 else add(*given)


#: (data[nnz], indices[nnz], indptr[n + 1], x[m, k]): y[n, k]
sparse_dot: Op = library(
    "sparse_dot",
    reference=lambda data, indices, indptr, x, n: _dot(data, indices, indptr, x),
    infer=lambda data, indices, indptr, x, n: TensorType(x.dtype, (dim(n), x.shape[1])),
    vjp=lambda g, out, data, indices, indptr, x, n: (
        sparse_sampled(indices, indptr, g, x),
        None,
        None,
        sparse_dot_t(data, indices, indptr, g, size_node(x.shape[0])),
        None,
    ),
    jvp=lambda ts, out, data, indices, indptr, x, n: _total(
        None if ts[0] is None else sparse_dot(ts[0], indices, indptr, x, n),
        None if ts[3] is None else sparse_dot(data, indices, indptr, ts[3], n),
    ),
)
#: (data, indices, indptr, y[n, k], m): x[m, k]
sparse_dot_t: Op = library(
    "sparse_dot_t",
    reference=_dot_t,
    infer=lambda data, indices, indptr, y, m: TensorType(y.dtype, (dim(m), y.shape[1])),
    vjp=lambda g, out, data, indices, indptr, y, m: (
        sparse_sampled(indices, indptr, y, g),
        None,
        None,
        sparse_dot(data, indices, indptr, g, size_node(y.shape[0])),
        None,
    ),
    jvp=lambda ts, out, data, indices, indptr, y, m: _total(
        None if ts[0] is None else sparse_dot_t(ts[0], indices, indptr, y, m),
        None if ts[3] is None else sparse_dot_t(data, indices, indptr, ts[3], m),
    ),
)
#: (indices, indptr, y[n, k], x[m, k]): data[nnz]
sparse_sampled: Op = library(
    "sparse_sampled",
    reference=_sampled,
    infer=lambda indices, indptr, y, x: TensorType(x.dtype, indices.shape),
    vjp=lambda g, out, indices, indptr, y, x: (
        None,
        None,
        sparse_dot(g, indices, indptr, x, size_node(y.shape[0])),
        sparse_dot_t(g, indices, indptr, y, size_node(x.shape[0])),
    ),
    jvp=lambda ts, out, indices, indptr, y, x: _total(
        None if ts[2] is None else sparse_sampled(indices, indptr, ts[2], x),
        None if ts[3] is None else sparse_sampled(indices, indptr, y, ts[3]),
    ),
)

__all__ = ["sparse_dot", "sparse_dot_t", "sparse_sampled"]
