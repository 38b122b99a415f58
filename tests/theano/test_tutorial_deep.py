"""Deep networks as old programs wrote them: stacked auto-encoders, belief networks, variational
and contractive auto-encoders.  Each agrees with a replica in NumPy, and its cost goes down."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.tensor.shared_randomstreams import RandomStreams
from tests.theano.quotients import differences


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


BITS = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1.0]])
DATA, LABELS = np.tile(BITS, (3, 1)), np.tile(np.arange(4), 3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def check_step(train, args, params, replica, rate):
    """One call gives the replica's cost, and moves the parameters down its slopes."""
    before = [p.get_value() for p in params]
    slopes = differences(replica, before)
    assert train(*args) == pytest.approx(replica(*before))
    for p, old, g in zip(params, before, slopes, strict=True):
        assert p.get_value() == pytest.approx(old - rate * g, abs=1e-7)


class HiddenLayer:
    def __init__(self, rng, input, n_in, n_out):
        bound = 4 * np.sqrt(6.0 / (n_in + n_out))
        self.W = theano.shared(rng.uniform(-bound, bound, (n_in, n_out)), "W", borrow=True)
        self.b = theano.shared(np.zeros(n_out), "b", borrow=True)
        self.output = T.nnet.sigmoid(T.dot(input, self.W) + self.b)
        self.params = [self.W, self.b]


class LogisticRegression:
    def __init__(self, input, n_in, n_out):
        self.W = theano.shared(np.zeros((n_in, n_out)), "W", borrow=True)
        self.b = theano.shared(np.zeros(n_out), "b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        return T.mean(T.neq(self.y_pred, y))


def finetuned(sizes, params, x, y, top, rate=0.5):
    """The step that trains the whole stack, checked against a replica."""
    cost = top.negative_log_likelihood(y)
    gparams = T.grad(cost, params)
    train = theano.function(
        [x, y], cost, updates=[(p, p - rate * g) for p, g in zip(params, gparams, strict=True)]
    )

    def replica(*values):
        h = DATA
        for W, b in zip(values[:-2:2], values[1:-2:2], strict=True):
            h = sigmoid(h @ W + b)
        z = h @ values[-2] + values[-1]
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), LABELS]).mean()

    check_step(train, (DATA, LABELS), params, replica, rate)
    costs = [float(train(DATA, LABELS)) for _ in range(200)]
    assert costs[-1] < 0.3 * costs[0]
    assert theano.function([x, y], top.errors(y))(DATA, LABELS) == 0.0


class DenoisingAutoEncoder:
    """Tied weights; shares W and b with a layer of the stack."""

    def __init__(self, theano_rng, input, layer):
        self.rng, self.x, self.W, self.b = theano_rng, input, layer.W, layer.b
        n_visible = layer.W.get_value(borrow=True).shape[0]
        self.b_prime = theano.shared(np.zeros(n_visible), "b_prime", borrow=True)
        self.params = [self.W, self.b, self.b_prime]

    def get_cost_updates(self, corruption_level, learning_rate):
        kept = self.rng.binomial(size=self.x.shape, n=1, p=1 - corruption_level)
        hidden = T.nnet.sigmoid(T.dot(kept * self.x, self.W) + self.b)
        z = T.nnet.sigmoid(T.dot(hidden, self.W.T) + self.b_prime)
        cost = T.mean(-T.sum(self.x * T.log(z) + (1 - self.x) * T.log(1 - z), axis=1))
        gparams = T.grad(cost, self.params)
        pairs = zip(self.params, gparams, strict=True)
        return cost, [(p, p - learning_rate * g) for p, g in pairs]


