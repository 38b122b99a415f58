"""Cross-entropies, one value an example: from probabilities, and from logits without overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from .activations import log_softmax, softplus
from .operands import as_proxy, network


@network
def binary_crossentropy(output: Any, target: Any) -> Any:
    """-(t log p + (1 - t) log(1 - p)) of probabilities p, elementwise."""
    p, t = as_proxy(output), as_proxy(target)
    return -(t * np.log(p) + (1.0 - t) * np.log(1.0 - p))


@network
def sigmoid_binary_crossentropy(output: Any, target: Any) -> Any:
    """binary_crossentropy(sigmoid(output), target), finite for every output."""
    x, t = as_proxy(output), as_proxy(target)
    return softplus(-np.abs(x)) + np.maximum(x, 0) - x * t


@network
def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Any:
    """-sum of t log p over the last axis.

    coding_dist: probabilities (..., classes).  true_dist: of the same rank, the distributions
    themselves; of one rank less, the number of the true class.  Raises ShapeError for others.
    """
    p, t = as_proxy(coding_dist), as_proxy(true_dist)
    if t.ndim == p.ndim:
        return -np.sum(t * np.log(p), axis=-1)
    _check_classes(p, t)
    return -np.log(_picked(p, t))


@network
def softmax_cross_entropy(logits: Any, true_dist: Any) -> Any:
    """categorical_crossentropy(softmax(logits), true_dist), finite for finite logits."""
    x, t = as_proxy(logits), as_proxy(true_dist)
    logs = log_softmax(x)
    if t.ndim == x.ndim:
        return -np.sum(t * logs, axis=-1)
    _check_classes(x, t)
    return -_picked(logs, t)


@network
def crossentropy_categorical_1hot(coding_dist: Any, true_one_hot: Any) -> Any:
    """-log p[i, t[i]] of matrices p and vectors of class numbers t."""
    return categorical_crossentropy(coding_dist, true_one_hot)


@network
def crossentropy_softmax_argmax_1hot_with_bias(x: Any, b: Any, y: Any) -> Any:
    """(cross-entropies, softmax, argmax) of x + b and class numbers y."""
    z = as_proxy(x) + as_proxy(b)
    return softmax_cross_entropy(z, y), np.exp(log_softmax(z)), np.argmax(z, axis=-1)


@network
def confusion_matrix(actual: Any, pred: Any) -> Any:
    """[counts, classes]: how often class j was predicted where class i was true; classes are the
    values that occur, in order."""
    a, p = as_proxy(actual), as_proxy(pred)
    if a.ndim != 1 or p.ndim != 1:
        raise ShapeError("confusion_matrix: actual and predicted classes are vectors")
    order = np.unique(np.concatenate([a, p]))
    ours = (a[:, None] == order).astype(np.int64)
    theirs = (p[:, None] == order).astype(np.int64)
    return [ours.T @ theirs, order]


def _check_classes(p: Any, t: Any) -> None:
    if t.ndim != p.ndim - 1 or t.dtype.kind not in "iu":
        raise ShapeError(
            f"a target of dtype {t.dtype} and rank {t.ndim} for predictions of rank {p.ndim}: give "
            f"distributions of rank {p.ndim} or integer class numbers of rank {p.ndim - 1}"
        )


def _picked(p: Any, t: Any) -> Any:
    return np.take_along_axis(p, t[..., None], axis=-1)[..., 0]


__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "confusion_matrix",
    "crossentropy_categorical_1hot",
    "crossentropy_softmax_argmax_1hot_with_bias",
    "sigmoid_binary_crossentropy",
    "softmax_cross_entropy",
]
