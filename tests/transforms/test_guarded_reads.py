"""What only a branch may read is not read around it, neither by second derivatives."""

import numpy as np
import pytest

import arignote as ag

RNG = np.random.default_rng(3)
B, A, D = RNG.random(5) + 0.5, RNG.random((5, 5)), RNG.random((5, 5))


def counted(n):
    t = 0
    for i in range(n):
        for _ in range(i, 5):
            t += 1
    return t


def largest(b, a, n):
    t = counted(n)
    if t < 3:
        b[-1] = np.max(a[:4, t])
    return np.sum(b * b)


def middle(b, a, n):
    t = counted(n)
    if t < 3:
        b[-1] = np.median(a[:4, t])
    return np.sum(b * b)


def middle_in_a_loop(b, a, n):
    t = n * 5
    for i in range(4, 0, -1):
        if t < 3:
            b[-1] = np.median(a[i % 2 : i % 2 + 4, t])
        if b[i] < 0:
            t = (t + n) % 3
    return np.sum(b * b)


@pytest.mark.parametrize("f", [largest, middle, middle_in_a_loop])
@pytest.mark.parametrize("n", [0, 3])
def test_second_derivatives_read_in_the_branch_only(f, n):
    slope = ag.grad(f, argnums=1)
    twice = ag.grad(lambda b, a, n: np.sum(slope(b, a, n) * D), argnums=1)
    step = 1e-6
    quotient = (slope(B, A + step * D, n) - slope(B, A - step * D, n)) / (2 * step)
    np.testing.assert_allclose(twice(B, A, n), quotient, rtol=1e-6, atol=1e-8)
