"""Zeros of matrices whose rows a loop writes in part, next to what else the row gets."""

import numpy as np
import pytest

import arignote as ag
from arignote.optimize.loopnest import row_fills as subject
from arignote.optimize.loopnest.program import Alloc, walk

from .scheduling import check

N = 6


@pytest.fixture(autouse=True)
def every_size(monkeypatch):
    monkeypatch.setattr(subject, "SMALL", 0)


def lower(x):
    out = np.zeros((N, N))
    for i in range(N):
        out[i, :i] = x[i] * x[:i]
        out[i, i] = 2 * x[i]
    return out


def upper_backwards(x):
    out = np.zeros((N, N))
    for i in range(N - 1, -1, -1):
        out[i, i + 1 :] = x[i + 1 :] - x[i]
    return out


def band(x):
    out = np.zeros((N, N))
    for i in range(N):
        out[i, :2] = x[i]
        out[i, 4:] = -x[i]
    return out


def some_rows(x):
    out = np.zeros((N, N))
    for i in range(1, N):
        out[i, :i] = x[i] * x[:i]
    return out


def added(x):
    out = np.zeros((N, N))
    for i in range(N):
        out[i, :i] += x[i] * x[:i]
        out[i, : i // 2] += 1.0
    return out


def read(x):
    out = np.zeros((N, N))
    for i in range(N):
        out[i, :i] = x[i] * x[:i]
        x[i] = out[0, i]
    return out


def twice(x):
    out = np.zeros((N, N))
    for i in range(N):
        out[i, :i] = x[i] * x[:i]
    out[2] = 1.0
    return out


def some_elements(x):
    out = np.zeros((N, N))
    for i in range(N):
        for j in range(i):
            if x[j] > 0:
                out[i, j] = x[j]
    return out


@pytest.mark.parametrize("f", [lower, upper_backwards, band])
def test_the_rest_of_each_row_is_zeroed_there(f):
    made = check("row_fills", f, {"x": np.linspace(-1, 1, N)})
    allocs = [s for s in walk(made.after.statements) if isinstance(s, Alloc)]
    assert made.changed and not any(s.zero for s in allocs)


@pytest.mark.parametrize("f", [some_rows, added, read, twice, some_elements])
def test_others_are_filled_before(f):
    assert not check("row_fills", f, {"x": np.linspace(-1, 1, N)}).changed


def solve(L, b):
    x = np.empty_like(b)
    for i in range(b.shape[0]):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return np.sum(x**2)


def test_the_gradient_of_a_triangular_solver():
    rng = np.random.default_rng(0)
    L = np.tril(rng.standard_normal((9, 9))) + 5 * np.eye(9)
    L[0, 5] = np.nan  # never read
    slope = ag.grad(solve)(L, np.ones(9))
    assert np.all(np.triu(slope, 1) == 0) and np.all(np.diag(slope) != 0)
    ag.check_grad(solve, np.tril(np.nan_to_num(L)), np.ones(9))
