"""Ops of the user, expressions as ops, sparse matrices, the adapter under the name `theano`."""

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


@theano.as_op(itypes=[T.dmatrix, T.dvector], otypes=[T.dvector])
def solved(a, b):
    return np.linalg.solve(a, b)


def test_python_functions_as_ops():
    a, b = T.dmatrix("a"), T.dvector("b")
    f = theano.function([a, b], solved(a, b) * 2)
    A, v = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
    assert f(A, v) == pytest.approx(2 * np.linalg.solve(A, v))
    with pytest.raises(TypeError, match="must be"):
        solved(a, T.dmatrix())


def test_op_from_graph_with_and_without_its_own_gradient():
    x, y, z = T.dvectors("x", "y", "z")
    op = theano.OpFromGraph([x, y], [x * T.exp(y)])
    out = op(z, z * 2)
    V = np.array([0.1, 0.2])
    assert theano.function([z], out)(V) == pytest.approx(V * np.exp(2 * V))
    twice = theano.OpFromGraph(
        [x], [x**2], grad_overrides=lambda inputs, slopes: [slopes[0] * 100 * inputs[0]]
    )
    g = theano.function([z], T.grad(twice(z * 3).sum(), z))(V)
    assert g == pytest.approx(100 * (3 * V) * 3)


def test_sparse_matrices_go_in_and_products_come_out():
    S = scipy.sparse.random(5, 4, 0.4, format="csr", random_state=0)
    x, w = theano.sparse.csr_matrix("x"), T.dmatrix("w")
    W = np.arange(8.0).reshape(4, 2)
    out = theano.sparse.structured_dot(x, w)
    f = theano.function([x, w], [out, T.grad((out**2).sum(), w), theano.sparse.sp_sum(x)])
    product, slope, total = f(S, W)
    assert product == pytest.approx(S @ W) and total == pytest.approx(S.sum())
    assert slope == pytest.approx(S.T @ (2 * (S @ W)))
    assert theano.function([x], theano.dot(x.T, x).toarray())(S) == pytest.approx(
        (S.T @ S).toarray()
    )
    held = theano.shared(S.tocsc(), "held")
    assert theano.function([w], T.dot(held, w))(W) == pytest.approx(S @ W)
    with pytest.raises(TypeError, match="csr"):
        f(S.tocsc(), W)


def child(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "ARIGNOTE_FLAGS": "mode=FAST_COMPILE", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_installed_under_theanos_name():
    code = """
import arignote.theano
arignote.theano.install()
import theano, theano.tensor as T
from theano.tensor.signal.pool import pool_2d
from theano.sandbox.rng_mrg import MRG_RandomStreams
import theano.tensor.nnet.bn
x = T.dvector()
print(theano is arignote.theano, theano.function([x], x.sum())([1.0, 2.0]))
print(theano.tensor.nnet.conv2d.__module__, T.nnet.bn.batch_normalization_train.__name__)
"""
    assert child(code) == ["True", "3.0", "arignote.tensor.nnet", "batch_normalization_train"]


def test_flags_of_theano_are_read_and_changed(tmp_path):
    rc = tmp_path / "theanorc"
    rc.write_text("[global]\nfloatX = float32\nmode = FAST_RUN\n[scan]\nallow_gc = True\n")
    code = """
import arignote.theano as theano
c = theano.config
print(c.floatX, c.mode, c.scan.allow_gc, c.on_unused_input, theano.tensor.vector().dtype)
with theano.change_flags(floatX='float64', compute_test_value='warn'):
    print(c.floatX, c.compute_test_value)
c.exception_verbosity = 'high'
print(c.exception_verbosity, c.optimizer_including == '')
"""
    out = child(code, THEANORC=str(rc), THEANO_FLAGS="mode=FAST_COMPILE,on_unused_input=ignore")
    assert out == ["float32", "FAST_COMPILE", "True", "ignore", "float32", "float64", "warn",
                   "high", "True"]  # fmt: skip
    with pytest.raises(AttributeError, match="no flag"):
        theano.config.flotX  # noqa: B018
