"""check_grad: passes what is right, finds what is wrong."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import UnsupportedError

X = np.linspace(0.1, 1.0, 5)


def sweep(a):
    for i in range(1, a.shape[0]):
        a[i] = a[i] * a[i - 1]


def test_right_derivatives_of_results_and_changed_arguments():
    x = X.copy()
    done = ag.check_grad(sweep, x, order=2)
    assert [(c.mode, c.order) for c in done] == [("fwd", 1), ("rev", 1), ("fwd", 2), ("rev", 2)]
    assert all(abs(c.derivative) > 0.01 and c.error < 1e-9 for c in done)
    np.testing.assert_array_equal(x, X)


def test_structures_and_compiled_functions():
    f = ag.compile(lambda p, k: {"o": p["a"] * np.exp(p["b"]), "k": k})
    assert len(ag.check_grad(f, {"a": X, "b": 0.3}, 2, modes=("rev",))) == 1


def test_a_planted_wrong_rule_is_found():
    wrong = ag.custom_vjp(lambda a: a**3)
    wrong.defvjp(lambda a: (a**3, a), lambda a, g: (g * 3.001 * a * a,))
    with pytest.raises(AssertionError, match=r"mode='rev', order=1, derivative=.*quotient="):
        ag.check_grad(lambda a: np.sum(wrong(a)), X)
    second = ag.custom_vjp(lambda a: a**3)
    second.defvjp(lambda a: (a**3, a), lambda a, g: (g * 3 * a * ag.grad_scale(a, 1.01),))
    ag.check_grad(lambda a: np.sum(second(a)), X)
    with pytest.raises(AssertionError, match="order=2"):
        ag.check_grad(lambda a: np.sum(second(a)), X, order=2)


def test_a_planted_wrong_rule_for_tangents_is_found():
    wrong = ag.custom_jvp(lambda a: a * a)
    wrong.defjvp(lambda p, t: (p[0] * p[0], 2.001 * p[0] * t[0]))
    with pytest.raises(AssertionError, match="mode='fwd'"):
        ag.check_grad(lambda a: np.sum(wrong(a)), X, modes=("fwd",))


def test_operations_without_derivative():
    with pytest.raises(UnsupportedError, match="no derivative"):
        ag.check_grad(lambda a: np.nextafter(a, 2.0), X)