def test_stacked_denoising_auto_encoders():
    rng, theano_rng = np.random.RandomState(0), RandomStreams(7)
    x, y = T.matrix("x"), T.lvector("y")
    layers, encoders, below, n_in = [], [], x, 6
    for n_out in (5, 4):
        layer = HiddenLayer(rng, below, n_in, n_out)
        encoders.append(DenoisingAutoEncoder(theano_rng, below, layer))
        layers.append(layer)
        below, n_in = layer.output, n_out
    top = LogisticRegression(below, n_in, 4)
    corruption, rate = T.scalar("corruption"), T.scalar("lr")
    for k, encoder in enumerate(encoders):
        cost, updates = encoder.get_cost_updates(corruption, rate)
        pretrain = theano.function(
            [x, theano.In(corruption, value=0.2), theano.In(rate, value=0.3)], cost,
            updates=updates,
        )  # fmt: skip
        inside = DATA
        for layer in layers[:k]:
            inside = sigmoid(inside @ layer.W.get_value() + layer.b.get_value())

        def replica(W, b, b_prime, inside=inside):
            z = sigmoid(sigmoid(inside @ W + b) @ W.T + b_prime)
            return -np.mean(np.sum(inside * np.log(z) + (1 - inside) * np.log(1 - z), axis=1))

        before = [p.get_value() for p in encoder.params]
        slopes = differences(replica, before)
        assert pretrain(DATA, corruption=0.0) == pytest.approx(replica(*before))
        for p, old, g in zip(encoder.params, before, slopes, strict=True):
            assert p.get_value() == pytest.approx(old - 0.3 * g, abs=1e-7)
        costs = [float(pretrain(DATA)) for _ in range(60)]
        assert np.mean(costs[-10:]) < np.mean(costs[:5])
    params = [p for layer in (*layers, top) for p in layer.params]
    finetuned((5, 4), params, x, y, top, rate=2.0)


class RBM:
    """Contrastive divergence of one step, its chain started at the data."""

    def __init__(self, theano_rng, input, layer):
        self.rng, self.input, self.W, self.hbias = theano_rng, input, layer.W, layer.b
        n_visible = layer.W.get_value(borrow=True).shape[0]
        self.vbias = theano.shared(np.zeros(n_visible), "vbias", borrow=True)
        self.params = [self.W, self.hbias, self.vbias]

    def free_energy(self, v):
        wx_b = T.dot(v, self.W) + self.hbias
        return -T.sum(T.log(1 + T.exp(wx_b)), axis=1) - T.dot(v, self.vbias)

    def get_cost_updates(self, lr):
        h_mean = T.nnet.sigmoid(T.dot(self.input, self.W) + self.hbias)
        h = self.rng.binomial(size=h_mean.shape, n=1, p=h_mean, dtype=theano.config.floatX)
        v_mean = T.nnet.sigmoid(T.dot(h, self.W.T) + self.vbias)
        end = self.rng.binomial(size=v_mean.shape, n=1, p=v_mean, dtype=theano.config.floatX)
        cost = T.mean(self.free_energy(self.input)) - T.mean(self.free_energy(end))
        gparams = T.grad(cost, self.params, consider_constant=[end])
        return cost, end, [(p, p - lr * g) for p, g in zip(self.params, gparams, strict=True)]


def test_deep_belief_network():
    rng, theano_rng = np.random.RandomState(1), RandomStreams(3)
    x, y = T.matrix("x"), T.lvector("y")
    layers, machines, below, n_in = [], [], x, 6
    for n_out in (5, 4):
        layer = HiddenLayer(rng, below, n_in, n_out)
        machines.append(RBM(theano_rng, below, layer))
        layers.append(layer)
        below, n_in = layer.output, n_out
    top = LogisticRegression(below, n_in, 4)
    for k, machine in enumerate(machines):
        cost, end, updates = machine.get_cost_updates(0.1)
        pretrain = theano.function([x], [cost, end], updates=updates)
        inside = DATA
        for layer in layers[:k]:
            inside = sigmoid(inside @ layer.W.get_value() + layer.b.get_value())
        W, h, v = [p.get_value() for p in machine.params]
        value, last = pretrain(DATA)

        def energy(a, W=W, h=h, v=v):
            return (-np.log(1 + np.exp(a @ W + h)).sum(axis=1) - a @ v).mean()

        assert set(np.unique(last)) <= {0.0, 1.0}
        assert value == pytest.approx(energy(inside) - energy(last))
        step = (inside.T @ sigmoid(inside @ W + h) - last.T @ sigmoid(last @ W + h)) / len(inside)
        assert machine.W.get_value() == pytest.approx(W + 0.1 * step)
        for _ in range(30):
            pretrain(DATA)
    params = [p for layer in (*layers, top) for p in layer.params]
    finetuned((5, 4), params, x, y, top, rate=2.0)


