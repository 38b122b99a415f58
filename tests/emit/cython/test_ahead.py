"""Tall matrices that no cache holds: rows are asked for early, and the values stay the same."""

import numpy as np
import pytest

import arignote as ag


def column_sums(m):
    return np.sum(m, axis=0)


def moments(m, w):
    centred = m - w
    return np.sum(centred * centred, axis=0), np.sum(m, axis=0)


@pytest.mark.parametrize(("columns", "dtype"), [(10, "f8"), (64, "f8"), (70, "f4"), (1030, "f4")])
def test_sums_down_columns_of_large_matrices(columns, dtype):
    rows = 27_000_000 // (columns * np.dtype(dtype).itemsize) + 3
    m = (np.arange(rows * columns) % 7 - 2).reshape(rows, columns).astype(dtype)
    assert np.array_equal(ag.compile(column_sums)(m), column_sums(m))


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (1, 1), (4, 64), (9, 65)])
def test_sums_down_columns_of_small_ones(shape):
    m = np.random.default_rng(0).integers(-9, 9, shape).astype("f8")
    assert np.array_equal(ag.compile(column_sums)(m), column_sums(m))


def test_windows_and_several_sums():
    whole = (np.arange(60_000 * 71) % 11 - 5.0).reshape(60_000, 71)
    for m in (whole, whole[:, 1:70], whole[::2], whole[::-1]):
        w = np.arange(m.shape[1], dtype="f8")
        for got, want in zip(ag.compile(moments)(m, w), moments(m, w), strict=True):
            assert np.array_equal(got, want)


def test_only_loops_over_rows_ask():
    m = np.ones((5, 4))
    assert "an_ahead(" in ag.compile(column_sums).source(m)
    assert "an_ahead(" not in ag.compile(lambda m: np.sum(m, axis=1)).source(m)
