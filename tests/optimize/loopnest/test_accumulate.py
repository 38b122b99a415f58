"""Sums that loops make element by element: variables, folds, and what must stay as written."""

import numpy as np

from .scheduling import check, scheduled

rng = np.random.default_rng(5)
CLOSE = {"rtol": 1e-12}


def sample(n, m, dtype="f8"):
    return {"a": (10 * rng.random((n, m))).astype(dtype), "b": (10 * rng.random(m)).astype(dtype),
            "c": np.ones(n, dtype)}  # fmt: skip


def matrix_vector(a, b, c):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            c[i] += a[i, j] * b[j]


def test_an_element_that_a_loop_adds_to_is_a_variable():
    made = check("accumulation", matrix_vector, sample(4, 50), sample(3, 1), **CLOSE)
    assert "variable" in made.note
    check("parallel", matrix_vector, sample(4, 50), **CLOSE)


def extremes(a, b, c):
    for i in range(a.shape[0]):
        s, t = 0.0, -np.inf
        for j in range(a.shape[1]):
            s -= a[i, j]
            t = np.maximum(t, a[i, j])
        c[i] = s + t


def test_differences_and_maxima_are_folds():
    made = check("accumulation", extremes, sample(4, 50), **CLOSE)
    assert "a sum" in made.note and "maximum" in made.text


def running(a, b, c):
    s = 0.0
    for j in range(a.shape[1]):
        s += a[0, j]
        b[j] = s


def test_partial_sums_that_are_stored_stay_in_order():
    assert not check("accumulation", running, sample(2, 9)).changed


def neighbours(a, b, c):
    for i in range(1, a.shape[0]):
        for j in range(a.shape[1]):
            c[i] += a[i, j] * c[i - 1]


def reads_itself(a, b, c):
    for i in range(a.shape[0]):
        for j in range(a.shape[0]):
            c[i] += a[i, j] * c[j]


def test_other_elements_of_the_array_may_be_read_if_they_are_others():
    assert check("accumulation", neighbours, sample(4, 6), **CLOSE).changed
    assert not check("accumulation", reads_itself, sample(4, 6), **CLOSE).changed


def empty(a, b, c):
    for j in range(b.shape[0] - a.shape[1]):
        c[c.shape[0] - 1] += a[0, j]


def test_a_loop_without_steps_touches_nothing():
    check("accumulation", empty, sample(3, 4))


def integer(a, b, c):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            c[i] += a[i, j] * b[j]


def test_integers_are_left_to_the_compiler():
    assert not scheduled("accumulation", integer, **sample(4, 6, "i4")).changed


def product(a, b, c):
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                a[i + 0, j] += 0 * b[j]
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * a[j, k]
            c[i] += s


def test_written_out_products_are_raised():
    made = check("raise_products", product, sample(30, 40), sample(2, 3), **CLOSE)
    assert "gemm" in made.text


def chain(a, b, c):
    for i in range(c.shape[0]):
        t = c[i]
        u = t
        c[i] = b[0]
        c[i] = u + t + c[i]


def test_elements_are_read_before_they_change():
    check("propagation", chain, sample(3, 4))
