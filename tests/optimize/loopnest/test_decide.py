"""Choices that sizes decide are not in the program; those that only a call decides are."""

import numpy as np
import pytest

import arignote as ag


def chain(b, p, m):
    """A product a step whose vector is the step before's."""
    for row in b:
        p = (p @ m) * row
        p = p / np.sum(p)
    return p


def draws(n, k):
    r = np.random.default_rng(n)
    return r.random((n, k)) + 0.1, np.ones(k), r.random((k, k)) + 0.1


def test_a_product_whose_sizes_are_known_is_no_choice():
    def known(b, m):
        return chain(b, np.full(12, 0.25), m)

    b, _, m = draws(9, 12)
    f = ag.compile(known)
    np.testing.assert_allclose(f(b, m), known(b, m), rtol=1e-13)
    assert "gemv" not in str(f.program(b, m))
    assert "gemv" in str(ag.compile(chain).program(*draws(9, 12)))


@pytest.mark.parametrize("k", [8, 13, 15])
def test_sums_of_known_sizes_have_one_strip_and_no_empty_loop(k):
    def known(b, m):
        return chain(b, np.full(k, 0.25), m)

    b, _, m = draws(9, k)
    f = ag.compile(known)
    np.testing.assert_allclose(f(b, m), known(b, m), rtol=1e-13)
    text = str(f.program(b, m))
    assert "by 4096" not in text and f"[{k}, {k})" not in text


def test_a_product_that_other_sizes_may_change_is_decided_by_each_call():
    f = ag.compile(chain)
    for k in (3, 12, 100):
        arguments = draws(4, k)
        np.testing.assert_allclose(f(*arguments), chain(*arguments), rtol=1e-12)


def test_products_of_a_loops_steps_are_gathered_though_their_sizes_are_known():
    def rows(x, m):
        h = np.zeros(24)
        for row in x:
            h = np.tanh(row @ m + 0.5 * h)
        return h

    x, _, m = draws(2000, 24)
    f = ag.compile(rows)
    np.testing.assert_allclose(f(x, m), rows(x, m), rtol=1e-12)
    assert "gemm" in str(f.program(x, m))
