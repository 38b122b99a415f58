"""What is measured: plain NumPy functions, their data, and how other sides must write them.

Read by the worker processes, some of which have nothing but NumPy and one compiler installed: this
module imports NumPy alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)


@dataclass(frozen=True)
class Program:
    """One function.

    arguments(random, n, dtype) makes data of about n elements.  numexpr: the expression, where
    there is one.  bytes: an element's traffic in items, for those that memory bounds.
    """

    name: str
    group: str
    function: Callable[..., Any]
    arguments: Callable[[np.random.Generator, int, str], tuple[Any, ...]]
    numexpr: str = ""
    items: int = 0
    dtypes: tuple[str, ...] = ("float64", "float32")
    sizes: tuple[int, ...] = SIZES


def _vectors(count: int) -> Callable[[np.random.Generator, int, str], tuple[Any, ...]]:
    def make(random: np.random.Generator, n: int, dtype: str) -> tuple[Any, ...]:
        return tuple(random.uniform(-2, 2, n).astype(dtype) for _ in range(count))

    return make


def _matrix(random: np.random.Generator, n: int, dtype: str) -> tuple[Any, ...]:
    columns = 10 * round(n**0.5 / 10) or 10
    return (random.uniform(-2, 2, (n // columns, columns)).astype(dtype),)


def _pair(random: np.random.Generator, n: int, dtype: str) -> tuple[Any, ...]:
    side = round(n**0.5)
    return tuple(random.uniform(-2, 2, side).astype(dtype) for _ in range(2))


# ---- element by element --------------------------------------------------------------------------
def gated(a, b):
    return np.tanh(a) * b + np.log1p(np.exp(b))


def wavelet(x, y):
    return np.exp(-0.5 * x * x) * np.sin(y)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def entropy(x, y):
    return -np.abs(x) * np.log(np.abs(y) + 1.0)


def hypotenuse(x, y):
    return np.sqrt(x * x + y * y)


def cubic(x, y):
    return ((0.3 * x + 1.5) * x - 2.0) * x + y


# ---- reductions ----------------------------------------------------------------------------------
def total(x):
    return np.sum(x)


def squared_distance(x, y):
    return np.sum((x - y) * (x - y))


def free_energy(x):
    return np.sum(np.log1p(np.exp(x)))


def row_softmax(m):
    e = np.exp(m - np.max(m, axis=1)[:, None])
    return e / np.sum(e, axis=1)[:, None]


def row_norms(m):
    return np.sqrt(np.sum(m * m, axis=1))


def column_sums(m):
    return np.sum(m, axis=0)


# ---- broadcasting --------------------------------------------------------------------------------
def outer_kernel(x, y):
    return np.exp(-np.abs(x[:, None] - y[None, :]))


def pair_sum(x, y):
    return np.sum(np.abs(x[:, None] - y[None, :]), axis=1)


def standardize(m):
    centred = m - np.mean(m, axis=0)
    return centred / np.sqrt(np.mean(centred * centred, axis=0))


# ---- memory --------------------------------------------------------------------------------------
def triad(out, a, b):
    out[:] = a + 3.0 * b


def dot(x, y):
    return np.sum(x * y)


# ---- calls ---------------------------------------------------------------------------------------
def add(x, y):
    return x + y


_BIG = (10**7,)
PROGRAMS = (
    Program("gated", "elementwise", gated, _vectors(2), "tanh(a) * b + log1p(exp(b))"),
    Program("wavelet", "elementwise", wavelet, _vectors(2), "exp(-0.5 * x * x) * sin(y)"),
    Program("logistic", "elementwise", logistic, _vectors(1), "1.0 / (1.0 + exp(-x))"),
    Program("entropy", "elementwise", entropy, _vectors(2), "-abs(x) * log(abs(y) + 1.0)"),
    Program("hypotenuse", "elementwise", hypotenuse, _vectors(2), "sqrt(x * x + y * y)"),
    Program("cubic", "elementwise", cubic, _vectors(2), "((0.3 * x + 1.5) * x - 2.0) * x + y"),
    Program("total", "reductions", total, _vectors(1), "sum(x)"),
    Program("squared_distance", "reductions", squared_distance, _vectors(2),
            "sum((x - y) * (x - y))"),
    Program("free_energy", "reductions", free_energy, _vectors(1), "sum(log1p(exp(x)))"),
    Program("row_softmax", "reductions", row_softmax, _matrix),
    Program("row_norms", "reductions", row_norms, _matrix),
    Program("column_sums", "reductions", column_sums, _matrix),
    Program("outer_kernel", "broadcasting", outer_kernel, _pair),
    Program("pair_sum", "broadcasting", pair_sum, _pair),
    Program("standardize", "broadcasting", standardize, _matrix),
    Program("triad", "bandwidth", triad, _vectors(3), items=3, sizes=_BIG),
    Program("dot", "bandwidth", dot, _vectors(2), "sum(x * y)", items=2, sizes=_BIG),
    Program("sum_of_many", "bandwidth", total, _vectors(1), "sum(x)", items=1, sizes=_BIG),
    Program("add", "call", add, _vectors(2), "x + y", dtypes=("float64",), sizes=(8,)),
)  # fmt: skip

BY_NAME = {program.name: program for program in PROGRAMS}
