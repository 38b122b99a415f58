"""Integers divided by numbers that the text has: the quotients and remainders of Python, and in
which loops they have the form for vectors."""

import numpy as np
import pytest

import arignote as ag

LEAST, MOST = np.iinfo("i8").min, np.iinfo("i8").max


@pytest.mark.parametrize(
    "divisors",
    [(2, 3, 5, 6, 7, 10, 13), (641, 1000, 10**9 + 7, 2**33 - 1, 10**12),
     (2**62 - 1, 2**62, 2**62 + 1, 2**63 - 1), (-3, -8, -10**12)],
)  # fmt: skip
def test_quotients_and_remainders(divisors):
    rng = np.random.default_rng(4)
    ends = [0, 1, -1, 2, -2, LEAST, LEAST + 1, MOST, MOST - 1]
    near = [k * d + e for d in divisors for k in (1, -1, 5, MOST // abs(d)) for e in (-1, 0, 1)]
    x = np.concatenate([
        np.array([n for n in (*ends, *near) if LEAST <= n <= MOST]),
        rng.integers(LEAST, MOST, 3000), rng.integers(-200, 200, 500),
    ])  # fmt: skip

    def both(x):
        return [(x // d, x % d) for d in divisors]

    for found, wanted in zip(ag.compile(both)(x), both(x), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_which_loops_divide_as_vectors():
    def in_vectors(f, *args):
        return "an_each_" in ag.compile(f).source(*args)

    x = np.arange(64)
    assert in_vectors(lambda x: x // 13, x)
    assert in_vectors(lambda x: x % 10 + x // 10, x)
    assert not in_vectors(lambda x: x // 16, x)  # a shift
    assert not in_vectors(lambda x: x // -3, x)
    assert not in_vectors(lambda x, y: x // y, x, 13)  # the text has no number
    assert not in_vectors(lambda x: x // 13, x.astype("i4"))  # the compiler knows these

    def chain(x, n):
        for _ in range(n):
            x = (x * 31 + 7) % 1000003
        return x

    assert not in_vectors(chain, 5, 10)  # one step waits for the other
    assert ag.compile(chain)(5, 10) == chain(5, 10)
