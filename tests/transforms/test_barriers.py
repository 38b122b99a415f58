"""stop_gradient, zero_gradient, grad_clip, grad_scale: values stay, derivatives change."""

import numpy as np

import arignote as ag

X = np.linspace(0.1, 1.0, 5)


def test_values_stay():
    for f in (ag.stop_gradient, ag.zero_gradient):
        np.testing.assert_array_equal(f(X), X)
        np.testing.assert_array_equal(ag.compile(lambda a: f(a) * 2)(X), 2 * X)
    np.testing.assert_array_equal(ag.compile(lambda a: ag.grad_clip(a, -1, 1))(5 * X), 5 * X)
    np.testing.assert_array_equal(ag.compile(lambda a: ag.grad_scale(a, 3))(X), X)


def test_stop_and_zero():
    for f in (ag.stop_gradient, ag.zero_gradient):
        np.testing.assert_allclose(ag.grad(lambda a: np.sum(a * f(a)))(X), X)
        np.testing.assert_allclose(ag.jvp(lambda a: a * f(a), (X,), (X,))[1], X * X)
        np.testing.assert_array_equal(ag.grad(lambda a: np.sum(f(a)))(X), np.zeros(5))


def test_structures():
    f = lambda p: np.sum(ag.stop_gradient(p)["a"] * p["a"])
    np.testing.assert_allclose(ag.grad(f)({"a": X})["a"], X)
    assert list(ag.stop_gradient({"a": X, "b": None})) == ["a", "b"]


def test_clip_and_scale():
    got = ag.grad(lambda a: np.sum(ag.grad_clip(a, -0.5, 2.0) * (10 * X - 5)))(X)
    np.testing.assert_allclose(got, np.clip(10 * X - 5, -0.5, 2.0))
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(ag.grad_scale(a, -1) ** 2))(X), -2 * X)


def test_in_loops():
    def f(a):
        s = a
        for _ in range(3):
            s = ag.grad_clip(s * 2, -1.5, 1.5)
        return np.sum(s)

    np.testing.assert_allclose(ag.grad(f)(X), 3.0)  # 2 * clip(2 * clip(2 * clip(1)))

    def truncated(a):
        s = 0.0
        for i in range(a.shape[0]):
            s = ag.stop_gradient(s) * 2 + a[i] ** 2
        return s

    np.testing.assert_allclose(ag.grad(truncated)(X), [0, 0, 0, 0, 2 * X[4]])
