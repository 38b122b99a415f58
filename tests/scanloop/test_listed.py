"""Lists that while loops append to in each step are stacks, and the loops run once."""

import numpy as np
import pytest

import arignote as ag
from arignote.optimize.loopnest.program import While, walk


def numbers(x):
    out = []
    while x > 0.1:
        x = x * 0.97
        out.append(x * x)
    return np.array(out)


def plain_list(x):
    out = []
    while x > 0.1:
        x = x * 0.97
        out.append(x)
    return out


def rows(x):
    out, n = [], 0
    y = np.array([x, 2 * x, 3 * x])
    while np.sum(y) > 0.5:
        y = 0.9 * y
        y[0] += 0.01
        out.append(y.copy())
        n += 1
    return np.array(out), n, y


def two_lists(x):
    a, b = [], []
    k = 0
    while x > 0.2:
        a.append(k)
        x = x * 0.95
        b.append(x > 0.5)
        k += 1
    return np.array(a), np.array(b), len(a)


def in_a_loop(x):
    total = 0.0
    for k in range(3):
        out = []
        y = x + k
        while y > 0.3:
            out.append(y)
            y = y * 0.9
        total += np.sum(np.array(out)) * len(out)
    return total


def after_a_branch(x):
    out = []
    while x > 0.1:
        if x > 0.5:
            x = x * 0.9
        else:
            x = x * 0.8 + 0.01
        out.append(x)
    return np.array(out)


ONCE = [numbers, plain_list, rows, two_lists, after_a_branch]


# ---- what is no stack
def sometimes(x):
    out = []
    while x > 0.1:
        x = x * 0.97
        if x < 0.5:
            out.append(x)
    return np.array(out)


def twice(x):
    out = []
    while x > 0.1:
        x = x * 0.97
        out.append(x)
        out.append(-x)
    return np.array(out)


def read(x):
    out = [x]
    while out[-1] > 0.1:
        out.append(out[-1] * 0.97)
    return np.array(out)


def begun(x):
    out = [1.0, 2.0]
    while x > 0.1:
        x = x * 0.97
        out.append(x)
    return np.array(out)


def counted_apart(x):
    out, k = [], 0
    while x > 0.1:
        x = x * 0.97
        out.append(x)
        k += 2
    return np.array(out), k


def changed_later(x):
    out = []
    while x > 0.1:
        x = x * 0.97
        out.append(x)
    out.append(7.0)
    out[0] = 5.0
    return np.array(out), out[2]


CASES = [*ONCE, in_a_loop, sometimes, twice, read, begun, counted_apart, changed_later]


@pytest.mark.parametrize("x", [0.05, 1.0, 40.0])
@pytest.mark.parametrize("f", CASES)
def test_lists_hold_what_the_steps_appended(f, x):
    if f in (changed_later, rows) and x < 0.1:  # an empty array of rows keeps their length
        return
    expected = leaves(f(x))
    for excluded in ("", "grown_stacks"):
        with ag.config(excluding=excluded):
            found = leaves(ag.compile(f)(x))
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14 if f is in_a_loop else 0)
            if np.size(b):
                assert np.asarray(a).dtype == np.asarray(b).dtype


def leaves(answer):
    return list(answer) if isinstance(answer, tuple | list) else [answer]


def loops(function, *args):
    return sum(isinstance(s, While) for s in walk(function.program(*args).statements))


@pytest.mark.parametrize("f", ONCE)
def test_one_run(f):
    assert loops(ag.compile(f), 1.0) == 1
    with ag.config(excluding="grown_stacks"):
        assert loops(ag.compile(f), 1.0) == 2


@pytest.mark.parametrize("f", [sometimes, twice, begun])
def test_what_is_no_stack_is_counted_before(f):
    assert loops(ag.compile(f), 1.0) == 2


def test_gradients():
    def f(x):
        out = []
        while x > 0.1:
            x = x * 0.97 - 0.01 * x * x
            out.append(x * x)
        return np.sum(np.array(out))

    x, d = 0.9, 1e-6
    assert ag.grad(f)(x) == pytest.approx((f(x + d) - f(x - d)) / (2 * d), rel=1e-7)


@pytest.mark.parametrize("f", [numbers, rows])
def test_validated(f):
    assert ag.compile(f).validate(1.0)
