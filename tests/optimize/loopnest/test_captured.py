"""What only the steps of a loop may read is not read where no step is taken."""

from __future__ import annotations

import numpy as np
import pytest

import arignote as ag
from tests.optimize.loopnest.scheduling import check


def element(a, n):
    s = 0.0
    w = a[1] + np.zeros(6)
    for i in range(n):
        for _j in range(i, 5):
            s += w[i + 1] * 0.5
    return s


def row(a, n):
    s = 0.0
    w = a + np.zeros((6, 6))
    for i in range(n):
        for _j in range(i, 5):
            s += np.sum(w[i + 1]) * 0.5
    return s


def in_a_while_loop(a, n):
    s = np.zeros(1)
    w = a[1] + np.zeros(6)
    i = 0
    while i < n:
        i += 1
        for _j in range(i, 5):
            s += w[i + 1] + a[i + 1].sum()
    return s


def integers(a, n):
    s = 0
    w = (a[1] * 10 + np.zeros(6)).astype(int)
    for i in range(n):
        for j in range(i, 5):
            s += (7 + j) // (1 + abs(w[i + 1]))
    return s


@pytest.mark.parametrize("f", [element, row, in_a_while_loop, integers], ids=lambda f: f.__name__)
def test_reads_stay_in_bounds(f):
    a = np.random.default_rng(0).random((6, 6))
    samples = [{"a": a, "n": n} for n in (5, 6, 40)]
    check("fusion", f, *samples, rtol=1e-12)  # run statement by statement: indices are checked
    g = ag.compile(f)
    for sample in samples:
        np.testing.assert_allclose(g(**sample), f(**sample), rtol=1e-12)


def test_reads_that_are_proved_have_no_test():
    def f(a):
        s = 0.0
        for i in range(a.shape[0]):
            for j in range(i):
                s += a[i] * a[j]
        return s

    assert "greater_equal" not in str(ag.compile(f).program(np.ones(5)))
