"""Ways of training, as old programs wrote them: conjugate gradients, Adadelta, batch normalization
with dropout, differential equations, attention, transposed convolutions, policy gradients."""

import numpy as np
import pytest
import scipy.optimize

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.ifelse import ifelse
from arignote.theano.sandbox.rng_mrg import MRG_RandomStreams
from tests.theano.quotients import differences


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def test_logistic_regression_by_conjugate_gradients():
    """One vector of parameters, minibatches of shared data by givens; SciPy minimizes."""
    rng = np.random.RandomState(0)
    data, labels = rng.normal(size=(40, 3)), rng.randint(2, size=40)
    data[:, 0] += 2.0 * labels
    train_x = theano.shared(data, borrow=True)
    train_y = T.cast(theano.shared(labels.astype(theano.config.floatX)), "int32")
    theta = theano.shared(np.zeros(3 * 2 + 2), name="theta", borrow=True)
    x, y, offset = T.matrix("x"), T.ivector("y"), T.lscalar("offset")
    W, b = theta[: 3 * 2].reshape((3, 2)), theta[3 * 2 :]
    p = T.nnet.softmax(T.dot(x, W) + b)
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    givens = {x: train_x[offset : offset + 10], y: train_y[offset : offset + 10]}
    batch_cost = theano.function([offset], cost, givens=givens)
    batch_grad = theano.function([offset], T.grad(cost, theta), givens=givens)

    def replica(value):
        z = data @ value[:6].reshape(3, 2) + value[6:]
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(40), labels]).mean()

    def train_fn(value):
        theta.set_value(value, borrow=True)
        return np.mean([batch_cost(i) for i in range(0, 40, 10)])

    def train_fn_grad(value):
        theta.set_value(value, borrow=True)
        return np.mean([batch_grad(i) for i in range(0, 40, 10)], axis=0)

    at = rng.normal(size=8)
    assert train_fn(at) == pytest.approx(replica(at))
    assert train_fn_grad(at) == pytest.approx(differences(replica, [at])[0], abs=1e-7)
    best = scipy.optimize.fmin_cg(
        f=train_fn, x0=np.zeros(8), fprime=train_fn_grad, disp=0, maxiter=10
    )
    assert replica(best) < 0.6 * np.log(2)


def test_adadelta_with_its_running_averages():
    """Two functions, as the LSTM tutorial has them: one fills gradients, one moves parameters."""
    rng = np.random.RandomState(1)
    x, y = T.matrix("x"), T.vector("y")
    tparams = {"W": theano.shared(rng.normal(size=3), "W"), "b": theano.shared(0.0, "b")}
    cost = T.mean((T.dot(x, tparams["W"]) + tparams["b"] - y) ** 2)
    grads = T.grad(cost, wrt=list(tparams.values()))
    zeros = lambda: [theano.shared(p.get_value() * 0.0) for p in tparams.values()]
    zipped_grads, running_up2, running_grads2 = zeros(), zeros(), zeros()
    zgup = list(zip(zipped_grads, grads, strict=True))
    rg2up = [
        (rg2, 0.95 * rg2 + 0.05 * (g**2)) for rg2, g in zip(running_grads2, grads, strict=True)
    ]
    f_grad_shared = theano.function([x, y], cost, updates=zgup + rg2up, name="adadelta_grad")
    updir = [
        -T.sqrt(ru2 + 1e-6) / T.sqrt(rg2 + 1e-6) * zg
        for zg, ru2, rg2 in zip(zipped_grads, running_up2, running_grads2, strict=True)
    ]
    ru2up = [(ru2, 0.95 * ru2 + 0.05 * (ud**2)) for ru2, ud in zip(running_up2, updir, strict=True)]
    param_up = [(p, p + ud) for p, ud in zip(tparams.values(), updir, strict=True)]
    f_update = theano.function(
        [], [], updates=ru2up + param_up, on_unused_input="ignore", name="adadelta_update"
    )
    data = rng.normal(size=(20, 3))
    wanted = data @ np.array([1.0, -2.0, 0.5]) + 0.3

    value = {k: np.array(p.get_value()) for k, p in tparams.items()}
    rg2 = {k: v * 0.0 for k, v in value.items()}
    ru2 = {k: v * 0.0 for k, v in value.items()}
    costs = []
    for _ in range(30):
        costs.append(float(f_grad_shared(data, wanted)))
        f_update()
        error = 2 * (data @ value["W"] + value["b"] - wanted) / 20
        for k, g in {"W": data.T @ error, "b": error.sum()}.items():
            rg2[k] = 0.95 * rg2[k] + 0.05 * g**2
            step = -np.sqrt(ru2[k] + 1e-6) / np.sqrt(rg2[k] + 1e-6) * g
            ru2[k] = 0.95 * ru2[k] + 0.05 * step**2
            value[k] = value[k] + step
    for k, p in tparams.items():
        assert p.get_value() == pytest.approx(value[k])
    assert costs[-1] < costs[0]


