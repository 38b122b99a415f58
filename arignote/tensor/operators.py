"""Operators, methods and attributes of variables: what Python's syntax means for them."""

from __future__ import annotations

from typing import Any

from . import creation, elementwise, indexing, joining, products, reductions, shaping
from .elementwise import FUNCTIONS as F
from .elementwise import cast
from .variables import TensorConstant, TensorVariable, as_tensor_variable

_BINARY = {
    "add": elementwise.add, "sub": F["sub"], "mul": elementwise.mul, "truediv": F["true_div"],
    "floordiv": F["int_div"], "mod": F["mod"], "pow": F["pow"], "and": F["bitwise_and"],
    "or": F["bitwise_or"], "xor": F["bitwise_xor"], "matmul": products.dot,
}  # fmt: skip
_COMPARED = {"lt": F["lt"], "le": F["le"], "gt": F["gt"], "ge": F["ge"]}


def _set(name: str, value: Any) -> None:
    setattr(TensorVariable, name, value)


def _tried(function: Any, swap: bool) -> Any:
    def operator(self: Any, other: Any) -> Any:
        try:
            return function(other, self) if swap else function(self, other)
        except NotImplementedError:
            return NotImplemented

    return operator


def _one(function: Any) -> Any:
    def operator(self: Any) -> Any:
        return function(self)

    return operator


for _name, _function in _BINARY.items():
    _set(f"__{_name}__", _tried(_function, False))
    _set(f"__r{_name}__", _tried(_function, True))
for _name, _function in _COMPARED.items():
    _set(f"__{_name}__", _tried(_function, False))
_set("__neg__", _one(F["neg"]))
_set("__pos__", lambda self: self)
_set("__abs__", _one(F["abs_"]))
_set("__invert__", _one(F["bitwise_not"]))
_set("__divmod__", lambda self, other: tuple(elementwise.divmod_(self, other)))
_set("__ceil__", _one(F["ceil"]))
_set("__floor__", _one(F["floor"]))
_set("__trunc__", _one(F["trunc"]))
_set("__getitem__", indexing.getitem)


def _iterate(self: Any) -> Any:
    owner = self.owner
    count = shaping.known_length(self) if self.ndim == 1 else None
    if isinstance(self, TensorConstant):
        count = self.data.shape[0] if self.ndim else None
    if count is None or (owner is None and not isinstance(self, TensorConstant)):
        raise TypeError(
            f"{self.type} does not support iteration: its length is known only when the function "
            f"runs. Use scan or map, or x[k] for known k."
        )
    return (self[k] for k in range(count))


_set("__iter__", _iterate)
_set("T", property(shaping.transpose))
_set("shape", property(shaping.shape))
_set("real", property(F["real"]))
_set("imag", property(F["imag"]))


def size_of(x: Any) -> Any:
    if x.ndim == 0:
        return as_tensor_variable(1)
    total = x.shape[0]
    for k in range(1, x.ndim):
        total = total * x.shape[k]
    return total


_set("size", property(_one(size_of)))


def _norm(x: Any, L: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The L-norm over `axis`."""
    if L == 0:
        raise NotImplementedError("norm: L=0 counts elements; use T.neq(x, 0).sum()")
    if float("inf") == L:
        return reductions.max(F["abs_"](x), axis, keepdims=keepdims)
    if L == 2:
        return F["sqrt"](reductions.sum(F["sqr"](x), axis, keepdims=keepdims))
    return reductions.sum(F["abs_"](x) ** L, axis, keepdims=keepdims) ** (1.0 / L)


def _take(x: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    """Elements at positions along an axis."""
    indices = as_tensor_variable(indices)
    if axis is None:
        x, axis = x.flatten(), 0
    if mode == "clip":
        indices = elementwise.clip(indices, 0, x.shape[axis] - 1)
    elif mode == "wrap":
        indices = indices % x.shape[axis]
    key = [slice(None)] * x.ndim
    key[axis] = indices
    return x[tuple(key)]


def _reshape_method(self: Any, shape: Any, *more: Any, ndim: int | None = None) -> Any:
    return shaping.reshape(self, (shape, *more) if more else shape, ndim)


def _transpose_method(self: Any, *axes: Any) -> Any:
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], list | tuple)):
        return shaping.transpose(self, axes[0])
    return shaping.transpose(self, axes or None)


_METHODS: dict[str, Any] = {
    "sum": reductions.sum, "prod": reductions.prod, "mean": reductions.mean,
    "var": reductions.var, "std": reductions.std, "max": reductions.max, "min": reductions.min,
    "argmax": reductions.argmax, "argmin": reductions.argmin, "any": reductions.any,
    "all": reductions.all, "cumsum": reductions.cumsum, "cumprod": reductions.cumprod,
    "ptp": reductions.ptp, "sort": reductions.sort, "argsort": reductions.argsort,
    "reshape": _reshape_method, "dimshuffle": shaping.dimshuffle, "flatten": shaping.flatten,
    "transpose": _transpose_method, "swapaxes": shaping.swapaxes, "squeeze": shaping.squeeze,
    "repeat": joining.repeat, "dot": products.dot, "diagonal": products.diagonal,
    "astype": cast, "cast": cast, "norm": _norm, "take": _take,
    "clip": elementwise.clip,
    "round": elementwise.round, "conj": F["conj"], "conjugate": F["conj"],
    "fill": creation.fill, "zeros_like": creation.zeros_like, "ones_like": creation.ones_like,
    "nonzero": creation.nonzero, "nonzero_values": creation.nonzero_values,
    "choose": creation.choose, "ravel": shaping.flatten,
    "trunc": F["trunc"],
    "set": lambda self, y, **k: indexing.set_subtensor(self, y),
    "inc": lambda self, y, **k: indexing.inc_subtensor(self, y),
    "transfer": lambda self, target: self,
}  # fmt: skip


def _method(function: Any) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


for _name, _function in _METHODS.items():
    _set(_name, _method(_function))


identity = elementwise.elementwise("identity", lambda x: +x, 1)
_set("copy", lambda self, name=None: identity(self))


def scalar_constant(x: Any) -> Any:
    """The value of a constant scalar.  Raises NotScalarConstantError where x is no constant."""
    if isinstance(x, TensorConstant) and x.data.size == 1:
        return x.data.reshape(())
    raise NotScalarConstantError(f"{x} is no constant scalar")


class NotScalarConstantError(ValueError):
    """A number was asked for that is known at run time only."""


_set("get_scalar_constant_value", _one(scalar_constant))
