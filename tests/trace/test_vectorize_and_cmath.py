"""np.vectorize, and cmath on traced numbers."""

import cmath

import numpy as np
import pytest

import arignote as ag


def check(f, *args):
    want, got = f(*args), ag.compile(f, mode="FAST_COMPILE")(*args)
    if isinstance(want, np.ndarray):
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_allclose(got, want, rtol=1e-13)


@np.vectorize
def larger(a, b):
    return a * 2 if a > b else b / 3


def test_vectorize_broadcasts():
    rng = np.random.default_rng(0)
    check(lambda a, b: larger(a, b), rng.normal(size=(3, 4)), rng.normal(size=4))


def test_vectorize_gives_what_the_function_gives():
    check(lambda a: np.vectorize(lambda t: int(t) // 2)(a), np.arange(7.0))
    check(lambda a: np.vectorize(lambda t: t + 1, otypes=[np.float32])(a), np.arange(7))
    quotients, rests = ag.compile(lambda a: np.vectorize(lambda t: divmod(t, 3))(a))(np.arange(7))
    np.testing.assert_array_equal(quotients, np.arange(7) // 3)
    np.testing.assert_array_equal(rests, np.arange(7) % 3)


def spiral(x):
    z = 0j
    for t in x:
        z = z * 0.3 + cmath.exp(1j * t) + cmath.sqrt(t) - cmath.log(t + 2j, 3) + cmath.tanh(z)
    return z, abs(z), cmath.phase(z), cmath.polar(z)[0], cmath.rect(2.0, x[0])


def test_complex_mathematics():
    x = np.random.default_rng(1).normal(size=5)
    for got, want in zip(ag.compile(spiral, mode="FAST_COMPILE")(x), spiral(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_errors_of_complex_mathematics():
    with pytest.raises(ValueError, match="math domain error"):
        ag.compile(lambda x: cmath.log(x[0]), mode="FAST_COMPILE")(np.zeros(1))
    with pytest.raises(OverflowError, match="math range error"):
        ag.compile(lambda x: cmath.exp(x[0]), mode="FAST_COMPILE")(np.full(1, 1000.0))
