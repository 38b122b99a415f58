"""Logistic regression and a multilayer perceptron, as old programs wrote them."""

import numpy as np
import pytest

import arignote.theano as theano
import arignote.theano.tensor as T


def blobs(seed=0, n=90, features=4, classes=3):
    """Points around one centre a class."""
    rng = np.random.RandomState(seed)
    y = np.arange(n) % classes
    centres = rng.normal(size=(classes, features)) * 2
    return (centres[y] + rng.normal(size=(n, features))).astype(theano.config.floatX), y


class LogisticRegression:
    def __init__(self, input, n_in, n_out):
        self.W = theano.shared(np.zeros((n_in, n_out), dtype=theano.config.floatX), name="W")
        self.b = theano.shared(np.zeros((n_out,), dtype=theano.config.floatX), name="b")
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        return T.mean(T.neq(self.y_pred, y))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_minibatches_of_a_shared_data_set(mode):
    data, labels = blobs()
    shared_x = theano.shared(np.asarray(data, dtype=theano.config.floatX), borrow=True)
    shared_y = T.cast(theano.shared(np.asarray(labels, dtype=theano.config.floatX)), "int32")
    index = T.lscalar()
    x, y = T.matrix("x"), T.ivector("y")
    classifier = LogisticRegression(x, 4, 3)
    cost = classifier.negative_log_likelihood(y)
    g_W, g_b = T.grad(cost=cost, wrt=classifier.params)
    updates = [(classifier.W, classifier.W - 0.13 * g_W), (classifier.b, classifier.b - 0.13 * g_b)]
    batch = 30
    givens = {
        x: shared_x[index * batch : (index + 1) * batch],
        y: shared_y[index * batch : (index + 1) * batch],
    }
    train = theano.function([index], cost, updates=updates, givens=givens, mode=mode)
    errors = theano.function([index], classifier.errors(y), givens=givens, mode=mode)

    W, b = np.zeros((4, 3)), np.zeros(3)
    first = last = None
    before = np.mean([errors(k) for k in range(3)])
    for _ in range(5):
        for k in range(3):
            xs, ys = data[k * batch : (k + 1) * batch], labels[k * batch : (k + 1) * batch]
            p = softmax(xs @ W + b)
            expected = -np.log(p[np.arange(batch), ys]).mean()
            last = train(k)
            first = last if first is None else first
            assert last == pytest.approx(expected, rel=1e-9)
            p[np.arange(batch), ys] -= 1
            W, b = W - 0.13 * xs.T @ p / batch, b - 0.13 * p.mean(axis=0)
    assert last < 0.5 * first
    assert np.mean([errors(k) for k in range(3)]) < before
    assert classifier.W.get_value() == pytest.approx(W)


def test_a_perceptron_with_a_hidden_layer_and_weight_decay():
    data, labels = blobs(1)
    rng = np.random.RandomState(1)
    x, y = T.matrix("x"), T.ivector("y")
    start = rng.uniform(-0.5, 0.5, (4, 8))
    W1 = theano.shared(start, "W1")
    b1 = theano.shared(np.zeros(8), "b1")
    hidden = T.tanh(T.dot(x, W1) + b1)
    out = LogisticRegression(hidden, 8, 3)
    params = [W1, b1, *out.params]
    cost = out.negative_log_likelihood(y) + 0.01 * abs(W1).sum() + 0.001 * (out.W**2).sum()
    grads = [T.grad(cost, p) for p in params]
    train = theano.function(
        [x, y], cost, updates=[(p, p - 0.1 * g) for p, g in zip(params, grads, strict=True)]
    )
    V1, c1, V2, c2 = start.copy(), np.zeros(8), np.zeros((8, 3)), np.zeros(3)
    costs = []
    for _ in range(20):
        h = np.tanh(data @ V1 + c1)
        p = softmax(h @ V2 + c2)
        n = np.arange(len(labels))
        expected = -np.log(p[n, labels]).mean()
        expected += 0.01 * np.abs(V1).sum() + 0.001 * (V2**2).sum()
        costs.append(train(data, labels.astype("int32")))
        assert costs[-1] == pytest.approx(expected, rel=1e-9)
        p[n, labels] -= 1
        p /= len(labels)
        back = (p @ V2.T) * (1 - h * h)
        V2, c2 = V2 - 0.1 * (h.T @ p + 0.002 * V2), c2 - 0.1 * p.sum(axis=0)
        V1 = V1 - 0.1 * (data.T @ back + 0.01 * np.sign(V1))
        c1 = c1 - 0.1 * back.sum(axis=0)
    assert costs[-1] < 0.6 * costs[0]
