"""Recurrent networks as old programs wrote them: Elman, LSTM, RNN-RBM."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.tensor.shared_randomstreams import RandomStreams


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def normal(shape, seed, scale=0.5):
    return np.random.RandomState(seed).normal(size=shape) * scale


def test_elman_network_learns_words_as_a_replica_does():
    n, d, classes = 5, 3, 4
    emb = theano.shared(normal((6, d), 0), "embeddings")
    wx, wh = theano.shared(normal((d, n), 1), "wx"), theano.shared(normal((n, n), 2), "wh")
    w, b = theano.shared(normal((n, classes), 3), "w"), theano.shared(np.zeros(classes), "b")
    bh, h0 = theano.shared(np.zeros(n), "bh"), theano.shared(np.zeros(n), "h0")
    params = [emb, wx, wh, w, bh, b, h0]
    idxs, y = T.lvector("idxs"), T.lvector("y")

    def recurrence(x_t, h_tm1):
        h_t = T.nnet.sigmoid(T.dot(x_t, wx) + T.dot(h_tm1, wh) + bh)
        s_t = T.nnet.softmax(T.dot(h_t, w) + b)
        return [h_t, s_t]

    [h, s], _ = theano.scan(recurrence, sequences=emb[idxs], outputs_info=[h0, None],
                            n_steps=idxs.shape[0])  # fmt: skip
    p = s[:, 0, :]
    nll = -T.mean(T.log(p)[T.arange(idxs.shape[0]), y])
    grads = T.grad(nll, params)
    lr = T.scalar("lr")
    updates = theano.OrderedUpdates((p, p - lr * g) for p, g in zip(params, grads, strict=True))
    train = theano.function([idxs, y, lr], nll, updates=updates)
    words, labels = np.array([0, 3, 2, 5, 1]), np.array([1, 0, 3, 2, 2])
    values = [v.get_value() for v in params]

    def replica(emb, wx, wh, w, bh, b, h0):
        h, total = h0, 0.0
        for t in range(len(words)):
            h = 1 / (1 + np.exp(-(emb[words[t]] @ wx + h @ wh + bh)))
            z = h @ w + b
            total += np.log(np.exp(z).sum()) - z[labels[t]]
        return total / len(words)

    assert train(words, labels, 0.0) == pytest.approx(replica(*values))
    first = train(words, labels, 0.5)
    slopes = ag.grad(replica, argnums=range(7))(*values)
    expected = [v - 0.5 * g for v, g in zip(values, slopes, strict=True)]
    for v, e in zip(params, expected, strict=True):
        assert v.get_value() == pytest.approx(e, abs=1e-12)
    for _ in range(15):
        last = train(words, labels, 0.5)
    assert last < 0.8 * first


def test_lstm_with_a_mask_over_minibatches():
    steps, batch, d = 6, 3, 4
    U = theano.shared(normal((d, 4 * d), 0), "U")
    W = theano.shared(normal((d, 4 * d), 1), "W")
    b = theano.shared(np.zeros(4 * d), "b")
    x, mask, y = T.tensor3("x"), T.matrix("mask"), T.vector("y")

    def part(z, k):
        return z[:, k * d : (k + 1) * d]

    def step(m, z, h, c):
        pre = T.dot(h, U) + z
        i, f, o = (T.nnet.sigmoid(part(pre, k)) for k in range(3))
        c_new = f * c + i * T.tanh(part(pre, 3))
        c_new = m[:, None] * c_new + (1.0 - m)[:, None] * c
        h_new = o * T.tanh(c_new)
        return m[:, None] * h_new + (1.0 - m)[:, None] * h, c_new

    zeros = T.alloc(np.asarray(0.0, dtype=theano.config.floatX), x.shape[1], d)
    (h, _), updates = theano.scan(
        step, sequences=[mask, T.dot(x, W) + b], outputs_info=[zeros, zeros], name="lstm_layers",
        n_steps=x.shape[0],
    )  # fmt: skip
    assert not updates
    pooled = (h * mask[:, :, None]).sum(axis=0) / mask.sum(axis=0)[:, None]
    cost = ((pooled.sum(axis=1) - y) ** 2).mean()
    params = [U, W, b]
    grads = T.grad(cost, params)
    train = theano.function(
        [x, mask, y], [cost, *grads],
        updates=[(p, p - 0.5 * g) for p, g in zip(params, grads, strict=True)],
    )  # fmt: skip
    xs = normal((steps, batch, d), 5)
    ms = (np.arange(steps)[:, None] < np.array([6, 4, 2])).astype(float)
    ys = np.array([0.5, -0.5, 0.2])

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def replica(U, W, b):
        h, c, total = np.zeros((batch, d)), np.zeros((batch, d)), np.zeros((batch, d))
        for t in range(steps):
            pre, m = h @ U + xs[t] @ W + b, ms[t][:, None]
            i, f = sigmoid(pre[:, :d]), sigmoid(pre[:, d : 2 * d])
            o, g = sigmoid(pre[:, 2 * d : 3 * d]), np.tanh(pre[:, 3 * d :])
            c = m * (f * c + i * g) + (1 - m) * c
            h = m * (o * np.tanh(c)) + (1 - m) * h
            total = total + h * m
        pooled = total / ms.sum(axis=0)[:, None]
        return ((pooled.sum(axis=1) - ys) ** 2).mean()

    values = [p.get_value() for p in params]
    expected, slopes = ag.value_and_grad(replica, argnums=(0, 1, 2))(*values)
    out = train(xs, ms, ys)
    assert out[0] == pytest.approx(expected)
    for g, e in zip(out[1:], slopes, strict=True):
        assert g == pytest.approx(e, abs=1e-10)
    costs = [float(train(xs, ms, ys)[0]) for _ in range(30)]
    assert costs[-1] < 0.5 * float(out[0])


def test_rnn_rbm_trains_with_streams_inside_nested_scans():
    n_visible, n_hidden, n_rnn = 6, 4, 3
    rng = RandomStreams(seed=3)
    W = theano.shared(normal((n_visible, n_hidden), 0, 0.1), "W")
    bv, bh = theano.shared(np.zeros(n_visible), "bv"), theano.shared(np.zeros(n_hidden), "bh")
    Wuh = theano.shared(normal((n_rnn, n_hidden), 1, 0.1), "Wuh")
    Wuv = theano.shared(normal((n_rnn, n_visible), 2, 0.1), "Wuv")
    Wvu = theano.shared(normal((n_visible, n_rnn), 3, 0.1), "Wvu")
    Wuu, bu = theano.shared(normal((n_rnn, n_rnn), 4, 0.1)), theano.shared(np.zeros(n_rnn))
    params = [W, bv, bh, Wuh, Wuv, Wvu, Wuu, bu]
    v = T.matrix("v")

    def recurrence(v_t, u_tm1):
        u_t = T.tanh(bu + T.dot(v_t, Wvu) + T.dot(u_tm1, Wuu))
        return [u_t, bv + T.dot(u_tm1, Wuv), bh + T.dot(u_tm1, Wuh)]

    (_, bv_t, bh_t), updates_train = theano.scan(
        lambda v_t, u_tm1, *_: recurrence(v_t, u_tm1), sequences=v,
        outputs_info=[T.zeros((n_rnn,)), None, None], non_sequences=params,
    )  # fmt: skip

    def gibbs_step(s):
        mean_h = T.nnet.sigmoid(T.dot(s, W) + bh_t)
        h = rng.binomial(size=mean_h.shape, n=1, p=mean_h, dtype=theano.config.floatX)
        mean_v = T.nnet.sigmoid(T.dot(h, W.T) + bv_t)
        return rng.binomial(size=mean_v.shape, n=1, p=mean_v, dtype=theano.config.floatX)

    chain, updates = theano.scan(gibbs_step, outputs_info=[v], n_steps=5)
    v_sample = chain[-1]
    mean_v = T.nnet.sigmoid(
        T.dot(T.nnet.sigmoid(T.dot(v_sample, W) + bh_t), W.T) + bv_t
    )  # fmt: skip
    monitor = T.xlogx.xlogy0(v, mean_v) + T.xlogx.xlogy0(1 - v, 1 - mean_v)
    monitor = monitor.sum() / v.shape[0]

    def free_energy(s):
        return -(s * bv_t).sum() - T.log(1 + T.exp(T.dot(s, W) + bh_t)).sum()

    cost = (free_energy(v) - free_energy(v_sample)) / v.shape[0]
    gradient = T.grad(cost, params, consider_constant=[v_sample])
    updates_train.update(updates)
    updates_train.update((p, p - 0.05 * g) for p, g in zip(params, gradient, strict=True))
    train = theano.function([v], monitor, updates=updates_train)
    data = np.tile(np.array([[1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1]], dtype=float), (5, 1))
    scores = [float(train(data)) for _ in range(60)]
    assert np.mean(scores[-10:]) > np.mean(scores[:10]) + 0.3