def test_contractive_auto_encoder():
    """The squared norm of the Jacobian of the code, by its formula and by scan over T.grad."""
    rng = np.random.RandomState(2)
    x = T.matrix("x")
    W = theano.shared(rng.uniform(-0.5, 0.5, (6, 4)), "W")
    b, b_prime = theano.shared(np.zeros(4), "b"), theano.shared(np.zeros(6), "b_prime")
    h = T.nnet.sigmoid(T.dot(x, W) + b)
    z = T.nnet.sigmoid(T.dot(h, W.T) + b_prime)
    jacobians = T.reshape(h * (1 - h), (x.shape[0], 1, 4)) * T.reshape(W, (1, 6, 4))
    loss = T.mean(-T.sum(x * T.log(z) + (1 - x) * T.log(1 - z), axis=1))
    penalty = T.sum(jacobians**2) / x.shape[0]
    params = [W, b, b_prime]
    cost = loss + 0.1 * penalty
    updates = [(p, p - 0.4 * g) for p, g in zip(params, T.grad(cost, params), strict=True)]
    train = theano.function([x], cost, updates=updates)

    def replica(W, b, b_prime):
        h = sigmoid(DATA @ W + b)
        z = sigmoid(h @ W.T + b_prime)
        jacobian = (h * (1 - h))[:, None, :] * W
        loss = -np.mean(np.sum(DATA * np.log(z) + (1 - DATA) * np.log(1 - z), axis=1))
        return loss + 0.1 * np.sum(jacobian**2) / len(DATA)

    row = T.vector("row")
    code = T.nnet.sigmoid(T.dot(row, W) + b)
    by_scan, _ = theano.scan(
        lambda i, c, r: T.grad(c[i], r), sequences=T.arange(4), non_sequences=[code, row]
    )
    exact = theano.function([row], T.sum(by_scan**2))
    by_formula = theano.function([x], penalty)
    assert np.mean([exact(r) for r in DATA[:4]]) == pytest.approx(by_formula(DATA[:4]))
    check_step(train, (DATA,), params, replica, 0.4)
    costs = [float(train(DATA)) for _ in range(100)]
    assert costs[-1] < 0.8 * costs[0]


def test_variational_auto_encoder():
    rng, srng = np.random.RandomState(3), RandomStreams(5)
    x = T.matrix("x")
    shapes = {"enc": (6, 5), "mu": (5, 2), "log_sigma": (5, 2), "dec": (2, 6)}
    weights = {k: theano.shared(rng.normal(0, 0.4, s), k) for k, s in shapes.items()}
    h = T.tanh(T.dot(x, weights["enc"]))
    mu, log_sigma = T.dot(h, weights["mu"]), T.dot(h, weights["log_sigma"])
    eps = srng.normal(mu.shape)
    logits = T.dot(mu + eps * T.exp(log_sigma), weights["dec"])
    y = T.nnet.sigmoid(logits)
    kl = -0.5 * T.sum(1 + 2 * log_sigma - mu**2 - T.exp(2 * log_sigma), axis=1)
    cost = T.mean(kl + T.sum(T.nnet.binary_crossentropy(y, x), axis=1))
    params = [weights[k] for k in shapes]
    updates = [(p, p - 0.1 * g) for p, g in zip(params, T.grad(cost, params), strict=True)]
    train = theano.function([x], [cost, eps], updates=updates)
    before = [p.get_value() for p in params]
    value, drawn = train(DATA)

    def replica(enc, mean, scale, dec):
        h = np.tanh(DATA @ enc)
        mu, log_sigma = h @ mean, h @ scale
        y = sigmoid((mu + drawn * np.exp(log_sigma)) @ dec)
        kl = -0.5 * np.sum(1 + 2 * log_sigma - mu**2 - np.exp(2 * log_sigma), axis=1)
        return np.mean(kl - np.sum(DATA * np.log(y) + (1 - DATA) * np.log(1 - y), axis=1))

    assert drawn.shape == (12, 2)
    assert value == pytest.approx(replica(*before))
    for p, old, g in zip(params, before, differences(replica, before), strict=True):
        assert p.get_value() == pytest.approx(old - 0.1 * g, abs=1e-7)
    costs = [float(train(DATA)[0]) for _ in range(150)]
    assert np.mean(costs[-20:]) < 0.9 * np.mean(costs[:10])
