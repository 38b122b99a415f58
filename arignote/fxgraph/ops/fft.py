"""Discrete Fourier transforms along one axis; the forms in several axes are compositions.

Transforms are linear: tangents are transformed, and cotangents go through the transposed transform,
which is the transform itself (a cotangent pairs without conjugation).
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..affine import dim, minus, plus, size_node
from ..constants import const, lit
from ..node import Node, Op
from ..types import C128, F64, DType, TensorType
from .elementwise import conjugate, divide, equal, logical_or, multiply, real, remainder, where
from .family import cast_to
from .library import library
from .scalar import least, quotient
from .shaping import concatenate, sliced, spread_axes, zeros
from .structure import iota

Tangents = Sequence[Node | None]
C64: DType = np.dtype("c8")
F32: DType = np.dtype("f4")


def complex_of(d: DType) -> DType:
    return C64 if d.char in "fF" else C128


def real_of(d: DType) -> DType:
    return F32 if d.char in "fF" else F64


# ---- into an array that is there -----------------------------------------------------------------
def _into(name: str, x: Any, out: Any, axis: int) -> None:
    """One of NumPy's kernels without the functions around it, which take longer than a short
    transform."""
    n = (out if name == "irfft" else x).shape[axis]
    if _KERNELS is None or n < 1:
        getattr(np.fft, name)(x, *((n,) if name == "irfft" else ()), axis=axis, out=out)
        return
    kind = real_of(x.dtype)
    scale = np.reciprocal(n, dtype=kind) if name in ("ifft", "irfft") else 1
    if name == "rfft":
        name = "rfft_n_odd" if n % 2 else "rfft_n_even"
    with np.errstate(all="ignore"):
        getattr(_KERNELS, name)(x, scale, axes=[(axis,), (), (axis,)], out=out)


def _kernels() -> Any:
    """NumPy's ufuncs of transforms, if they are where they were in NumPy 2.0 to 2.4."""
    try:
        return importlib.import_module("numpy.fft._pocketfft_umath")
    except ImportError:
        return None


_KERNELS = _kernels()


def _line(n: Node, axis: int) -> Node:
    """Positions along an axis, shaped as n."""
    return spread_axes(iota(n.shape[axis]), n.shape, [k for k in range(n.rank) if k != axis])


def _length(x: Node, axis: int) -> Node:
    return size_node(x.shape[axis])


# ---- complex -------------------------------------------------------------------------------------
def _as_complex(g: Node, x: Node) -> Node:
    return g if x.dtype.kind == "c" else cast_to(real(g), x.dtype)


#: (x complex): sum over k of x[k] * exp(-2 pi i j k / n)
fft: Op = library(
    "fft",
    reference=lambda x, *, axis: np.fft.fft(x, axis=axis),
    into=lambda x, out, *, axis: _into("fft", x, out, axis),
    infer=lambda x, *, axis: TensorType(complex_of(x.dtype), x.shape),
    vjp=lambda g, out, x, *, axis: (_as_complex(fft(g, axis=axis), x),),
    jvp=lambda ts, out, x, *, axis: None if ts[0] is None else fft(ts[0], axis=axis),
)
#: (x complex): the inverse of fft, 1 / n included
ifft: Op = library(
    "ifft",
    reference=lambda x, *, axis: np.fft.ifft(x, axis=axis),
    into=lambda x, out, *, axis: _into("ifft", x, out, axis),
    infer=lambda x, *, axis: TensorType(complex_of(x.dtype), x.shape),
    vjp=lambda g, out, x, *, axis: (_as_complex(ifft(g, axis=axis), x),),
    jvp=lambda ts, out, x, *, axis: None if ts[0] is None else ifft(ts[0], axis=axis),
)


# ---- real ----------------------------------------------------------------------------------------
def _padded(g: Node, axis: int, n: Node) -> Node:
    """g with zeros behind, to length n."""
    rest = minus(n, _length(g, axis))
    if rest is lit(0):
        return g
    tail = zeros(g.dtype, (*g.shape[:axis], dim(rest), *g.shape[axis + 1 :]))
    return concatenate([g, tail], axis)


def _rfft_vjp(g: Node, out: Node, x: Node, *, axis: int) -> tuple[Node]:
    """The full transform of the cotangents, 0 for the frequencies that were left out."""
    return (cast_to(real(fft(_padded(g, axis, _length(x, axis)), axis=axis)), x.dtype),)


def _half_shape(x: Node, axis: int) -> tuple[Any, ...]:
    half = plus(quotient(_length(x, axis), 2), lit(1))
    return (*x.shape[:axis], dim(half), *x.shape[axis + 1 :])


#: (x real): the first n // 2 + 1 frequencies
rfft: Op = library(
    "rfft",
    reference=lambda x, *, axis: np.fft.rfft(x, axis=axis),
    into=lambda x, out, *, axis: _into("rfft", x, out, axis),
    infer=lambda x, *, axis: TensorType(complex_of(x.dtype), _half_shape(x, axis)),
    vjp=_rfft_vjp,
    jvp=lambda ts, out, x, *, axis: None if ts[0] is None else rfft(ts[0], axis=axis),
)


def _weights(g: Node, x: Node, n: Node, axis: int) -> Node:
    """How often each frequency of a half spectrum counts: ends once (for odd n only the first)."""
    at = _line(x, axis)
    middle = quotient(n, 2)
    even = equal(remainder(n, lit(2), weak=True), 0)
    once = logical_or(equal(at, 0), where(even, equal(at, middle), const(False)))
    kind = real_of(x.dtype)
    return where(once, const(1, kind), const(2, kind))


def _irfft_vjp(g: Node, out: Node, x: Node, n: Node, *, axis: int) -> tuple[Node, None]:
    """conj(rfft(g)) / n, each frequency as often as it counts; beyond n // 2 nothing was read."""
    half = conjugate(rfft(g, axis=axis))
    used = plus(quotient(n, 2), lit(1))
    half = _padded(half, axis, _length(x, axis)) if used is not _length(x, axis) else half
    scaled = divide(multiply(half, _weights(g, x, n, axis)), n)
    # imaginary parts of the ends are not read
    at = _line(x, axis)
    even = equal(remainder(n, lit(2), weak=True), 0)
    ends = logical_or(equal(at, 0), where(even, equal(at, quotient(n, 2)), const(False)))
    flat = cast_to(real(scaled), x.dtype)
    return where(ends, flat, cast_to(scaled, x.dtype)), None


#: (x complex, n): the real signal of length n whose half spectrum is x (of length n // 2 + 1)
irfft: Op = library(
    "irfft",
    reference=lambda x, n, *, axis: np.fft.irfft(x, int(n), axis=axis),
    into=lambda x, n, out, *, axis: _into("irfft", x, out, axis),
    infer=lambda x, n, *, axis: TensorType(
        real_of(x.dtype), (*x.shape[:axis], dim(n), *x.shape[axis + 1 :])
    ),
    vjp=_irfft_vjp,
    jvp=lambda ts, out, x, n, *, axis: None if ts[0] is None else irfft(ts[0], n, axis=axis),
)


def fitted(x: Node, axis: int, n: Node) -> Node:
    """x cut, or filled with zeros, to length n along an axis."""
    m = _length(x, axis)
    if m is n:
        return x
    from_front = least(m, n)
    head = sliced(x, axis, 0, dim(from_front))
    return _padded(head, axis, n)
