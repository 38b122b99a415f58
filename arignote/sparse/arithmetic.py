"""Products, sums and elementwise functions of sparse matrices, with Theano's names.

Derivatives go to stored elements only.  Structured functions change stored elements and leave the
others 0, whatever the function of 0 is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..fxgraph.affine import dim, size_node
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.sparse import sparse_dot, sparse_dot_t, sparse_sampled
from ..nn.activations import sigmoid
from ..nn.operands import agree, arange, as_proxy, index, network, zeros
from ..trace.numpy_api.arguments import array, dynamic_size
from ..trace.proxy import wrap
from .matrix import CSC, CSR, check_sparse, transpose
from .places import csc_from_csr, csr_from_csc, from_keys, keys, owners, rows_and_columns


# ---- products ------------------------------------------------------------------------------------
@network
def dot(x: Any, y: Any) -> Any:
    """The product of a sparse matrix and a dense vector or matrix, or of a dense and a sparse one:
    dense; of two sparse matrices: sparse (`true_dot`).

    Raises ShapeError where sizes differ, IndexError for indices out of bounds.
    """
    if isinstance(x, CSR | CSC) and isinstance(y, CSR | CSC):
        return true_dot(x, y)
    if isinstance(x, CSR | CSC):
        return _times_dense(x, as_proxy(y))
    check_sparse(y, "dot")
    x = as_proxy(x)
    return _times_dense(transpose(y), x if x.ndim == 1 else x.T).T


structured_dot = dot


@network
def true_dot(x: Any, y: Any) -> Any:
    """The product of two sparse matrices, by rows: every pair of elements that meet, then sums."""
    a, b = csr_from_csc(check_sparse(x, "true_dot")), csr_from_csc(check_sparse(y, "true_dot"))
    agree(index(a.shape[1]), index(b.shape[0]), "true_dot: columns of x and rows of y")
    starts = as_proxy(b.indptr)
    first, many = starts[as_proxy(a.indices)], np.diff(starts)[as_proxy(a.indices)]
    pair = np.repeat(arange(a.data.shape[0]), many)
    within = arange(pair.shape[0]) - np.repeat(np.cumsum(many) - many, many)
    at = first[pair] + within
    data = as_proxy(a.data)[pair] * as_proxy(b.data)[at]
    place = owners(a)[pair] * b.shape[1] + as_proxy(b.indices)[at]
    return from_keys(CSR, place, data, (a.shape[0], b.shape[1]))


@network
def sampling_dot(x: Any, y: Any, p: Any) -> Any:
    """p * (x @ y.T) at the stored elements of p only."""
    check_sparse(p, "sampling_dot")
    left, right = array(x), array(y)
    left, right = (left, right) if isinstance(p, CSR) else (right, left)
    dtype = np.result_type(left.dtype, right.dtype)
    found = sparse_sampled(_whole(p.indices), _whole(p.indptr), cast_to(left, dtype),
                           cast_to(right, dtype))  # fmt: skip
    return p.with_data(as_proxy(p.data) * wrap(found))


@network
def usmm(alpha: Any, x: Any, y: Any, z: Any) -> Any:
    """alpha * (x @ y) + z"""
    return alpha * dot(x, y) + as_proxy(z)


def _times_dense(x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return _times_dense(x, y[:, None])[:, 0]
    if y.ndim != 2:
        raise ShapeError(f"dot: a sparse matrix times an array of {y.ndim} axes")
    right, data = array(y), array(x.data)
    dtype = np.result_type(right.dtype, data.dtype)
    right, data = cast_to(right, dtype), cast_to(data, dtype)
    agree(index(x.shape[1]), size_node(right.shape[0]), "dot: columns and rows")
    rows = size_node(_size(x.shape[0]))
    places = (data, _whole(x.indices), _whole(x.indptr))
    op = sparse_dot if isinstance(x, CSR) else sparse_dot_t
    return wrap(op(*places, right, rows))


def _size(n: Any) -> Any:
    found = index(n)
    return found if isinstance(dim(found), int) else dynamic_size(found)


def _whole(x: Any) -> Node:
    return cast_to(array(x), np.dtype("i8"))


# ---- sums and products of elements ---------------------------------------------------------------
@network
def add(x: Any, y: Any) -> Any:
    """x + y: sparse for two sparse matrices (in x's format), dense where one is dense."""
    return _added(x, y, 1)


@network
def sub(x: Any, y: Any) -> Any:
    """x - y; formats as in `add`."""
    return _added(x, y, -1)


def _added(x: Any, y: Any, sign: int) -> Any:
    if not isinstance(x, CSR | CSC):
        data = as_proxy(check_sparse(y, "add").data) * sign
        return _onto(as_proxy(x), y, data)
    if not isinstance(y, CSR | CSC):
        return _onto(as_proxy(y) * sign, x, as_proxy(x.data))
    _same_shape(x, y)
    y = _in_format(y, type(x))
    data = np.concatenate([as_proxy(x.data), as_proxy(y.data) * sign])
    return from_keys(type(x), np.concatenate([keys(x), keys(y)]), data, tuple(x.shape))


def _onto(dense: Any, x: Any, data: Any) -> Any:
    rows, columns = rows_and_columns(x)
    out = dense.astype(np.result_type(dense.dtype, data.dtype))
    np.add.at(out, (rows, columns), data)
    return out


@network
def mul(x: Any, y: Any) -> Any:
    """x * y by elements, sparse: a number, a dense matrix, or a second sparse matrix, whose places
    are in order and of which the result keeps those of the first."""
    if not isinstance(x, CSR | CSC):
        x, y = y, x
    data = as_proxy(check_sparse(x, "mul").data)
    if isinstance(y, CSR | CSC):
        _same_shape(x, y)
        return x.with_data(data * _at_places(x, _in_format(y, type(x))))
    y = as_proxy(y)
    if y.ndim == 0:
        return x.with_data(data * y)
    rows, columns = rows_and_columns(x)
    return x.with_data(data * np.broadcast_to(y, tuple(x.shape))[rows, columns])


def _at_places(x: Any, y: Any) -> Any:
    """y's elements where x has some, 0 where y has none."""
    wanted, have = keys(x), keys(y)
    data = np.concatenate([as_proxy(y.data), zeros(1, y.data.dtype)])
    have = np.concatenate([have, zeros(1, np.int64) - 1])
    at = np.searchsorted(have[:-1], wanted)
    return np.where(have[at] == wanted, data[at], 0)


@network
def neg(x: Any) -> Any:
    """-x"""
    return check_sparse(x, "neg").with_data(-as_proxy(x.data))


@network
def sp_sum(x: Any, axis: int | None = None) -> Any:
    """The sum of all elements, or of each column (axis 0) or row (axis 1)."""
    data = as_proxy(check_sparse(x, "sp_sum").data)
    if axis is None:
        return np.sum(data)
    rows, columns = rows_and_columns(x)
    at, size = (columns, x.shape[1]) if axis in (0, -2) else (rows, x.shape[0])
    out = np.zeros_like(data, shape=(size,))
    np.add.at(out, at, data)
    return out


@network
def col_scale(x: Any, s: Any) -> Any:
    """Column j times s[j]."""
    check_sparse(x, "col_scale")
    return x.with_data(as_proxy(x.data) * as_proxy(s)[rows_and_columns(x)[1]])


@network
def row_scale(x: Any, s: Any) -> Any:
    """Row i times s[i]."""
    check_sparse(x, "row_scale")
    return x.with_data(as_proxy(x.data) * as_proxy(s)[rows_and_columns(x)[0]])


@network
def diag(x: Any) -> Any:
    """The diagonal of a square sparse matrix, dense."""
    agree(index(check_sparse(x, "diag").shape[0]), index(x.shape[1]), "diag: rows and columns")
    rows, columns = rows_and_columns(x)
    data = as_proxy(x.data)
    out = np.zeros_like(data, shape=(x.shape[0],))
    np.add.at(out, rows, np.where(rows == columns, data, 0))
    return out


@network
def vstack(blocks: Any) -> Any:
    """Sparse matrices of equal width, one below the other, by rows."""
    parts = [csr_from_csc(check_sparse(b, "vstack")) for b in blocks]
    starts, height, stored = [zeros(1, np.int64)], 0, 0
    for p in parts:
        agree(index(parts[0].shape[1]), index(p.shape[1]), "vstack: widths")
        starts.append(as_proxy(p.indptr)[1:] + stored)
        height, stored = height + p.shape[0], stored + p.data.shape[0]
    data, indices = (np.concatenate([as_proxy(getattr(p, k)) for p in parts])
                     for k in ("data", "indices"))  # fmt: skip
    return CSR(data, indices, np.concatenate(starts), (height, parts[0].shape[1]))


@network
def hstack(blocks: Any) -> Any:
    """Sparse matrices of equal height side by side, by columns."""
    return transpose(vstack([transpose(csc_from_csr(b)) for b in blocks]))


def _same_shape(x: Any, y: Any) -> None:
    for k, what in enumerate(("rows", "columns")):
        agree(index(x.shape[k]), index(y.shape[k]), f"sparse matrices: their {what}")


def _in_format(x: Any, kind: type) -> Any:
    return csr_from_csc(x) if kind is CSR else csc_from_csr(x)


# ---- structured functions ------------------------------------------------------------------------
def _structured(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @network
    def structured(x: Any, *args: Any) -> Any:
        return check_sparse(x, name).with_data(function(as_proxy(x.data), *args))

    structured.__name__ = structured.__qualname__ = f"structured_{name}"
    structured.__doc__ = f"`{name}` of the stored elements; the others stay 0."
    return structured


structured_exp = _structured("exp", np.exp)
structured_log = _structured("log", np.log)
structured_pow = _structured("pow", np.power)
structured_sigmoid = _structured("sigmoid", sigmoid)
structured_add = _structured("add", np.add)
structured_minimum = _structured("minimum", np.minimum)
structured_maximum = _structured("maximum", np.maximum)
structured_abs = _structured("abs", np.abs)
sqr = _structured("sqr", np.square)
sqrt = _structured("sqrt", np.sqrt)
sin = _structured("sin", np.sin)
tan = _structured("tan", np.tan)
arcsin = _structured("arcsin", np.arcsin)
arctan = _structured("arctan", np.arctan)
sinh = _structured("sinh", np.sinh)
arcsinh = _structured("arcsinh", np.arcsinh)
tanh = _structured("tanh", np.tanh)
arctanh = _structured("arctanh", np.arctanh)
expm1 = _structured("expm1", np.expm1)
log1p = _structured("log1p", np.log1p)
deg2rad = _structured("deg2rad", np.deg2rad)
rad2deg = _structured("rad2deg", np.rad2deg)
sgn = _structured("sgn", np.sign)
rint = _structured("rint", np.rint)
floor = _structured("floor", np.floor)
ceil = _structured("ceil", np.ceil)
trunc = _structured("trunc", np.trunc)

__all__ = [
    "add",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "ceil",
    "col_scale",
    "deg2rad",
    "diag",
    "dot",
    "expm1",
    "floor",
    "hstack",
    "log1p",
    "mul",
    "neg",
    "rad2deg",
    "rint",
    "row_scale",
    "sampling_dot",
    "sgn",
    "sin",
    "sinh",
    "sp_sum",
    "sqr",
    "sqrt",
    "structured_abs",
    "structured_add",
    "structured_dot",
    "structured_exp",
    "structured_log",
    "structured_maximum",
    "structured_minimum",
    "structured_pow",
    "structured_sigmoid",
    "sub",
    "tan",
    "tanh",
    "true_dot",
    "trunc",
    "usmm",
    "vstack",
]