def test_batch_normalization_and_dropout_for_training_and_prediction():
    rng, srng = np.random.RandomState(2), MRG_RandomStreams(8)
    x, y = T.matrix("x"), T.lvector("y")
    shapes = {"W1": (4, 6), "gamma": (1, 6), "beta": (1, 6), "W2": (6, 3)}
    p = {k: theano.shared(rng.normal(size=s) * 0.5, k) for k, s in shapes.items()}
    flags = (True, False)
    mean = theano.shared(np.zeros((1, 6)), "mean", broadcastable=flags)
    var = theano.shared(np.ones((1, 6)), "var", broadcastable=flags)
    z = T.dot(x, p["W1"])
    normal, batch_mean, batch_inv, new_mean, new_var = T.nnet.bn.batch_normalization_train(
        z, p["gamma"], p["beta"], axes=(0,), running_average_factor=0.1,
        running_mean=mean, running_var=var,
    )  # fmt: skip
    h = T.nnet.relu(normal)
    mask = srng.binomial(size=h.shape, p=0.75, dtype=theano.config.floatX)
    q = T.nnet.softmax(T.dot(h * mask / 0.75, p["W2"]))
    cost = T.nnet.categorical_crossentropy(q, y).mean()
    params = list(p.values())
    updates = [(v, v - 0.3 * g) for v, g in zip(params, T.grad(cost, params), strict=True)]
    updates += [(mean, new_mean), (var, new_var)]
    train = theano.function([x, y], [cost, mask], updates=updates)
    still = T.nnet.bn.batch_normalization_test(z, p["gamma"], p["beta"], mean, var, axes=(0,))
    predict = theano.function([x], T.argmax(T.dot(T.nnet.relu(still), p["W2"]), axis=1))
    data, labels = rng.normal(size=(30, 4)), np.arange(30) % 3
    data[np.arange(30), labels] += 3.0
    before = [v.get_value() for v in params]
    value, kept = train(data, labels)

    def replica(W1, gamma, beta, W2):
        z = data @ W1
        normal = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-4) * gamma + beta
        out = (np.maximum(normal, 0) * kept / 0.75) @ W2
        return (np.log(np.exp(out).sum(axis=1)) - out[np.arange(30), labels]).mean()

    assert value == pytest.approx(replica(*before))
    for v, old, g in zip(params, before, differences(replica, before), strict=True):
        assert v.get_value() == pytest.approx(old - 0.3 * g, abs=1e-6)
    assert mean.get_value() == pytest.approx(0.1 * (data @ before[0]).mean(axis=0, keepdims=True))
    costs = [float(train(data, labels)[0]) for _ in range(100)]
    assert np.mean(costs[-10:]) < 0.7 * np.mean(costs[:5])
    assert (predict(data) == labels).mean() > 0.8


