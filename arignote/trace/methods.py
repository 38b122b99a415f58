"""Attributes and methods of `ndarray` (and of NumPy's and Python's numbers) on traced values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DTypeError, TraceError, UnsupportedError
from ..fxgraph.affine import size_node, times
from ..fxgraph.constants import lit
from ..fxgraph.node import OPS
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.scalar import product
from . import flattening, reshaping
from .assign import check_writeable, converted, fitted, store
from .contiguous import copied
from .dispatch import array_function
from .indexing import getitem, setitem
from .layout import wrap_like
from .registry import IMPLEMENTED
from .session import session
from .storage import Part, extended
from .ufuncs import apply, value_node
from .values import Array, Proxy, fresh, node_of, wrap
from .where import place, placed

#: Methods that are the NumPy function of this name with the array in front.
_FUNCTIONS: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "sum", "prod", "mean", "std", "var", "min", "max", "argmin", "argmax", "all", "any",
        "cumsum", "cumprod", "ptp", "take", "repeat", "choose", "nonzero", "searchsorted",
        "argsort", "argpartition", "diagonal", "trace", "dot", "swapaxes", "squeeze", "round",
        "clip",
    )
}  # fmt: skip


def _by_function(name: str, function: Any) -> Callable[..., Any]:
    def method(self: Proxy, *args: Any, **kwargs: Any) -> Any:
        return array_function(self, function, (), (self, *args), kwargs)

    method.__name__ = name
    return method


# ---- attributes ----------------------------------------------------------------------------------
def shape(self: Array) -> tuple[Any, ...]:
    return tuple(wrap(size_node(d)) for d in self.sizes)


def set_shape(self: Array, value: Any) -> None:
    """`x.shape = value`: the same memory under other sizes."""
    if session().knowledge.regions:
        raise UnsupportedError(
            f"x.shape is assigned in a traced loop or branch: write x = x.reshape(...), at "
            f"{place()}"
        )
    try:
        new = reshaping.reshape(self, value, copy=False)
    except ValueError as error:
        raise AttributeError(f"incompatible shape for in-place modification: {error}") from None
    self.cell, self.path = new.cell, new.path


def size(self: Array) -> Any:
    return wrap(product([size_node(d) for d in self.sizes]))


def nbytes(self: Array) -> Any:
    return wrap(times(product([size_node(d) for d in self.sizes]), self.node.dtype.itemsize))


def matrix_transposed(self: Array) -> Array:
    rank = len(self.sizes)
    if rank < 2:
        raise ValueError("matrix transpose with ndim < 2 is undefined")
    return reshaping.transpose(self, (*range(rank - 2), rank - 1, rank - 2))


@placed
def real(self: Proxy) -> Any:
    """The real parts: a view of complex arrays, real ones are their own."""
    return self if self.node.dtype.kind != "c" else _part("real", self)


@placed
def imag(self: Proxy) -> Any:
    """The imaginary parts: a view of complex arrays, read-only zeros of real ones."""
    return _part("imag", self)


def _part(name: str, x: Proxy) -> Any:
    if isinstance(x, Array) and x.node.dtype.kind == "c":
        path = extended(x.cell.version.shape, x.path, Part(name, x.sizes))
        return Array(x.cell, path, x.writeable)
    n = OPS[name](x.node)
    if isinstance(x, Array):
        return Array(fresh(n).cell, (), writeable=False)
    return wrap(cast_to(n, n.dtype, True)) if x.node.type.weak else wrap(n)


def set_real(self: Array, value: Any) -> None:
    setitem(real(self), ..., value)


def set_imag(self: Array, value: Any) -> None:
    if self.node.dtype.kind != "c":
        raise TypeError("array does not have imaginary part to set")
    setitem(imag(self), ..., value)


def set_flat(self: Array, value: Any) -> None:
    if not reshaping.is_contiguous(self):
        raise UnsupportedError(
            f"x.flat = of an array that is not contiguous, at {place()}: use x[...]"
        )
    setitem(reshaping.ravel(self), ..., value)


def refused(name: str, remedy: str) -> property:
    """An attribute that compiled code cannot have."""

    def get(self: Proxy) -> Any:
        raise UnsupportedError(
            f"ndarray.{name} is not supported in compiled code, at {place()}: {remedy}"
        )

    return property(get)


# ---- methods -------------------------------------------------------------------------------------
@placed
def copy(self: Proxy, order: str = "C") -> Any:
    """A value of its own; whether bytes move is for the lowering to say."""
    return copied(self, order) if isinstance(self, Array) else self


@placed
def astype(
    self: Proxy,
    dtype: Any,
    order: str = "K",
    casting: str = "unsafe",
    subok: bool = True,
    copy: Any = True,
) -> Any:
    n = self.node
    dtype = checked(dtype)
    if not np.can_cast(n.dtype, dtype, casting):  # type: ignore[arg-type]
        raise TypeError(
            f"Cannot cast array data from {n.dtype!r} to {dtype!r} according to the rule "
            f"'{casting}'"
        )
    if n.dtype == dtype and not copy:
        return self
    out = cast_to(n, dtype)
    if not isinstance(self, Array):
        return wrap(out)
    return wrap_like(out, (self,)) if order in "KA" and out.rank else fresh(out)


def checked(dtype: Any) -> Any:
    """A dtype of numbers.  Raises DTypeError for any other."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc" or dtype.char in "gG":
        raise DTypeError(f"dtype {dtype} is not supported in compiled code, at {place()}")
    return dtype.newbyteorder("=")


