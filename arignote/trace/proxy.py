"""The proxies with everything NumPy arrays and Python numbers can do; import them from here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..fxgraph.types import Shape
from . import arithmetic, methods, reshaping, truth
from .assign import check_writeable, converted, fitted, store
from .dispatch import array_function
from .indexing import getitem, setitem
from .methods import as_python
from .registry import hooks
from .session import NeedStatic, Session, cells, is_tracing, session, tracing
from .storage import Cell, Path, Reshape, Rolling, extended
from .ufuncs import array_ufunc
from .values import Array, Proxy, Scalar, fresh, is_proxy, node_of, same_place, wrap
from .where import place, placed, user_origin

__all__ = [
    "Array",
    "Cell",
    "NeedStatic",
    "Path",
    "Proxy",
    "Reshape",
    "Scalar",
    "Session",
    "as_python",
    "cells",
    "fresh",
    "is_proxy",
    "is_tracing",
    "node_of",
    "place",
    "placed",
    "same_place",
    "session",
    "tracing",
    "user_origin",
    "wrap",
]


# ---- operators -----------------------------------------------------------------------------------
def _forward(name: str) -> Any:
    return lambda self, other: arithmetic.binary(name, self, other)


def _reflected(name: str) -> Any:
    return lambda self, other: arithmetic.binary(name, other, self)


def _augmented(name: str) -> Any:
    return lambda self, other: arithmetic.in_place(name, self, other)


def _compared(name: str) -> Any:
    return lambda self, other: arithmetic.compare(name, self, other)


def _single(name: str) -> Any:
    return lambda self: arithmetic.unary(name, self)


def _set(cls: type, name: str, value: Any) -> None:
    setattr(cls, name, value)


for _name in arithmetic.UFUNC_OF:
    _set(Proxy, f"__{_name}__", _forward(_name))
    _set(Proxy, f"__r{_name}__", _reflected(_name))
    _set(Array, f"__i{_name}__", _augmented(_name))
for _name in arithmetic.COMPARISONS:
    _set(Proxy, f"__{_name}__", _compared(_name))
for _name in arithmetic.UNARY:
    _set(Proxy, f"__{_name}__", _single(_name))
_set(Proxy, "__pow__", lambda self, other, mod=None: arithmetic.power(self, other, mod))
_set(Proxy, "__divmod__", arithmetic.div_mod)
_set(Proxy, "__rdivmod__", lambda self, other: arithmetic.div_mod(other, self))
_set(Proxy, "__round__", lambda self, digits=None: arithmetic.round_(self, digits))
_set(Scalar, "__hash__", truth.to_hash)


def _unhashable(self: Array) -> int:
    raise TypeError("unhashable type: 'numpy.ndarray'")


_set(Array, "__hash__", _unhashable)


# ---- NumPy's protocols, Python's conversions -----------------------------------------------------
_set(Proxy, "__array_ufunc__", placed(array_ufunc))
_set(Proxy, "__array_function__", array_function)
_set(Proxy, "__array__", truth.to_array)
_set(Proxy, "__bool__", truth.to_bool)
_set(Proxy, "__int__", truth.to_int)
_set(Proxy, "__float__", truth.to_float)
_set(Proxy, "__complex__", truth.to_complex)
_set(Proxy, "__index__", truth.to_index)


# ---- containers ----------------------------------------------------------------------------------
def _iterate(self: Array) -> Iterator[Any]:
    if not self.sizes:
        raise TypeError("iteration over a 0-d array")
    return (getitem(self, k) for k in range(truth.length(self)))


@placed
def _contains(self: Array, value: Any) -> Any:
    return arithmetic.compare("eq", self, value).any()


_set(Array, "__len__", truth.length)
_set(Array, "__iter__", _iterate)
_set(Array, "__contains__", _contains)
_set(Array, "__getitem__", getitem)
_set(Array, "__setitem__", setitem)


def _scalar_getitem(self: Scalar, key: Any) -> Any:
    if self.weak:
        raise TypeError(f"'{python_name(self)}' object is not subscriptable")
    return getitem(fresh(self.node), key)


def python_name(self: Scalar) -> str:
    return {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}[self.node.dtype.kind]


_set(Scalar, "__getitem__", _scalar_getitem)


# ---- attributes and methods ----------------------------------------------------------------------
_set(Proxy, "dtype", property(lambda self: self.node.dtype))
_set(Proxy, "ndim", property(lambda self: self.node.rank))
_set(Proxy, "itemsize", property(lambda self: self.node.dtype.itemsize))
_set(Array, "shape", property(methods.shape, methods.set_shape))
_set(Scalar, "shape", property(lambda self: ()))
_set(Array, "size", property(methods.size))
_set(Scalar, "size", property(lambda self: 1))
_set(Array, "nbytes", property(methods.nbytes))
_set(Scalar, "nbytes", property(lambda self: self.node.dtype.itemsize))
_set(Array, "T", property(reshaping.transpose))
_set(Scalar, "T", property(lambda self: self))
_set(Array, "mT", property(methods.matrix_transposed))
_set(Scalar, "real", property(methods.real))
_set(Scalar, "imag", property(methods.imag))
_set(Array, "real", property(methods.real, methods.set_real))
_set(Array, "imag", property(methods.imag, methods.set_imag))
_set(Array, "flat", property(reshaping.ravel, methods.set_flat))
for _name, _method in methods.METHODS.items():
    _set(Proxy, _name, _method)
for _name, _method in methods.ARRAY_ONLY.items():
    _set(Array, _name, _method)
_set(Scalar, "item", methods.scalar_item)
_set(Scalar, "tolist", methods.scalar_item)
for _name, _remedy in methods.REFUSED.items():
    _set(Array, _name, methods.refused(_name, _remedy))
_set(Scalar, "is_integer", lambda self: arithmetic.compare("eq", self % 1, 0))


# ---- the seam to numpy_api -----------------------------------------------------------------------
def _viewed(x: Any, window: Any) -> Array:
    return (x if isinstance(x, Array) else fresh(node_of(x))).window_view(window)


def _read_only(x: Any, window: Any) -> Array:
    return (x if isinstance(x, Array) else fresh(node_of(x))).window_view(window, writeable=False)


def _rolled(x: Any, axes: tuple[int, ...], shape: Shape) -> Array:
    a = x if isinstance(x, Array) else fresh(node_of(x))
    path = extended(a.cell.version.shape, a.path, Rolling(axes, shape))
    return Array(a.cell, path, writeable=False)


def _assigned(x: Any, value: Any) -> None:
    if not isinstance(x, Array):
        raise TypeError("a number cannot be written: an array of no axes, np.array(x), can")
    check_writeable(x)
    store(x, fitted(converted(node_of(value), x.node.dtype), x.sizes))


hooks.is_proxy = is_proxy
hooks.node_of = node_of
hooks.wrap = wrap
hooks.fresh = fresh
hooks.view = _viewed
hooks.read_only = _read_only
hooks.rolling = _rolled
hooks.reshape = reshaping.reshape
hooks.contiguous = lambda x: not isinstance(x, Array) or reshaping.is_contiguous(x)
hooks.assign = _assigned
hooks.cell = Cell