def test_a_differential_equation_fitted_through_its_integrator():
    """Predators and prey, by Runge and Kutta's fourth order inside a scan."""
    rates = theano.shared(np.array([1.0, 0.9, 0.8, 1.1]), "rates")
    seen, dt = T.matrix("seen"), 0.1

    def slope(u, r):
        prey, predators = u[0], u[1]
        return T.stack([prey * (r[0] - r[1] * predators), predators * (r[2] * prey - r[3])])

    def step(u, r):
        k1 = slope(u, r)
        k2 = slope(u + dt / 2 * k1, r)
        k3 = slope(u + dt / 2 * k2, r)
        k4 = slope(u + dt * k3, r)
        return u + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    path, _ = theano.scan(step, outputs_info=seen[0], non_sequences=rates, n_steps=12)
    cost = T.mean((path - seen[1:]) ** 2)
    train = theano.function([seen], cost, updates=[(rates, rates - 0.5 * T.grad(cost, rates))])

    def integrated(r, u):
        def f(u):
            return np.array([u[0] * (r[0] - r[1] * u[1]), u[1] * (r[2] * u[0] - r[3])])

        out = [u]
        for _ in range(12):
            k1 = f(u)
            k2 = f(u + dt / 2 * k1)
            k3 = f(u + dt / 2 * k2)
            u = u + dt / 6 * (k1 + 2 * k2 + 2 * k3 + f(u + dt * k3))
            out.append(u)
        return np.array(out)

    truth = integrated(np.ones(4), np.array([1.5, 0.5]))

    def replica(r):
        return np.mean((integrated(r, truth[0]) - truth)[1:] ** 2)

    before = rates.get_value()
    assert train(truth) == pytest.approx(replica(before))
    expected = before - 0.5 * differences(replica, [before])[0]
    assert rates.get_value() == pytest.approx(expected, abs=1e-8)
    costs = [float(train(truth)) for _ in range(12)]
    assert costs[-1] < 0.6 * costs[0]


def test_gated_units_with_attention_over_their_states():
    rng = np.random.RandomState(4)
    n, d = 4, 3
    shapes = {"Wz": (d, n), "Uz": (n, n), "Wh": (d, n), "Uh": (n, n), "a": (n,), "out": (n,)}
    p = {k: theano.shared(rng.normal(size=s) * 0.5, k) for k, s in shapes.items()}
    x, mask, y = T.tensor3("x"), T.matrix("mask"), T.vector("y")

    def step(x_t, m_t, h):
        z = T.nnet.sigmoid(T.dot(x_t, p["Wz"]) + T.dot(h, p["Uz"]))
        new = (1 - z) * h + z * T.tanh(T.dot(x_t, p["Wh"]) + T.dot(h, p["Uh"]))
        return m_t[:, None] * new + (1.0 - m_t)[:, None] * h

    h, _ = theano.scan(step, [x, mask], T.alloc(0.0, x.shape[1], n), strict=False)
    e = T.exp(T.dot(h, p["a"])) * mask
    weights = e / e.sum(axis=0)
    context = (h * weights.dimshuffle(0, 1, "x")).sum(axis=0)
    cost = T.mean((T.dot(context, p["out"]) - y) ** 2)
    params = list(p.values())
    updates = [(v, v - 0.2 * g) for v, g in zip(params, T.grad(cost, params), strict=True)]
    train = theano.function([x, mask, y], cost, updates=updates)
    steps, words = rng.normal(size=(5, 6, d)), (np.arange(5)[:, None] < [5, 5, 4, 3, 5, 2]) * 1.0
    wanted = steps[0, :, 0]

    def replica(Wz, Uz, Wh, Uh, a, out):
        h, states = np.zeros((6, n)), []
        for x_t, m_t in zip(steps, words, strict=True):
            z = 1 / (1 + np.exp(-(x_t @ Wz + h @ Uz)))
            new = (1 - z) * h + z * np.tanh(x_t @ Wh + h @ Uh)
            h = np.where(m_t[:, None] > 0, new, h)
            states.append(h)
        states = np.array(states)
        e = np.exp(states @ a) * words
        context = np.einsum("tb,tbn->bn", e / e.sum(axis=0), states)
        return np.mean((context @ out - wanted) ** 2)

    before = [v.get_value() for v in params]
    assert train(steps, words, wanted) == pytest.approx(replica(*before))
    for v, old, g in zip(params, before, differences(replica, before), strict=True):
        assert v.get_value() == pytest.approx(old - 0.2 * g, abs=1e-7)
    costs = [float(train(steps, words, wanted)) for _ in range(40)]
    assert costs[-1] < 0.5 * costs[0]


