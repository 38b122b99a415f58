"""vjp, jvp, linearize and hvp."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ShapeError, TraceError
from arignote.transforms import kept as kept_module

X = np.linspace(0.1, 1.0, 5)


def running_product(a):
    for i in range(1, a.shape[0]):
        a[i] = a[i] * a[i - 1]
    return a


# ---- vjp -----------------------------------------------------------------------------------------
def test_vjp():
    y, pull = ag.vjp(lambda a, b: a * b, X, X + 1)
    np.testing.assert_allclose(y, X * (X + 1))
    ga, gb = pull(X**2)
    np.testing.assert_allclose(ga, X**2 * (X + 1))
    np.testing.assert_allclose(gb, X**3)


def test_vjp_of_structures_and_integers():
    y, pull = ag.vjp(lambda p, k: {"o": p["a"] * k}, {"a": X}, 3)
    gp, gk = pull({"o": X})
    np.testing.assert_allclose(gp["a"], 3 * X)
    assert gk == 0 and y["o"] == pytest.approx(3 * X)


def test_vjp_inside_compiled_functions():
    @ag.compile
    def f(a):
        y, pull = ag.vjp(lambda z: z * np.sin(z), a)
        return y, pull(np.ones(a.shape))[0], pull(a)[0]

    y, one, two = f(X)
    slope = np.sin(X) + X * np.cos(X)
    np.testing.assert_allclose(one, slope)
    np.testing.assert_allclose(two, X * slope)
    np.testing.assert_allclose(y, X * np.sin(X))


def test_cotangents_that_do_not_fit():
    _, pull = ag.vjp(lambda a: a * 2, X)
    with pytest.raises(TraceError, match="another structure"):
        pull((X, X))
    with pytest.raises(ShapeError, match=r"the cotangent has shape \(3,\), it must have \(5,\)"):
        pull(X[:3])


def test_written_arguments_are_unchanged():
    x = X.copy()
    y, pull = ag.vjp(running_product, x)
    np.testing.assert_allclose(y, np.cumprod(X))
    pull(np.ones(5))
    ag.jvp(running_product, (x,), (X,))
    ag.linearize(running_product, x)[1](X)
    ag.hvp(lambda a: np.sum(running_product(a)))(x, X)
    np.testing.assert_array_equal(x, X)


# ---- jvp -----------------------------------------------------------------------------------------
def test_jvp():
    y, t = ag.jvp(lambda a, b: a * b, (X, X + 1), (X, X**2))
    np.testing.assert_allclose(y, X * (X + 1))
    np.testing.assert_allclose(t, X * (X + 1) + X**3)


def test_jvp_of_structures_and_integers():
    y, t = ag.jvp(lambda p, k: {"o": p["a"] * k, "k": k}, ({"a": X}, 2), ({"a": X}, 0))
    np.testing.assert_allclose(t["o"], 2 * X)
    assert t["k"] == 0


def test_jvp_is_the_transpose_of_vjp():
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=5), rng.normal(size=5)
    t = ag.jvp(running_product, (X,), (u,))[1]
    (g,) = ag.vjp(running_product, X)[1](v)
    assert t @ v == pytest.approx(g @ u)


def test_tangents_that_do_not_fit():
    with pytest.raises(TraceError, match="another structure"):
        ag.jvp(lambda a, b: a * b, (X, X), (X,))
    with pytest.raises(ShapeError, match=r"the tangent 0 has shape \(2,\), it must have \(5,\)"):
        ag.jvp(lambda a: a, (X,), (X[:2],))


def test_linearize():
    y, push = ag.linearize(lambda a, b: a * a * b, X, 2.0)
    np.testing.assert_allclose(y, 2 * X**2)
    np.testing.assert_allclose(push(X, 0.0), 4 * X**2)
    np.testing.assert_allclose(push(X, 1.0), 5 * X**2)

    @ag.compile
    def f(a):
        y, push = ag.linearize(np.sin, a)
        return push(a) + push(y)

    np.testing.assert_allclose(f(X), np.cos(X) * (X + np.sin(X)))


# ---- hvp -----------------------------------------------------------------------------------------
def test_hessian_times_vector():
    f = lambda a: np.sum(a**3) * a[0]
    v = np.arange(5.0)
    np.testing.assert_allclose(ag.hvp(f)(X, v), ag.hessian(f)(X) @ v)
    f = lambda a, b: np.sum(a * b**3)
    np.testing.assert_allclose(ag.hvp(f, argnums=1)(X, X, v), 6 * X * X * v)


def test_hessian_times_a_structure():
    f = lambda p: np.sum(p["a"] ** 2 * p["b"])
    got = ag.hvp(f)({"a": X, "b": 3.0}, {"a": X, "b": 1.0})
    np.testing.assert_allclose(got["a"], 6 * X + 2 * X)
    assert got["b"] == pytest.approx(np.sum(2 * X * X))


def test_hessian_times_vector_through_a_loop_that_writes():
    f = lambda a: np.sum(running_product(a))
    v = np.arange(5.0)
    np.testing.assert_allclose(ag.hvp(f)(X, v), ag.hessian(f)(X) @ v)
    h = 1e-5
    want = (ag.grad(f)(X + h * v) - ag.grad(f)(X - h * v)) / (2 * h)
    np.testing.assert_allclose(ag.hvp(f)(X, v), want, rtol=1e-7)


# ---- calls outside compiled functions ------------------------------------------------------------
def test_a_function_that_reads_something_new_is_traced_again():
    scale = 2.0

    def f(x):
        return scale * x

    assert ag.jvp(f, (1.0,), (1.0,))[1] == 2.0
    scale = 3.0
    assert ag.jvp(f, (1.0,), (1.0,))[1] == 3.0
    value, pull = ag.vjp(f, 2.0)
    assert value == 6.0 and pull(1.0)[0] == 3.0
    table = np.ones(2)
    g = lambda x: np.sum(table * x)
    assert ag.linearize(g, X[:2])[1](np.ones(2)) == 2.0
    table[0] = 4.0
    assert ag.linearize(g, X[:2])[1](np.ones(2)) == 5.0


def test_functions_that_mean_the_same_share_their_code():
    start = len(kept_module._kept)
    for _ in range(5):
        ag.jvp(lambda x: np.tanh(x) * 3.25, (X,), (X,))
    assert len(kept_module._kept) <= start + 1


# ---- operations that may raise, in loops and branches --------------------------------------------
M = np.arange(25.0).reshape(5, 5) / 25 + 3 * np.eye(5)


def solved_again(a, b, n):
    for _ in range(n):
        b = b - np.linalg.solve(a, b)
    return b


def factored_while(a, b, n):
    k = 0
    while k < n and b[0] < 50:
        a[1:, 1:] -= 0.1 * np.linalg.cholesky(a @ a.T)[:4, :4]
        b = b + np.linalg.det(a) * 0.01
        k += 1
    return a, b


def solved_in_a_branch(a, b, n):
    return np.linalg.solve(a, b) if n > 2 else b * 2


@pytest.mark.parametrize("f", [solved_again, factored_while, solved_in_a_branch])
def test_tangents_of_operations_that_may_raise_stay_in_their_loop(f):
    ag.check_grad(f, M, X, 3)
    _, pushed = ag.jvp(f, (M, X, 3), (M / 2, X**2, 0))
    linear = ag.linearize(f, M, X, 3)[1](M / 2, X**2, 0)
    pairs = zip(pushed, linear, strict=True) if f is factored_while else [(pushed, linear)]
    for t, u in pairs:
        np.testing.assert_allclose(t, u)


def test_the_branch_that_is_not_taken_does_not_raise_for_its_tangent():
    singular = np.zeros((5, 5))
    value, tangent = ag.jvp(solved_in_a_branch, (singular, X, 1), (M, X, 0))
    np.testing.assert_allclose(value, 2 * X)
    np.testing.assert_allclose(tangent, 2 * X)
    with pytest.raises(np.linalg.LinAlgError):
        ag.jvp(solved_in_a_branch, (singular, X, 3), (M, X, 0))
    again = lambda a, b, n: solved_again(a, b, n)
    assert ag.jvp(again, (singular, X, 0), (M, X, 0))[1] == pytest.approx(X)
