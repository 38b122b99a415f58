"""custom_vjp and custom_jvp: the rule is used, everywhere, and checked against the arguments."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ShapeError, TraceError, UnsupportedError

X = np.linspace(0.1, 1.0, 5)


def with_vjp(function, forward, backward):
    made = ag.custom_vjp(function)
    made.defvjp(forward, backward)
    return made


# Wrong on purpose: ten times, or seven times, the derivative shows which rule was used.
cube = with_vjp(lambda a: a**3, lambda a: (a**3, a), lambda a, g: (g * 30 * a * a,))


@ag.custom_jvp
def square(a):
    return a * a


@square.defjvp
def square_rule(primals, tangents):
    (a,), (t,) = primals, tangents
    return a * a, 14 * a * t


def cubes_in_place(a):
    for i in range(a.shape[0]):
        a[i] = cube(a[i]) * 2
    return a.sum()


def squares_in_place(a):
    for i in range(a.shape[0]):
        a[i] = square(a[i]) * 2
    return a.sum()


# ---- custom_vjp ----------------------------------------------------------------------------------
def test_the_function_itself():
    np.testing.assert_allclose(cube(X), X**3)
    np.testing.assert_allclose(ag.compile(cubes_in_place)(X.copy()), np.sum(2 * X**3))


def test_the_rule_is_used():
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(cube(a)))(X), 30 * X**2)


def test_rules_are_differentiated():
    first = lambda a: np.sum(ag.grad(lambda b: np.sum(cube(b)))(a))
    np.testing.assert_allclose(ag.grad(first)(X), 60 * X)
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(ag.grad(first)(a)))(X), 60)


def test_rules_in_loops():
    np.testing.assert_allclose(ag.grad(cubes_in_place)(X), 60 * X**2)
    first = lambda a: np.sum(ag.grad(cubes_in_place)(a))
    np.testing.assert_allclose(ag.grad(first)(X), 120 * X)

    def grown(s):
        while s < 10.0:
            s = s + cube(s)
        return s

    s, slope = 1.1, 1.0
    while s < 10.0:
        s, slope = s + s**3, slope * (1 + 30 * s * s)
    assert ag.grad(grown)(1.1) == pytest.approx(slope)


def test_rules_in_branches():
    f = lambda a: cube(a) if a > 0.5 else 2 * a
    assert ag.grad(f)(1.0) == 30.0 and ag.grad(f)(0.25) == 2.0


def test_rules_in_batches():
    np.testing.assert_allclose(ag.vmap(ag.grad(lambda a: cube(a)))(X), 30 * X**2)


def test_forward_mode_transposes_the_rule():
    value, t = ag.jvp(cube, (X,), (X,))
    np.testing.assert_allclose(value, X**3)
    np.testing.assert_allclose(t, 30 * X**3)
    np.testing.assert_allclose(ag.jvp(cubes_in_place, (X,), (X,))[1], np.sum(60 * X**3))
    np.testing.assert_allclose(ag.hvp(lambda a: np.sum(cube(a)))(X, X), 60 * X**2)


def test_structures():
    def function(a, p):
        return a * p["s"], np.sum(a)

    def backward(kept, cotangent):
        (a, p), (g, h) = kept, cotangent
        return g * p["s"] + h, {"s": np.sum(g * a)}

    two = with_vjp(function, lambda a, p: (function(a, p), (a, p)), backward)
    loss = lambda a, p: np.sum(two(a, p)[0] ** 2) + 5 * two(a, p)[1]
    ga, gp = ag.grad(loss, (0, 1))(X, {"s": 2.0})
    np.testing.assert_allclose(ga, 8 * X + 5)
    assert gp["s"] == pytest.approx(np.sum(4 * X**2))


def test_keywords_and_defaults_take_their_places():
    def scaled(a, k=3.0):
        return a * k

    f = with_vjp(scaled, lambda a, k: (a * k, (a, k)), lambda kept, g: (g * kept[1] * 10, None))
    np.testing.assert_allclose(f(X), 3 * X)
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(f(a)))(X), 30)
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(f(a, k=2.0)))(X), 20)


def test_none_is_zeros():
    f = with_vjp(
        lambda a, p: a * p["s"],
        lambda a, p: (a * p["s"], p),
        lambda p, g: (None, {"s": None, "t": np.sum(g)}),
    )
    ga, gp = ag.grad(lambda a, p: np.sum(f(a, p)), (0, 1))(X, {"s": 2.0, "t": 1.0})
    np.testing.assert_array_equal(ga, np.zeros(5))
    assert gp["s"] == 0 and gp["t"] == 5


def test_the_forward_rule_may_call_the_function():
    softplus = ag.custom_vjp(lambda x: np.log1p(np.exp(x)))
    softplus.defvjp(lambda x: (softplus(x), x), lambda x, g: (g * (1 - 1 / (1 + np.exp(x))),))
    assert ag.grad(softplus)(100.0) == 1.0
    assert softplus(0.0) == np.log(2)
    assert ag.grad(lambda x: softplus(softplus(x)))(0.0) == pytest.approx(2 / 3 * 0.5)


def test_integer_arguments_take_none():
    f = with_vjp(
        lambda a, k: a[k] ** 2, lambda a, k: (a[k] ** 2, (a, k)), lambda kept, g: (kept[0], None)
    )
    np.testing.assert_allclose(ag.grad(f)(X, 2), X)


def test_cotangents_take_the_dtype_of_the_argument():
    f = with_vjp(lambda a: a * 2, lambda a: (a * 2, None), lambda _, g: (g.astype(np.float64),))
    assert ag.grad(lambda a: np.sum(f(a)))(X.astype("f4")).dtype == np.float32


def test_what_the_function_writes_stays_inside():
    def shifted(a):
        a[0] = 7.0
        return a * 2

    f = with_vjp(shifted, lambda a: (shifted(a), None), lambda _, g: (g * 5,))

    def loss(a):
        return np.sum(f(a)) + np.sum(a)

    assert ag.compile(loss)(X.copy()) == pytest.approx(2 * (7 + np.sum(X[1:])) + np.sum(X))
    np.testing.assert_allclose(ag.grad(loss)(X), 6)


# ---- errors --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "backward, error, text",
    [
        (lambda _, g: (g, g), TraceError, "gives 2 cotangents for 1 arguments"),
        (lambda _, g: (np.sum(g),), ShapeError, r"argument 0 has shape \(\), it must have \(5,\)"),
        (lambda _, g: ({"a": g},), TraceError, "argument 0 is a dict, the argument is an array"),
    ],
)
def test_rules_that_do_not_fit(backward, error, text):
    f = with_vjp(lambda a: a * 2, lambda a: (a * 2, None), backward)
    with pytest.raises(error, match=text):
        ag.grad(lambda a: np.sum(f(a)))(X)


def test_a_forward_rule_that_keeps_nothing():
    f = with_vjp(lambda a: a, lambda a: a * 2, lambda _, g: (g,))
    with pytest.raises(TraceError, match=r"gives \(result, what is kept\)"):
        f(X)


def test_without_rules():
    with pytest.raises(TraceError, match=r"call .defvjp\(...\)"):
        ag.custom_vjp(lambda a: a)(X)
    with pytest.raises(TraceError, match=r"call .defjvp\(...\)"):
        ag.custom_jvp(lambda a: a)(X)


def test_values_of_enclosing_functions_are_not_dropped_silently():
    def closing(a, k):
        f = with_vjp(lambda x: x * k, lambda x: (x * k, k), lambda k, g: (g * k,))
        return np.sum(f(a))

    np.testing.assert_allclose(ag.grad(closing)(X, 2.0), 2)
    with pytest.raises(UnsupportedError, match="pass the value as an argument"):
        ag.grad(closing, argnums=1)(X, 2.0)
    with pytest.raises(UnsupportedError, match="pass the value as an argument"):
        ag.jvp(closing, (X, 2.0), (X, 1.0))


# ---- custom_jvp ----------------------------------------------------------------------------------
def test_tangents_by_the_rule():
    np.testing.assert_allclose(square(X), X * X)
    np.testing.assert_allclose(ag.jvp(square, (X,), (X,))[1], 14 * X * X)
    np.testing.assert_allclose(ag.jvp(squares_in_place, (X,), (X,))[1], np.sum(28 * X * X))


def test_gradients_by_the_transposed_rule():
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(square(a)))(X), 14 * X)
    np.testing.assert_allclose(ag.grad(squares_in_place)(X), 28 * X)


def test_second_orders_of_a_rule_for_tangents():
    f = lambda a: np.sum(square(a))
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(ag.grad(f)(a)))(X), 14)
    np.testing.assert_allclose(ag.hessian(f)(X[:2]), 14 * np.eye(2))


def test_a_rule_for_tangents_that_does_not_fit():
    f = ag.custom_jvp(lambda a: a * 2)
    f.defjvp(lambda p, t: (p[0] * 2, np.sum(t[0])))
    with pytest.raises(ShapeError, match=r"the rule's tangent has shape \(\), it must have \(5,\)"):
        ag.jvp(f, (X,), (X,))
    f = ag.custom_jvp(lambda a: a * 2)
    f.defjvp(lambda p, t: p[0] * 2)
    with pytest.raises(TraceError, match=r"the rule gives \(result, tangent\)"):
        ag.jvp(f, (X,), (X,))
