"""One function or more for every operation that is not elementwise: what its derivatives are tested
on.  `empty` are arguments without elements, None where the operation refuses them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

import arignote as ag

_rng = np.random.default_rng(5)
V = _rng.uniform(0.3, 2.0, 6)
W = _rng.normal(size=5)
M = _rng.normal(size=(4, 6))
STACK = _rng.normal(size=(2, 4, 4)) + 4 * np.eye(4)
SQUARE = _rng.normal(size=(4, 4)) + 4 * np.eye(4)
TALL = _rng.normal(size=(6, 4))
K = np.array([0, 3, 3, -1])
IMAGE, FILTERS = _rng.normal(size=(1, 2, 5, 6)), _rng.normal(size=(3, 2, 2, 3))
NONE = np.zeros(0)
FLAT = np.zeros((0, 3))
VOID = np.zeros((0, 0))


@dataclass(frozen=True)
class Sample:
    """order: the highest derivative that is compared."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    empty: tuple[Any, ...] | None = None
    order: int = 2


def at(*args: Any, empty: tuple[Any, ...] | None = None, order: int = 2) -> Any:
    """A sample, as a decorator of its function."""
    return lambda function: Sample(function, args, empty, order)


def _written(x: Any, v: Any) -> Any:
    y = np.zeros(x.shape[0]) + x * x
    y[1:4] = v[:3] * x[0]
    return np.tanh(y)


def _added(x: Any, i: Any) -> Any:
    y = x * x
    np.add.at(y, i, np.exp(x[i]))
    return np.tanh(y)


def _put(x: Any, i: Any) -> Any:
    y = x * x
    y[i] = np.exp(x[:4])
    return np.tanh(y)


def _loop(x: Any) -> Any:
    total = 0.0
    for k in range(x.shape[0]):
        total = np.tanh(total) + x[k] * x[k]
    return total


def _branch(x: Any) -> Any:
    y = np.sum(x)
    if y > 0:
        y = np.sin(y) * y
    return y


def _symmetric(a: Any) -> Any:
    return a + np.swapaxes(a, -1, -2)


def _definite(a: Any) -> Any:
    return a @ np.swapaxes(a, -1, -2) + np.eye(4)


def _sparse(data: Any) -> Any:
    return ag.sparse.CSR(data, np.array([1, 0, 3, 2, 3, 5]), np.array([0, 1, 3, 4, 6]), (4, 6))


