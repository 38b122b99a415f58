"""Sizes that guards fix are numbers in the program; other sizes are traced anew."""

import numpy as np
import pytest

import arignote as ag
from arignote.fxgraph.affine import minus, plus
from arignote.fxgraph.constants import lit, new_index
from arignote.optimize.loopnest.pin import pinned


def recurrence(x, m):
    h = np.zeros(12)
    for row in x:
        h = np.tanh(h @ m + row)
    return h


def joined(x, y):
    y[:, :5] = x
    return x + np.ones(5), y.sum(axis=1)


def by_columns(x, start):
    state = np.full(7, start)
    return np.asfortranarray(x)[:, 2] * state[2] + (x * state).sum(axis=1)


def draws(*shape):
    return np.random.default_rng(len(shape)).standard_normal(shape)


def test_a_size_that_meets_a_known_one_is_that_number():
    f = ag.compile(recurrence)
    for n, m in ((20, 12), (3, 12)):
        arguments = draws(n, m), draws(m, m) * 0.3
        assert f(*arguments) == pytest.approx(recurrence(*arguments), rel=1e-12)
    assert len(f.kernels) == 1
    body = str(f.program(*arguments)).split("guard")[-1].split("\n", 1)[1]
    assert "[0, 12)" in body and "x_1" not in body
    with pytest.raises(ValueError):
        f(draws(4, 13), draws(13, 13))


def test_arguments_that_are_written_and_results():
    f = ag.compile(joined)
    for k in (6, 9):
        x, y = draws(4, 5), draws(4, k)
        mine = y.copy()
        expected = joined(x, mine)
        got = f(x, y)
        assert np.array_equal(y, mine)
        for a, b in zip(got, expected, strict=True):
            assert a == pytest.approx(b, rel=1e-13)


@pytest.mark.parametrize("order", ["C", "F"])
def test_other_layouts(order):
    x = np.array(draws(3, 7), order=order)
    assert ag.compile(by_columns)(x, 2.0) == pytest.approx(by_columns(x, 2.0), rel=1e-13)
    wide = np.array(draws(6, 14), order=order)[::2, ::2]
    assert ag.compile(by_columns)(wide, 2.0) == pytest.approx(by_columns(wide, 2.0), rel=1e-13)


def test_another_size_at_run_time():
    def padded(x, k):
        out = np.zeros(6)
        out[:] = x if k > 0 else x * 2
        return out

    f = ag.compile(padded)
    assert f(np.arange(6.0), 1) == pytest.approx(np.arange(6.0))
    with pytest.raises(ValueError):
        f(np.arange(5.0), 1)
    assert f(np.arange(6.0), -1) == pytest.approx(np.arange(6.0) * 2)


def test_bounds_from_both_sides():
    n, m = (new_index(lit(0), lit(9), 1, name) for name in "nm")
    guards = [minus(n, lit(4)), minus(lit(7), n), minus(lit(4), n), minus(m, lit(2)), plus(m, n)]
    assert pinned(guards, [n, m]) == {n: 4}
