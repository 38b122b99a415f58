"""Derivatives where the direct form of what is differentiated overflows or underflows."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T

FAR = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])


def sigmoid(s):
    return np.exp(-np.logaddexp(0.0, -s))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    "f, slope",
    [
        (lambda s: np.sum(np.log(1 / (1 + np.exp(-s)))), lambda s: sigmoid(-s)),
        (lambda s: np.sum(np.log(1 - 1 / (1 + np.exp(-s)))), lambda s: -sigmoid(s)),
        (lambda s: np.sum(np.log(1 + np.exp(s))), sigmoid),
        (lambda s: np.log(np.sum(np.exp(s))), softmax),
        (lambda s: np.log(np.sum(np.exp(s.reshape(1, 5)), axis=1))[0], softmax),
    ],
)
def test_gradients_of_hand_written_forms(f, slope):
    np.testing.assert_allclose(ag.grad(f)(FAR), slope(FAR), rtol=1e-14, atol=1e-300)
    value, (pulled,) = ag.value_and_grad(f, argnums=(0,))(FAR)
    np.testing.assert_allclose(pulled, slope(FAR), rtol=1e-14, atol=1e-300)
    assert np.isfinite(value)
    np.testing.assert_allclose(ag.vjp(f, FAR)[1](2.0)[0], 2 * slope(FAR), rtol=1e-14)
    _, tangent = ag.jvp(f, (FAR,), (np.ones(5),))
    assert tangent == pytest.approx(slope(FAR).sum(), rel=1e-13)


@pytest.mark.parametrize("mode", ["rev", "fwd"])
def test_jacobians(mode):
    def f(s):
        return np.log(1 / (1 + np.exp(-s)))

    np.testing.assert_allclose(ag.jacobian(f, mode=mode)(FAR), np.diag(sigmoid(-FAR)), rtol=1e-14)


def test_second_derivatives():
    def f(s):
        return np.log(np.sum(np.exp(s)))

    x = np.array([0.3, -0.2, 1.0])
    p = softmax(x)
    np.testing.assert_allclose(ag.hessian(f)(x), np.diag(p) - np.outer(p, p), atol=1e-15)
    assert np.isfinite(ag.hessian(f)(FAR)).all()


def test_in_loops():
    def f(s):
        total = 0.0
        for row in s:
            total = total + np.log(np.sum(np.exp(row)))
        return total

    x = np.array([[0.0, 800.0, 1.0], [5.0, 5.0, -900.0]])
    np.testing.assert_allclose(ag.grad(f)(x), softmax(x), atol=1e-15)


def test_the_rule_can_be_excluded():
    def f(s):
        return np.sum(np.log(1 / (1 + np.exp(-s))))

    with ag.config(excluding=("log_sigmoid",)):
        assert np.isnan(ag.grad(f)(FAR)[0])
    assert ag.grad(f)(FAR)[0] == 1.0


def test_cross_entropies_in_theanos_style():
    s, y = T.dvector("s"), T.dvector("y")
    p = T.nnet.sigmoid(s)
    labels = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    by_hand = -(y * T.log(p) + (1 - y) * T.log(1 - p)).sum()
    for cost in (by_hand, T.nnet.binary_crossentropy(p, y).sum()):
        value, slope = theano.function([s, y], [cost, T.grad(cost, s)])(FAR, labels)
        assert value == pytest.approx(800 + 40 + np.log(2) + 40 + 800)
        np.testing.assert_allclose(slope, sigmoid(FAR) - labels, rtol=1e-14)

    along = theano.function([s], T.Rop(T.log(p), s, T.ones_like(s)))
    np.testing.assert_allclose(along(FAR), sigmoid(-FAR), rtol=1e-14)

    x, t = T.dmatrix("x"), T.lvector("t")
    rows, classes = np.array([[0.0, 800.0, 0.0], [800.0, 0.0, 0.0]]), np.array([0, 0])
    q = T.nnet.softmax(x)
    costs = [
        -T.log(q)[T.arange(t.shape[0]), t].sum(),
        -T.log(q[T.arange(t.shape[0]), t]).sum(),
        T.nnet.categorical_crossentropy(q, t).sum(),
    ]
    expected = softmax(rows) - np.eye(3)[classes]
    for cost in costs:
        value, slope = theano.function([x, t], [cost, T.grad(cost, x)])(rows, classes)
        assert value == 800.0
        np.testing.assert_allclose(slope, expected, atol=1e-15)
