"""Special functions that SciPy computes, one library call each; derivatives by the last operand."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as scipy_special

from .. import extend
from .deferred import deferred
from .elementwise import FUNCTIONS as ELEMENTWISE
from .types import TensorType
from .variables import as_tensor_variable

_ROOT = 2 / np.sqrt(np.pi)


def _chi2sf(x: Any, k: Any) -> Any:
    return scipy_special.gammaincc(k / 2.0, x / 2.0)


def _upper(k: Any, x: Any) -> Any:
    return scipy_special.gammaincc(k, x) * scipy_special.gamma(k)


def _lower(k: Any, x: Any) -> Any:
    return scipy_special.gammainc(k, x) * scipy_special.gamma(k)


def _density(k: Any, x: Any) -> Any:
    """x ** (k - 1) * exp(-x) / gamma(k), the derivative of gammainc(k, x)."""
    return np.exp(-x + (k - 1) * np.log(x)) / OPS["gamma"](k)


#: name -> (function, number of operands, derivative by the last, from (out, *operands), or None)
_TABLE: dict[str, tuple[Callable[..., Any], int, Callable[..., Any] | None]] = {
    "erfcx": (scipy_special.erfcx, 1, lambda out, x: 2 * x * out - _ROOT),
    "erfcinv": (scipy_special.erfcinv, 1, lambda out, x: -np.exp(out * out) / _ROOT),
    "gamma": (scipy_special.gamma, 1, lambda out, x: out * OPS["digamma"](x)),
    "digamma": (scipy_special.digamma, 1, None),
    "gammainc": (scipy_special.gammainc, 2, lambda out, k, x: _density(k, x)),
    "gammaincc": (scipy_special.gammaincc, 2, lambda out, k, x: -_density(k, x)),
    "gammau": (_upper, 2, lambda out, k, x: -np.exp(-x + (k - 1) * np.log(x))),
    "gammal": (_lower, 2, lambda out, k, x: np.exp(-x + (k - 1) * np.log(x))),
    "chi2sf": (_chi2sf, 2, None),
    "j0": (scipy_special.j0, 1, lambda out, x: -OPS["j1"](x)),
    "j1": (scipy_special.j1, 1, lambda out, x: (OPS["j0"](x) - OPS["jv"](2.0 + 0 * x, x)) / 2),
    "jv": (scipy_special.jv, 2,
           lambda out, v, x: (OPS["jv"](v - 1, x) - OPS["jv"](v + 1, x)) / 2),
    "iv": (scipy_special.iv, 2,
           lambda out, v, x: (OPS["iv"](v - 1, x) + OPS["iv"](v + 1, x)) / 2),
}  # fmt: skip
#: the functions on arrays and traced values
OPS: dict[str, Any] = {}


def _reduced(g: Any, like: Any) -> Any:
    """A cotangent summed over the axes along which the operand was repeated."""
    while g.ndim > like.ndim:
        g = g.sum(axis=0)
    for axis in range(like.ndim):
        if isinstance(like.shape[axis], int) and like.shape[axis] == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def _array_op(name: str) -> Any:
    function, arity, slope = _TABLE[name]

    def meaning(*values: Any) -> Any:
        found = function(*[np.asarray(v, _float(v)) for v in values])
        return np.asarray(found, np.result_type(*[_float(v) for v in values]))

    def backward(g: Any, out: Any, *operands: Any) -> Any:
        assert slope is not None
        last = _reduced(g * slope(out, *operands), operands[-1])
        return (*(None,) * (arity - 1), last)

    backward.__arignote_traced__ = True  # type: ignore[attr-defined]
    names = [inspect.Parameter(f"x{k}", inspect.Parameter.POSITIONAL_ONLY) for k in range(arity)]
    meaning.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
    meaning.__name__ = meaning.__qualname__ = f"scipy_{name}"
    return extend.op(
        meaning,
        shape=_broadcast,
        dtype=lambda *dtypes: np.result_type(*[_of(d) for d in dtypes]),
        vjp=backward if slope is not None else None,
        name=f"special_{name}",
    )


def _broadcast(*shapes: Any) -> Any:
    """NumPy's rule on sizes, of which some are known when tracing: what is not 1."""
    out: list[Any] = [1] * max(map(len, shapes))
    for s in shapes:
        for k, d in enumerate(reversed(s)):
            if not (isinstance(d, int) and d == 1):
                out[-1 - k] = d
    return tuple(out)


def _float(x: Any) -> Any:
    return _of(np.asarray(x).dtype)


def _of(dtype: Any) -> Any:
    d = np.dtype(dtype)
    if d.kind == "f":
        return d
    return np.dtype("float32") if d.itemsize <= 2 else np.dtype("float64")


def _symbolic(name: str) -> Callable[..., Any]:
    arity, slope = _TABLE[name][1:]
    op = deferred(OPS[name], f"special.{name}", _kind,
                  silent=range(arity - 1 if slope is not None else arity))  # fmt: skip

    def apply(*args: Any) -> Any:
        return op(*[as_tensor_variable(x) for x in args])

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"`scipy.special`'s {name}, elementwise; broadcasts."
    apply.op = op.op  # type: ignore[attr-defined]
    return apply


def _kind(*xs: Any) -> TensorType:
    flags = [True] * max(x.ndim for x in xs)
    for x in xs:
        for k, b in enumerate(reversed(x.broadcastable)):
            flags[-1 - k] = flags[-1 - k] and b
    return TensorType(np.result_type(*[_of(x.dtype) for x in xs]), flags)


OPS.update({name: _array_op(name) for name in _TABLE})
FUNCTIONS = {name: _symbolic(name) for name in _TABLE if name != "digamma"}


# ---- complex numbers -----------------------------------------------------------------------------
def complex(real: Any, imag: Any) -> Any:
    """real + 1j * imag"""
    x, y = as_tensor_variable(real), as_tensor_variable(imag)
    single = np.result_type(x.dtype, y.dtype) == np.float32
    return x + y * as_tensor_variable(np.complex64(1j) if single else np.complex128(1j))


def complex_from_polar(abs: Any, angle: Any) -> Any:
    """abs * (cos(angle) + 1j * sin(angle))"""
    r, a = as_tensor_variable(abs), as_tensor_variable(angle)
    return complex(r * ELEMENTWISE["cos"](a), r * ELEMENTWISE["sin"](a))
