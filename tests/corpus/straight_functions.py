"""Programs of ufuncs, NumPy functions and methods."""

from __future__ import annotations

import numpy as np

from .arrays import M, V
from .cases import Corpus

CASES = Corpus()
case = CASES.case


# ---- ufuncs, functions, methods ------------------------------------------------------------------
@case(V() / 7)
def ufuncs(a):
    return (
        np.exp(a), np.log(a), np.sin(a), np.cos(a), np.tanh(a), np.sqrt(a), np.abs(-a),
        np.maximum(a, 0.5), np.minimum(a, 0.5), np.log1p(a), np.expm1(a), np.arctan2(a, 2),
        np.hypot(a, 1), np.sign(-a), np.square(a), np.reciprocal(a), np.isnan(a), np.power(a, 3),
    )  # fmt: skip


@case(V(), V(6))
def ufunc_out(a, b):
    c = np.add(a, 1, out=b)
    np.multiply(a, 2, out=a)
    return c


@case(V(), np.array([True, False] * 3))
def ufunc_where(a, m):
    out = np.zeros(6)
    np.add(a, 10, out=out, where=m)
    return out


@case(V(4, np.int64))
def ufunc_dtype(a):
    return np.add(a, 1, dtype=np.float32, casting="unsafe"), np.multiply(a, 2, dtype=float)


@case(V(4, np.int64), V(4))
def ufunc_out_refused(a, b):
    np.add(b, 1.5, out=a)


@case(V(4, np.float32), V(4))
def ufunc_out_same_kind(a, b):
    return np.add(b, 1.5, out=a)


@case(V())
def ufunc_two_results(a):
    q, r = np.divmod(a, 4)
    f, i = np.modf(a / 3)
    return q, r, f, i


@case(V())
def where_and_clip(a):
    return np.where(a > 3, a, -a), np.clip(a, 2, 4), a.clip(2), np.where(a > 3, 1, 0)


@case(M())
def reductions(A):
    return (
        A.sum(), A.sum(axis=0), A.sum(axis=-1, keepdims=True), A.mean(), A.max(axis=1), A.min(),
        A.prod(axis=0), A.std(), A.var(axis=0), A.argmax(), A.argmin(axis=1), (A > 3).any(axis=0),
        (A > 0).all(), np.sum(A, axis=(0, 1)), A.cumsum(axis=1), A.ptp() if False else 0,
    )  # fmt: skip


@case(V(5, np.int32))
def int_reductions(a):
    return a.sum(), a.mean(), a.prod(), a.max(), a.cumsum(), a.std(), np.sum(a, dtype=np.int16)


@case(V(5, np.float32))
def float32_reductions(a):
    return a.sum(), a.mean(), a.max(), a.cumsum(), a.sum(dtype=float), a.var()


@case(V(0))
def empty_maximum(a):
    return a.max()


@case(M())
def shape_methods(A):
    return (
        A.reshape(2, 10), A.reshape((10, 2)), A.reshape(-1, 2), A.transpose(), A.transpose(1, 0),
        A.swapaxes(0, 1), A[:1].squeeze(), A.repeat(2, axis=0), A.astype(np.float32), A.astype(int),
        A.copy(), A.T.copy(),
    )  # fmt: skip


@case(M(), shares=False)
def shape_functions(A):
    return (
        np.concatenate([A, A]), np.stack([A[0], A[1]]), np.vstack([A, A[0]]), np.hstack([A, A]),
        np.flip(A, 0), np.roll(A, 1, axis=1), np.expand_dims(A, 0), np.tile(A, 2),
        np.broadcast_to(A[0], (3, 5)), np.moveaxis(A, 0, 1),
    )  # fmt: skip


@case(M(), words=20)
def reshape_wrong_count(A):
    return A.reshape(3, 3)


@case(M())
def reshape_two_unknown(A):
    return A.reshape(-1, -1)


@case(M(), words=12)
def wrong_axis(A):
    return A.sum(axis=2)


@case(V())
def array_attributes(a):
    return a.ndim, a.dtype, a.itemsize, a.T, a.real, a.shape


@case(V())
def fill_and_item(a):
    a[1:3].fill(9)
    x = a[2:3].item()
    return x, a[0].item(), a.item(1)


@case(np.array([3.0, 1.0, 2.0]))
def sort_in_place(a):
    b = np.sort(a)
    i = a.argsort()
    a.sort()
    return b, i


@case(V())
def creation(a):
    n = a.shape[0]
    return (
        np.zeros(n), np.ones((2, n)), np.full(3, 7.0), np.zeros_like(a), np.ones_like(a, dtype=int),
        np.arange(n), np.arange(1, n), np.eye(n), np.linspace(0, 1, n), len(np.empty_like(a)),
    )  # fmt: skip


@case(V())
def fill_created(a):
    out = np.zeros(a.shape)
    out[1:] = a[:-1]
    out[0] = a[-1]
    out += a
    return out


@case(V())
def arrays_from_lists(a):
    return np.array([a[0], a[1], 3.0]), np.array([[a[0], 1], [2, a[3]]]), np.asarray(a)


@case(V())
def readonly_broadcast(a):
    b = np.broadcast_to(a, (2, 6))
    b[0, 0] = 1


@case(V())
def unhashable(a):
    return hash(a)


@case(V())
def truth_of_array(a):
    return 1 if a else 0


@case(V(0), words=10)
def iterate_zero(a):
    return list(a)
