"""Programs in Theano's style, written once for both sides: `theano` and `T` are Arignote's or
PyTensor's modules.

Each problem gives inputs, outputs, updates and arguments for a size.  The scans have twins in
`jax_scans`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Built:
    """What `theano.function` is given, and the arguments of a call."""

    inputs: list[Any]
    outputs: list[Any]
    arguments: list[npt.NDArray[Any]]
    updates: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Problem:
    """build(theano, T, n) in a size; `kind`: compile, call, scan or gradient."""

    name: str
    kind: str
    build: Callable[[Any, Any, int], Built]
    size: int
    quick: int


def _numbers(*shape: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(shape)


# ---- compile -------------------------------------------------------------------------------------
def residual(theano: Any, T: Any, layers: int) -> Built:
    """One step of descent of a residual network of `layers` dense layers of 32 units."""
    units = 32
    x, y = T.dmatrix("x"), T.dmatrix("y")
    weights = [
        theano.shared(_numbers(units, units, seed=k) * (0.3 / units**0.5), f"w{k}")
        for k in range(layers)
    ]
    h = x
    for a, b in zip(weights[::2], weights[1::2], strict=True):
        h = h + T.dot(T.tanh(T.dot(h, a)), b)
    cost = T.mean((h - y) ** 2)
    gradients = T.grad(cost, weights)
    updates = [(w, w - 0.01 * g) for w, g in zip(weights, gradients, strict=True)]
    return Built([x, y], [cost], [_numbers(16, units), _numbers(16, units, seed=1)], updates)


def unrolled(theano: Any, T: Any, nodes: int) -> Built:
    """A recurrence of elementwise operations written out: about `nodes` nodes."""
    x, y = T.dvector("x"), T.dvector("y")
    h = x
    for _ in range(nodes // 4):
        h = T.tanh(h * 0.9 + y) - x
    return Built([x, y], [h], [_numbers(8), _numbers(8, seed=1)])


# ---- calls ---------------------------------------------------------------------------------------
def sum_of_two(theano: Any, T: Any, n: int) -> Built:
    """x + y."""
    x, y = T.dvector("x"), T.dvector("y")
    return Built([x, y], [x + y], [_numbers(n), _numbers(n, seed=1)])


def logistic(theano: Any, T: Any, n: int) -> Built:
    """Logistic regression's cost and step, weights shared."""
    x, y = T.dmatrix("x"), T.dvector("y")
    w = theano.shared(_numbers(n), "w")
    p = T.sigmoid(T.dot(x, w)) if hasattr(T, "sigmoid") else T.nnet.sigmoid(T.dot(x, w))
    cost = -T.mean(y * T.log(p) + (1 - y) * T.log(1 - p))
    labels = np.arange(n) % 2 * 1.0
    return Built([x, y], [cost], [_numbers(n, n), labels], [(w, w - 0.1 * T.grad(cost, w))])


# ---- scans ---------------------------------------------------------------------------------------
UNITS = 16


def _scan(theano: Any, step: Any, sequences: Any, initial: Any, others: Any) -> Any:
    found = theano.scan(step, sequences=sequences, outputs_info=initial, non_sequences=others)
    return found[0]


def autoregression(theano: Any, T: Any, n: int) -> tuple[Any, list[Any], list[Any]]:
    """h = 0.9 h + tanh(x[t]), all states kept."""
    x, a = T.dvector("x"), T.dscalar("a")
    start = T.constant(np.float64(0.0))
    h = _scan(theano, lambda x_t, h, a: a * h + T.tanh(x_t), [x], [start], [a])
    return T.sum(h**2) / n, [x, a], [x, a]


def walk(theano: Any, T: Any, n: int) -> tuple[Any, list[Any], list[Any]]:
    """A random walk of 16 coordinates that is kept inside a box, its noise given."""
    noise, scale = T.dmatrix("noise"), T.dvector("scale")
    start = T.constant(np.zeros(UNITS))
    h = _scan(theano, lambda e, h, s: T.clip(h + s * e, -2.0, 2.0), [noise], [start], [scale])
    return T.sum(h**2) / n, [noise, scale], [scale]


