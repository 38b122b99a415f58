"""Loops that take every second register's square roots by Newton's steps: the same bits as the
divider's, and which loops they are."""

import numpy as np
import pytest

import arignote as ag
from arignote.config import config


def length(x, y):
    return np.sqrt(x * x + y * y)


def direction(x, y):
    r = np.sqrt(x * x + y * y)
    return x / r, np.sqrt(np.abs(y)) * 2.0


def root(x):
    return np.sqrt(x)


def bits(x):
    return x.view(f"u{x.itemsize}")


def near_middles(dtype):
    """Numbers whose roots lie close to the middle of two, k (k + 1) and its neighbours, and close
    to a number, k k; with all exponents' parities; and those with all or one of their digits."""
    digits = np.finfo(dtype).nmant
    rng = np.random.default_rng(2)
    k = rng.integers(2**digits, 2 ** (digits + 1), 5_000).astype(object)
    exact = np.concatenate([k * (k + 1), k * k]).astype(dtype)
    first = np.concatenate([exact, np.ldexp(dtype(1), np.arange(-20, 20)).astype(dtype)])
    steps = np.arange(-4, 5).astype(bits(first).dtype)
    return (bits(first) + steps[:, None]).ravel().view(dtype)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_roots_have_the_bits_of_numpys(dtype):
    rng = np.random.default_rng(0)
    any_bits = rng.integers(0, 2**63, 50_000, dtype="u8").view(dtype)
    x = np.concatenate([near_middles(dtype), any_bits, np.abs(any_bits)])
    f = ag.compile(root)
    assert "an_turned_sqrt" in f.source(x)
    for first in (0, 8 if dtype is np.float64 else 16):  # either way for each
        found, want = f(x[first:].copy()), np.sqrt(x[first:])
        with_number = ~np.isnan(want)
        np.testing.assert_array_equal(np.isnan(found), ~with_number)
        np.testing.assert_array_equal(bits(found)[with_number], bits(want)[with_number])


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_one_odd_number_in_a_register(dtype):
    limits = np.finfo(dtype)
    odd = [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, limits.smallest_subnormal, limits.tiny,
           limits.max, limits.tiny * 3, np.nextafter(dtype(4), dtype(0))]  # fmt: skip
    f = ag.compile(root)
    for value in odd:
        for at in range(32):
            x = np.linspace(1, 2, 32, dtype=dtype)
            x[at] = value
            found, want = f(x), np.sqrt(x)
            np.testing.assert_array_equal(found, want)
            np.testing.assert_array_equal(np.signbit(found)[x == 0], np.signbit(want)[x == 0])


@pytest.mark.parametrize(("function", "dtype"), [(length, np.float32), (direction, np.float64)])
def test_any_length_and_any_number_of_threads(function, dtype):
    x, y = (a.astype(dtype) for a in np.random.default_rng(1).uniform(-3, 3, (2, 50_003)))
    with config(threads=1):
        one = ag.compile(function)
        for n in (0, 1, 7, 16, 17, 31, 32, 33, 100, 2011, 50_003):
            np.testing.assert_array_equal(one(x[:n], y[:n]), function(x[:n], y[:n]))
    with config(threads=3, parallel_min_us=1.0):
        np.testing.assert_array_equal(ag.compile(function)(x, y), function(x, y))


def test_which_loops_take_turns():
    x = np.ones(64)

    def turns(f, *args):
        return "an_turned_sqrt" in ag.compile(f).source(*args)

    assert turns(length, x, x)
    assert turns(length, *(v.astype("f4") for v in (x, x)))
    assert turns(direction, x, x)
    assert not turns(lambda x: np.sqrt(x) * np.exp(x), x)  # the other units have work
    assert not turns(lambda x: x / (x + 1.0), x)
    assert not turns(root, np.ones(64)[::2])

    def long(x):  # as many multiplications as the divider has cycles
        t = x
        for c in [0.5, 0.25, 0.125] * 6:
            t = t * x + c
        return np.sqrt(t)

    assert not turns(long, x)
    np.testing.assert_array_equal(ag.compile(long)(x / 2), long(x / 2))
