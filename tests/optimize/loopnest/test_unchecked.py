"""`boundscheck=False`: no index is tested, and right ones give the same values."""

import numpy as np

import arignote as ag


def picked(a, k, out):
    for i in range(k.shape[0]):
        out[i] = a[k[i]] * 2.0
    return a[k]


def test_right_indices_give_the_same_without_tests():
    a, k = np.arange(5.0), np.array([0, -1, 3, -5])
    want = np.zeros(4)
    answer = picked(a, k, want)
    f = ag.compile(picked)
    assert "out of bounds" in str(f.explain(a, k, np.zeros(4)).checks) or "an_fail" in f.source(
        a, k, np.zeros(4)
    )
    with ag.config(boundscheck=False):
        f = ag.compile(picked)
        out = np.zeros(4)
        np.testing.assert_array_equal(f(a, k, out), answer)
        np.testing.assert_array_equal(out, want)
        assert f.explain(a, k, out).checks == ()
        assert "an_fail" not in f.source(a, k, out)


def test_other_checks_stay():
    with ag.config(boundscheck=False):
        g = ag.compile(lambda k, n: k % n)
        try:
            g(3, 0)
        except ZeroDivisionError:
            return
    raise AssertionError("division by zero was not noticed")
