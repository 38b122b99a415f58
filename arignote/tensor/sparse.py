"""`theano.sparse`: symbolic CSR and CSC matrices over `arignote.sparse`.

Values are `ag.sparse` matrices while a function runs; SciPy's go in and come out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import scipy.sparse

from .. import sparse as ours
from ..emit.dispatch import Container
from . import sharing
from .deferred import deferred
from .graph import Apply, Variable
from .types import TensorType
from .variables import as_tensor_variable


class SparseType:
    """The type of a sparse matrix: format ("csr" or "csc") and dtype."""

    ndim = 2
    broadcastable = (False, False)

    def __init__(self, format: str, dtype: Any) -> None:
        if format not in ("csr", "csc"):
            raise ValueError(f"sparse matrices are csr or csc, not {format!r}")
        self.format, self.dtype = format, np.dtype(dtype).name

    def __call__(self, name: str | None = None) -> Any:
        return self.make_variable(name=name)

    def make_variable(
        self, name: str | None = None, owner: Apply | None = None, index: int = 0
    ) -> Variable:
        return SparseVariable(self, owner, index, name)

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """A SciPy matrix as one of ours.  Raises TypeError for another format or dtype."""
        if isinstance(value, ours.CSR | ours.CSC):
            return value
        if not scipy.sparse.issparse(value) or value.format != self.format:
            raise TypeError(f"expected a SciPy matrix of {self}, got {type(value).__name__}")
        if value.dtype.name != self.dtype:
            if not allow_downcast and not np.can_cast(value.dtype, self.dtype):
                raise TypeError(f"expected {self}, got elements of {value.dtype}")
            value = value.astype(self.dtype)
        return ours.from_scipy(value)

    def external(self, value: Any) -> Any:
        """One of our matrices as SciPy's csr_matrix or csc_matrix."""
        found = ours.to_scipy(value)
        matrix = scipy.sparse.csc_matrix if self.format == "csc" else scipy.sparse.csr_matrix
        return matrix(found)

    def pointed(self, value: Any, point: Callable[[Any], Any]) -> Any:
        """The value with stored elements to differentiate with respect to."""
        return value.with_data(point(value.data))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SparseType) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        return f"Sparse[{self.dtype}, {self.format}]"

    __repr__ = __str__


class SparseVariable(Variable):
    """A symbolic sparse matrix."""

    __array_ufunc__ = None
    type: SparseType

    @property
    def dtype(self) -> str:
        return str(self.type.dtype)

    @property
    def format(self) -> str:
        return str(self.type.format)

    @property
    def ndim(self) -> int:
        return 2

    @property
    def T(self) -> Any:
        return transpose(self)

    @property
    def shape(self) -> Any:
        return _shape(self)

    def toarray(self) -> Any:
        """The dense matrix."""
        return dense_from_sparse(self)

    def dot(self, other: Any) -> Any:
        return dot(self, other)

    #: set by `sparse_parts`
    selected: ClassVar[Any] = None

    def __getitem__(self, key: Any) -> Any:
        return type(self).selected(self, key)

    def sum(self, axis: int | None = None) -> Any:
        """The sum of all elements, or along an axis."""
        return sp_sum(self, axis)

    def __arignote_sparse__(self, a: Any, b: Any) -> Any:
        return dot(a, b)

    def __add__(self, other: Any) -> Any:
        return add(self, other)

    def __sub__(self, other: Any) -> Any:
        return sub(self, other)

    def __mul__(self, other: Any) -> Any:
        return mul(self, other)

    def __rmul__(self, other: Any) -> Any:
        return mul(self, other)

    def __neg__(self) -> Any:
        return neg(self)


class SparseSharedVariable(sharing.SharedVariable, SparseVariable):
    """A shared sparse matrix; get_value gives SciPy's."""

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        return self.type.external(self.container.value)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        self.container.value = self.type.filter(new_value)


def _shared(value: Any, name: str | None, borrow: bool) -> Any:
    kind = SparseType(value.format, value.dtype)
    made = SparseSharedVariable(kind, name=name)
    made.container = Container(kind.filter(value))
    return made


sharing.SHARED["scipy"] = _shared


def csr_matrix(name: str | None = None, dtype: Any = None) -> Any:
    """A symbolic matrix in CSR form."""
    return SparseType("csr", TensorType(dtype or "floatX", ()).dtype)(name)


def csc_matrix(name: str | None = None, dtype: Any = None) -> Any:
    """A symbolic matrix in CSC form."""
    return SparseType("csc", TensorType(dtype or "floatX", ()).dtype)(name)


