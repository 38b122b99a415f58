"""Arrays that change places in loops: whatever the memory they end in, the values are Python's."""

import copy

import numpy as np
import pytest

import arignote as ag

from .scheduling import check


def in_a_branch(a, b, n, m):
    c, u = a * 1.0, b * 2.0
    if c[0] < m:
        for _ in range(n):
            c, u = u, c
    return c, u


def nested(a, b, n, m):
    c, u = a * 1.0, b * 2.0
    for _ in range(m):
        for i in range(n):
            c[i % 3] += u[1]
            c, u = u, c
        c[0] *= 0.5
    return c, u


def three(a, b, n, m):
    c, u, w = a * 1.0, b * 2.0, a + b
    k = 0
    while k < m:
        k += 1
        for _ in range(n):
            c, u, w = u, w, c
        c, u = u, c
    return c, u, w


def double_buffered(a, b, n, m):
    u, v = a.copy(), b.copy()
    for _ in range(m):
        for _k in range(n):
            v[1:-1] = 0.5 * (u[2:] + u[:-2])
            u, v = v, u
        u[0] += 1
    return u, v


def in_one_branch_of_a_loop(a, b, n, m):
    u, v = a.copy(), b.copy()
    for k in range(m):
        if k % 2 == 0:
            for _ in range(n):
                u, v = v, u
        else:
            u[0] += v[1]
    return u, v


def one_after_the_other(a, b, n, m):
    u, v = a.copy(), b.copy()
    for _ in range(n):
        u, v = v, u
    u[0] = 3
    for _ in range(m):
        u, v = v, u
    v[1] = 4
    return u, v


def deep(a, b, n, m):
    u, v = a.copy(), b.copy()
    for _ in range(m):
        for j in range(n):
            for _k in range(j):
                u, v = v, u
            u[j % 2] += 1
            u, v = v, u
    return u, v


def by_an_old_name(a, b, n, m):
    u, v, s = a.copy(), b.copy(), np.zeros((m, a.size))
    for i in range(m):
        old = u
        for _ in range(n):
            u, v = v, u
        s[i] = old + u
    return u, v, s


def starts_are_returned(a, b, n, m):
    c, u = a * m, b * 2.0
    first, second = c, u
    for _ in range(n + 1):
        c, u = u, c
    return first, c, second, u


def old_values_of_each_step(a, b, n, m):
    c, u, s = a * 1.0, b * 2.0, np.zeros(1)
    for _ in range(n):
        before = c + 0.0
        for _j in range(m):
            c[0] += u[1]
            c, u = u, c
        s += before[0] + c[1] * (u[0] + 1)
        c, u = u, c
    return c, u, s


def four(a, b, n, m):
    c, u, w, z = a.copy(), b.copy(), a - b, a + b
    for _ in range(n):
        for _j in range(m):
            c, u = u, c
            w, z = z, w
            w[0] += c[0]
        c, u, w, z = z, c, u, w
    return c, u, w, z


def with_one_of_the_step(a, b, n, m):
    """The inner loop turns an array of the outer one with one that each step makes."""
    c, u = a.copy(), b.copy()
    for i in range(n):
        t = np.zeros(a.size) + i
        for _ in range(m):
            c, t = t, c
            c[0] += 1
        u = u + t
    return c, u


def beside_one_that_stays(a, b, n, m):
    c, u, s = a.copy(), b.copy(), np.zeros(4)
    for i in range(n):
        s[i % 4] += c[0]
        for _ in range(m):
            c, u = u, c
            s[1] += u[1]
        c, u = u, c
        s[::-1][0] += 1
    return c, s, u


PROGRAMS = [
    beside_one_that_stays,
    in_a_branch, nested, three, double_buffered, in_one_branch_of_a_loop, one_after_the_other,
    deep, by_an_old_name, starts_are_returned, old_values_of_each_step, four, with_one_of_the_step,
]  # fmt: skip
STEPS = [(0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3), (4, 3)]


def sample(n, m):
    return {"a": np.arange(6.0) + 1, "b": np.arange(6.0) * 0.3, "n": n, "m": m}


@pytest.mark.parametrize("f", PROGRAMS)
def test_values_are_pythons(f):
    for steps in STEPS:
        check("parallel", f, sample(*steps))


@pytest.mark.parametrize("f", [nested, three])
def test_kernels(f):
    compiled = ag.compile(f)
    for steps in [(0, 1), (2, 3), (3, 3)]:
        given = sample(*steps)
        for x, y in zip(compiled(**copy.deepcopy(given)), f(**given), strict=True):
            np.testing.assert_array_equal(x, y)


def test_pointers_turn_in_both_loops():
    text = check("parallel", four, sample(3, 2)).text
    turned = [line for line in text.splitlines() if line.count(" -> ") == 1 and "," in line]
    assert len(turned) == 2, "one exchange a loop, and no element moves in it"


def until_it_fails(a, b, m):
    c, u = a * 1.0, np.zeros(6)
    for i in range(6):
        m[i] ^= i
        u[0] = c[m[1]]
        c[0] += u[i + 1]
        c, u = u, c
    return c


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
def test_an_argument_beside_them_is_written_until_a_step_fails(mode):
    mine, theirs = ({"a": np.arange(6.0), "b": np.ones(6), "m": np.arange(6)} for _ in range(2))
    for f, given in ((ag.compile(until_it_fails, mode=mode), mine), (until_it_fails, theirs)):
        with pytest.raises(IndexError):
            f(**given)
    np.testing.assert_array_equal(mine["m"], theirs["m"])
