"""Programs as they were written for Theano, through `install()`, beside NumPy replicas."""

import sys
from collections import OrderedDict

import numpy as np
import pytest
import scipy.sparse

import arignote.theano


@pytest.fixture(autouse=True)
def theano():
    before = {k: v for k, v in sys.modules.items() if k.split(".")[0] == "theano"}
    arignote.theano.install()
    import theano

    yield theano
    for name in [k for k in sys.modules if k.split(".")[0] == "theano"]:
        del sys.modules[name]
    sys.modules.update(before)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_persistent_chains_of_a_boltzmann_machine(theano):
    """Gibbs steps by MRG streams inside of a scan, whose updates `function` is given."""
    import theano.tensor as T
    from theano.sandbox.rng_mrg import MRG_RandomStreams

    stream, numbers = MRG_RandomStreams(seed=234), np.random.RandomState(0)
    W = theano.shared(numbers.randn(6, 4) * 0.1, name="W")
    vbias, hbias = theano.shared(np.zeros(6)), theano.shared(np.zeros(4))
    v, k = T.matrix("v"), T.iscalar("k")

    def gibbs(vis):
        ph = T.nnet.sigmoid(T.dot(vis, W) + hbias)
        h = stream.binomial(size=ph.shape, n=1, p=ph, dtype=theano.config.floatX)
        pv = T.nnet.sigmoid(T.dot(h, W.T) + vbias)
        return [pv, stream.binomial(size=pv.shape, n=1, p=pv, dtype=theano.config.floatX)]

    def energy(v):
        return -T.dot(v, vbias) - T.sum(T.log(1 + T.exp(T.dot(v, W) + hbias)), axis=1)

    (_, chain), updates = theano.scan(gibbs, outputs_info=[None, v], n_steps=k)
    cost = T.mean(energy(v)) - T.mean(energy(chain[-1]))
    params = [W, vbias, hbias]
    for p, g in zip(params, T.grad(cost, params, consider_constant=[chain[-1]]), strict=True):
        updates[p] = p - T.cast(0.1, theano.config.floatX) * g
    train = theano.function([v, k], [cost, chain], updates=updates)

    data, w = (numbers.rand(20, 6) > 0.5) * 1.0, W.get_value()
    found, states = train(data, 3)
    assert states.shape == (3, 20, 6) and set(np.unique(states)) == {0, 1}

    def free(v):
        return -np.sum(np.log1p(np.exp(v @ w)), 1).mean()

    assert found == pytest.approx(free(data) - free(states[-1]))
    step = (states[-1].T @ sigmoid(states[-1] @ w) - data.T @ sigmoid(data @ w)) / 20
    np.testing.assert_allclose(W.get_value(), w - 0.1 * step)
    assert not np.array_equal(train(data, 3)[1], states)


def test_a_log_density_of_one_joined_vector(theano):
    """Free variables cut out of a vector by `clone`, gradient and curvature by `map`."""
    import theano.tensor as T

    numbers = np.random.RandomState(2)
    data = numbers.randn(50) * 2 + 1
    mu, logsd, beta = T.dscalar("mu"), T.dscalar("sd_log__"), T.dvector("beta")
    sd, observed = T.exp(logsd), theano.shared(data)

    def normal(v, m, s):
        terms = -0.5 * ((v - m) / s) ** 2 - T.log(s) - 0.5 * np.log(2 * np.pi)
        return T.sum(T.switch(T.gt(s, 0), terms, -np.inf))

    logp = normal(observed, mu + beta[0] * beta[1], sd) + normal(mu, 0.0, 10.0)
    logp += normal(beta, 0.0, 1.0) - T.gammaln(2.0) + logsd * 2.0 - sd
    joined = T.vector("inarray")
    parts = {mu: joined[0], logsd: joined[1], beta: T.reshape(joined[2:], (3,))}
    density = theano.clone(logp, parts, strict=False)
    slope = theano.grad(density, joined)
    f = theano.function([joined], [density, slope])
    f.trust_input = True

    def replica(q):
        s = np.exp(q[1])

        def terms(v, m, s):
            return np.sum(-0.5 * ((v - m) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi))

        prior = terms(q[0], 0, 10) + terms(q[2:], 0, 1) + 2 * q[1] - s
        return terms(data, q[0] + q[2] * q[3], s) + prior

    q = numbers.randn(5) * 0.3
    value, gradient = f(q)
    assert value == pytest.approx(replica(q))
    differences = [(replica(q + 1e-6 * e) - replica(q - 1e-6 * e)) / 2e-6 for e in np.eye(5)]
    np.testing.assert_allclose(gradient, differences, atol=1e-5)
    curved, _ = theano.map(lambda i: theano.grad(slope[i], joined)[i], T.arange(joined.shape[0]))
    hessian = theano.gradient.hessian(density, joined)
    diagonal, whole = theano.function([joined], [curved, hessian])(q)
    np.testing.assert_allclose(diagonal, np.diag(whole))


