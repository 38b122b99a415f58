"""Extremes of rows in registers, and their places: NumPy's, also of NaNs and equal elements."""

import numpy as np
import pytest

import arignote as ag

LENGTHS = (2, 7, 8, 9, 16, 17, 33, 63, 64, 65, 127, 128, 129, 200, 600)


def extremes(x):
    return (
        x.max(axis=1), x.min(axis=1), x.argmax(axis=1), x.argmin(axis=1),
        x.max(axis=1, initial=0.5),
    )  # fmt: skip


def of_all(x):
    return x.max(), x.min(), x.argmax(), x[1:].argmin(), x[::-1].max()



@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_of_any_length(dtype):
    rng = np.random.default_rng(2)
    compiled = ag.compile(extremes)
    for n in LENGTHS:
        x = rng.integers(-9, 9, (40, n)).astype(dtype)  # many are equal
        x[3, n // 2] = x[4, 0] = x[5, -1] = x[6, n // 3] = np.nan
        x[7, n // 2] = x[6, -1] = np.inf
        x[8] = -np.inf
        x[9] = np.nan
        for found, want in zip(compiled(x), extremes(x), strict=True):
            np.testing.assert_array_equal(found, want, err_msg=str(n))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_long_vectors(dtype):
    rng = np.random.default_rng(3)
    compiled = ag.compile(of_all)
    for n in (2, 1000, 1025, 200_003):
        for place in (None, 1, n // 2, n - 1):
            x = rng.normal(size=n).astype(dtype)
            if place is not None:
                x[place] = np.nan
            np.testing.assert_array_equal(compiled(x), of_all(x), err_msg=f"{n} {place}")


def test_a_row_is_read_where_it_is_and_not_beyond():
    """Rows of a larger matrix, whose neighbours are larger: they stand before and behind."""
    x = np.full((6, 50), 100.0)
    x[1:5, 3:40] = np.random.default_rng(4).random((4, 37))
    compiled = ag.compile(lambda x: (x[1:5, 3:40].max(axis=1), x[1:5, 3:40].argmin(axis=1)))
    inner = x[1:5, 3:40]
    for found, want in zip(compiled(x), (inner.max(axis=1), inner.argmin(axis=1)), strict=True):
        np.testing.assert_array_equal(found, want)


def test_places_of_equal_elements_are_the_first():
    x = np.zeros((5, 300))
    x[range(5), [0, 7, 130, 255, 299]] = 1
    x[1:, -1] = 1
    np.testing.assert_array_equal(ag.compile(lambda x: x.argmax(axis=1))(x), [0, 7, 130, 255, 299])
