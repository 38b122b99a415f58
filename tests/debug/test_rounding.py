"""How far an honest answer may be off: sums that overflow in one order only."""

import numpy as np

import arignote as ag
from arignote.debug.stepwise import spread
from arignote.fxgraph.constants import new_input
from arignote.fxgraph.node import OPS

BIG = np.finfo(float).max


def test_a_sum_that_overflows_in_one_order_only_may_be_nan():
    """With fused multiply and add the last product is no infinity, without it is."""

    def squashed(w, a):
        return (np.tanh(a @ w) ** 2).sum()

    report = ag.compile(squashed).validate(
        np.array([1e-308, BIG, -BIG]), np.array([[0.0, 101.6, 55.0], [2.0, 4.1, -BIG]])
    )
    assert report, str(report)


def moved(a):
    x = new_input("a", np.dtype(float), (2, 2))
    with np.errstate(all="ignore"):
        return spread((OPS["matmul"](x, x),), lambda: {x: a}, [a @ a], rounding=True)[0]


def test_only_rows_that_may_overflow_are_free():
    free = np.isinf(moved(np.array([[BIG, -BIG], [2.0, 3.0]])))
    np.testing.assert_array_equal(free, [[True, True], [True, True]])
    free = np.isinf(moved(np.array([[2.0, 3.0], [0.0, BIG]])))
    np.testing.assert_array_equal(free, [[False, True], [False, True]])


def test_infinite_terms_alone_leave_no_freedom():
    assert not np.isinf(moved(np.array([[1.0, np.inf], [2.0, 3.0]]))).any()