SAMPLES: dict[str, list[Sample]] = {
    "view": [at(M, empty=(FLAT,))(lambda a: np.tanh(a[::2, ::-1]).T * 2.0)],
    "set_item": [at(V, W)(_written)],
    "gather": [at(V, K, empty=(V, K[:0]))(lambda x, i: np.exp(x[i]))],
    "scatter_add": [at(V, K, empty=(V, K[:0]))(_added)],
    "scatter_set": [at(V, K)(_put)],
    "reshape": [at(M, empty=(FLAT,))(lambda a: np.sin(a.reshape(-1)))],
    "full": [at(np.float64(0.7))(lambda c: np.full(5, c * c) * W)],
    "scan": [at(V, empty=(NONE,))(_loop)],
    "cond": [at(V)(_branch), at(-V)(_branch)],
    "reduce_sum": [
        at(M, empty=(FLAT,))(lambda a: np.sum(a * a, axis=0)),
        at(M)(lambda a: np.tanh(0.1 * np.sum(np.sin(a), axis=(0, 1)))),
    ],
    "reduce_prod": [
        at(M, empty=(FLAT,))(lambda a: np.prod(a, axis=0)),
        at(np.array([2.0, 0.0, 3.0]))(np.prod),
        at(np.array([0.0, 0.0, 3.0]))(np.prod),
    ],
    "reduce_max": [at(M)(lambda a: np.exp(np.max(a, axis=1)))],
    "reduce_min": [at(M)(lambda a: np.exp(np.min(a, axis=0)))],
    "cumulate_sum": [at(M, empty=(FLAT,))(lambda a: np.exp(np.cumsum(a, axis=1)))],
    "cumulate_prod": [
        at(M, empty=(FLAT,))(lambda a: np.cumprod(a, axis=0)),
        at(np.array([2.0, 0.0, 3.0, 4.0]), order=1)(np.cumprod),
    ],
    "cumulate_max": [at(M)(lambda a: np.exp(np.maximum.accumulate(a, axis=1)))],
    "cumulate_min": [at(M)(lambda a: np.exp(np.minimum.accumulate(a, axis=0)))],
    "matmul": [
        at(M, M.T.copy(), empty=(FLAT, FLAT.T.copy()))(lambda a, b: np.sin(a @ b)),
        at(STACK, SQUARE)(lambda a, b: np.sin(a @ b)),
        at(V, V)(lambda a, b: np.sin(a @ b)),
    ],
    "sort": [at(M, empty=(FLAT,))(lambda a: np.exp(np.sort(a, axis=0)))],
    "partition": [at(V)(lambda x: np.exp(np.partition(x, 2)[2:3]))],
    "order_statistics": [
        at(V)(lambda x: np.exp(np.quantile(x, np.array([0.2, 0.7])))),
        at(M)(lambda a: np.exp(np.median(a, axis=0))),
    ],
    "unique_values": [at(V)(lambda x: np.exp(np.unique(x)))],
    "interp": [
        at(np.array([0.1, 0.9, 1.7]), np.arange(4.0), V[:4], empty=(NONE, np.arange(4.0), V[:4]))(
            lambda x, xp, fp: np.exp(np.interp(x, xp, fp))
        )
    ],
    "tally": [at(V[:4], np.array([0, 2, 2, 1]))(lambda w, i: np.exp(np.bincount(i, w)))],
    "convolve": [at(V, W)(lambda a, b: np.exp(0.1 * np.convolve(a, b)))],
    "solve": [
        at(SQUARE, M, empty=(VOID, FLAT))(np.linalg.solve),
        at(STACK, M)(np.linalg.solve),
    ],
    "inv": [at(SQUARE, empty=(VOID,))(np.linalg.inv), at(STACK)(np.linalg.inv)],
    "pinv": [at(TALL)(np.linalg.pinv), at(TALL.T.copy())(np.linalg.pinv)],
    "lstsq": [at(TALL, TALL[:, 0])(lambda a, b: np.linalg.lstsq(a, b)[0])],
    "det": [
        at(SQUARE)(np.linalg.det),
        at(STACK)(np.linalg.det),
    ],
    "slogdet": [at(SQUARE, empty=(VOID,))(lambda a: np.linalg.slogdet(a)[1])],
    "expm": [at(0.3 * SQUARE)(lambda a: scipy.linalg.expm(a))],
    "cholesky": [
        at(SQUARE)(lambda a: np.linalg.cholesky(_definite(a))),
        at(STACK)(lambda a: np.linalg.cholesky(_definite(a))),
    ],
    "cholesky_adjoint": [
        at(SQUARE)(lambda a: ag.grad(lambda b: np.sum(np.linalg.cholesky(_definite(b)) ** 3))(a))
    ],
    "solve_triangular": [
        at(SQUARE, M)(lambda a, b: scipy.linalg.solve_triangular(a, b, lower=True))
    ],
    "lu_factor": [at(SQUARE)(lambda a: scipy.linalg.lu(a)[1:])],
    "qr": [at(SQUARE)(np.linalg.qr), at(TALL)(np.linalg.qr)],
    "svd": [
        at(TALL)(lambda a: np.linalg.svd(a, full_matrices=False)[1]),
        at(TALL)(lambda a: np.abs(np.linalg.svd(a, full_matrices=False)[0])),
    ],
    "svdvals": [at(TALL)(lambda a: np.linalg.svd(a, compute_uv=False))],
    "eigh": [at(SQUARE)(lambda a: np.linalg.eigh(_symmetric(a))[0])],
    "eigvalsh": [at(SQUARE)(lambda a: np.linalg.eigvalsh(_symmetric(a)))],
    "eig": [at(SQUARE)(lambda a: np.abs(np.sum(np.linalg.eig(a)[0] ** 2)))],
    "fft": [at(V)(lambda x: np.abs(np.fft.fft(x)) ** 2)],
    "ifft": [at(V)(lambda x: np.abs(np.fft.ifft(x + 0.5j * x)) ** 2)],
    "rfft": [at(V)(lambda x: np.abs(np.fft.rfft(x)) ** 2)],
    "irfft": [at(V[:4])(lambda x: np.fft.irfft(x * x + 1j * x) ** 2)],
    "linear_recurrence": [at(V)(lambda x: ag.grad(lambda y: np.sum(np.cumprod(y) ** 2))(x))],
    "conv": [at(IMAGE, FILTERS)(ag.nn.conv2d)],
    "conv_input": [
        at(IMAGE[:, :1, :4, :4], FILTERS)(
            lambda g, w: ag.nn.conv2d_grad_wrt_inputs(g, w[:1], (1, 2, 5, 6))
        )
    ],
    "conv_filters": [
        at(IMAGE, FILTERS)(lambda x, w: ag.grad(lambda v: np.sum(ag.nn.conv2d(x, v) ** 3))(w))
    ],
    "pool_max": [at(IMAGE)(lambda x: np.sin(ag.nn.pool_2d(x, 2)))],
    "sparse_dot": [at(V, M.T.copy())(lambda d, x: np.sin(_sparse(d) @ x))],
    "sparse_dot_t": [at(V, M)(lambda d, x: np.sin(_sparse(d).T @ x))],
    "sparse_sampled": [
        at(V, M.T.copy())(lambda d, x: ag.grad(lambda e: np.sum((_sparse(e) @ x) ** 2))(d))
    ],
}
