"""What is measured: data by size, and by which arguments the gradient is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Random = np.random.Generator


@dataclass(frozen=True)
class Problem:
    """arguments(random, n): arrays and numbers; the first `wrt` of them are differentiated.

    sizes: of the full run, the first is the quick one's.  what: what n counts.
    """

    name: str
    what: str
    arguments: Callable[[Random, int], tuple[Any, ...]]
    wrt: int
    sizes: tuple[int, ...]


def _mixture(g: Random, n: int) -> tuple[Any, ...]:
    k, d = 5, 8
    return (
        g.normal(size=k), g.normal(size=(k, d)), 0.3 * g.normal(size=(k, d)),
        0.3 * g.normal(size=(k, d, d)), g.normal(size=(n, d)),
    )  # fmt: skip


def _bundle(g: Random, n: int) -> tuple[Any, ...]:
    cameras, points = 20, max(50, n // 4)
    c = 0.1 * g.normal(size=(cameras, 9))
    c[:, 5] -= 6.0
    c[:, 6] += 3.0
    return (
        c, g.uniform(-1, 1, (points, 3)), g.integers(0, cameras, n), g.integers(0, points, n),
        g.normal(size=(n, 2)),
    )  # fmt: skip


def _lstm(g: Random, n: int) -> tuple[Any, ...]:
    h, d = 64, 32
    return (
        0.1 * g.normal(size=(4 * h, d)), 0.1 * g.normal(size=(4 * h, h)), np.zeros(4 * h),
        g.normal(size=(n, d)), g.normal(size=(n, h)),
    )  # fmt: skip


def _chain(g: Random, n: int) -> tuple[Any, ...]:
    return (
        0.3 * g.normal(size=(n, 3)), 0.2 * g.normal(size=(n, 3)),
        0.1 * g.normal(size=(n, 20, 3)), g.normal(size=(n, 20, 3)),
    )  # fmt: skip


def _bodies(g: Random, n: int) -> tuple[Any, ...]:
    return g.normal(size=(n, 3)), g.uniform(0.5, 1.0, n)


def _heat(g: Random, n: int) -> tuple[Any, ...]:
    return g.normal(size=1000), 0.2, g.normal(size=1000), n


def _hidden(g: Random, n: int) -> tuple[Any, ...]:
    states, letters = 32, 16
    moves = g.dirichlet(np.ones(states), states)
    emits = g.dirichlet(np.ones(letters), states)
    return moves, emits, g.dirichlet(np.ones(states)), g.integers(0, letters, n)


def _kalman(g: Random, n: int) -> tuple[Any, ...]:
    d, m = 6, 3
    return (
        0.9 * np.eye(d) + 0.05 * g.normal(size=(d, d)), g.normal(size=(m, d)), 0.1 * np.eye(d),
        0.5 * np.eye(m), g.normal(size=(n, m)),
    )  # fmt: skip


def _hunters(g: Random, n: int) -> tuple[Any, ...]:
    return np.array([1.1, 0.4, 0.1, 0.4]), np.array([10.0, 5.0]), float(n)


PROBLEMS = (
    Problem("mixture", "points", _mixture, 4, (1000, 10_000, 100_000)),
    Problem("bundle", "observations", _bundle, 2, (1000, 10_000, 100_000)),
    Problem("lstm", "steps", _lstm, 3, (100, 1000)),
    Problem("chain", "bones", _chain, 2, (20, 200, 2000)),
    Problem("bodies", "bodies", _bodies, 2, (100, 500, 2000)),
    Problem("heat", "steps in place", _heat, 1, (1000, 10_000)),
    Problem("hidden", "steps", _hidden, 3, (100, 1000, 10_000)),
    Problem("kalman", "steps", _kalman, 4, (100, 1000, 10_000)),
    Problem("hunters", "end of time", _hunters, 2, (10, 100)),
)
BY_NAME = {p.name: p for p in PROBLEMS}
