"""Medians, quantiles and sets of values: short rows in C, long ones by NumPy, the same values."""

import numpy as np
import pytest

import arignote as ag


def of_line(x):
    return np.median(x), np.percentile(x, [5, 50, 95]), np.quantile(x, 0.3, method="nearest")


def of_rows(x):
    return np.median(x, axis=1), np.quantile(x, [[0.1], [0.9]], axis=0)


def values(x):
    return np.unique(x), *np.unique(x, return_counts=True), np.union1d(x, x[:3])


def lines():
    rng = np.random.default_rng(5)
    for n in (1, 2, 3, 255, 256, 257, 1000):
        x = rng.standard_normal(n)
        yield x
        yield np.round(x)  # ties, and zeros of both signs
        y = x.copy()
        y[n // 2] = np.nan
        yield y
        yield x[::-1]
        yield x.astype(np.float32)
        yield rng.integers(-5, 5, n)
        yield rng.integers(-5, 5, n).astype(np.int32)


def same(got, wanted):
    for g, w in zip(got, wanted, strict=True):
        assert g.dtype == w.dtype
        np.testing.assert_array_equal(g, w)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [of_line, values], ids=lambda f: f.__name__)
def test_lines(f):
    g = ag.compile(f)
    for x in lines():
        same(g(x), f(x))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_rows():
    g = ag.compile(of_rows)
    for x in lines():
        m = np.stack([x, -x, x[::-1]])
        same(g(m), of_rows(m))
        same(g(np.asfortranarray(m)), of_rows(m))
