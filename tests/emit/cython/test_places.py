"""Arrays of places are tested in vector code: the first wrong one is named, and only wrong ones."""

import numpy as np
import pytest

import arignote as ag


def read(x, i):
    return x[i]


def read_rows(x, i, j):
    return x[i, j]


def write(x, i):
    x[i] = 1.0
    return x


@pytest.mark.parametrize("dtype", ["i1", "i4", "i8", "u1", "u4", "u8"])
def test_the_ends_of_the_range(dtype):
    x = np.arange(100.0)
    good = np.array([0, 99, 5] * 50, dtype)
    if np.dtype(dtype).kind == "i":
        good[7::11] = -100
    assert np.array_equal(ag.compile(read)(x, good), x[good])
    for wrong in (100, 127, -101, -128):
        if wrong < 0 and np.dtype(dtype).kind == "u":
            continue
        bad = good.copy()
        bad[70], bad[90] = wrong, 120
        with pytest.raises(IndexError, match=f"index {wrong} is out of bounds"):
            ag.compile(read)(x, bad)


def test_several_places_and_empty_ones():
    x = np.arange(12.0).reshape(3, 4)
    i, j = np.array([0, -3, 2] * 20), np.array([3, -4, 0] * 20)
    assert np.array_equal(ag.compile(read_rows)(x, i, j), x[i, j])
    for k in (1, 40):
        wrong = j.copy()
        wrong[k] = 4
        with pytest.raises(IndexError, match="index 4 is out of bounds"):
            ag.compile(read_rows)(x, i, wrong)
    none = np.zeros(0, int)
    assert ag.compile(read)(np.zeros(0), none).size == 0
    with pytest.raises(IndexError):
        ag.compile(read)(np.zeros(0), np.zeros(1, int))


def test_nothing_is_written_where_a_place_is_wrong():
    x = np.zeros(10)
    with pytest.raises(IndexError):
        ag.compile(write)(x, np.array([1, 2, 10]))
    assert not x.any()
