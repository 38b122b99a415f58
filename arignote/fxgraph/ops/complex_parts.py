"""Magnitude, sign and the parts of complex numbers.

Derivatives of what is not holomorphic follow JAX: the cotangent of conj is its conjugate, that of
real(z) is real, that of imag(z) is -1j times it, and that of |z| is g * conj(z) / |z|.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import DTypeError
from ..node import Node, Op
from ..types import DType
from .arithmetic import complex_dtypes, divide, multiply, negative
from .choice import where
from .compare import equal
from .family import as_node, elementwise
from .trigonometric import arctan2

Tangents = Sequence["Node | None"]


def _first(tangents: Tangents) -> Node:
    (t,) = tangents
    assert t is not None
    return t


def _real_dtype(dtype: DType) -> DType:
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def _part_dtypes(kind: Any) -> tuple[DType, ...]:
    dtype = np.result_type(kind(0) if isinstance(kind, type) else kind)
    return dtype, _real_dtype(dtype)


real: Op = elementwise(
    "real",
    reference=np.real,
    dtypes=_part_dtypes,
    arity=1,
    c={"c": "an_real_{t}({x})", "*": "{x}"},
    numpy=(np.real,),
    vjp=lambda g, out, x: (g,),
    jvp=lambda tangents, out, x: real(_first(tangents)),
)
imag: Op = elementwise(
    "imag",
    reference=np.imag,
    dtypes=_part_dtypes,
    arity=1,
    c={"c": "an_imag_{t}({x})", "*": "0"},
    numpy=(np.imag,),
    vjp=lambda g, out, x: (multiply(g, -1j) if x.dtype.kind == "c" else None,),
    jvp=lambda tangents, out, x: imag(_first(tangents)),
)
conjugate: Op = elementwise(
    "conjugate",
    ufunc=np.conjugate,
    c={"c": "an_conjugate_{t}({x})", "*": "{x}"},
    vjp=lambda g, out, x: (conjugate(g),),
)


def _pair_dtypes(x: Any, y: Any) -> tuple[DType, ...]:
    dtype = np.result_type(np.float32, *(k(0) if isinstance(k, type) else k for k in (x, y)))
    if dtype.kind != "f":
        raise DTypeError(f"make_complex: the parts must be real, not {x} and {y}")
    return dtype, dtype, np.dtype(f"c{2 * dtype.itemsize}")


def _pair(x: Any, y: Any) -> Any:
    out = np.empty(np.broadcast(x, y).shape, np.result_type(x, y, np.complex64))
    out.real, out.imag = x, y
    return out[()]


#: (x, y): x + 1j * y, without the products that make nan of 1j * inf
make_complex: Op = elementwise(
    "make_complex",
    reference=_pair,
    dtypes=_pair_dtypes,
    arity=2,
    c="an_pair_c{wide}({x}, {y})",
    vjp=lambda g, out, x, y: (real(g), negative(imag(g))),
    jvp=lambda tangents, out, x, y: make_complex(*(0.0 if t is None else t for t in tangents)),
)


# ---- magnitude and sign ---------------------------------------------------------------------
def _over(g: Node, size: Node) -> Node:
    """g / size, 0 where size is 0"""
    return where(equal(size, 0), 0, divide(g, where(equal(size, 0), 1, size)))


absolute: Op = elementwise(
    "absolute",
    ufunc=np.absolute,
    c={
        "f": "fabs{f}({x})",
        "i": "{x} < 0 ? -{x} : {x}",
        "c": "hypot{f}(an_real_{t}({x}), an_imag_{t}({x}))",
        "*": "{x}",
    },
    ulp=4,
    vjp=lambda g, out, x: (
        multiply(g, sign(x) if x.dtype.kind == "f" else _over(conjugate(x), out)),
    ),
    jvp=lambda tangents, out, x: (
        multiply(_first(tangents), sign(x))
        if x.dtype.kind == "f"
        else real(multiply(_first(tangents), _over(conjugate(x), out)))
    ),
)
# NumPy's of complex arrays, with its bits; see fused_multiply.
fused_absolute: Op = elementwise(
    "fused_absolute",
    c={"c": "an_fused_absolute_{t}({x})"},
    reference=np.absolute,
    dtypes=lambda x: complex_dtypes(np.absolute, x),
    arity=1,
    ulp=4,
    vjp=lambda g, out, x: (multiply(g, _over(conjugate(x), out)),),
    jvp=lambda tangents, out, x: real(multiply(_first(tangents), _over(conjugate(x), out))),
)
fabs: Op = elementwise(
    "fabs",
    ufunc=np.fabs,
    c="fabs{f}({x})",
    vjp=lambda g, out, x: (multiply(g, sign(x)),),
)
sign: Op = elementwise(
    "sign",
    ufunc=np.sign,
    c={
        "f": "{x} != {x} ? {x} : ({T})(({x} > 0) - ({x} < 0))",
        "i": "({x} > 0) - ({x} < 0)",
        "c": "an_sign_{t}({x})",
        "*": "{x} > 0",
    },
    ulp=4,
    vjp=lambda g, out, x: (None if x.dtype.kind == "f" else _sign_part(g, out, x),),
    jvp=lambda tangents, out, x: (
        None if x.dtype.kind == "f" else _sign_part(_first(tangents), out, x, forward=True)
    ),
)


def _sign_part(g: Node, out: Node, z: Node, forward: bool = False) -> Node:
    """d(z / |z|) = 1j * out * imag(dz * conj(out)) / |z|, and its transpose"""
    size = absolute(z)
    if forward:
        turned = imag(multiply(g, conjugate(out)))
        return _over(multiply(multiply(out, 1j), turned), size)
    turned = real(multiply(multiply(g, out), 1j))
    return _over(multiply(multiply(conjugate(out), -1j), turned), size)


def angle(z: Any) -> Node:
    """np.angle in radians."""
    n = as_node(z)
    return arctan2(imag(n), real(n))
