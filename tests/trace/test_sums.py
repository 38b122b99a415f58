"""Python's `sum` of floats, which is compensated since 3.12, bit for bit."""

import math
import sys

import numpy as np
import pytest

import arignote as ag


def neumaier(values, start):
    """The rule of 3.12: an int is added plainly."""
    total, error, at = start, 0.0, iter(values)
    while type(total) is int:
        item = next(at, None)
        if item is None:
            return total
        total = total + item
    for x in at:
        if type(x) is float:
            t = total + x
            error += (total - t) + x if abs(total) >= abs(x) else (x - t) + total
            total = t
        else:
            total += x
    return total + error if error and math.isfinite(error) else total


def of_list(a, start):
    return sum([float(x) for x in a], start)


def of_generator(a, start):
    return sum((float(x) * 0.1 for x in a), start)


def of_appended(a, start):
    xs = []
    for x in a:
        if x != 0.25:
            xs.append(float(x))
    return sum(xs, start)


def items_of(f, a):
    a = [float(x) for x in a]
    return [x * 0.1 for x in a] if f is of_generator else [x for x in a if x != 0.25]


_RNG = np.random.default_rng(3)
VALUES = {
    "cancelling": np.array([1e100, 1.0, -1e100, 1e-3] * 10),
    "random": _RNG.normal(size=300) * 10.0 ** _RNG.integers(-9, 9, 300),
    "tiny": np.full(40, 1e-17),
    "infinite": np.array([1.0, np.inf, 2.0] * 9),
    "nan": np.array([1e300, -np.inf, np.inf] * 9),
    "overflowing": np.full(30, 1.7e308),
    "short": np.array([0.1, 0.2, 0.3]),
    "zeros": np.array([-0.0, -0.0]),
    "none": np.array([]),
}


@pytest.fixture
def compensated(monkeypatch):
    ag.compile(abs)(1.0)  # imports the tracer, in its order
    monkeypatch.setattr("arignote.trace.sums.COMPENSATED", True)
    monkeypatch.setattr("arignote.trace.sums.INTS_TOO", False)


def same(got, want):
    assert np.float64(got).tobytes() == np.float64(want).tobytes() or (got != got and want != want)


@pytest.mark.parametrize("start", [0, 7, 0.0, 0.5, -0.0, 1e16])
@pytest.mark.parametrize("f", [of_list, of_generator, of_appended])
def test_sums_of_python_floats_keep_what_rounding_leaves_out(f, start, compensated):
    compiled = ag.compile(f)
    for a in VALUES.values():
        same(compiled(a, start), neumaier(items_of(f, a), start))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python adds plainly before 3.12")
@pytest.mark.parametrize("f", [of_list, of_generator, of_appended])
def test_sums_of_python_floats_are_those_of_this_python(f):
    compiled = ag.compile(f)
    for a in VALUES.values():
        for start in (0, 3, 0.5):
            same(compiled(a, start), f(a, start))


def listed(x, y, n, a):
    return sum([x, y, n, x, y]), sum([n, x, y, x]), sum([x, y, a[0], y]), sum([x, n, n], y)


@pytest.mark.parametrize("values", [(0.1, 0.2, 3), (1e100, -1e100, 1), (1e16, 1.0, -(2**53))])
def test_ints_and_numpys_scalars_among_floats(values):
    a = np.array([0.3])
    assert repr(ag.compile(listed)(*values, a)) == repr(listed(*values, a))


def test_the_others_are_added_as_ever(compensated):
    def others(a, n):
        return sum(a), sum(range(n)), sum(a > 0.5), sum([a, a]), sum(float(i) for i in range(n))

    got, want = ag.compile(others)(np.arange(4.0), 6), others(np.arange(4.0), 6)
    assert list(map(type, got)) == list(map(type, want))
    for x, y in zip(got, want):
        np.testing.assert_array_equal(x, y)


def test_derivatives_of_sums(compensated):
    def squares(a):
        return sum([float(x) ** 2 for x in a])

    a = VALUES["random"][:30]
    np.testing.assert_allclose(ag.grad(squares)(a), 2 * a)
    np.testing.assert_allclose(ag.grad(lambda xs: sum(xs) / 3)([0.1, 0.2, 0.3]), [1 / 3] * 3)
