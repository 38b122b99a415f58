"""Python integers beyond 64 bits beside traced numbers: Python's values, or an OverflowError."""

from math import factorial

import numpy as np
import pytest

import arignote as ag

MASK = 0xFFFFFFFFFFFFFFFF


def compiled(f):
    return ag.compile(f, mode="FAST_COMPILE")


def same(f, *args):
    got, want = compiled(f)(*args), f(*args)
    assert repr(got) == repr(want)


def test_floats_meet_them_as_floats():
    def f(x):
        return x * 2**70, 2**70 / x, x - 2**70, x < 2**70, x == 2**70, x > -(2**70) + 1

    for x in (3.0, 2.0**70, float("nan"), -(2.0**70)):
        same(f, x)


def test_comparisons_with_what_no_float_is():
    big = 2**70 + 1

    def f(x):
        return x < big, x <= big, x > big, x >= big, x == big, x != big, big < x

    for x in (2.0**70, np.nextafter(2.0**70, np.inf).item(), float("inf"), float("nan")):
        same(f, x)


def test_a_series_over_factorials():
    def f(x, n):
        total = 0.0
        for k in range(n):
            total += x**k / factorial(k)
        return total

    assert compiled(f)(1.5, 30) == pytest.approx(f(1.5, 30), rel=1e-15)


def test_integers_are_compared_with_them():
    def f(x):
        return x < 2**63, x > 2**64, x == 2**65, x != 2**63, x >= -(2**70), 2**64 > x

    same(f, 5)
    same(f, -5)


def test_masks_and_remainders_of_what_is_not_negative():
    def f(x):
        return x & MASK, x % 2**64, x // 2**64

    same(f, 12345678901234)
    with pytest.raises(OverflowError):
        compiled(f)(-1)

    def g(x):
        return x // 2**64, x // -(2**64)

    same(g, -7)


def test_what_does_not_fit_is_an_error_in_its_branch_only():
    def f(x):
        if x > 10:
            return x + 2**70
        return x

    same(f, 3)
    with pytest.raises(OverflowError, match="64 bits"):
        compiled(f)(30)


def test_arrays_meet_them_as_in_numpy():
    def f(a):
        return a < 2**64, a != -(2**64)

    same(f, np.array([1, 2]))
    same(f, np.array([1.0, 2.0]))

    def g(a):
        return a + 2**70, a * 2**65

    same(g, np.array([1.0, 2.0]))


def test_powers_with_a_modulus():
    def f(x, y, m):
        return pow(x, y, m)

    for x, y, m in ((3, 200, 13), (-3, 5, 7), (3, 5, -7), (2, 0, 1), (0, 0, 5), (10**9, 10**9, 7)):
        same(f, x, y, m)
    with pytest.raises(ValueError, match="3rd argument cannot be 0"):
        compiled(f)(3, 4, 0)
