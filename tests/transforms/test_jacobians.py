"""jacobian and hessian: shapes, modes, structures."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import DTypeError, TraceError

X = np.linspace(0.1, 1.0, 5)
M = np.arange(6.0).reshape(2, 3) / 3


def differences(f, x, h=1e-6):
    x = np.asarray(x, float)
    columns = []
    for e in np.eye(x.size).reshape(-1, *x.shape):
        columns.append((np.asarray(f(x + h * e)) - np.asarray(f(x - h * e))) / (2 * h))
    out = np.stack(columns, axis=-1)
    return out.reshape(out.shape[:-1] + x.shape)


@pytest.mark.parametrize("mode", ["fwd", "rev", "auto"])
@pytest.mark.parametrize(
    "f, x",
    [
        (lambda a: a * a.sum(), X),
        (lambda a: a.sum(), X),
        (lambda a: np.array([a.sum(), a[0] * a[1]]), X),
        (lambda a: a * X, 2.0),
        (lambda a: a * a, 2.0),
        (lambda a: a @ a.T, M),
        (lambda a: np.exp(a[0]), M),
    ],
)
def test_values_and_shapes(f, x, mode):
    want = differences(f, x)
    got = ag.jacobian(f, mode=mode)(x)
    assert np.shape(got) == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-8)


def test_through_a_loop_that_writes():
    def sweep(a):
        for i in range(1, a.shape[0]):
            a[i] = a[i] * a[i - 1]
        return a

    want = differences(lambda x: np.cumprod(x), X)
    for mode in ("fwd", "rev"):
        np.testing.assert_allclose(ag.jacobian(sweep, mode=mode)(X), want, atol=1e-9)


def test_structures():
    got = ag.jacobian(lambda a: {"u": a * 2, "v": a.sum()})(X)
    np.testing.assert_allclose(got["u"], 2 * np.eye(5))
    np.testing.assert_allclose(got["v"], np.ones(5))
    got = ag.jacobian(lambda p: p["a"] * p["b"])({"a": X, "b": 3.0})
    np.testing.assert_allclose(got["a"], 3 * np.eye(5))
    np.testing.assert_allclose(got["b"], X)
    a, b = ag.jacobian(lambda a, b: a * b, argnums=(0, 1))(X, 3.0)
    np.testing.assert_allclose(a, 3 * np.eye(5))
    np.testing.assert_allclose(b, X)


def test_float32_stays_float32():
    assert ag.jacobian(lambda a: a * a)(X.astype("f4")).dtype == np.float32


def test_what_is_not_connected_is_zeros():
    for mode in ("fwd", "rev"):
        got = ag.jacobian(lambda a, b: b * 2, mode=mode)(X, M)
        np.testing.assert_array_equal(got, np.zeros((2, 3, 5)))


def test_derivatives_of_jacobians():
    total = lambda a: np.sum(ag.jacobian(lambda b: b**3)(a))
    np.testing.assert_allclose(ag.grad(total)(X), 6 * X)
    np.testing.assert_allclose(ag.jacobian(ag.grad(lambda a: np.sum(a**3)))(X), np.diag(6 * X))


def test_hessians():
    f = lambda a: np.sum(a**3) + a[0] * a[1]
    want = np.diag(6 * X)
    want[0, 1] = want[1, 0] = 1
    np.testing.assert_allclose(ag.hessian(f)(X), want)
    assert ag.hessian(lambda a: a**3)(2.0) == 12.0
    got = ag.hessian(lambda a: np.sum(a**3))(M)
    assert got.shape == (2, 3, 2, 3)
    np.testing.assert_allclose(got.reshape(6, 6), np.diag(6 * M.ravel()))
    np.testing.assert_allclose(ag.hessian(lambda a, b: np.sum(a * b**2), 1)(X, X), np.diag(2 * X))


def test_errors():
    with pytest.raises(TraceError, match="mode is 'auto', 'rev' or 'fwd', not 'both'"):
        ag.jacobian(lambda a: a, mode="both")
    with pytest.raises(DTypeError, match="jacobian with respect to"):
        ag.jacobian(lambda a: a * 1.0)(np.arange(3))