@placed
def view(self: Array, dtype: Any = None, type: Any = None) -> Array:
    if (dtype is None or np.dtype(dtype) == self.node.dtype) and type in (None, np.ndarray):
        return Array(self.cell, self.path, self.writeable)
    raise UnsupportedError(
        f"x.view({dtype}) reads the same bytes as another dtype, which is not supported, at "
        f"{place()}: use x.astype({dtype}) for the same values"
    )


@placed
def reshape(self: Array, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    return flattening.reshape(self, shape[0] if len(shape) == 1 else shape, order, copy)


@placed
def ravel(self: Array, order: str = "C") -> Any:
    return flattening.ravel(self, order)


@placed
def flatten(self: Array, order: str = "C") -> Any:
    return flattening.flatten(self, order)


@placed
def transpose(self: Array, *axes: Any) -> Array:
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list)):
        return reshaping.transpose(self, axes[0])
    return reshaping.transpose(self, axes or None)


@placed
def fill(self: Array, value: Any) -> None:
    check_writeable(self)
    store(self, fitted(converted(value_node(value), self.node.dtype), self.sizes))


@placed
def item(self: Array, *args: Any) -> Any:
    """The element as a Python number."""
    if not args:
        n = product([size_node(d) for d in self.sizes])
        if n is not lit(1):
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        args = (0,) * len(self.sizes)
    key = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args
    flat = self if len(key) != 1 or len(self.sizes) == 1 else reshaping.ravel(self)
    return as_python(node_of(getitem(flat, tuple(key))))


def as_python(n: Any) -> Any:
    """A scalar node as a Python number; one of uint64 beyond 64 bits raises OverflowError."""
    if n.dtype == np.dtype("u8"):
        fits = OPS["less_equal"](n, np.uint64(2**63 - 1))
        required(fits, "OverflowError", "Python integer out of bounds for int64")
    kind = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64, "c": np.complex128}[
        n.dtype.kind
    ]
    return wrap(cast_to(n, kind, True))


@placed
def scalar_item(self: Proxy, *at: Any) -> Any:
    """Raises IndexError for a position that is not 0."""
    for i in at[0] if len(at) == 1 and isinstance(at[0], tuple) else at:
        if not isinstance(i, int) or i not in (0, -1):
            raise IndexError(f"index {i} is out of bounds for size 1")
    return as_python(self.node)


@placed
def sort(self: Array, axis: int = -1, kind: Any = None, order: Any = None) -> None:
    check_writeable(self)
    store(self, node_of(_implementation(np.sort)(self, axis=axis)))


@placed
def partition(
    self: Array, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None
) -> None:
    check_writeable(self)
    store(self, node_of(_implementation(np.partition)(self, kth, axis=axis)))


@placed
def put(self: Array, indices: Any, values: Any, mode: str = "raise") -> None:
    _implementation(np.put)(self, indices, values, mode)


@placed
def compress(self: Array, condition: Any, axis: Any = None, out: Any = None) -> Any:
    return _implementation(np.compress)(condition, self, axis=axis, out=out)


@placed
def conjugate(self: Proxy, out: Any = None) -> Any:
    n = self.node
    if n.dtype.kind == "c":
        if n.type.weak:
            return wrap(OPS["conjugate"](n, weak=True))
        return apply(np.conjugate, (self,), out=out)
    return self if isinstance(self, Array) else wrap(n)


def _implementation(function: Any) -> Callable[..., Any]:
    if function not in IMPLEMENTED:
        raise UnsupportedError(f"numpy.{function.__name__} is not supported, at {place()}")
    return IMPLEMENTED[function]


def tolist(self: Array) -> Any:
    raise TraceError(
        f"tolist() makes Python objects out of a traced array, at {place()}: index the array, or "
        f"return it and call tolist() outside"
    )


METHODS: dict[str, Any] = {
    **{name: _by_function(name, f) for name, f in _FUNCTIONS.items()},
    "copy": copy,
    "astype": astype,
    "reshape": reshape,
    "ravel": ravel,
    "flatten": flatten,
    "transpose": transpose,
    "conj": conjugate,
    "conjugate": conjugate,
    "compress": compress,
}
ARRAY_ONLY: dict[str, Any] = {
    "view": view, "fill": fill, "item": item, "sort": sort, "partition": partition, "put": put,
    "tolist": tolist,
}  # fmt: skip
for _name in ("tofile", "tobytes", "dump", "dumps", "byteswap", "resize", "setflags", "getfield"):
    ARRAY_ONLY[_name] = refused(_name, "do it outside the compiled function")
REFUSED: dict[str, str] = {
    "flags": "memory layout is no part of a traced value",
    "strides": "memory layout is no part of a traced value",
    "data": "memory is no part of a traced value",
    "ctypes": "memory is no part of a traced value",
    "base": "memory is no part of a traced value",
    "__array_interface__": "pass the array itself",
    "__array_struct__": "pass the array itself (SciPy's sparse matrices: ag.sparse.from_scipy)",
}
