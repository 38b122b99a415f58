"""np.fft: lengths, axes and norms here, transforms along one axis as ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DTypeError
from ...fxgraph.affine import dim, minus, plus, size_node, times
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import fft as ops
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.matrices import conj
from ...fxgraph.ops.scalar import quotient
from ...fxgraph.ops.structure import iota
from ...fxgraph.types import F64
from ..registry import hooks, implements
from .arguments import array, axis_of, finish, node, size_of


def inexact(a: Any) -> Node:
    """The signal in float32, float64 or complex: float16 and integers are widened as NumPy does."""
    x = array(a)
    if x.dtype == np.dtype("f2"):
        return cast_to(x, np.dtype("f4"))
    return cast_to(x, F64) if x.dtype.kind in "biu" else x


def length_of(x: Node, n: Any, axis: int, default: Node | None = None) -> Node:
    """`n=`, or the axis as it is.  Raises ValueError for n < 1."""
    if n is None:
        size = size_node(x.shape[axis]) if default is None else default
    else:
        size = size_node(size_of(n, f"Invalid number of FFT data points ({n}) specified."))
    if size is lit(0):
        raise ValueError("Invalid number of FFT data points (0) specified.")
    return size


def scaled(x: Node, n: Node, norm: Any, inverse: bool) -> Node:
    """The ops divide by n backwards only: put in what `norm` asks for."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise ValueError(f'Invalid norm value {norm}; should be "backward","ortho" or "forward".')
    if norm in (None, "backward"):
        return x
    many = cast_to(n, np.dtype(x.dtype.type(0).real.dtype))
    if norm == "ortho":
        root = ew.sqrt(many)
        return ew.multiply(x, root) if inverse else ew.divide(x, root)
    return ew.multiply(x, many) if inverse else ew.divide(x, many)


def _along(x: Node, n: Any, axis: Any, norm: Any, inverse: bool) -> Node:
    """The complex transform along one axis."""
    k = axis_of(axis, x.rank)
    size = length_of(x, n, k)
    x = ops.fitted(cast_to(x, ops.complex_of(x.dtype)), k, size)
    out = ops.ifft(x, axis=k) if inverse else ops.fft(x, axis=k)
    return scaled(out, size, norm, inverse)


def _real_along(x: Node, n: Any, axis: Any, norm: Any) -> Node:
    k = axis_of(axis, x.rank)
    if x.dtype.kind == "c":
        length_of(x, n, k)  # whose errors come first
        raise DTypeError(
            "ufunc 'rfft_n_even' did not contain a loop with signature matching types "
            f"{type(x.dtype)} -> None: the signal must be real"
        )
    size = length_of(x, n, k)
    return scaled(ops.rfft(ops.fitted(x, k, size), axis=k), size, norm, False)


def _half_along(x: Node, n: Any, axis: Any, norm: Any) -> Node:
    k = axis_of(axis, x.rank)
    default = times(minus(size_node(x.shape[k]), lit(1)), 2)
    size = length_of(x, n, k, default)
    x = cast_to(x, ops.complex_of(x.dtype))
    x = ops.fitted(x, k, plus(quotient(size, 2), lit(1)))
    return scaled(ops.irfft(x, size, axis=k), size, norm, True)


# ---- one axis ------------------------------------------------------------------------------------
@implements(np.fft.fft)
def fft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    return finish(_along(inexact(a), n, axis, norm, False), out)


@implements(np.fft.ifft)
def ifft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    return finish(_along(inexact(a), n, axis, norm, True), out)


@implements(np.fft.rfft)
def rfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    return finish(_real_along(inexact(a), n, axis, norm), out)


@implements(np.fft.irfft)
def irfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    made = _half_along(inexact(a), n, axis, norm)
    return finish(cast_to(made, array(a).dtype) if array(a).dtype.char == "e" else made, out)


_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


@implements(np.fft.hfft)
def hfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    return finish(_half_along(conj(inexact(a)), n, axis, _SWAPPED.get(norm, norm)), out)


