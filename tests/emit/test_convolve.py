"""np.convolve in C: NumPy's values whatever the lengths, at the ends and beside inf and nan."""

import numpy as np
import pytest

import arignote as ag

LENGTHS = [(2, 2), (40, 7), (300, 33), (1300, 1290)]


def parts(a, v):
    return (
        np.convolve(a, v),
        np.convolve(a[::2], v[::-1]),
    )


@pytest.mark.parametrize("char", "fdb")
def test_values_are_numpys(char):
    rng = np.random.default_rng(1)
    compiled = ag.compile(parts)
    for m, n in LENGTHS:
        a, v = (rng.uniform(-9, 9, k).astype(np.int64 if char == "b" else char) for k in (m, n))
        a, v = a.astype(char), v.astype(char)
        for found, want in zip(compiled(a, v), parts(a, v), strict=True):
            assert found.dtype == want.dtype
            if char in "fd":
                near = 1e-3 if char == "f" else 1e-10
                np.testing.assert_allclose(found, want, rtol=near, atol=near)
            else:
                np.testing.assert_array_equal(found, want)


def test_what_is_not_finite_stays_where_it_meets():
    a, v = np.ones(100), np.ones(9)
    a[30], a[60], v[4] = np.inf, np.nan, 0
    compiled = ag.compile(np.convolve)
    for at in (None, 0, 8):
        if at is not None:
            v[at] = -np.inf
        with np.errstate(invalid="ignore"):
            want = np.convolve(a, v)
        np.testing.assert_array_equal(compiled(a, v), want)


def test_either_vector_may_be_the_longer_one_in_later_calls():
    compiled = ag.compile(lambda a, v: np.convolve(a, v, "valid"))
    for m, n in ((40, 7), (7, 40), (41, 8)):
        a, v = np.arange(m) * 0.5, np.arange(n) * 1.0
        np.testing.assert_allclose(compiled(a, v), np.convolve(a, v, "valid"))
