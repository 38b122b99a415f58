"""Tables of counts, searches and interpolation are nests: NumPy's values, no call of Python's."""

import numpy as np
import pytest

import arignote as ag

RNG = np.random.default_rng(5)
EDGES = np.array([-1, 0, 0.5, 1, 1.5, 2, 3, 4, 5, np.inf, -np.inf, np.nan, 1e300])


def same(got, want):
    np.testing.assert_array_equal(got, want)
    assert np.asarray(got).dtype == np.asarray(want).dtype


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "u1", "?"])
def test_searches(dtype, side):
    f = ag.compile(lambda table, keys: np.searchsorted(table, keys, side))
    keys = RNG.integers(0, 22, 60).astype(dtype)
    for n in (0, 1, 2, 3, 7, 8, 9, 100):
        table = np.sort(RNG.integers(0, 20, n).astype(dtype))
        if table.dtype.kind == "f":
            table[n - n // 4 :] = np.nan
            keys[::9] = np.nan
        same(f(table, keys), np.searchsorted(table, keys, side))
    assert "python" not in str(f.program(table, keys))


def draws(cumulated, u):
    """Which of several events happened, again and again."""
    seen = np.zeros(len(cumulated) + 1)
    for k in range(len(u)):
        seen[np.searchsorted(cumulated, u[k])] += 1
    return seen


def test_a_search_in_a_loop():
    table, u = np.cumsum(RNG.random(40)), RNG.random(300) * 22
    f = ag.compile(draws)
    same(f(table, u), draws(table, u))
    assert "python" not in str(f.program(table, u))


POINTS = {
    "doubled, and an infinite one": ([0, 1, 1, 2, 4, np.inf], [1, 2, np.inf, 3, 3, 5]),
    "even": (np.arange(6), np.arange(6) ** 2),
    "a flat line": (np.arange(6), np.ones(6)),
}


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("outside", [{}, {"left": -7.0, "right": 9.0}])
def test_interpolation(name, outside):
    xp, fp = (np.array(p, float) for p in POINTS[name])
    f = ag.compile(lambda x, xp, fp: np.interp(x, xp, fp, **outside))
    for n in range(1, 7):
        a, b = xp[:n].copy(), fp[:n].copy()
        same(f(EDGES, a, b), np.interp(EDGES, a, b, **outside))


def fall(height, at, drag, steps, dt):
    """A drag that is read from a table of heights."""
    v = 0.0
    for _ in range(steps):
        v += dt * (-9.81 - np.interp(height, at, drag) * v)
        height += dt * v
    return height, v


def test_interpolation_in_a_loop():
    at, drag = np.linspace(0, 500, 20), RNG.random(20)
    f = ag.compile(fall)
    args = (480.0, at, drag, 400, 0.01)
    assert f(*args) == fall(*args)
    assert "python" not in str(f.program(*args))


COUNTS = {
    "numbers": lambda x, w: np.bincount(x),
    "with a least length": lambda x, w: np.bincount(x, minlength=70),
    "weights": lambda x, w: np.bincount(x, w),
    "histogram": lambda x, w: np.histogram(w, 20)[0],
    "weighted histogram": lambda x, w: np.histogram(w, 13, (-1, 1), weights=x)[0],
    "in a plane": lambda x, w: np.histogram2d(w, x, (4, 5))[0],
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    x, w = RNG.integers(0, 50, 1000), RNG.normal(size=1000)
    f = ag.compile(COUNTS[name])
    same(f(x, w), COUNTS[name](x, w))
    assert "python" not in str(f.program(x, w))


def test_counts_of_nothing_and_of_what_cannot_be_counted():
    f = ag.compile(lambda x: np.bincount(x))
    same(f(np.zeros(0, int)), np.bincount(np.zeros(0, int)))
    with pytest.raises(ValueError, match="no negative elements"):
        f(np.array([3, -1, 2]))
    with pytest.raises(ValueError, match="same length"):
        ag.compile(lambda x, w: np.bincount(x, w))(np.arange(4), np.ones(3))


def test_the_gradient_of_weighted_counts():
    x, w = RNG.integers(0, 9, 50), RNG.normal(size=50)
    g = ag.grad(lambda w, x: np.sum(np.bincount(x, w) ** 2))(w, x)
    np.testing.assert_allclose(g, 2 * np.bincount(x, w)[x])
