"""Symbolic sparse matrices from their parts and into them, joined, selected and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import sparse as ours
from . import sparse
from .deferred import deferred
from .elementwise import FUNCTIONS
from .evaluate import call, strong
from .sparse import SparseType, SparseVariable, as_sparse_or_tensor_variable
from .types import TensorType
from .variables import as_tensor_variable

_INTS = TensorType("int64", (False,))


# ---- parts ---------------------------------------------------------------------------------------
_properties = deferred(
    lambda x: (x.data, x.indices, x.indptr, strong(tuple(x.shape))),
    "sparse.csm_properties",
    lambda x: (TensorType(x.dtype, (False,)), _INTS, _INTS, _INTS),
)


def csm_properties(csm: Any) -> Any:
    """(data, indices, indptr, shape) of a sparse matrix."""
    return _properties(as_sparse_or_tensor_variable(csm))


def csm_data(csm: Any) -> Any:
    """The stored elements."""
    return csm_properties(csm)[0]


def csm_indices(csm: Any) -> Any:
    """The column (CSR) or row (CSC) of each stored element."""
    return csm_properties(csm)[1]


def csm_indptr(csm: Any) -> Any:
    """Where each row (CSR) or column (CSC) starts."""
    return csm_properties(csm)[2]


def csm_shape(csm: Any) -> Any:
    """The two sizes."""
    return csm_properties(csm)[3]


def _from_parts(format: str, kind: Any) -> Callable[..., Any]:
    op = deferred(
        lambda data, indices, indptr, shape: kind(data, indices, indptr, (shape[0], shape[1])),
        f"sparse.{format.upper()}",
        lambda data, *_: SparseType(format, data.dtype),
        silent=(1, 2, 3),
    )

    def build(data: Any, indices: Any, indptr: Any, shape: Any) -> Any:
        parts = [as_tensor_variable(x) for x in (data, indices, indptr, shape)]
        whole = [x.astype("int64") for x in parts[1:]]
        return op(parts[0], *whole)

    build.__name__ = build.__qualname__ = format.upper()
    build.__doc__ = f"The {format} matrix of data, indices, indptr and shape."
    return build


CSR = _from_parts("csr", ours.CSR)
CSC = _from_parts("csc", ours.CSC)


def CSM(format: str) -> Callable[..., Any]:
    """CSR or CSC."""
    return CSR if format == "csr" else CSC


def _made(name: str, format: str, count: int) -> Callable[..., Any]:
    op = deferred(getattr(ours, name), f"sparse.{name}",
                  lambda x, *_: SparseType(format, x.dtype))  # fmt: skip

    def build(*args: Any) -> Any:
        return op(*[as_tensor_variable(x) for x in args[:count]], *args[count:])

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"See `ag.sparse.{name}`."
    return build


csr_from_dense = _made("csr_from_dense", "csr", 1)
csc_from_dense = _made("csc_from_dense", "csc", 1)
square_diagonal = _made("square_diagonal", "csc", 1)
_placed = deferred(
    lambda x, rows, places: ours.construct_sparse_from_list(
        x.ravel(), np.repeat(places, x.shape[1]), np.tile(call(np.arange, x.shape[1]), x.shape[0]),
        (rows, x.shape[1]),
    ), "sparse.construct_sparse_from_list", lambda x, *_: SparseType("csr", x.dtype), silent=(1, 2),
    sizes=True,
)  # fmt: skip


def construct_sparse_from_list(x: Any, rows: Any, places: Any) -> Any:
    """The matrix of `rows` rows whose row places[k] is the vector x[k]; equal places are added."""
    return _placed(*[as_tensor_variable(v) for v in (x, rows, places)])


# ---- joins ---------------------------------------------------------------------------------------
def _joined(name: str, format: str) -> Callable[..., Any]:
    op = deferred(
        getattr(ours, name), f"sparse.{name}",
        lambda blocks: SparseType(format, np.result_type(*[np.dtype(b.dtype) for b in blocks])),
    )  # fmt: skip
    wanted = format

    def join(blocks: Any, format: str | None = None, dtype: Any = None) -> Any:
        made = op([as_sparse_or_tensor_variable(b) for b in blocks])
        return made if format in (None, wanted) else as_format(made, format)

    join.__name__ = join.__qualname__ = name
    join.__doc__ = f"See `ag.sparse.{name}`; format: of the result."
    return join


vstack = _joined("vstack", "csr")
hstack = _joined("hstack", "csc")
_to_csr = deferred(ours.csr_from_csc, "sparse.csr_from_csc", lambda x: SparseType("csr", x.dtype))
_to_csc = deferred(ours.csc_from_csr, "sparse.csc_from_csr", lambda x: SparseType("csc", x.dtype))


def as_format(x: Any, format: str) -> Any:
    """The same matrix as "csr" or "csc"."""
    return _to_csr(x) if format == "csr" else _to_csc(x)


_cast = deferred(
    lambda x, dtype: x.with_data(x.data.astype(dtype)), "sparse.cast",
    lambda x, dtype: SparseType(x.format, dtype),
)  # fmt: skip


def cast(x: Any, dtype: Any) -> Any:
    """The matrix with elements of another dtype."""
    return _cast(as_sparse_or_tensor_variable(x), np.dtype(dtype).name)


# ---- elements ------------------------------------------------------------------------------------
_rows = deferred(ours.take_rows, "sparse.take_rows", lambda x, k: x.type)
_columns = deferred(ours.take_columns, "sparse.take_columns", lambda x, k: x.type)
_element = deferred(ours.element, "sparse.element", lambda x, i, j: TensorType(x.dtype, ()))


def getitem(x: Any, key: Any) -> Any:
    """x[i, j] (a number), x[rows], x[rows, columns]: slices or lists of numbers, sparse.

    Raises TypeError for other keys.
    """
    x = as_sparse_or_tensor_variable(x)
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) > 2:
        raise TypeError(f"a sparse matrix has two axes, not {len(parts)}")
    single = [not isinstance(p, slice | list | np.ndarray) and as_tensor_variable(p).ndim == 0
              for p in parts]  # fmt: skip
    if all(single) and len(parts) == 2:
        return _element(x, *[as_tensor_variable(p) for p in parts])
    for p, one, take in zip(parts, single, (_rows, _columns), strict=False):
        if one:
            p = as_tensor_variable(p)
            x = take(x, p.dimshuffle("x"))
        elif not (isinstance(p, slice) and p == slice(None)):
            x = take(x, p if isinstance(p, slice) else as_tensor_variable(p))
    return x


SparseVariable.selected = staticmethod(getitem)


# ---- comparisons ---------------------------------------------------------------------------------
def _compared(name: str) -> Callable[..., Any]:
    def compare(x: Any, y: Any) -> Any:
        both = [as_sparse_or_tensor_variable(v) for v in (x, y)]
        sparse_ones = [v for v in both if isinstance(v, SparseVariable)]
        dense = [sparse.dense_from_sparse(v) if isinstance(v, SparseVariable) else v for v in both]
        made = FUNCTIONS[name](*dense)
        if len(sparse_ones) < 2:
            return made
        found = csr_from_dense(made.astype("int8"))
        return as_format(found, sparse_ones[0].format)

    compare.__name__ = compare.__qualname__ = name
    compare.__doc__ = f"{name} by elements: sparse (int8) for two sparse matrices, else dense."
    return compare


eq, neq = _compared("eq"), _compared("neq")
lt, gt, le, ge = _compared("lt"), _compared("gt"), _compared("le"), _compared("ge")


# ---- structured functions ------------------------------------------------------------------------
_STRUCTURED = ("sin tan arcsin arctan sinh arcsinh tanh arctanh expm1 log1p deg2rad rad2deg sgn "
               "rint floor ceil trunc").split()  # fmt: skip


def _structured(name: str) -> Callable[..., Any]:
    op = deferred(getattr(ours, name), f"sparse.{name}", lambda x: x.type)

    def apply(x: Any) -> Any:
        return op(as_sparse_or_tensor_variable(x))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{name} of the stored elements; of 0 it is 0."
    return apply


globals().update({name: _structured(name) for name in _STRUCTURED})


# ---- constructors --------------------------------------------------------------------------------
def matrix(format: str, name: str | None = None, dtype: Any = None) -> Any:
    """A symbolic matrix of this format."""
    return SparseType(format, TensorType(dtype or "floatX", ()).dtype)(name)


def fmatrix(format: str, name: str | None = None) -> Any:
    """A symbolic matrix of float32."""
    return matrix(format, name, "float32")


def dmatrix(format: str, name: str | None = None) -> Any:
    """A symbolic matrix of float64."""
    return matrix(format, name, "float64")
