"""Python integers do not wrap, and sizes stay provable."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import arignote as ag
from arignote.api import compile


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


@pytest.mark.parametrize(
    "f, args",
    [
        (lambda a, b: a * b, (2**40, 2**40)),
        (lambda a, b: a + b, (2**62, 2**62)),
        (lambda a, b: a - b, (-(2**62), 2**62 + 5)),
        (lambda a, b: a * 4, (2**62, 0)),
        (lambda a, b: -a, (-(2**63), 0)),
        (lambda a, b: a << b, (3, 62)),
        (lambda a, b: a**b, (3, 60)),
        (lambda a, b: a * a * a, (2**30, 0)),
    ],
)
def test_overflow_raises_and_never_wraps(f, args):
    assert not -(2**63) <= f(*args) < 2**63
    with pytest.raises(OverflowError, match="64 bits"):
        compile(f)(*args)


@pytest.mark.parametrize(
    "f, args",
    [
        (lambda a, b: a * b, (2**31, 2**31)),
        (lambda a, b: a + b, (2**62, 2**61)),
        (lambda a, b: a - b, (2**62, 2**62)),
        (lambda a, b: a << b, (1, 62)),
        (lambda a, b: a**b, (3, 30)),
        (lambda a, b: (a * b) // b % 7, (12345678901, 98)),
        (lambda a, b: divmod(a, -b), (2**60, 7)),
    ],
)
def test_large_results_that_fit(f, args):
    got = compile(f)(*args)
    assert got == f(*args) and type(got) is type(f(*args))


def test_small_arithmetic_has_no_checks():
    g = compile(lambda a, n: a[: n + 1] * (2 * n + len(a) - 3)).graph(np.zeros(9), 4)
    assert not g.effects


def test_sizes_compare_without_guards():
    def f(a):
        n = a.shape[0]
        return (n + 1 > n, n >= 2, n - n == 0, n * 2 != 2 * n, -n < 0)

    g = compile(f).graph(np.zeros(5))
    assert not g.guards and all(o.op.name == "constant" for o in g.outputs)


def test_dict_lookup_by_size():
    f = compile(lambda a: {4: a * 2, 5: a * 3}[len(a)])
    np.testing.assert_array_equal(f(np.ones(4)), [2.0] * 4)
    np.testing.assert_array_equal(f(np.ones(5)), [3.0] * 5)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_computed_sizes_of_one_broadcast(n):
    def f(a, b, k):
        return a[::2] + b, a[: k // 2] * b, a.reshape(-1)[:1] + b

    a, b = np.arange(3.0), np.arange(2.0)
    g = compile(f)
    for k in (4, 2, 3, 5):
        first = np.arange(float(3 if n == 3 else 2))
        try:
            want = f(first, b, k)
        except ValueError:
            with pytest.raises(ValueError):
                g(first, b, k)
            continue
        for x, y in zip(g(first, b, k), want, strict=True):
            np.testing.assert_array_equal(x, y)
    assert a.size


def test_the_largest_integer_as_what_is_not_found_yet():
    def shortest(target, numbers):
        left = total = 0
        best = sys.maxsize
        for right in range(len(numbers)):
            total += numbers[right]
            while total >= target and left <= right:
                best = min(best, right - left + 1)
                total -= numbers[left]
                left += 1
        return 0 if best == sys.maxsize else best

    f = compile(shortest)
    for given in ((7, [2, 3, 1, 2, 4, 3]), (70, [2, 3, 1, 2, 4, 3])):
        assert f(*given) == shortest(*given)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_round_to_digits_is_right_for_every_digit_of_a_float(mode):
    """1.115 is a little less than that: 1.11 in Python, while 1.115 * 100 is more than 111.5."""
    rounded = compile(lambda x, digits: round(x, digits), mode=mode)
    rng = np.random.default_rng(3)
    near_ties = [round(v, 3) + 0.005 for v in rng.normal(size=40).tolist()]
    edges = [1.115, 2.675, 0.145, -0.001, 2.5, 1e20, 5e-324, float("inf"), 1250.0, -3500.0]
    for digits in (2, 0, 5, -2):
        for x in (*edges, *near_ties):
            assert repr(rounded(x, digits)) == repr(round(x, digits))
    assert rounded(np.float64(1.115), 2) == round(np.float64(1.115), 2)  # NumPy's, which is 1.12