@implements(np.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    return finish(conj(_real_along(inexact(a), n, axis, _SWAPPED.get(norm, norm))), out)


# ---- several axes --------------------------------------------------------------------------------
def _plan(x: Node, s: Any, axes: Any) -> list[tuple[Any, int]]:
    """(length or None, axis) for each transform."""
    if axes is None:
        axes = list(range(x.rank)) if s is None else list(range(-len(s), 0))
    lengths = [None] * len(axes) if s is None else list(s)
    if len(lengths) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return [
        (None if isinstance(n, int) and n == -1 else n, axis_of(k, x.rank))
        for n, k in zip(lengths, axes, strict=True)
    ]


def _many(x: Node, s: Any, axes: Any, norm: Any, inverse: bool) -> Node:
    for n, k in reversed(_plan(x, s, axes)):
        x = _along(x, n, k, norm, inverse)
    return x


def _real_many(x: Node, s: Any, axes: Any, norm: Any) -> Node:
    plan = _plan(x, s, axes)
    n, k = plan[-1]
    x = _real_along(x, n, k, norm)
    for n, k in plan[-2::-1]:
        x = _along(x, n, k, norm, False)
    return x


def _half_many(x: Node, s: Any, axes: Any, norm: Any) -> Node:
    plan = _plan(x, s, axes)
    for n, k in plan[:-1]:
        x = _along(x, n, k, norm, True)
    n, k = plan[-1]
    return _half_along(x, n, k, norm)


@implements(np.fft.fftn)
def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    return finish(_many(inexact(a), s, axes, norm, False), out)


@implements(np.fft.ifftn)
def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    return finish(_many(inexact(a), s, axes, norm, True), out)


@implements(np.fft.fft2)
def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    return finish(_many(inexact(a), s, axes, norm, False), out)


@implements(np.fft.ifft2)
def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    return finish(_many(inexact(a), s, axes, norm, True), out)


@implements(np.fft.rfftn)
def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    return finish(_real_many(inexact(a), s, axes, norm), out)


@implements(np.fft.rfft2)
def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    return finish(_real_many(inexact(a), s, axes, norm), out)


@implements(np.fft.irfftn)
def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    return finish(_half_many(inexact(a), s, axes, norm), out)


@implements(np.fft.irfft2)
def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    return finish(_half_many(inexact(a), s, axes, norm), out)


# ---- order of frequencies ------------------------------------------------------------------------
def _shifted(x: Any, axes: Any, shift: Callable[[Node], Node]) -> Any:
    n = array(x)
    chosen = (
        range(n.rank) if axes is None else (axes if isinstance(axes, tuple | list) else (axes,))
    )
    if not chosen:
        raise ValueError("not enough values to unpack (expected 2, got 0)")  # np.roll's
    for a in chosen:
        k = axis_of(a, n.rank)
        size = size_node(n.shape[k])
        cut = shift(size)
        head, tail = sh.sliced(n, k, cut, dim(minus(size, cut))), sh.sliced(n, k, 0, dim(cut))
        joined = sh.concatenate([head, tail], k)
        n = sh.sliced(joined, k, 0, n.shape[k])
    return hooks.wrap(n)


@implements(np.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Any:
    return _shifted(x, axes, lambda n: minus(n, quotient(n, 2)))


@implements(np.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Any:
    return _shifted(x, axes, lambda n: quotient(n, 2))


@implements(np.fft.fftfreq)
def fftfreq(n: Any, d: Any = 1.0, device: Any = None) -> Any:
    size = size_of(n)
    many = size_node(size)
    at = iota(size)
    half = quotient(plus(many, lit(1)), 2)
    signed = ew.where(ew.less(at, half), at, ew.subtract(at, many))
    return hooks.wrap(ew.multiply(signed, ew.divide(1.0, ew.multiply(many, node(d)))))


@implements(np.fft.rfftfreq)
def rfftfreq(n: Any, d: Any = 1.0, device: Any = None) -> Any:
    many = size_node(size_of(n))
    at = iota(dim(plus(quotient(many, 2), lit(1))))
    return hooks.wrap(ew.multiply(at, ew.divide(1.0, ew.multiply(many, node(d)))))
