"""Activation functions, elementwise or along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fxgraph.ops import elementwise as ew
from ..fxgraph.ops.family import cast_to
from .operands import arange, as_proxy, network, nodes, wrap


@network
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), which overflows nowhere."""
    return wrap(ew.expit(_inexact(x)))


@network
def hard_sigmoid(x: Any) -> Any:
    """0.2 x + 0.5, cut to 0 and 1."""
    return np.clip(wrap(_inexact(x)) * 0.2 + 0.5, 0, 1)


@network
def ultra_fast_sigmoid(x: Any) -> Any:
    """Theano's approximation of the sigmoid by a quotient and a line, within 0.05 of it."""
    half = wrap(_inexact(x)) * 0.5
    a = np.abs(half)
    line = 0.935409070603099 + 0.0458812946797165 * (a - 1.7)
    z = np.where(a < 1.7, 1.5 * a / (1 + a), np.where(a < 3, line, 0.99505475368673))
    return 0.5 * (np.where(half >= 0, z, -z) + 1)


@network
def softplus(x: Any) -> Any:
    """log(1 + exp(x)), accurate on both sides."""
    return wrap(ew.softplus(_inexact(x)))


@network
def softsign(x: Any) -> Any:
    """x / (1 + |x|)"""
    x = wrap(_inexact(x))
    return x / (1 + np.abs(x))


@network
def relu(x: Any, alpha: Any = 0) -> Any:
    """x where it is positive, alpha * x (an array too) where it is negative."""
    x = as_proxy(x)
    if isinstance(alpha, int | float) and alpha == 0:
        return np.maximum(x, 0)
    return np.where(x > 0, x, alpha * x)


@network
def elu(x: Any, alpha: Any = 1) -> Any:
    """x where it is positive, alpha * (exp(x) - 1) elsewhere."""
    x = wrap(_inexact(x))
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@network
def selu(x: Any) -> Any:
    """Klambauer and others, "Self-normalizing neural networks" (2017)."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


@network
def silu(x: Any) -> Any:
    """x * sigmoid(x)"""
    return wrap(_inexact(x)) * sigmoid(x)


@network
def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the normal distribution's function of x, or its approximation by tanh."""
    n = _inexact(x)
    if not approximate:
        half = ew.multiply(n, 0.5)
        return wrap(ew.multiply(half, ew.erfc(ew.multiply(n, -0.7071067811865476))))
    x = wrap(n)
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


@network
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) over its sum along an axis."""
    x = wrap(_inexact(x))
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@network
def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)), accurate where the softmax underflows."""
    x = wrap(_inexact(x))
    moved = x - np.max(x, axis=axis, keepdims=True)
    return moved - np.log(np.sum(np.exp(moved), axis=axis, keepdims=True))


logsoftmax = log_softmax


@network
def h_softmax(
    x: Any,
    batch_size: Any,
    n_outputs: int,
    n_classes: int,
    n_outputs_per_class: int,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    target: Any = None,
) -> Any:
    """A softmax of two levels: classes of outputs, then outputs of a class (Morin and Bengio 2005).

    x: (batch, features).  W1 (features, classes) and b1 give the class, W2 (classes, features,
    outputs per class) and b2 the output in it.  With target (batch,) the probability of each
    target, (batch,); else those of all outputs, (batch, n_outputs).
    """
    x = as_proxy(x)
    classes = softmax(x @ as_proxy(W1) + as_proxy(b1))
    if target is None:
        inner = np.einsum("bf,cfo->bco", x, as_proxy(W2)) + as_proxy(b2)
        every = softmax(inner) * classes[:, :, None]
        return np.reshape(every, (every.shape[0], -1))[:, :n_outputs]
    target = as_proxy(target)
    which, within = target // n_outputs_per_class, target % n_outputs_per_class
    inner = np.einsum("bf,bfo->bo", x, as_proxy(W2)[which]) + as_proxy(b2)[which]
    rows = arange(x.shape[0])
    return classes[rows, which] * softmax(inner)[rows, within]


def _inexact(x: Any) -> Any:
    (n,) = nodes(x)
    return cast_to(n, np.dtype("f8")) if n.dtype.kind in "biu" else n


__all__ = [
    "elu",
    "gelu",
    "h_softmax",
    "hard_sigmoid",
    "log_softmax",
    "logsoftmax",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "ultra_fast_sigmoid",
]
