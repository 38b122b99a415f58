"""Scalar ops of the user, applied to arrays by Elemwise."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano import scalar

A = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])


class XLogX(scalar.UnaryScalarOp):
    def impl(self, x):
        return 0.0 if x == 0 else x * np.log(x)

    def grad(self, inputs, slopes):
        (x,), (gz,) = inputs, slopes
        if x.type in scalar.float_types:
            return [gz * (1 + scalar.log(x))]
        return [None]

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (z,) = inputs, outputs
        if node.inputs[0].type in [scalar.float32, scalar.float64]:
            return f"if ({x} == 0.0) {{ {z} = 0.0; }} else {{ {z} = {x} * log({x}); }}"
        raise NotImplementedError


xlogx = T.Elemwise(XLogX(scalar.upgrade_to_float, name="xlogx"), name="xlogx")


def value(a):
    with np.errstate(all="ignore"):
        return np.where(a == 0, 0.0, a * np.log(a))


def test_its_c_joins_the_loop_around_it():
    x = T.dmatrix("x")
    f = theano.function([x], (xlogx(x) * 2 + 1).sum())
    np.testing.assert_allclose(f(A), (value(A) * 2 + 1).sum())
    assert "1 nests and calls" in str(f.compiled.explain(A))


def test_types_without_c_run_by_impl():
    x = T.imatrix("x")
    y = xlogx(x)
    assert y.dtype == "float64"
    np.testing.assert_allclose(theano.function([x], y)(A.astype("int32")), value(A))


def test_gradient_and_debug_mode():
    x = T.dmatrix("x")
    T.verify_grad(xlogx, [A + 0.5], rng=np.random.RandomState(0))
    f = theano.function([x], T.grad(xlogx(x).sum(), x), mode="DEBUG_MODE")
    np.testing.assert_allclose(f(A + 1), 1 + np.log(A + 1))


class Wrapped(scalar.BinaryScalarOp):
    """x + y, wrapped into [0, 10); by a function of its own."""

    def impl(self, x, y):
        return (x + y) % 10

    def c_headers(self):
        return ["<stdlib.h>"]

    def c_support_code(self):
        return "static double wrapped(double a) { return a - 10 * floor(a / 10); }"

    def c_code(self, node, name, inputs, outputs, sub):
        return f"{outputs[0]} = wrapped({inputs[0]} + {inputs[1]});"


def test_support_code_broadcasting_and_two_dtypes_in_one_kernel():
    wrapped = T.Elemwise(Wrapped())
    x, y, z = T.dmatrix("x"), T.dvector("y"), T.fmatrix("z")
    f = theano.function([x, y, z], [wrapped(x, y), wrapped(z, z)], mode="DEBUG_MODE")
    y0, z0 = np.array([8.0, 9.0, 11.0]), (A * 3).astype("float32")
    found, single = f(A, y0, z0)
    np.testing.assert_array_equal(found, (A + y0) % 10)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, (z0 + z0) % 10)


def test_wrong_c_is_found_by_debug_mode():
    class Wrong(Wrapped):
        def impl(self, x, y):
            return x - y

    x = T.dvector("x")
    f = theano.function([x], T.Elemwise(Wrong())(x, x), mode="DEBUG_MODE")
    with pytest.raises(ag.errors.DebugError):
        f(np.arange(1.0, 4.0))


def test_an_op_without_derivative_says_so():
    x = T.dvector("x")
    with pytest.raises(theano.gradient.NullTypeGradError, match="has no grad"):
        T.grad(T.Elemwise(Wrapped())(x, x).sum(), x)


def test_a_composite_is_an_expression_of_scalars():
    a, b = scalar.float64("a"), scalar.float64("b")
    op = T.Elemwise(scalar.Composite([a, b], [scalar.exp(a) * b + 1]))
    x, y = T.dmatrix("x"), T.dvector("y")
    f = theano.function([x, y], [op(x, y), T.grad(op(x, y).sum(), x)])
    value, slope = f(A, np.arange(3.0))
    np.testing.assert_allclose(value, np.exp(A) * np.arange(3.0) + 1)
    np.testing.assert_allclose(slope, np.exp(A) * np.arange(3.0))


def test_ops_are_instances_of_elemwise_and_operands_are_counted():
    x = T.dvector("x")
    assert isinstance(xlogx(x).owner.op, T.Elemwise)
    assert isinstance(T.exp(x).owner.op, T.Elemwise)
    assert not isinstance(T.dot(x, x).owner.op, T.Elemwise)
    with pytest.raises(TypeError, match="takes 1 operands"):
        xlogx(x, x)
