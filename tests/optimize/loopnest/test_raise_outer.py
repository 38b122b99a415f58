"""Sums of outer products in loops become one product, and what must stay a loop."""

import numpy as np
import pytest

import arignote as ag

from .scheduling import check

rng = np.random.default_rng(5)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def sample(*shape, dtype="f8"):
    """x and y of rows over `shape`, and a matrix that a sum of their outer products fits."""
    *steps, n, m = shape
    return {"x": rng.random((*steps, n)).astype(dtype), "y": rng.random((*steps, m)).astype(dtype),
            "c": rng.random((n, m)).astype(dtype)}  # fmt: skip


def one_loop(x, y, c):
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            for j in range(y.shape[1]):
                c[k, j] += x[i, k] * y[i, j]


def two_loops(x, y, c):
    for r in range(x.shape[0]):
        for q in range(x.shape[1]):
            for k in range(x.shape[2]):
                for j in range(y.shape[2]):
                    c[k, j] = c[k, j] + x[r, q, k] * y[r, q, j]


def beside_a_sum(x, y, c):
    s = 0.0
    for r in range(x.shape[0]):
        for q in range(x.shape[1]):
            for k in range(x.shape[2]):
                s += x[r, q, k] ** 2
            for k in range(x.shape[2]):
                for j in range(y.shape[2]):
                    c[k, j] += x[r, q, k] * y[r, q, j]
    return s


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_one_product(dtype):
    close = {"rtol": 1e-4} if dtype == "f4" else CLOSE
    made = check("raise_outer", one_loop, sample(40, 23, 31, dtype=dtype),
                 sample(3, 2, 4, dtype=dtype), sample(0, 2, 4, dtype=dtype), **close)  # fmt: skip
    assert made.changed and "gemm" in made.text and "one product" in made.note


def test_rows_over_two_loops():
    made = check("raise_outer", two_loops, sample(7, 9, 12, 13), sample(2, 1, 3, 2), **CLOSE)
    assert made.changed and "gemm" in made.text


def test_the_rest_of_the_steps_stays():
    made = check("raise_outer", beside_a_sum, sample(7, 9, 12, 13), sample(2, 1, 3, 2), **CLOSE)
    assert made.changed and "gemm" in made.text


def rows_that_steps_change(x, y, c):
    for i in range(x.shape[0] - 1):
        for k in range(x.shape[1]):
            for j in range(y.shape[1]):
                c[k, j] += x[i, k] * y[i, j]
        x[i + 1, 0] += x[i, 0] / 2


def sum_that_steps_read(x, y, c):
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            for j in range(y.shape[1]):
                c[k, j] += x[i, k] * y[i, j]
        y[i, 0] = c[0, 0]


def triangle(x, y, c):
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            for j in range(k):
                c[k, j] += x[i, k] * y[i, j]


def rows_apart(x, y, c):
    for r in range(x.shape[0]):
        for q in range(x.shape[1] - 1):
            for k in range(x.shape[2]):
                for j in range(y.shape[2]):
                    c[k, j] += x[r, q, k] * y[r, q, j]


@pytest.mark.parametrize("f", [rows_that_steps_change, sum_that_steps_read, triangle])
def test_what_stays_a_loop(f):
    assert not check("raise_outer", f, sample(30, 17, 17), **CLOSE).changed


def test_rows_that_do_not_lie_evenly_are_a_product_for_each_step_of_the_outer_loop():
    made = check("raise_outer", rows_apart, sample(5, 4, 17, 17), **CLOSE)
    assert "gemm" in made.text and "for r in" in made.text


def test_the_adjoint_of_a_matrix_that_a_loop_multiplies_with():
    def steps(a, w):
        for r in range(a.shape[0]):
            for q in range(a.shape[1]):
                a[r, q, :] = a[r, q, :] @ w
        return np.sum(np.sin(a))

    a, w = rng.random((6, 7, 20)), rng.random((20, 20))
    got = ag.grad(steps, argnums=1)(a, w)
    np.testing.assert_allclose(got, np.einsum("rqk,rql->kl", a, np.cos(a @ w)), rtol=1e-10)
