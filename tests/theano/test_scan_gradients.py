"""Gradients of scans at their corners: stopping early, taps, truncation, nesting."""

import numpy as np
import pytest

import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.optimize.pipeline import optimize
from arignote.theano.scan_module import until

x, w = T.dvector("x"), T.dscalar("w")
X = np.random.default_rng(0).random(6)
MODE = "FAST_COMPILE"


def function(inputs, outputs):
    return theano.function(inputs, outputs, mode=MODE)


def slopes(f, v, step=1e-6):
    out = np.zeros_like(v)
    for at in np.ndindex(*v.shape):
        up, down = v.copy(), v.copy()
        up[at] += step
        down[at] -= step
        out[at] = (f(up) - f(down)) / (2 * step)
    return out


def zeros(*shape):
    return T.as_tensor_variable(np.zeros(shape))


def test_stopping_early_with_taps():
    def step(u, before, last, w):
        return T.tanh(last * w + u * before), until(last > 0.3)

    start = {"initial": T.as_tensor_variable(np.array([0.1, 0.2])), "taps": [-2, -1]}
    h, _ = theano.scan(step, x, start, w)
    cost = (h**2).sum()
    f, g = function([x, w], [cost, h.shape[0]]), function([x, w], T.grad(cost, [x, w]))
    assert 1 < f(X, 1.3)[1] < 6
    by_x, by_w = g(X, 1.3)
    assert np.allclose(by_x, slopes(lambda v: f(v, 1.3)[0], X), atol=1e-6)
    assert np.isclose(by_w, slopes(lambda v: f(X, v[0])[0], np.array([1.3]))[0], atol=1e-6)


@pytest.mark.parametrize("taps", [[-1], [-2, -1]])
def test_truncation(taps):
    def step(u, *rest):
        return T.tanh(sum(rest[:-1]) * rest[-1] + u)

    start = zeros() if taps == [-1] else {"initial": zeros(2), "taps": taps}
    h, _ = theano.scan(step, x, start, w, truncate_gradient=2)
    found = function([x, w], T.grad(h[-1], x))(X, 0.7)
    assert (found[:4] == 0).all() and (found[4:] != 0).all()


def test_truncation_counts_from_where_it_stopped():
    h, _ = theano.scan(
        lambda u, h, w: (T.tanh(h * w + u), until(u > 0.7)), x, zeros(), w, truncate_gradient=2
    )
    rows, found = function([x, w], [h, T.grad(h[-1], x)])(np.array([0.1, 0.2, 0.3, 0.8, 0.1]), 0.7)
    assert len(rows) == 4
    assert (found[[0, 1, 4]] == 0).all() and (found[2:4] != 0).all()


def test_nested_forwards_and_backwards():
    m = T.dmatrix()

    def row(r):
        return theano.scan(lambda e, s: s * 0.9 + e**2, r, zeros())[0][-1]

    totals, _ = theano.scan(row, m)
    cost = (totals**2).sum()
    values = np.random.default_rng(1).random((3, 4))
    f = function([m], cost)
    assert np.allclose(function([m], T.grad(cost, m))(values), slopes(f, values), atol=1e-5)
    along = function([m], T.Rop(totals, m, T.ones_like(m)))(values)
    g = function([m], totals)
    assert np.allclose(along, (g(values + 1e-6) - g(values - 1e-6)) / 2e-6, atol=1e-5)


def test_second_derivative():
    last = theano.scan(lambda e, s: s * 0.9 + e**3, x, zeros())[0][-1]
    found = function([x], T.hessian(last, x))(X)
    assert np.allclose(found, np.diag(6 * X * 0.9 ** np.arange(5, -1, -1)))


def test_last_rows_are_carries_not_stacks():
    h, _ = theano.scan(lambda h: T.tanh(h) * 2, outputs_info=x, n_steps=50)
    f = theano.function([x], h[-1])
    trace = f.compiled.trace_of(X)
    loop = next(n for n in optimize(trace.graph).order if n.op.name == "scan")
    assert all(len(t.shape) < 2 for t in loop.type)  # no stack of states
    h_all = X
    for _ in range(50):
        h_all = np.tanh(h_all) * 2
    assert np.allclose(f(X), h_all)


def test_test_values_inside_scan():
    with theano.config.change_flags(compute_test_value="raise"):
        a = T.dmatrix("a")
        a.tag.test_value = np.ones((4, 3))
        b = T.dvector("b")
        b.tag.test_value = np.ones(3)
        sums, _ = theano.scan(lambda r, v: (r * v).sum(), a, non_sequences=b)
        assert sums.tag.test_value.shape == (4,)
        b.tag.test_value = np.ones(5)
        with pytest.raises(ValueError, match="broadcast"):
            theano.scan(lambda r, v: (r * v).sum(), a, non_sequences=b)


@pytest.mark.parametrize("action", ["raise", "warn"])
def test_float64_is_reported(action):
    with theano.config.change_flags(warn_float64=action):
        v = T.fvector()
        if action == "raise":
            with pytest.raises(TypeError, match=r"float64 appears at .*v \* T.lvector"):
                v * T.lvector()
            with pytest.raises(TypeError, match="a variable"):
                T.dvector()
        else:
            with pytest.warns(UserWarning, match="float64 appears"):
                v * T.lvector()
        assert (v * 2).dtype == "float32"
