"""Loops that have exactly one step are gone, whatever their step is."""

import numpy as np
import pytest

import arignote as ag

from .scheduling import check


def columns(a):
    out = np.zeros(5)
    for j in range(5):
        out[j] = a[:, j] @ a[:, 0]
    return out


def once(a):
    for i in range(2, 3):
        a[i] = a[i - 1] + a[i]
    for i in range(3, 0, -4):
        a[i] *= 2.0


def never(a):
    for i in range(3, 3):
        a[i] = 0.0


def some(a, n):
    for i in range(0, n, 7):
        a[i] += 1.0


def left(a):
    for i in range(2, 3):
        if a[i, 0] > 0:
            break
        a[i] = 7.0


A = np.arange(20.0).reshape(4, 5) - 9


@pytest.mark.parametrize("f", [once, columns])
def test_one_step(f):
    made = check("single_steps", f, {"a": A}, {"a": -A})
    assert " by 256" not in made.text and " by -4" not in made.text


@pytest.mark.parametrize("n", [0, 1, 3])
def test_steps_that_may_be_none_stay(n):
    check("single_steps", some, {"a": A[:, 0], "n": n})


@pytest.mark.parametrize("f", [never, left])
def test_others_stay(f):
    assert not check("single_steps", f, {"a": A}).changed


WEIGHTS = np.linspace(-1, 1, 49).reshape(7, 7)  # which say the size of what they weigh


def eliminated(a):
    for i in range(a.shape[0]):
        for j in range(i, a.shape[0]):
            a[i, j] -= a[i, :i] @ a[:i, j]
    return np.sum(WEIGHTS * a)


def test_short_nests_in_loops_are_not_called():
    """A nest of a few steps costs less than to ask whether threads should share it."""
    made = ag.grad(eliminated).compiled_for(np.eye(7))
    assert "= an_parts(" not in made.source
    ag.check_grad(eliminated, np.eye(7) + 0.1)


def windows(x, w):
    k = w.shape[0]
    rows, columns = x.shape[1] - k + 1, x.shape[2] - k + 1
    out = np.empty((x.shape[0], rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            part = x[:, i : i + k, j : j + k, :, None] * w
            out[:, i, j] = np.sum(part, axis=(1, 2, 3))
    return np.sum(np.linspace(-1, 1, 180).reshape(2, 5, 6, 3) * out)


def test_scratch_keeps_its_size_where_a_loop_of_tiles_has_one_step():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 7, 8, 2)), rng.standard_normal((3, 3, 2, 3))
    np.testing.assert_allclose(ag.compile(windows)(x, w), windows(x, w))
    ag.check_grad(windows, x, w)
