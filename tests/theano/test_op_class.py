"""Ops of the user as classes: make_node, perform, grad, infer_shape."""

import pickle

import numpy as np
import pytest

import arignote.theano as theano
import arignote.theano.tensor as T

A = np.arange(6.0).reshape(2, 3) / 6


class Double(theano.Op):
    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * 2

    def infer_shape(self, node, shapes):
        return shapes

    def grad(self, inputs, slopes):
        return [slopes[0] * 2]


class Scaled(theano.Op):
    __props__ = ("a",)
    itypes, otypes = [T.dmatrix], [T.dmatrix]

    def __init__(self, a):
        self.a = a

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * self.a


class SumAndDifference(theano.gof.Op):
    """Two results; no infer_shape."""

    __props__ = ()

    def make_node(self, x, y):
        x, y = T.as_tensor_variable(x), T.as_tensor_variable(y)
        return theano.gof.Apply(self, [x, y], [x.type(), x.type()])

    def perform(self, node, inputs, storage):
        storage[0][0], storage[1][0] = inputs[0] + inputs[1], inputs[0] - inputs[1]

    def L_op(self, inputs, outputs, slopes):
        return [slopes[0] + slopes[1], slopes[0] - slopes[1]]


class Columns(theano.Op):
    """The result has another shape, computed from that of the operand."""

    __props__ = ()

    def make_node(self, x):
        return theano.Apply(self, [T.as_tensor_variable(x)], [T.dvector()])

    def perform(self, node, inputs, storage):
        storage[0][0] = np.repeat(inputs[0].sum(axis=0), 2)

    def infer_shape(self, node, shapes):
        return [(shapes[0][1] * 2,)]


def test_value_gradient_and_tangent():
    x = T.dmatrix()
    y = Double()(x)
    assert np.allclose(theano.function([x], y + 1)(A), 2 * A + 1)
    assert np.allclose(theano.function([x], T.grad((y**2).sum(), x))(A), 8 * A)
    assert np.allclose(theano.function([x], T.Rop(y, x, T.ones_like(x)))(A), 2)
    T.verify_grad(Double(), [A], rng=np.random.RandomState(0))


def test_ops_of_equal_properties_are_equal():
    assert Double() == Double() and hash(Double()) == hash(Double())
    assert Scaled(3) == Scaled(3) and Scaled(3) != Scaled(4)
    x = T.dmatrix()
    f = theano.function([x], [Scaled(3)(x), Scaled(4)(x)])
    assert np.allclose(f(A)[0], 3 * A) and np.allclose(f(A)[1], 4 * A)
    assert "a=3" in str(Scaled(3))


def test_operands_are_checked():
    with pytest.raises(TypeError, match="it must be"):
        Scaled(3)(T.dvector())


def test_several_results():
    x, y = T.dmatrices("x", "y")
    total, gap = SumAndDifference()(x, y)
    slopes = theano.grad((total * gap).sum(), [x, y])
    found = theano.function([x, y], [total, gap, *slopes])(A, A + 1)
    assert np.allclose(found[0], 2 * A + 1) and np.allclose(found[1], -1)
    assert np.allclose(found[2], 2 * A) and np.allclose(found[3], -2 * (A + 1))


def test_a_shape_is_known_without_running():
    x = T.dmatrix()
    y = Columns()(x)
    f = theano.function([x], y.shape[0])
    assert f(A) == 6
    assert "Columns" not in f.compiled.source(A)
    assert np.allclose(theano.function([x], y)(A), np.repeat(A.sum(axis=0), 2))


def test_without_gradient():
    x = T.dmatrix()
    with pytest.raises(theano.gradient.NullTypeGradError, match="Columns has no grad"):
        theano.grad(Columns()(x).sum(), x)
    g = theano.grad(Columns()(x).sum(), x, null_gradients="return")
    assert isinstance(g.type, theano.gradient.NullType)


def test_inside_scan():
    x = T.dmatrix()
    sums, _ = theano.scan(lambda row: Double()(row).sum(), sequences=x)
    assert np.allclose(theano.function([x], sums)(A), 2 * A.sum(axis=1))
    slope = theano.grad((sums**2).sum(), x)
    want = np.repeat(8 * A.sum(axis=1)[:, None], 3, axis=1)
    assert np.allclose(theano.function([x], slope)(A), want)


def test_pickled():
    x = T.dmatrix()
    f = pickle.loads(pickle.dumps(theano.function([x], Double()(x))))
    assert np.allclose(f(A), 2 * A)


def test_the_graph_of_a_function():
    x, y = T.dvectors("xy")
    f = theano.function([x], T.exp(y) * 2, givens={y: x + 1})
    nodes = f.maker.fgraph.toposort()
    assert [n.op == T.exp for n in nodes].count(True) == 1
    assert nodes[0].op == T.add and nodes[0].inputs[0] is x
    assert all(isinstance(n.op, T.Elemwise) for n in nodes)
    assert f.maker.fgraph.outputs[0].owner is nodes[-1]


def test_overrides_of_single_inputs():
    p, q = T.scalars("pq")
    op = theano.OpFromGraph([p, q], [p * q], grad_overrides=["default", lambda ins, gs: ins[1] * 9])
    a, b = T.scalars("ab")
    assert theano.function([a, b], T.grad(op(a, b), [a, b]))(2.0, 3.0) == [3.0, 27.0]