def test_logistic_regression_of_sparse_features(theano):
    import theano.sparse as S
    import theano.tensor as T

    numbers = np.random.RandomState(3)
    X = scipy.sparse.random(40, 30, 0.2, format="csr", random_state=numbers)
    Y = (X @ numbers.randn(30) > 0) * 1.0
    x, y = S.csr_matrix("x"), T.vector("y")
    w, b = theano.shared(np.zeros(30)), theano.shared(0.0)
    p = T.nnet.sigmoid(S.structured_dot(x, w.dimshuffle(0, "x")).flatten() + b)
    cost = T.nnet.binary_crossentropy(p, y).mean() + 0.001 * (w**2).sum()
    gw, gb = T.grad(cost, [w, b])
    train = theano.function([x, y], cost, updates=OrderedDict([(w, w - 5 * gw), (b, b - 5 * gb)]))
    weights, bias = np.zeros(30), 0.0
    for _ in range(8):
        q = sigmoid(X @ weights + bias)
        expected = -np.mean(Y * np.log(q) + (1 - Y) * np.log(1 - q)) + 0.001 * weights @ weights
        assert train(X, Y) == pytest.approx(expected)
        weights = weights - 5 * (X.T @ (q - Y) / 40 + 0.002 * weights)
        bias -= 5 * (q - Y).mean()
    np.testing.assert_allclose(w.get_value(), weights)


def test_a_masked_recurrent_network_read_both_ways(theano):
    import theano.tensor as T

    numbers, units = np.random.RandomState(5), 4
    shapes = {"W": (5, 12), "U": (4, 12), "b": (12,), "V": (8, 1)}
    params = [theano.shared(numbers.randn(*s) * 0.3, name=n) for n, s in shapes.items()]
    W, U, b, V = params
    x, mask, y = T.tensor3("x"), T.matrix("mask"), T.vector("y")

    def part(z, n):
        return z[:, n * units : (n + 1) * units]

    def step(m, x, h, U):
        z = T.dot(h, U)
        r, u = T.nnet.sigmoid(part(x, 0) + part(z, 0)), T.nnet.sigmoid(part(x, 1) + part(z, 1))
        new = u * h + (1.0 - u) * T.tanh(part(x, 2) + r * part(z, 2))
        return m[:, None] * new + (1.0 - m)[:, None] * h

    last = []
    for backwards in (False, True):
        h, _ = theano.scan(
            step, sequences=[mask, T.dot(x, W) + b], non_sequences=[U], n_steps=x.shape[0],
            outputs_info=[T.alloc(np.asarray(0.0), x.shape[1], units)], name="gru",
            go_backwards=backwards, strict=True, truncate_gradient=-1,
        )  # fmt: skip
        last.append(h[-1])
    cost = ((T.dot(T.concatenate(last, axis=1), V).flatten() - y) ** 2).mean()
    f = theano.function([x, mask, y], [cost, *T.grad(cost, params)], mode="FAST_COMPILE")

    X, Y = numbers.randn(6, 3, 5), numbers.randn(3)
    M = (np.arange(6)[:, None] < np.array([6, 4, 2])) * 1.0

    def replica(W, U, b, V):
        ends = []
        for order in (range(6), range(5, -1, -1)):
            h = np.zeros((3, units))
            for k in order:
                a, z = X[k] @ W + b, h @ U
                r, u = sigmoid(part(a, 0) + part(z, 0)), sigmoid(part(a, 1) + part(z, 1))
                new = u * h + (1 - u) * np.tanh(part(a, 2) + r * part(z, 2))
                h = M[k][:, None] * new + (1 - M[k])[:, None] * h
            ends.append(h)
        return np.mean(((np.concatenate(ends, 1) @ V).ravel() - Y) ** 2)

    values = [p.get_value() for p in params]
    found, *gradients = f(X, M, Y)
    assert found == pytest.approx(replica(*values))
    for n, g in enumerate(gradients):
        moved = [v.copy() for v in values]
        direction = numbers.randn(*g.shape)
        sides = []
        for sign in (1, -1):
            moved[n] = values[n] + sign * 1e-6 * direction
            sides.append(replica(*moved))
        assert np.sum(g * direction) == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5)
