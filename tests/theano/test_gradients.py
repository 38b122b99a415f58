"""Gradients with every keyword, products with Jacobians, second derivatives."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano import gradient
from arignote.theano.ifelse import ifelse


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


V = np.array([0.5, -1.5, 2.0])


def value(expression, **inputs):
    given = dict(inputs.values())
    return theano.function(list(given), expression, on_unused_input="ignore")(*given.values())


def test_grad_keeps_the_form_of_wrt():
    x, y = T.dvector("x"), T.dscalar("y")
    cost = (x**2).sum() * y
    assert isinstance(T.grad(cost, [x, y]), list) and isinstance(T.grad(cost, (x, y)), tuple)
    a, b = value(T.grad(cost, [x, y]), x=(x, V), y=(y, 3.0))
    assert a == pytest.approx(6 * V) and b == pytest.approx((V**2).sum())
    with pytest.raises(TypeError, match="scalar"):
        T.grad(x, x)
    with pytest.raises(TypeError, match="set"):
        T.grad(cost, {x, y})


def test_inputs_that_the_cost_does_not_depend_on():
    x, y = T.dvector("x"), T.dvector("y")
    cost = x.sum() + y.shape[0] + T.eq(y, 0).sum()
    with pytest.raises(gradient.DisconnectedInputError, match="y"):
        T.grad(x.sum(), y)
    with pytest.warns(UserWarning, match="y"):
        T.grad(x.sum(), y, disconnected_inputs="warn")
    assert (value(T.grad(cost, y, disconnected_inputs="ignore"), x=(x, V), y=(y, V)) == 0).all()
    options = {"disconnected_inputs": "ignore"}
    assert T.grad(x.sum(), y, return_disconnected="None", **options) is None
    found = T.grad(x.sum(), y, return_disconnected="Disconnected", **options)
    assert isinstance(found.type, gradient.DisconnectedType)


def test_consider_constant_and_barriers():
    x = T.dvector("x")
    h = x * 2
    cost = (h * x).sum()
    assert value(T.grad(cost, x, consider_constant=[h]), x=(x, V)) == pytest.approx(2 * V)
    for barrier, expected in (
        (gradient.disconnected_grad, 2 * V),
        (gradient.zero_grad, 2 * V),
        (gradient.consider_constant, 2 * V),
        (lambda v: gradient.grad_scale(v, 0.5), 3 * V),
        (lambda v: gradient.grad_clip(v, -0.1, 0.1), 2 * V + 2 * np.clip(V, -0.1, 0.1)),
    ):
        g = T.grad((barrier(h) * x).sum(), x)
        assert value(g, x=(x, V)) == pytest.approx(expected)
    with pytest.raises(gradient.DisconnectedInputError):
        T.grad(gradient.disconnected_grad(h).sum(), x)
    with pytest.raises(gradient.NullTypeGradError, match="test_gradients"):
        T.grad(gradient.undefined_grad(h).sum(), x)


def test_known_grads_start_from_cotangents():
    x = T.dvector("x")
    h = x**2
    out = T.exp(h).sum()
    dh = T.grad(out, h)
    staged = T.grad(None, x, known_grads={h: dh})
    assert value(staged, x=(x, V)) == pytest.approx(value(T.grad(out, x), x=(x, V)))


def test_subgraph_grad_stage_by_stage():
    x, w1, w2 = T.dvector("x"), theano.shared(0.5, "w1"), theano.shared(0.25, "w2")
    h = T.tanh(x * w1)
    cost = (h * w2).sum() ** 2
    (g2,), (gh,) = theano.subgraph_grad(wrt=[w2], end=[h], cost=cost)
    (g1,), (gx,) = theano.subgraph_grad(wrt=[w1], end=[x], start={h: gh})
    whole = T.grad(cost, [w1, w2, x])
    a, b = value([g1, g2, gx], x=(x, V)), value(whole, x=(x, V))
    for got, expected in zip(a, b, strict=True):
        assert got == pytest.approx(expected)


def test_gradients_by_inner_variables_and_second_order():
    x = T.dvector("x")
    h = x**3
    assert value(T.grad((h**2).sum(), h), x=(x, V)) == pytest.approx(2 * V**3)
    g = T.grad((x**4).sum(), x)
    assert value(T.grad(g.sum(), x), x=(x, V)) == pytest.approx(12 * V**2)


def test_lop_and_rop():
    W, v, x = T.dmatrix("W"), T.dvector("v"), T.dvector("x")
    y = T.tanh(T.dot(x, W))
    M = np.arange(6.0).reshape(3, 2) / 10
    d = 1 - np.tanh(V @ M) ** 2
    direction = np.array([0.3, 0.1, -0.2])
    got = value(T.Rop(y, x, v), W=(W, M), v=(v, direction), x=(x, V))
    assert got == pytest.approx(d * (direction @ M))
    back = np.array([0.5, -2.0])
    assert value(T.Lop(y, x, v), W=(W, M), v=(v, back), x=(x, V)) == pytest.approx(M @ (d * back))
    with pytest.raises(gradient.DisconnectedInputError):
        T.Rop(y, T.dvector("z"), v)


def test_jacobian_and_hessian():
    x = T.dvector("x")
    y = T.exp(x) * x.sum()
    J = value(gradient.jacobian(y, x), x=(x, V))
    assert pytest.approx(np.exp(V)[:, None] * (np.ones((3, 3)) + V.sum() * np.eye(3))) == J
    H = value(gradient.hessian((x**3).sum() + x[0] * x[1], x), x=(x, V))
    expected = np.diag(6 * V)
    expected[0, 1] = expected[1, 0] = 1
    assert pytest.approx(expected) == H
    p = T.dvector("p")
    product = T.hessian_vector_product((x**3).sum() + x[0] * x[1], x, p)
    assert value(product, x=(x, V), p=(p, V)) == pytest.approx(expected @ V)


def test_integers_have_zero_gradients_and_branches_are_masked():
    x = T.dvector("x")
    safe = T.switch(x > 0, T.sqrt(T.maximum(x, 1e-30)), 0.0)
    assert np.isfinite(value(T.grad(safe.sum(), x), x=(x, np.array([0.0, 4.0, -1.0])))).all()


def test_verify_grad_finds_wrong_gradients():
    T.verify_grad(lambda a, b: T.dot(a, b), [np.ones((2, 3)), np.arange(6.0).reshape(3, 2)])
    with pytest.raises(gradient.GradientError, match="element"):
        T.verify_grad(lambda a: gradient.grad_scale(a, 2.0) ** 2, [np.array([1.0, 2.0])])


def test_products_with_jacobians_go_through_scans():
    x, v = T.dvector("x"), T.dvector("v")
    h, _ = theano.scan(lambda a, b: T.tanh(a + b), x, T.constant(np.float64(0.1)))

    def plain(x):
        state, out = 0.1, []
        for a in x:
            state = np.tanh(a + state)
            out.append(state)
        return np.array(out)

    step = 1e-6
    J = np.stack([(plain(V + d) - plain(V - d)) / (2 * step) for d in np.eye(3) * step], axis=1)
    weights = np.array([1.0, -2.0, 0.5])
    assert value(T.Rop(h, x, v), x=(x, V), v=(v, weights)) == pytest.approx(J @ weights, abs=1e-8)
    assert value(T.Lop(h, x, v), x=(x, V), v=(v, weights)) == pytest.approx(weights @ J, abs=1e-8)


def test_debug_mode_of_gradients_and_of_what_is_made_of_them():
    x = T.dmatrix("x")
    g = T.grad(T.exp(x).sum(), x)
    h = T.jacobian((g * x).sum(axis=0), x)
    a = np.arange(6.0).reshape(2, 3) / 6
    f = theano.function([x], [g, h], mode="DEBUG_MODE")
    value, rows = f(a)
    np.testing.assert_allclose(value, np.exp(a))
    expected = np.zeros((3, 2, 3))
    for k in range(3):
        expected[k, :, k] = np.exp(a[:, k]) * (1 + a[:, k])
    np.testing.assert_allclose(rows, expected)


def test_gradients_have_test_values():
    with theano.config.change_flags(compute_test_value="raise"):
        x = T.dmatrix("x")
        x.tag.test_value = np.arange(6.0).reshape(2, 3)
        w = theano.shared(np.ones(3), "w")
        gx, gw = T.grad(T.exp(x * w).sum(), [x, w])
        np.testing.assert_allclose(gx.tag.test_value, np.exp(x.tag.test_value))
        values = (x.tag.test_value * np.exp(x.tag.test_value)).sum(axis=0)
        np.testing.assert_allclose(gw.tag.test_value, values)
        np.testing.assert_allclose(T.Rop(x * w, w, w).tag.test_value, x.tag.test_value)
        np.testing.assert_allclose(T.jacobian(w**2, w).tag.test_value, 2 * np.eye(3))
        with pytest.raises(ValueError, match="not aligned"):
            T.dot(gx, x)


def test_gradients_of_ifelse():
    a, x, y = T.dscalar("a"), T.dvector("x"), T.dvector("y")
    h = x**2
    each = theano.function([a, x, y], T.grad(ifelse(a, h.sum(), y.prod()), [x, y]))
    assert [list(g) for g in each(1.0, V, V)] == [list(2 * V), [0] * 3]
    assert each(0.0, V, V)[1] == pytest.approx(V.prod() / V)
    cost = ifelse(a, h.sum(), (h**2).sum())
    inner = theano.function([a, x], T.grad(cost, [h, x]))  # h stands inside of both sides
    assert [list(g) for g in inner(1.0, V)] == [[1] * 3, list(2 * V)]
    assert inner(0.0, V)[1] == pytest.approx(4 * V**3)
    fixed = T.grad(cost * x.sum(), x, consider_constant=[h])
    assert theano.function([a, x], fixed)(1.0, V) == pytest.approx(np.full(3, (V**2).sum()))
    nested = ifelse(a, ifelse(a > 2, h.sum(), (h * x).sum()), x.sum())
    g = theano.function([a, x], T.grad(nested, h))
    assert g(1.0, V) == pytest.approx(V) and g(3.0, V) == pytest.approx(np.ones(3))


def test_variables_are_replaced_inside_ifelse():
    a, x = T.dscalar("a"), T.dvector("x")
    h = x**2
    cost = ifelse(a, h.sum(), x.sum())
    assert theano.function([a, x], cost, givens={h: x})(1.0, V) == pytest.approx(V.sum())
    other = theano.clone(cost, {h: x * 3})
    assert theano.function([a, x], other)(1.0, V) == pytest.approx(3 * V.sum())
