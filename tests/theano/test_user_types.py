"""Types of the user: functions of values that are no arrays."""

import numpy as np
import pytest

import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano import gof


class Interval(gof.Type):
    """Pairs (low, high)."""

    def filter(self, value, strict=False, allow_downcast=None):
        low, high = value
        if strict and not isinstance(value, tuple):
            raise TypeError(f"{value!r} is no interval")
        if not low <= high:
            raise TypeError(f"[{low}, {high}] is no interval")
        return float(low), float(high)

    def values_eq_approx(self, a, b):
        return np.allclose(a, b)


interval = Interval()


class Sum(gof.Op):
    __props__ = ()

    def make_node(self, x, y):
        if x.type != interval or y.type != interval:
            raise TypeError("sums are of intervals")
        return gof.Apply(self, [x, y], [interval()])

    def perform(self, node, inputs, outputs):
        (a, b), (c, d) = inputs
        outputs[0][0] = (a + c, b + d)


class Width(gof.Op):
    itypes, otypes = [interval], [T.dscalar]
    __props__ = ()

    def perform(self, node, inputs, outputs):
        outputs[0][0] = np.asarray(inputs[0][1] - inputs[0][0])


def test_values_pass_through_ops_and_meet_arrays():
    x, y, s = interval("x"), interval("y"), T.dvector("s")
    both = Sum()(x, y)
    f = theano.function([x, y, s], [both, T.exp(s * Width()(both)).sum()])
    total, number = f([0, 1], (2, 4), np.array([0.5, 1.0]))
    assert total == (2.0, 5.0)
    np.testing.assert_allclose(number, np.exp(1.5) + np.exp(3.0))


def test_a_function_may_update_shared_arrays_besides():
    x, count = interval("x"), theano.shared(0, "count")
    f = theano.function([x], Width()(x), updates=[(count, count + 1)])
    assert f((1, 3)) == f((0, 2)) == 2.0
    assert count.get_value() == 2


def test_arguments_are_filtered():
    x = interval("x")
    f = theano.function([x], x)
    with pytest.raises(TypeError, match=r"Bad input argument 'x'.*no interval"):
        f((3, 1))
    assert interval.is_valid_value((0.0, 1.0)) and not interval.is_valid_value([0, 1])


def test_types_are_equal_by_class_and_attributes():
    class Sized(gof.Type):
        __props__ = ("n",)

        def __init__(self, n):
            self.n = n

    assert interval == Interval() and Sized(1) == Sized(1) != Sized(2)
    assert hash(Sized(1)) == hash(Sized(2))
    with pytest.raises(TypeError, match="sums are of intervals"):
        Sum()(interval(), T.dscalar())


def test_expressions_are_shown():
    x, y = interval("x"), interval("y")
    assert theano.printing.debugprint(Sum()(x, y), file="str").count("id") == 3
    assert str(interval("z")) == "z"
