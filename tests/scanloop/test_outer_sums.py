"""Outer products that a backward loop sums: one matrix product, where the loop is no longer than
the matrix."""

import numpy as np
import pytest

import arignote as ag

RNG = np.random.default_rng(3)


def covariance(data):
    m = data.shape[1]
    c = np.zeros((m, m))
    for i in range(m):
        c[i:m, i] = c[i, i:m] = data[:, i] @ data[:, i:m]
    return np.sum(np.sin(c))


def rows(a, x):
    y = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        y[i] = np.sum(np.tanh(x[i] @ a))
    return np.sum(y)


def recurrent(w, x):
    h = np.zeros(w.shape[0])
    for t in range(x.shape[0]):
        h = np.tanh(w @ h + x[t])
    return np.sum(h)


def products_after_loops(function, *args):
    """How many matrix products of the gradient stand outside of loops."""
    lines = str(ag.grad(function).compiled_for(*args).graph).splitlines()
    return sum(" = matmul(" in line and line.startswith("  %") for line in lines)


@pytest.mark.parametrize("shape", [(9, 7), (3, 8), (5, 2), (4, 1)])
def test_triangles_of_products(shape):
    data = RNG.normal(size=shape)
    ag.check_grad(covariance, data, order=2)
    assert products_after_loops(covariance, data) == 1


def test_as_many_steps_as_rows():
    a, x = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 6))
    ag.check_grad(rows, a, x, order=2)
    assert products_after_loops(rows, a, x) == 1


def test_long_loops_keep_their_sum():
    w, x = RNG.normal(size=(3, 3)), RNG.normal(size=(50, 3))
    ag.check_grad(recurrent, w, x)
    assert products_after_loops(recurrent, w, x) == 0


def test_what_the_loop_does_not_read_is_not_read():
    def triangle(a, x):
        total = 0.0
        for i in range(a.shape[0]):
            total = total + np.sum(np.outer(x[i] * x, a[i, i:]) ** 2)
        return total

    a, x = np.triu(RNG.normal(size=(5, 5))), RNG.normal(size=5)
    dirty = np.where(np.tri(5, k=-1, dtype=bool), np.nan, a)
    for clean, got in zip(ag.grad(triangle, (0, 1))(a, x), ag.grad(triangle, (0, 1))(dirty, x)):
        np.testing.assert_allclose(got, clean)


def by_rows(data):
    m = data.shape[0]
    c = np.zeros((m, m))
    for i in range(m):
        c[i, i:] = data[i:] @ data[i]
    return np.sum(np.sin(c))


def inner_columns(data):
    m = data.shape[1]
    c = np.zeros((m, m))
    for i in range(1, m - 1):
        c[i, : i + 1] = data[1:, i] @ data[1:, : i + 1]
    return np.sum(np.sin(c))


def downwards(data, w):
    m = data.shape[1]
    c = np.zeros((m, m))
    for i in range(m - 1, -1, -1):
        c[i, i:] = np.tanh(data[:, i] * w) @ data[:, i:]
    return np.sum(np.sin(c))


@pytest.mark.parametrize("shape", [(9, 7), (7, 9), (4, 4), (5, 3)])
def test_columns_that_are_products_with_the_matrix_itself(shape):
    data = RNG.normal(size=shape)
    ag.check_grad(by_rows, data, order=2)
    ag.check_grad(inner_columns, data, order=2)
    ag.check_grad(downwards, data, RNG.normal(size=shape[0]), order=2)


def test_columns_of_a_fixed_matrix_are_not_kept():
    data = RNG.normal(size=(9, 7))
    for function in (covariance, by_rows):
        text = str(ag.grad(function).compiled_for(data).graph)
        loop = [line for line in text.splitlines() if " = scan(" in line][-1]
        _, results = loop.split(" : ")
        assert results.count("float64[") <= 2, loop  # cotangents, and one row of factors a step
        assert products_after_loops(function, data) == 1