def as_sparse_or_tensor_variable(x: Any, name: str | None = None) -> Any:
    """A sparse or a tensor variable; SciPy matrices become shared variables."""
    if isinstance(x, SparseVariable):
        return x
    return _shared(x, name, False) if scipy.sparse.issparse(x) else as_tensor_variable(x, name)


as_sparse_variable = as_sparse_or_tensor_variable


def _kind(*xs: Any) -> SparseType:
    kept = next(x for x in xs if isinstance(x, SparseVariable))
    return SparseType(kept.format, np.result_type(*[np.dtype(x.dtype) for x in xs]))


def _dense(*xs: Any) -> TensorType:
    return TensorType(np.result_type(*[np.dtype(x.dtype) for x in xs]), (False, False))


def _wrapped(name: str, infer: Callable[..., Any], count: int) -> Callable[..., Any]:
    op = deferred(getattr(ours, name), f"sparse.{name}", infer)

    def symbolic(*args: Any) -> Any:
        return op(*[as_sparse_or_tensor_variable(x) for x in args[:count]], *args[count:])

    symbolic.__name__ = symbolic.__qualname__ = name
    symbolic.__doc__ = f"See `ag.sparse.{name}`."
    return symbolic


def _product(x: Any, y: Any) -> Any:
    if isinstance(x, SparseVariable) and isinstance(y, SparseVariable):
        return _kind(x, y)
    other = y if isinstance(x, SparseVariable) else x
    return TensorType(np.result_type(x.dtype, y.dtype), [False] * other.ndim)


def _sum(x: Any, y: Any) -> Any:
    both = isinstance(x, SparseVariable) and isinstance(y, SparseVariable)
    return _kind(x, y) if both else _dense(x, y)


dot = _wrapped("dot", _product, 2)
structured_dot = _wrapped("structured_dot", _product, 2)
true_dot = _wrapped("true_dot", _kind, 2)
sampling_dot = _wrapped("sampling_dot", _kind, 3)
usmm = _wrapped("usmm", _dense, 4)
add = _wrapped("add", _sum, 2)
sub = _wrapped("sub", _sum, 2)
mul = _wrapped("mul", _kind, 2)
neg = _wrapped("neg", _kind, 1)
col_scale = _wrapped("col_scale", _kind, 2)
row_scale = _wrapped("row_scale", _kind, 2)
diag = _wrapped("diag", lambda x: TensorType(x.dtype, (False,)), 1)
structured_exp = _wrapped("structured_exp", _kind, 1)
structured_log = _wrapped("structured_log", _kind, 1)
structured_sigmoid = _wrapped("structured_sigmoid", _kind, 1)
structured_pow = _wrapped("structured_pow", lambda x, y: _kind(x), 1)
structured_add = structured_add_s_v = _wrapped("structured_add", lambda x, y: _kind(x), 1)
structured_minimum = _wrapped("structured_minimum", lambda x, y: _kind(x), 1)
structured_maximum = _wrapped("structured_maximum", lambda x, y: _kind(x), 1)
clean = _wrapped("clean", _kind, 1)
remove0 = _wrapped("remove0", _kind, 1)
ensure_sorted_indices = _wrapped("ensure_sorted_indices", _kind, 1)
sqr = _wrapped("sqr", _kind, 1)
sqrt = _wrapped("sqrt", _kind, 1)
_turned = deferred(
    ours.transpose, "sparse.transpose",
    lambda x: SparseType("csc" if x.format == "csr" else "csr", x.dtype),
)  # fmt: skip
_total = deferred(
    ours.sp_sum, "sparse.sp_sum",
    lambda x, axis=None: TensorType(x.dtype, () if axis is None else (False,)),
)  # fmt: skip
_shape = deferred(
    lambda x: tuple(x.shape), "sparse.shape", lambda x: TensorType("int64", (False,)), sizes=True
)
_filled = deferred(
    lambda x: ours.dot(x, np.eye(x.shape[1], dtype=x.dtype)), "sparse.dense",
    lambda x: TensorType(x.dtype, (False, False)),
)  # fmt: skip


def transpose(x: Any) -> Any:
    """The transpose, in the other format."""
    return _turned(as_sparse_or_tensor_variable(x))


def sp_sum(x: Any, axis: int | None = None, sparse_grad: bool = False) -> Any:
    """The sum of all elements, or along an axis."""
    return _total(as_sparse_or_tensor_variable(x), axis)


def dense_from_sparse(x: Any) -> Any:
    """The dense matrix."""
    return _filled(as_sparse_or_tensor_variable(x))


def is_sparse(x: Any) -> bool:
    """Is it a sparse variable?"""
    return isinstance(x, SparseVariable)
