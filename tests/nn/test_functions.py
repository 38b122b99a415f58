"""Activations, losses, normalization, patches and dropout against formulas, and derivatives."""

import numpy as np
import pytest
import scipy.special

import arignote as ag
from arignote import nn
from arignote.errors import ShapeError

X = np.random.default_rng(2).standard_normal((4, 6)) * 2
FAR = np.array([-800.0, -30, -1, 0, 1, 30, 800])

FORMULAS = {
    "sigmoid": (nn.sigmoid, scipy.special.expit),
    "hard_sigmoid": (nn.hard_sigmoid, lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
    "softplus": (nn.softplus, lambda x: np.logaddexp(x, 0)),
    "softsign": (nn.softsign, lambda x: x / (1 + abs(x))),
    "relu": (nn.relu, lambda x: np.maximum(x, 0)),
    "leaky relu": (lambda x: nn.relu(x, 0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
    "elu": (nn.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
    "selu": (
        nn.selu,
        lambda x: 1.0507009873554805
        * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    ),
    "silu": (nn.silu, lambda x: x * scipy.special.expit(x)),
    "gelu": (nn.gelu, lambda x: x * scipy.special.ndtr(x)),
    "softmax": (nn.softmax, lambda x: scipy.special.softmax(x, -1)),
    "log_softmax": (nn.log_softmax, lambda x: scipy.special.log_softmax(x, -1)),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_activations(name):
    function, formula = FORMULAS[name]
    for x in (X, FAR, X.astype("f4")):
        for answer in (function(x), ag.compile(function)(x)):
            assert answer.dtype == x.dtype
            np.testing.assert_allclose(answer, formula(x), rtol=1e-5 if x.dtype == "f4" else 1e-12)
    ag.check_grad(lambda x: np.sum(np.sin(function(x))), X)


def test_ultra_fast_sigmoid_is_near_the_sigmoid():
    x = np.linspace(-12, 12, 1001)
    assert np.abs(nn.ultra_fast_sigmoid(x) - scipy.special.expit(x)).max() < 0.05


def test_h_softmax_is_a_distribution():
    draw = np.random.default_rng(0).standard_normal
    w1, b1, w2, b2 = draw((6, 3)), draw(3), draw((3, 6, 4)), draw((3, 4))
    every = nn.h_softmax(X, 4, 12, 3, 4, w1, b1, w2, b2)
    np.testing.assert_allclose(every.sum(1), 1)
    target = np.array([0, 5, 11, 7])
    some = nn.h_softmax(X, 4, 12, 3, 4, w1, b1, w2, b2, target)
    np.testing.assert_allclose(some, every[np.arange(4), target])


# ---- losses --------------------------------------------------------------------------------------
def test_cross_entropies_of_probabilities():
    p, t = nn.softmax(X), nn.softmax(-X)
    classes = np.array([0, 3, 5, 1])
    want = -np.log(p[np.arange(4), classes])
    np.testing.assert_allclose(nn.categorical_crossentropy(p, t), -(t * np.log(p)).sum(1))
    np.testing.assert_allclose(ag.compile(nn.categorical_crossentropy)(p, classes), want)
    np.testing.assert_allclose(nn.crossentropy_categorical_1hot(p, classes), want)
    np.testing.assert_allclose(nn.softmax_cross_entropy(X, classes), want)
    loss, soft, best = nn.crossentropy_softmax_argmax_1hot_with_bias(X, X[0], classes)
    np.testing.assert_allclose(soft, nn.softmax(X + X[0]))
    np.testing.assert_array_equal(best, (X + X[0]).argmax(1))
    np.testing.assert_allclose(loss, -np.log(soft[np.arange(4), classes]))
    q = scipy.special.expit(X)
    np.testing.assert_allclose(
        nn.binary_crossentropy(q, t), -(t * np.log(q) + (1 - t) * np.log(1 - q))
    )
    np.testing.assert_allclose(nn.sigmoid_binary_crossentropy(X, t), nn.binary_crossentropy(q, t))


def test_cross_entropies_of_logits_overflow_nowhere():
    run = ag.compile(lambda x, t: nn.sigmoid_binary_crossentropy(x, t))
    np.testing.assert_allclose(run(FAR, np.zeros(7)), np.logaddexp(0, FAR))
    far = np.stack([FAR, -FAR])
    losses = ag.compile(nn.softmax_cross_entropy)(far, np.array([0, 0]))
    np.testing.assert_allclose(losses, [1600, 0])
    classes = np.array([0, 3, 5, 1])
    ag.check_grad(lambda x: np.sum(nn.softmax_cross_entropy(x, classes)), X)
    g = ag.grad(lambda x: np.sum(nn.softmax_cross_entropy(x, np.array([0, 0]))))(far)
    assert np.isfinite(g).all()


def test_targets_that_do_not_fit_are_said():
    with pytest.raises(ShapeError, match="integer class numbers"):
        nn.categorical_crossentropy(X, np.zeros(4))


def test_confusion_matrix():
    for run in (nn.confusion_matrix, ag.compile(nn.confusion_matrix)):
        counts, classes = run(np.array([1, 1, 4, 2]), np.array([1, 2, 4, 4]))
        np.testing.assert_array_equal(classes, [1, 2, 4])
        np.testing.assert_array_equal(counts, [[1, 1, 0], [0, 0, 1], [0, 0, 1]])


# ---- normalization -------------------------------------------------------------------------------
@pytest.mark.parametrize("axes", ["per-activation", "spatial", (0, 2)])
def test_batch_normalization(axes):
    draw = np.random.default_rng(1).standard_normal
    x = draw((5, 3, 4, 2))
    over = {"per-activation": (0,), "spatial": (0, 2, 3)}.get(axes, axes)
    shape = [1 if k in over else n for k, n in enumerate(x.shape)]
    gamma, beta, mean, var = draw(shape), draw(shape), draw(shape), draw(shape) ** 2
    m, v = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    count = np.prod([x.shape[k] for k in over])
    train = lambda x, g, b, rm, rv: nn.batch_normalization_train(x, g, b, axes, 1e-3, 0.2, rm, rv)
    for run in (train, ag.compile(train)):
        out, got_mean, invstd, new_mean, new_var = run(x, gamma, beta, mean, var)
        np.testing.assert_allclose(out, gamma * (x - m) / np.sqrt(v + 1e-3) + beta)
        np.testing.assert_allclose(got_mean, m, atol=1e-14)
        np.testing.assert_allclose(invstd, 1 / np.sqrt(v + 1e-3))
        np.testing.assert_allclose(new_mean, 0.8 * mean + 0.2 * m)
        np.testing.assert_allclose(new_var, 0.8 * var + 0.2 * v * count / (count - 1))
    test = nn.batch_normalization_test(x, gamma, beta, mean, var, axes)
    np.testing.assert_allclose(test, gamma * (x - mean) / np.sqrt(var + 1e-4) + beta)
    same = nn.batch_normalization(x, gamma, beta, mean, np.sqrt(var + 1e-4))
    np.testing.assert_allclose(same, test)
    ag.check_grad(lambda *a: np.sum(np.sin(train(*a, None, None)[0])), x, gamma, beta)


def test_parameters_may_lack_the_axes():
    x = np.random.default_rng(1).standard_normal((5, 3, 4, 2))
    g = np.array([1.0, 2, 3])
    one = nn.batch_normalization_train(x, g, g, "spatial")[0]
    wide = g[None, :, None, None]
    np.testing.assert_allclose(one, nn.batch_normalization_train(x, wide, wide, "spatial")[0])
    with pytest.raises(ShapeError, match="it has 4, or 1"):
        nn.batch_normalization_train(x, g[:, None], g, "spatial")


# ---- patches and dropout -------------------------------------------------------------------------
IMAGES = np.arange(2 * 3 * 6 * 4.0).reshape(2, 3, 6, 4)


def test_patches_and_back():
    for run in (nn.images2neibs, ag.compile(lambda x, s: nn.images2neibs(x, s))):
        rows = run(IMAGES, (3, 2))
        assert rows.shape == (2 * 3 * 2 * 2, 6)
        np.testing.assert_array_equal(rows[1], IMAGES[0, 0, :3, 2:].ravel())
    np.testing.assert_array_equal(nn.neibs2images(rows, (3, 2), IMAGES.shape), IMAGES)
    ag.check_grad(lambda x: np.sum(np.sin(nn.images2neibs(x, (2, 2), (1, 1)))), IMAGES)


def test_modes_of_patches():
    with pytest.raises(ShapeError, match="cover"):
        nn.images2neibs(IMAGES, (4, 2))
    assert nn.images2neibs(IMAGES, (4, 2), mode="ignore_borders").shape == (12, 8)
    around = nn.images2neibs(IMAGES, (3, 3), (1, 1), "wrap_centered")
    assert around.shape == (2 * 3 * 24, 9)
    rolled = np.roll(IMAGES[0, 0], (1, 1), (0, 1))
    np.testing.assert_array_equal(around[0], rolled[:3, :3].ravel())
    half = nn.images2neibs(IMAGES, (3, 3), (1, 1), "half")
    np.testing.assert_array_equal(half[0].reshape(3, 3)[1:, 1:], IMAGES[0, 0, :2, :2])
    assert (half[0].reshape(3, 3)[0] == 0).all()
    assert nn.images2neibs(IMAGES, (3, 2), (1, 1), "full").shape == (2 * 3 * 8 * 5, 6)


def test_dropout_draws_from_the_callers_generator():
    x = np.ones((50, 40), "f4")
    first = nn.dropout(x, 0.25, np.random.default_rng(0))
    again = ag.compile(lambda x, rng: nn.dropout(x, 0.25, rng))(x, np.random.default_rng(0))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.float32
    assert set(np.unique(first)) == {0, np.float32(1 / 0.75)}
    assert abs((first == 0).mean() - 0.25) < 0.05
