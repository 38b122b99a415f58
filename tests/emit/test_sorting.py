"""Short rows are sorted by the kernel itself: NumPy's order of ties, signs of zeros and nan."""

import numpy as np
import pytest

import arignote as ag

SIZES = (0, 1, 2, 5, 17, 63, 256, 257)


def values(n, spread, dtype):
    g = np.random.default_rng([n, spread])
    x = g.integers(-spread, spread, n).astype(dtype)
    if x.dtype.kind == "f" and n > 4:
        x[g.random(n) < 0.1] = np.nan
        x[g.random(n) < 0.2] *= -0.0
    return x


def same(got, want):
    np.testing.assert_array_equal(got, want)
    assert got.dtype == want.dtype
    if want.dtype.kind == "f":
        there = want == want
        np.testing.assert_array_equal(np.signbit(got[there]), np.signbit(want[there]))


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4"])
@pytest.mark.parametrize("kind", ["stable", "quicksort"])
def test_order(dtype, kind):
    f = ag.compile(lambda x: (np.sort(x, kind=kind), np.argsort(x, kind=kind)))
    for n in SIZES:
        for spread in (4, 10**6):
            x = values(n, spread, dtype)
            for y in (x, x[::-2]):
                for got, want in zip(f(y), (np.sort(y, kind=kind), np.argsort(y, kind=kind))):
                    same(got, want)


@pytest.mark.parametrize("axis", [0, 1, None])
def test_an_axis_of_several(axis):
    x = values(60, 30, "i8").reshape(3, 20)
    f = ag.compile(lambda x: (np.sort(x, axis), np.argsort(x, axis, kind="stable")))
    for y in (x, x.T, np.asfortranarray(x)):
        for got, want in zip(f(y), (np.sort(y, axis), np.argsort(y, axis, kind="stable"))):
            same(got, want)


@pytest.mark.parametrize("equal_nan", [True, False])
def test_unique(equal_nan):
    def everything(x):
        return np.unique(
            x, return_index=True, return_inverse=True, return_counts=True, equal_nan=equal_nan
        )

    f = ag.compile(everything)
    for dtype in ("f8", "i4"):
        for n in SIZES:
            for got, want in zip(f(values(n, 9, dtype)), everything(values(n, 9, dtype))):
                same(got, want)


def median_filter(x, k):
    out = x.copy()
    for i in range(k, len(x) - k):
        out[i] = np.sort(x[i - k : i + k + 1])[k]
    return out


def test_a_median_filter():
    x = np.random.default_rng(2).normal(size=90)
    same(ag.compile(median_filter)(x, 4), median_filter(x, 4))


@pytest.mark.parametrize("dtype", ["i4", "i8"])
def test_unique_of_many_whole_numbers(dtype):
    """A narrow range is counted; one from the least number to the greatest is not."""

    def everything(x):
        return (*np.unique(x, True, True, True), np.unique(x), *np.unique(x, return_counts=True))

    f = ag.compile(everything)
    limits, rng = np.iinfo(dtype), np.random.default_rng(7)
    narrow = rng.integers(-300, 200, 5000).astype(dtype)
    ends = np.array([limits.min, limits.max, limits.min + 1] * 100, dtype)
    for x in (narrow, narrow[::3], np.sort(narrow)[::-1], narrow * 4000, ends, ends[::3]):
        for got, want in zip(f(x), everything(x), strict=True):
            same(got, want)
