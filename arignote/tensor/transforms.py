"""`T.fft`: real Fourier transforms of batches, real and imaginary parts along a last axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from .deferred import deferred
from .evaluate import call
from .types import TensorType
from .variables import TensorConstant, as_tensor_variable

_NORMS = {None: "backward", "ortho": "ortho", "no_norm": "none"}


def _forward(x: Any, norm: str) -> Any:
    axes = tuple(range(1, x.ndim))
    made = call(np.fft.rfftn, x, axes=axes, norm="ortho" if norm == "ortho" else None)
    return call(np.stack, [made.real, made.imag], axis=-1).astype(x.dtype)


def _backward(x: Any, norm: str, odd: bool) -> Any:
    z = x[..., 0] + 1j * x[..., 1]
    axes = tuple(range(1, z.ndim))
    last = 2 * (z.shape[-1] - 1) + odd
    sizes = (*z.shape[1:-1], last)
    made = call(np.fft.irfftn, z, s=sizes, axes=axes, norm="ortho" if norm == "ortho" else None)
    if norm == "none":
        for d in sizes:
            made = made * d
    return made.astype(x.dtype)


_rfft = deferred(_forward, "RFFT", lambda x, norm: TensorType(x.dtype, (*[False] * x.ndim, False)))
_irfft = deferred(
    _backward, "IRFFT", lambda x, norm, odd: TensorType(x.dtype, [False] * (x.ndim - 1))
)


def rfft(inp: Any, norm: str | None = None) -> Any:
    """The real transform over all axes but the first.  norm: None, "ortho" or "no_norm"."""
    if norm not in _NORMS:
        raise ValueError(f"rfft: norm {norm!r} is none of None, 'ortho', 'no_norm'")
    return _rfft(as_tensor_variable(inp), _NORMS[norm])


def irfft(inp: Any, norm: str | None = None, is_odd: Any = False) -> Any:
    """The inverse of `rfft`; is_odd: the last size of the result is odd."""
    if norm not in _NORMS:
        raise ValueError(f"irfft: norm {norm!r} is none of None, 'ortho', 'no_norm'")
    odd = bool(is_odd.data) if isinstance(is_odd, TensorConstant) else bool(is_odd)
    return _irfft(as_tensor_variable(inp), _NORMS[norm], odd)
