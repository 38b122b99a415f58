"""Batch normalization (Ioffe and Szegedy 2015), with Theano's names and results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from .operands import as_proxy, known, network

Axes = str | int | Sequence[int]


@network
def batch_normalization(
    inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem"
) -> Any:
    """(inputs - mean) * gamma / std + beta; operands broadcast.  `mode` changes nothing here."""
    x, scale = as_proxy(inputs), as_proxy(gamma)
    return (x - as_proxy(mean)) * (scale / as_proxy(std)) + as_proxy(beta)


@network
def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Axes = "per-activation",
    epsilon: Any = 1e-4,
    running_average_factor: Any = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
) -> Any:
    """(result, mean, 1 / std[, new running mean][, new running variance]) of a batch.

    axes: "per-activation" (the first), "spatial" (all but the second), or axis numbers: those that
    the statistics go over.  gamma, beta and running statistics have length 1 there, or lack them.
    The running variance counts one degree of freedom less than the batch has elements.
    """
    x = as_proxy(inputs)
    over = _axes(axes, x.ndim)
    scale, shift = _fitted(gamma, x.ndim, over), _fitted(beta, x.ndim, over)
    mean = np.mean(x, axis=over, keepdims=True)
    var = np.mean((x - mean) ** 2, axis=over, keepdims=True)
    invstd = 1.0 / np.sqrt(var + epsilon)
    out = [(x - mean) * (scale * invstd) + shift, mean, invstd]
    keep = 1.0 - running_average_factor
    if running_mean is not None:
        old = _fitted(running_mean, x.ndim, over)
        out.append(old * keep + mean * running_average_factor)
    if running_var is not None:
        count: Any = 1
        for k in over:
            count = count * x.shape[k]
        old = _fitted(running_var, x.ndim, over)
        out.append(old * keep + var * (count / (count - 1)) * running_average_factor)
    return tuple(v.astype(x.dtype) for v in out)


@network
def batch_normalization_test(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    axes: Axes = "per-activation",
    epsilon: Any = 1e-4,
) -> Any:
    """(inputs - mean) * gamma / sqrt(var + epsilon) + beta, shapes as in
    `batch_normalization_train`."""
    x = as_proxy(inputs)
    over = _axes(axes, x.ndim)
    g, b, m, v = (_fitted(p, x.ndim, over) for p in (gamma, beta, mean, var))
    return (x - m) * (g / np.sqrt(v + epsilon)) + b


def _axes(axes: Axes, rank: int) -> tuple[int, ...]:
    if axes == "per-activation":
        return (0,)
    if axes == "spatial":
        return (0, *range(2, rank))
    if isinstance(axes, str):
        raise ValueError(f"axes {axes!r}: 'per-activation', 'spatial', or axis numbers")
    found = tuple(known(a) for a in axes) if isinstance(axes, Sequence) else (known(axes),)
    if not all(0 <= a < rank for a in found):
        raise ShapeError(f"batch normalization over axes {found} of an array of {rank} axes")
    return found


def _fitted(p: Any, rank: int, over: Sequence[int]) -> Any:
    """A parameter with an axis for each of the input's."""
    p = as_proxy(p)
    if p.ndim == rank - len(over) and p.ndim != rank:
        return np.expand_dims(p, tuple(over))
    if p.ndim not in (0, rank):
        raise ShapeError(
            f"batch normalization: a parameter of {p.ndim} axes for an input of {rank}: it has "
            f"{rank}, or {rank - len(over)} without those that statistics go over"
        )
    return p


__all__ = ["batch_normalization", "batch_normalization_test", "batch_normalization_train"]
