"""Sorting, sets, tables of counts, quantiles and interpolation."""

import numpy as np
import pytest
from compare import agrees
from slopes import slopes_agree

import arignote as ag

RNG = np.random.default_rng(11)
X = RNG.standard_normal((4, 5))
I = RNG.integers(0, 6, (3, 4))
N = X.copy()
N[1, 2] = N[2, 2] = N[3] = np.nan


@pytest.mark.parametrize("x", [X, I, N, I > 2, X.astype("f4"), X[:0], X + 1j])
def test_order(x):
    agrees(np.sort, x)
    agrees(np.sort, x, axis=0, kind="stable")
    agrees(np.sort, x, axis=None)
    agrees(np.argsort, x, stable=True)
    agrees(np.argsort, x, axis=0, kind="mergesort")


def test_order_options():
    agrees(np.sort, X, axis=2)
    agrees(np.sort, np.float64(3))
    agrees(np.argsort, np.float64(3))
    agrees(np.sort, X, kind="bad")
    agrees(np.partition, X, 2)
    agrees(np.partition, X[0], (1, -1))
    agrees(np.argpartition, X, 0, axis=0)
    agrees(np.partition, X, 9)
    agrees(np.lexsort, np.array([[1, 0, 1, 0], [2, 2, 1, 1]]))
    agrees(np.sort_complex, I)
    agrees(np.sort_complex, X[0].astype("f4"))
    line = np.sort(X[0])
    for side in ("left", "right"):
        agrees(np.searchsorted, line, X, side)
        agrees(np.searchsorted, np.array([1, 2, 2, 3]), I, side)
        agrees(np.searchsorted, X[0], X[1], side, np.argsort(X[0]))
        agrees(np.searchsorted, np.array([1, 2, 2, 3]), 2.5, side)
    agrees(np.searchsorted, line, 0.0, "middle")
    for right in (False, True):
        agrees(np.digitize, X, np.array([-1.0, 0, 0.5]), right)
        agrees(np.digitize, I, np.array([5, 3, 1]), right)
    agrees(np.digitize, X, np.array([1.0, -3, 2]))


def test_sets():
    for x in (I, X, N, np.array([]), I > 2):
        agrees(np.unique, x)
        agrees(np.unique, x, return_index=True, return_inverse=True, return_counts=True)
    agrees(np.unique, N, equal_nan=False)
    agrees(np.unique_counts, I)
    agrees(np.unique_all, I)
    agrees(np.isin, I, [1, 2, 5])
    agrees(np.isin, I, np.array([1.5, 2]), invert=True)
    agrees(np.isin, I, np.array([]))
    agrees(np.union1d, I[0], I[1] * 2)
    agrees(np.setdiff1d, I, I[0])
    agrees(np.intersect1d, I, np.array([0, 2, 9]))


def test_tables():
    agrees(np.bincount, I[0])
    agrees(np.bincount, I[0], minlength=10)
    agrees(np.bincount, I[0], X[0, :4])
    agrees(np.bincount, np.array([1, -1]))
    agrees(np.bincount, np.array([], int))
    agrees(np.bincount, X[0])
    agrees(np.bincount, I)
    for kwargs in (
        {},
        {"bins": 4},
        {"range": (-1, 1)},
        {"density": True},
        {"bins": 3, "weights": np.arange(20.0).reshape(4, 5)},
    ):
        agrees(np.histogram, X, **kwargs)
    agrees(np.histogram, I, bins=5)
    agrees(np.histogram, I, bins=np.array([0, 2, 3, 6]))
    agrees(np.histogram, X, bins=np.array([0.0, 1, 0.5]))
    agrees(np.histogram, X, bins=0)
    agrees(np.histogram_bin_edges, X, 7)
    agrees(np.histogram2d, X[0], X[1], bins=3)


@pytest.mark.parametrize("given", [None, (0.0, np.inf)])
def test_histograms_between_ends_that_are_not_finite(given):
    for bad in (np.array([1.0, np.nan]), np.array([1.0, np.inf])):
        with pytest.raises(ValueError, match="is not finite"):
            np.histogram(bad, 3, range=given)
        with pytest.raises(ValueError, match="is not finite"):
            ag.compile(lambda x: np.histogram(x, 3, range=given)[1], mode="FAST_COMPILE")(bad)


METHODS = [
    "linear",
    "lower",
    "higher",
    "midpoint",
    "nearest",
    "hazen",
    "weibull",
    "median_unbiased",
    "normal_unbiased",
    "interpolated_inverted_cdf",
]


@pytest.mark.parametrize("method", METHODS)
def test_quantiles(method):
    agrees(np.quantile, X, 0.3, method=method)
    agrees(np.quantile, X, [0.0, 0.25, 1.0], axis=1, method=method)
    agrees(np.percentile, I, np.array([10, 60]), axis=0, method=method)
    agrees(np.quantile, N, 0.5, axis=1, method=method)


def test_quantile_options():
    agrees(np.median, X)
    agrees(np.median, X, axis=0)
    agrees(np.median, X[:, :4], axis=1, keepdims=True)
    agrees(np.median, I)
    agrees(np.median, N, axis=1)
    agrees(np.nanmedian, N, axis=1)
    agrees(np.nanmedian, N)
    agrees(np.median, X.astype("f4"), axis=(0, 1))
    agrees(np.quantile, X.astype("f4"), 0.3)
    agrees(np.quantile, X, np.array([[0.2, 0.4]]), axis=0, keepdims=True)
    agrees(np.quantile, X, 1.5)
    agrees(np.percentile, X, 101)
    agrees(np.quantile, X, 0.5, method="none")


def test_interp():
    xp, fp = np.array([0.0, 1, 3, 4]), np.array([2.0, -1, 0, 5])
    x = np.array([[-1.0, 0, 0.5], [2, 4, 7]])
    agrees(np.interp, x, xp, fp)
    agrees(np.interp, 1.5, xp, fp)
    agrees(np.interp, x, xp, fp, left=-9, right=9)
    agrees(np.interp, x, xp[:3], fp[:3], period=3.5)
    agrees(np.interp, x, xp, fp + 1j)
    agrees(np.interp, x, xp[:2], fp)


def test_slopes():
    slopes_agree(np.sort, X, axis=0)
    slopes_agree(np.partition, X, 2)
    slopes_agree(np.median, X, axis=1)
    slopes_agree(np.quantile, X, 0.3, axis=0)
    xp, fp = np.array([0.0, 1, 3, 4]), np.array([2.0, -1, 0, 5])
    slopes_agree(np.interp, np.array([-1.0, 0.2, 0.5, 2, 3.7, 7]), xp, fp)
    slopes_agree(np.interp, np.array([-1.0, 0.2, 0.5, 2, 3.7, 7]), xp, fp, left=-3)


def test_quantiles_of_truths_are_refused_where_numpy_subtracts_them():
    agrees(np.percentile, I > 2, 30)
    agrees(np.quantile, I > 2, 0.3, method="lower")
    agrees(np.median, I > 2)
