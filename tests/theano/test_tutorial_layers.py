"""LeNet, denoising auto-encoders and restricted Boltzmann machines, as old programs wrote them."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.sandbox.rng_mrg import MRG_RandomStreams
from arignote.theano.tensor.nnet import conv2d
from arignote.theano.tensor.shared_randomstreams import RandomStreams
from arignote.theano.tensor.signal import pool


def test_lenet_learns_and_agrees_with_a_replica():
    rng = np.random.RandomState(0)
    W1 = theano.shared(rng.uniform(-0.3, 0.3, (2, 1, 3, 3)), "W1", borrow=True)
    b1 = theano.shared(np.zeros(2), "b1", borrow=True)
    W2 = theano.shared(rng.uniform(-0.3, 0.3, (2 * 3 * 3, 3)), "W2", borrow=True)
    x, y = T.matrix("x"), T.ivector("y")
    images = x.reshape((-1, 1, 8, 8))
    conv_out = conv2d(input=images, filters=W1, filter_shape=(2, 1, 3, 3),
                      input_shape=(10, 1, 8, 8))  # fmt: skip
    pooled = pool.pool_2d(input=conv_out, ws=(2, 2), ignore_border=True)
    output = T.tanh(pooled + b1.dimshuffle("x", 0, "x", "x"))
    p = T.nnet.softmax(T.dot(output.flatten(2), W2))
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    params = [W1, b1, W2]
    grads = T.grad(cost, params)
    train = theano.function(
        [x, y], cost, updates=[(v, v - 0.5 * g) for v, g in zip(params, grads, strict=True)]
    )
    data, labels = rng.normal(size=(10, 64)), (np.arange(10) % 3).astype("int32")

    def replica(W1, b1, W2):
        pixels = data.reshape(10, 8, 8)
        maps = np.zeros((10, 2, 6, 6))
        for i in range(3):
            for j in range(3):  # a convolution turns its filters
                part = pixels[:, None, i : i + 6, j : j + 6]
                maps = maps + part * W1[None, :, 0, 2 - i, 2 - j, None, None]
        best = maps.reshape(10, 2, 3, 2, 3, 2).max(axis=(3, 5))
        h = np.tanh(best + b1[None, :, None, None]).reshape(10, -1)
        z = h @ W2
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(10), labels]).mean()

    with ag.config(mode="FAST_COMPILE"):
        expected, slopes = ag.value_and_grad(replica, argnums=(0, 1, 2))(
            *[v.get_value() for v in params]
        )
    before = [v.get_value() for v in params]
    assert train(data, labels) == pytest.approx(expected)
    for v, old, g in zip(params, before, slopes, strict=True):
        assert v.get_value() == pytest.approx(old - 0.5 * g, abs=1e-9)
    costs = [float(train(data, labels)) for _ in range(20)]
    assert costs[-1] < 0.5 * costs[0]


@pytest.mark.parametrize("streams", [RandomStreams, MRG_RandomStreams])
def test_denoising_auto_encoder_with_tied_weights(streams):
    numpy_rng = np.random.RandomState(123)
    theano_rng = streams(numpy_rng.randint(2**30))
    W = theano.shared(numpy_rng.uniform(-0.3, 0.3, (8, 5)), "W")
    bvis, bhid = theano.shared(np.zeros(8), "bvis"), theano.shared(np.zeros(5), "bhid")
    x = T.dmatrix("x")
    tilde_x = theano_rng.binomial(size=x.shape, n=1, p=1 - 0.3, dtype=theano.config.floatX) * x
    y = T.nnet.sigmoid(T.dot(tilde_x, W) + bhid)
    z = T.nnet.sigmoid(T.dot(y, W.T) + bvis)
    L = -T.sum(x * T.log(z) + (1 - x) * T.log(1 - z), axis=1)
    cost = T.mean(L)
    params = [W, bvis, bhid]
    gparams = T.grad(cost, params)
    with ag.config(mode="FAST_COMPILE"):
        train = theano.function(
            [x], [cost, tilde_x],
            updates=[(v, v - 0.3 * g) for v, g in zip(params, gparams, strict=True)],
        )  # fmt: skip
        data = (np.random.RandomState(0).uniform(size=(12, 8)) < 0.5).astype(float)
        Wn, bv, bh = W.get_value(), np.zeros(8), np.zeros(5)
        costs, masks = [], []
        for _ in range(40):
            c, seen = train(data)
            h = 1 / (1 + np.exp(-(seen @ Wn + bh)))
            r = 1 / (1 + np.exp(-(h @ Wn.T + bv)))
            expected = -(data * np.log(r) + (1 - data) * np.log(1 - r)).sum(axis=1).mean()
            assert c == pytest.approx(expected)
            d = (r - data) / 12
            dh = (d @ Wn) * h * (1 - h)
            Wn, bv = Wn - 0.3 * (d.T @ h + seen.T @ dh), bv - 0.3 * d.sum(axis=0)
            bh = bh - 0.3 * dh.sum(axis=0)
            costs.append(float(c))
            masks.append(seen)
    assert costs[-1] < 0.9 * costs[0]
    assert not (masks[0] == masks[1]).all()


def test_rbm_with_persistent_chains():
    """Contrastive divergence: Gibbs steps in a scan, whose random states come back as updates."""
    numpy_rng = np.random.RandomState(0)
    theano_rng = RandomStreams(numpy_rng.randint(2**30))
    W = theano.shared(numpy_rng.uniform(-0.1, 0.1, (6, 4)), "W")
    hbias, vbias = theano.shared(np.zeros(4), "hbias"), theano.shared(np.zeros(6), "vbias")
    v0 = T.matrix("input")
    persistent = theano.shared(np.zeros((10, 4)), borrow=True)

    def propup(vis):
        pre = T.dot(vis, W) + hbias
        return [pre, T.nnet.sigmoid(pre)]

    def propdown(hid):
        pre = T.dot(hid, W.T) + vbias
        return [pre, T.nnet.sigmoid(pre)]

    def gibbs_hvh(h0_sample):
        pre_v, v_mean = propdown(h0_sample)
        v_sample = theano_rng.binomial(size=v_mean.shape, n=1, p=v_mean, dtype="float64")
        pre_h, h_mean = propup(v_sample)
        h_sample = theano_rng.binomial(size=h_mean.shape, n=1, p=h_mean, dtype="float64")
        return [pre_v, v_mean, v_sample, pre_h, h_mean, h_sample]

    def free_energy(v_sample):
        wx_b = T.dot(v_sample, W) + hbias
        return -T.sum(T.log(1 + T.exp(wx_b)), axis=1) - T.dot(v_sample, vbias)

    (pre_sigmoid_nvs, _, nv_samples, _, _, nh_samples), updates = theano.scan(
        gibbs_hvh, outputs_info=[None, None, None, None, None, persistent], n_steps=4,
        name="gibbs_hvh",
    )  # fmt: skip
    chain_end = nv_samples[-1]
    cost = T.mean(free_energy(v0)) - T.mean(free_energy(chain_end))
    gparams = T.grad(cost, [W, hbias, vbias], consider_constant=[chain_end])
    for g, p in zip(gparams, [W, hbias, vbias], strict=True):
        updates[p] = p - g * T.cast(0.1, dtype=theano.config.floatX)
    updates[persistent] = nh_samples[-1]
    cross_entropy = T.mean(
        T.sum(
            v0 * T.log(T.nnet.sigmoid(pre_sigmoid_nvs[-1]))
            + (1 - v0) * T.log(1 - T.nnet.sigmoid(pre_sigmoid_nvs[-1])),
            axis=1,
        )
    )
    with ag.config(mode="FAST_COMPILE"):
        train = theano.function([v0], [cross_entropy, chain_end], updates=updates, name="train_rbm")
        data = np.tile(np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1.0]]), (5, 1))
        old = [p.get_value() for p in (W, hbias, vbias)]
        _, end = train(data)

        def hidden(v):
            return 1 / (1 + np.exp(-(v @ old[0] + old[1])))

        step = (data.T @ hidden(data) - end.T @ hidden(end)) / 10
        assert W.get_value() == pytest.approx(old[0] + 0.1 * step)
        assert vbias.get_value() == pytest.approx(0.1 * (data - end).mean(axis=0))
        ends = [train(data)[1] for _ in range(300)][-20:]
    first, second = np.mean(ends, axis=0)[:, :3], np.mean(ends, axis=0)[:, 3:]
    together = np.mean([(e[:, 0] == e[:, 1]).mean() for e in ends])
    assert together > 0.7, (first, second)  # units that go together in the data do so in dreams
