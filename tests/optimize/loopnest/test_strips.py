"""Strips of independent inner loops go outside, with the values that plain Python gives."""

import re

import numpy as np
import pytest

import arignote as ag

from .scheduling import check

rng = np.random.default_rng(3)


def matrices(*shapes):
    return [{"m": rng.random(s), "out": rng.random(s[1])} for s in shapes]


def column_sums(m, out):
    for i in range(m.shape[0]):
        out += m[i]


def recurrence(m, out):
    for i in range(1, m.shape[0]):
        m[i] = 0.5 * m[i - 1] + m[i] * out


def backwards(m, out):
    for i in range(m.shape[0] - 2, -1, -1):
        m[i] -= 0.5 * m[i + 1]
    out[:] = m[0]


SHAPES = ((3, 5), (2, 2), (7, 9), (8, 3), (9, 20), (4, 8), (5, 16))


@pytest.fixture(autouse=True)
def short_strips(monkeypatch):
    monkeypatch.setattr("arignote.optimize.loopnest.strips.STRIP", 8)


def test_sums_down_columns():
    made = check("strips", column_sums, *matrices(*SHAPES), rtol=1e-15)
    assert "strips of the inner loop outside" in made.note
    assert "by 8" in made.text


def test_recurrences_down_columns():
    for f in (recurrence, backwards):
        assert check("strips", f, *matrices(*SHAPES), rtol=1e-15).changed


def across(m, out):
    for i in range(1, m.shape[0]):
        for j in range(1, m.shape[1]):
            m[i, j] += m[i - 1, j - 1]


def steps_in_time(m, out):
    for _ in range(int(out[0] * 0) + 50):
        out *= 0.5
        out += 1.0


def test_what_other_columns_need_and_steps_in_time_stay():
    for f in (across, steps_in_time):
        assert not check("strips", f, *matrices((3, 5), (4, 9)), rtol=1e-15).changed


def test_the_order_of_additions_is_numpy_s():
    m = rng.standard_normal((1003, 37)) * 10.0 ** rng.integers(-8, 8, (1003, 37))

    def sums(m):
        return np.sum(m, axis=0)

    def cumulated(m):
        return np.add.accumulate(m, axis=0)

    np.testing.assert_array_equal(ag.compile(sums)(m), np.sum(m, axis=0))
    np.testing.assert_array_equal(ag.compile(cumulated)(m), np.add.accumulate(m, axis=0))


def test_terms_of_products_of_matrices_are_added_in_pairs():
    def row_by_matrix(h, u, out):
        for k in range(out.shape[0]):
            h = np.tanh(h @ u)
            out[k] = h

    for dtype in (np.float64, np.float32, np.complex128):
        h, u = rng.random(7).astype(dtype), (0.3 * rng.random((7, 7))).astype(dtype)
        out, expected = np.zeros((5, 7), dtype), np.zeros((5, 7), dtype)
        step = ag.compile(row_by_matrix)
        step(h, u, out)
        row_by_matrix(h, u, expected)
        np.testing.assert_allclose(out, expected, rtol=1e-5 if dtype == np.float32 else 1e-13)
        if dtype != np.complex128:
            text = step.source(h, u, out)
            assert re.search(r"\+ \(an_multiply_add_f\d\(.*\) \+ an_multiply_add_f\d\(", text)


def test_a_product_and_a_sum_that_a_user_writes_are_rounded_twice():
    def one_by_one(h, u, n):
        for _ in range(n):
            h = 0.0 + (h[0] * u[0] + h[1] * u[1]) + (h[2] * u[2] + h[3] * u[3])
        return h

    def in_loops(h, u, out):
        for i in range(u.shape[0]):
            for j in range(u.shape[1]):
                out[j] += h[i] * u[i, j]

    h, u = rng.standard_normal((4, 9)), rng.standard_normal((4, 9))
    np.testing.assert_array_equal(ag.compile(one_by_one)(h, u, 1), one_by_one(h, u, 1))
    given, expected = np.ones(9), np.ones(9)
    ag.compile(in_loops)(h[:, 0].copy(), u, given)
    in_loops(h[:, 0].copy(), u, expected)
    np.testing.assert_array_equal(given, expected)


def test_a_row_times_a_small_matrix_needs_no_library():
    def powers(h, u, n):
        for _ in range(n):
            h = np.maximum(h @ u, 0.01)
        return h

    step = ag.compile(powers)
    for n in (4, 64, 90):
        h, u = rng.random(n), rng.random((n, n)) / n
        np.testing.assert_allclose(step(h, u, 5), powers(h, u, 5), rtol=1e-13)
    assert "< 6144" in step.source(h, u, 5)