def markov(theano: Any, T: Any, n: int) -> tuple[Any, list[Any], list[Any]]:
    """Log likelihood of a hidden Markov chain of 16 states by the scaled forward recursion."""
    likelihood, transition = T.dmatrix("likelihood"), T.dmatrix("transition")

    def step(b: Any, p: Any, total: Any, m: Any) -> Any:
        q = T.dot(p, m) * b
        size = T.sum(q)
        return q / size, total + T.log(size)

    start = [T.constant(np.full(UNITS, 1.0 / UNITS)), T.constant(np.float64(0.0))]
    totals = _scan(theano, step, [likelihood], start, [transition])[1]
    return totals[-1] / n, [likelihood, transition], [transition]


def lstm(theano: Any, T: Any, n: int) -> tuple[Any, list[Any], list[Any]]:
    """An LSTM of 16 units over a sequence of vectors of 16."""
    x, w, u = T.dmatrix("x"), T.dmatrix("w"), T.dmatrix("u")

    def gate(z: Any) -> Any:
        return 1.0 / (1.0 + T.exp(-z))

    def step(x_t: Any, h: Any, c: Any, w: Any, u: Any) -> Any:
        z = T.dot(x_t, w) + T.dot(h, u)
        i, f = gate(z[:UNITS]), gate(z[UNITS : 2 * UNITS])
        o, g = gate(z[2 * UNITS : 3 * UNITS]), T.tanh(z[3 * UNITS :])
        new = f * c + i * g
        return o * T.tanh(new), new

    start = [T.constant(np.zeros(UNITS)), T.constant(np.zeros(UNITS))]
    h = _scan(theano, step, [x], start, [w, u])[0]
    return T.sum(h**2) / n, [x, w, u], [w, u]


def scan_data(name: str, n: int) -> list[npt.NDArray[Any]]:
    """The arguments of a scan, which every side gets."""
    if name == "ar":
        return [_numbers(n), np.array(0.9)]
    if name == "random walk":
        return [_numbers(n, UNITS), np.full(UNITS, 0.1)]
    if name == "hmm":
        matrix = np.abs(_numbers(UNITS, UNITS)) + 0.1
        likelihood = np.exp(-np.abs(_numbers(n, UNITS, seed=1)))
        return [likelihood, matrix / matrix.sum(1, keepdims=True)]
    return [_numbers(n, UNITS), *(_numbers(UNITS, 4 * UNITS, seed=k) * 0.2 for k in (1, 2))]


def _forward(name: str) -> Callable[[Any, Any, int], Built]:
    def build(theano: Any, T: Any, n: int) -> Built:
        out, inputs, _ = SCANS[name][0](theano, T, n)
        return Built(inputs, [out], scan_data(name, n))

    return build


def _gradient(name: str) -> Callable[[Any, Any, int], Built]:
    def build(theano: Any, T: Any, n: int) -> Built:
        out, inputs, wanted = SCANS[name][0](theano, T, n)
        return Built(inputs, [out, *T.grad(out, wanted)], scan_data(name, n))

    return build


SCANS: dict[str, tuple[Callable[[Any, Any, int], Any], int]] = {
    "ar": (autoregression, 1_000_000), "random walk": (walk, 20_000),
    "hmm": (markov, 10_000), "lstm": (lstm, 2_000),
}  # fmt: skip

PROBLEMS: tuple[Problem, ...] = (
    Problem("residual network", "compile", residual, 100, 4),
    Problem("unrolled", "compile", unrolled, 4_000, 40),
    Problem("x + y", "call", sum_of_two, 8, 8),
    Problem("logistic regression", "call", logistic, 8, 8),
    *(Problem(name, "scan", _forward(name), n, 20) for name, (_, n) in SCANS.items()),
    *(Problem(name, "gradient", _gradient(name), n, 20) for name, (_, n) in SCANS.items()),
)
