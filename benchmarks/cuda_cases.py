"""The twelve cases of the GPU benchmark: plain NumPy programs, their data, and what bounds them.

A program is written as a function of the array module, so that NumPy (compiled by us, or as it is),
CuPy and, where nothing is assigned in place, jax.numpy run the same text.  Bounds are bytes that
must move and floating-point operations, of the full size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """program: array module -> function.  data: (random, sizes) -> arguments.

    sizes, tiny: the full size, and one for the emulation.  moved: bytes, flops: operations, of
    sizes.  functional: jax.numpy takes the text.  gradient: "value_and_grad", or the positions of
    arguments to differentiate by; the program gives a number then.
    """

    name: str
    program: Callable[[Any], Callable[..., Any]]
    data: Callable[[np.random.Generator, tuple[int, ...]], Arrays]
    sizes: tuple[int, ...]
    tiny: tuple[int, ...]
    moved: Callable[..., float]
    flops: Callable[..., float] = lambda *sizes: 0.0
    functional: bool = True
    gradient: tuple[int, ...] = ()
    double: bool = False


CASES: list[Case] = []


_DRAWN = 2**20  # numbers; larger arrays repeat them, which takes no minutes


def _repeated(drawn: Any, shape: tuple[int, ...]) -> Any:
    return np.resize(drawn, shape)


def _drawn(shape: tuple[int, ...]) -> int:
    return min(int(np.prod(shape)), _DRAWN - 3)  # no power of two, so that rows differ


def _f4(random: np.random.Generator, *shape: int) -> Any:
    return _repeated(random.standard_normal(_drawn(shape), dtype=np.float32), shape)


def _f8(random: np.random.Generator, *shape: int) -> Any:
    return _repeated(random.standard_normal(_drawn(shape)), shape)


def _add(name: str, data: Any, sizes: Any, tiny: Any, moved: Any, **more: Any) -> Any:
    def add(program: Any) -> Any:
        CASES.append(Case(name, program, data, sizes, tiny, moved, **more))
        return program

    return add


@_add("1 chain of 20", lambda r, s: (_f4(r, *s),), (2**28,), (1000,), lambda n: 8 * n)
def chain(np: Any) -> Any:
    def f(x: Any) -> Any:
        for _ in range(5):
            x = (x * 0.9 + 0.1) * (x - 0.5) + x
        return x

    return f


@_add(
    "2 transposed, broadcast", lambda r, s: (_f4(r, *s), _f4(r, s[1]), _f4(r, s[0])),
    (16384, 16384), (33, 47), lambda n, m: 8 * n * m,
)  # fmt: skip
def transposed(np: Any) -> Any:
    def f(a: Any, r: Any, c: Any) -> Any:
        return np.exp(a.T - r[:, None]) * c

    return f


@_add(
    "3 fused sum", lambda r, s: (_f8(r, s[0]),), (2**27,), (1000,), lambda n: 8 * n,
    double=True,
)  # fmt: skip
def fused_sum(np: Any) -> Any:
    def f(x: Any) -> Any:
        return np.sum(x * x + np.sin(x))

    return f


def _logsumexp(axis: int) -> Any:
    def program(np: Any) -> Any:
        def f(x: Any) -> Any:
            m = x.max(axis=axis, keepdims=True)
            return np.log(np.sum(np.exp(x - m), axis=axis)) + m.reshape(-1)

        return f

    return program


for _axis in (1, 0):
    _add(
        f"4 logsumexp, axis {_axis}", lambda r, s: (_f4(r, *s),), (32768, 4096), (20, 70),
        lambda n, m: 4 * n * m,
    )(_logsumexp(_axis))  # fmt: skip


@_add(
    "5 softmax", lambda r, s: (_f4(r, *s),), (32768, 4096), (20, 70), lambda n, m: 8 * n * m
)
def softmax(np: Any) -> Any:
    def f(x: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    return f


@_add(
    "5 softmax, gradient", lambda r, s: (_f4(r, *s), _f4(r, *s)), (32768, 4096), (20, 70),
    lambda n, m: 12 * n * m, gradient=(0,),
)  # fmt: skip
def softmax_loss(np: Any) -> Any:
    def f(x: Any, g: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return np.sum(e / e.sum(axis=1, keepdims=True) * g)

    return f


@_add(
    "6 logistic regression", lambda r, s: (_f4(r, s[1]), _f4(r, *s), (_f4(r, s[0]) > 0) * 1.0),
    (2**20, 128), (60, 12), lambda n, m: 4 * n * m, gradient=(0,),
)  # fmt: skip
def logistic(np: Any) -> Any:
    def f(w: Any, x: Any, y: Any) -> Any:
        z = x @ w
        return np.mean(np.logaddexp(z * 0, z) - y * z)

    return f


def _options(r: np.random.Generator, s: tuple[int, ...]) -> Arrays:
    n = s[0]
    return tuple(_repeated(r.uniform(low, high, _drawn((n,))), (n,)) for low, high in _RANGES)


_RANGES = ((80, 120), (80, 120), (0.01, 0.05), (0.1, 0.4), (0.2, 2.0))


@_add(
    "7 Black-Scholes and greeks", _options, (2**24,), (500,), lambda n: 72 * n,
    gradient=(0, 1, 2, 3, 4), double=True,
)  # fmt: skip
def black_scholes(np: Any) -> Any:
    def normal(x: Any) -> Any:  # by tanh, which every module has; wrong by 2e-4 at most
        return 0.5 * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))

    def f(spot: Any, strike: Any, rate: Any, sigma: Any, time: Any) -> Any:
        root = sigma * np.sqrt(time)
        d1 = (np.log(spot / strike) + (rate + 0.5 * sigma * sigma) * time) / root
        return np.sum(spot * normal(d1) - strike * np.exp(-rate * time) * normal(d1 - root))

    return f


@_add(
    "8 small call", lambda r, s: (r.standard_normal(s[0]), r.standard_normal(s[0])), (1000,),
    (100,), lambda n: 24 * n, double=True,
)  # fmt: skip
def small(np: Any) -> Any:
    def f(x: Any, y: Any) -> Any:
        return (np.tanh(x * y + 1) - x) * (y - 2 * x) + np.sqrt(x * x + y * y)

    return f


@_add(
    "9 scan, wide", lambda r, s: (_f4(r, *s),), (4096, 65536), (12, 70), lambda t, b: 8 * t * b,
    functional=False,
)  # fmt: skip
def neurons(np: Any) -> Any:
    def f(x: Any) -> Any:
        v, spikes = np.zeros(x.shape[1], x.dtype), np.empty_like(x)
        for t in range(x.shape[0]):
            v = 0.9 * v + x[t]
            spikes[t] = v > 1
            v = v * (v <= 1)
        return spikes

    return f


@_add(
    "10 scan, long", lambda r, s: (_f4(r, s[1]), _f4(r, *s)), (100_000, 1024), (40, 50),
    lambda t, b: 4 * t * b, functional=False,
)  # fmt: skip
def long_scan(np: Any) -> Any:
    def f(a: Any, x: Any) -> Any:
        h = np.zeros(x.shape[1], x.dtype)
        for t in range(x.shape[0]):
            h = np.tanh(a * h + x[t])
        return h

    return f


def _recurrence(np: Any) -> Any:
    def f(w: Any, x: Any) -> Any:
        h = np.zeros(x.shape[1:], x.dtype)
        for t in range(x.shape[0]):
            h = np.tanh(h @ w + x[t])
        return h

    return f


def _recurrent_data(r: np.random.Generator, s: tuple[int, ...]) -> Arrays:
    w = _f4(r, s[-1], s[-1]) / np.float32(np.sqrt(s[-1]))
    return w, _f4(r, *s)


for _name, _sizes, _tiny in (
    ("11 recurrence, batch 1", (1024, 512), (5, 16)),
    ("11 recurrence, batch 64", (1024, 64, 512), (5, 3, 16)),
):
    _add(
        _name, _recurrent_data, _sizes, _tiny, lambda *s: 4.0 * np.prod(s),
        flops=lambda *s: 2.0 * np.prod(s) * s[-1], functional=False,
    )(_recurrence)  # fmt: skip


def _places(r: np.random.Generator, s: tuple[int, ...]) -> Any:
    return r.integers(0, s[1], s[0], dtype=np.int32)


@_add(
    "12 gather, scatter-add",
    lambda r, s: (_f4(r, s[0]), _places(r, s), _f4(r, s[1])),
    (2**26, 2**20), (300, 20), lambda n, m: 8 * n + 8 * m, functional=False,
)  # fmt: skip
def scatter(np: Any) -> Any:
    def f(v: Any, at: Any, table: Any) -> Any:
        out = np.zeros_like(table)
        np.add.at(out, at, v * table[at])
        return out

    return f


BY_NAME = {c.name: c for c in CASES}


def arguments(case: Case, tiny: bool, seed: int = 0) -> Arrays:
    """Host arrays of the case, in its precision."""
    given = case.data(np.random.default_rng(seed), case.tiny if tiny else case.sizes)
    return tuple(_in_precision(a, case) for a in given)


def _in_precision(a: Any, case: Case) -> Any:
    return a.astype(np.float32) if a.dtype == np.float64 and not case.double else a