def test_a_decoder_of_transposed_convolutions():
    rng = np.random.RandomState(5)
    W = theano.shared(rng.normal(size=(1, 2, 3, 3)) * 0.3, "W")  # as of a convolution 2 <- 1
    codes, images = T.tensor4("codes"), T.tensor4("images")
    made = T.nnet.conv2d_transpose(
        codes, W, output_shape=(4, 2, 7, 7), border_mode="valid", input_dilation=(2, 2)
    )
    cost = T.mean((made - images) ** 2)
    train = theano.function([codes, images], cost, updates=[(W, W - 1.0 * T.grad(cost, W))])
    z = rng.normal(size=(4, 1, 3, 3))
    truth = rng.normal(size=(1, 2, 3, 3))

    def painted(W):
        out = np.zeros((4, 2, 7, 7))
        for i in range(3):
            for j in range(3):  # filters are turned in the convolution, so not in its transpose
                patch = W[0][:, ::-1, ::-1]
                out[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += z[:, :, i, j, None, None] * patch
        return out

    target = painted(truth)
    before = W.get_value()
    value = float(train(z, target))
    replica = lambda W: np.mean((painted(W) - target) ** 2)
    assert value == pytest.approx(replica(before))
    slope = differences(replica, [before])[0]
    assert W.get_value() == pytest.approx(before - slope, abs=1e-7)
    costs = [float(train(z, target)) for _ in range(30)]
    assert costs[-1] < 0.1 * costs[0]


def test_policy_gradients_with_a_lazy_baseline():
    """Draws by multinomial, a score function with consider_constant, a branch that runs rarely."""
    srng = MRG_RandomStreams(11)
    scores, baseline = theano.shared(np.zeros(3), "scores"), theano.shared(0.0, "baseline")
    steps = theano.shared(0, "steps")
    pays = T.vector("pays")
    p = T.nnet.softmax(scores.dimshuffle("x", 0))
    chosen = T.argmax(srng.multinomial(pvals=T.tile(p, (16, 1))), axis=1)
    gains = theano.gradient.disconnected_grad(pays[chosen] - baseline)
    surrogate = -T.mean(T.log(p[0])[chosen] * gains)
    slope = T.grad(surrogate, scores)
    renewed = ifelse(T.eq(steps % 5, 4), pays[chosen].mean(), baseline)
    play = theano.function(
        [pays], [chosen, slope],
        updates=[(scores, scores - 0.5 * slope), (baseline, renewed), (steps, steps + 1)],
    )  # fmt: skip
    table = np.array([0.1, 0.2, 1.0])
    for k in range(25):
        old, base = scores.get_value(), float(baseline.get_value())
        taken, found = play(table)
        q = np.exp(old) / np.exp(old).sum()
        expected = -np.mean((np.eye(3)[taken] - q) * (table[taken] - base)[:, None], axis=0)
        assert found == pytest.approx(expected)
        after = table[taken].mean() if k % 5 == 4 else base
        assert float(baseline.get_value()) == pytest.approx(after)
    assert np.argmax(scores.get_value()) == 2
