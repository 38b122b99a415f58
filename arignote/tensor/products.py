"""Products: dot, tensordot, outer, batched products."""

from __future__ import annotations

from typing import Any

import numpy as np

from .deferred import deferred
from .evaluate import call
from .shaping import dimshuffle
from .types import TensorType
from .variables import as_tensor_variable


def _dtype(*xs: Any) -> Any:
    return np.result_type(*[np.dtype(x.dtype) for x in xs])


def _dot_type(a: Any, b: Any) -> TensorType:
    flags: list[bool] = [*a.broadcastable[:-1]]
    flags += [*b.broadcastable[:-2], *b.broadcastable[-1:]] if b.ndim > 1 else []
    return TensorType(_dtype(a, b), flags)


_dot = deferred(np.dot, "dot", _dot_type)
_matmul = deferred(
    np.matmul, "matmul",
    lambda a, b: TensorType(
        _dtype(a, b),
        [False] * (max(a.ndim, b.ndim) - (a.ndim == 1) - (b.ndim == 1)),
    ),
)  # fmt: skip


def dot(a: Any, b: Any) -> Any:
    """The product of NumPy's `dot`: over the last axis of a and the last but one of b."""
    if hasattr(a, "__arignote_sparse__") or hasattr(b, "__arignote_sparse__"):
        return (a if hasattr(a, "__arignote_sparse__") else b).__arignote_sparse__(a, b)
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return _dot(a, b)


def matmul(a: Any, b: Any) -> Any:
    """NumPy's `matmul`."""
    return _matmul(as_tensor_variable(a), as_tensor_variable(b))


def outer(x: Any, y: Any) -> Any:
    """The matrix of all products of elements of two vectors."""
    x, y = as_tensor_variable(x).flatten(), as_tensor_variable(y).flatten()
    return dimshuffle(x, 0, "x") * dimshuffle(y, "x", 0)


def _tensordot_type(a: Any, b: Any, axes: Any) -> TensorType:
    used = axes if isinstance(axes, int) else len(axes[0])
    return TensorType(_dtype(a, b), [False] * (a.ndim + b.ndim - 2 * used))


_tensordot = deferred(lambda a, b, axes: call(np.tensordot, a, b, axes), "tensordot",
                      _tensordot_type)  # fmt: skip


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sums of products over several axes, as NumPy's."""
    if not isinstance(axes, int):
        axes = tuple(tuple(np.atleast_1d(x).tolist()) for x in axes)
    return _tensordot(as_tensor_variable(a), as_tensor_variable(b), axes)


def batched_dot(a: Any, b: Any) -> Any:
    """dot(a[k], b[k]) for each k."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.ndim == 0 or b.ndim == 0:
        raise TypeError("batched_dot: both operands need a batch axis")
    if a.ndim <= 3 and b.ndim <= 3:
        left = a.dimshuffle(0, "x", 1) if a.ndim == 2 else a
        right = b.dimshuffle(0, 1, "x") if b.ndim == 2 else b
        if a.ndim == 1 or b.ndim == 1:
            n, m = max(a.ndim, 1), max(b.ndim, 1)
            return a.dimshuffle(*range(n), *["x"] * (m - 1)) * b.dimshuffle(
                0, *["x"] * (n - 1), *range(1, m)
            )
        out = matmul(left, right)
        drop = [1] * (a.ndim == 2) + [2] * (b.ndim == 2)
        return out.dimshuffle(*[k for k in range(3) if k not in drop]) if drop else out
    return batched_tensordot(a, b, ((a.ndim - 1,), (max(b.ndim - 2, 1),)))


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """tensordot(x[k], y[k]) for each k; axes count the batch axis."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if isinstance(axes, int):
        ax = (tuple(range(x.ndim - axes, x.ndim)), tuple(range(1, axes + 1)))
    else:
        ax = tuple(tuple(np.atleast_1d(a).tolist()) for a in axes)  # type: ignore[assignment]
    return _batched(x, y, ax)


def _batched_run(x: Any, y: Any, axes: Any) -> Any:
    letters = "abcdefghijklmnopqrstuvwxyz"
    left = list(letters[: x.ndim])
    right = list(letters[x.ndim : x.ndim + y.ndim])
    right[0] = left[0]
    for i, j in zip(*axes, strict=True):
        right[j] = left[i]
    gone = {left[i] for i in axes[0]}
    out = [c for c in left if c not in gone] + [c for c in right[1:] if c not in gone]
    return call(np.einsum, f"{''.join(left)},{''.join(right)}->{''.join(out)}", x, y)


_batched = deferred(
    _batched_run, "batched_tensordot",
    lambda x, y, axes: TensorType(
        _dtype(x, y), [False] * (x.ndim + y.ndim - 1 - 2 * len(axes[0]))
    ),
)  # fmt: skip
_einsum = deferred(lambda text, *xs: call(np.einsum, text, *xs), "einsum")


def einsum(subscripts: str, *operands: Any) -> Any:
    """NumPy's `einsum`."""
    return _einsum(subscripts, *[as_tensor_variable(x) for x in operands])


_diagonal = deferred(
    lambda x, offset, a, b: call(np.copy, call(np.diagonal, x, offset, a, b)), "ExtractDiag",
    lambda x, offset, a, b: TensorType(x.dtype, [False] * (x.ndim - 1)),
)  # fmt: skip
_diag = deferred(
    lambda x, k: call(np.diag, x, k), "AllocDiag",
    lambda x, k: TensorType(x.dtype, (False, False)),
)  # fmt: skip


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """A diagonal of two axes."""
    return _diagonal(as_tensor_variable(a), offset, axis1, axis2)


def diag(v: Any, k: int = 0) -> Any:
    """The matrix with this diagonal, or the diagonal of a matrix."""
    v = as_tensor_variable(v)
    if v.ndim == 1:
        return _diag(v, k)
    if v.ndim == 2:
        return diagonal(v, k)
    raise ValueError(f"diag: a vector or a matrix is needed, not {v.type}")
