"""Statistical models as old programs wrote them: hidden Markov chains, Kalman filters, mixtures,
Gaussian processes, factorizations, embeddings.  Each agrees with a replica in NumPy."""

import numpy as np
import pytest
import scipy.optimize

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.tensor import nlinalg, slinalg
from tests.theano.quotients import differences


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def descent(inputs, cost, params, rate, **options):
    grads = T.grad(cost, params)
    updates = [(p, p - rate * g) for p, g in zip(params, grads, strict=True)]
    return theano.function(inputs, cost, updates=updates, **options)


def check_step(train, args, params, replica, rate):
    """One call gives the replica's cost, and moves the parameters down its slopes."""
    before = [p.get_value() for p in params]
    slopes = differences(replica, before)
    assert train(*args) == pytest.approx(replica(*before))
    for p, old, g in zip(params, before, slopes, strict=True):
        assert p.get_value() == pytest.approx(old - rate * g, abs=1e-6)


def falls(train, args, steps, to):
    costs = [float(train(*args)) for _ in range(steps)]
    assert costs[-1] < to * costs[0], (costs[0], costs[-1])


def test_hidden_markov_chain_learns_its_transitions():
    """The forward recursion in logarithms, trained by gradients through the scan."""
    rng = np.random.RandomState(0)
    start, A, B = (theano.shared(rng.normal(size=s) * 0.5) for s in ((3,), (3, 3), (3, 4)))
    symbols = T.lvector("symbols")

    def log_rows(w):
        return w - T.log(T.sum(T.exp(w), axis=-1, keepdims=True))

    log_a, log_b = log_rows(A), log_rows(B)
    first = log_rows(start) + log_b[:, symbols[0]]

    def step(s, alpha):
        return T.log(T.sum(T.exp(alpha.dimshuffle(0, "x") + log_a), axis=0)) + log_b[:, s]

    alphas, _ = theano.scan(step, sequences=symbols[1:], outputs_info=first)
    cost = -T.log(T.sum(T.exp(alphas[-1])))
    word = np.array([0, 1, 2, 3, 0, 1, 2, 3, 0, 1])

    def replica(start, A, B):
        p, a, b = (np.exp(w) / np.exp(w).sum(axis=-1, keepdims=True) for w in (start, A, B))
        alpha = p * b[:, word[0]]
        for s in word[1:]:
            alpha = (alpha @ a) * b[:, s]
        return -np.log(alpha.sum())

    params = [start, A, B]
    train = descent([symbols], cost, params, 0.5)
    check_step(train, (word,), params, replica, 0.5)
    falls(train, (word,), 25, 0.85)


def test_viterbi_by_two_scans():
    """The best path: maxima forwards, then back along the choices."""
    rng = np.random.RandomState(1)
    log_a, scores = T.matrix("log_a"), T.matrix("scores")

    def forward(s, best):
        paths = best.dimshuffle(0, "x") + log_a
        return T.max(paths, axis=0) + s, T.argmax(paths, axis=0)

    (bests, choices), _ = theano.scan(forward, scores[1:], [scores[0], None])
    last = T.argmax(bests[-1])
    back, _ = theano.scan(lambda c, state: c[state], choices, last, go_backwards=True)
    path = T.concatenate([back[::-1], T.stack([last])])
    f = theano.function([log_a, scores], [T.max(bests[-1]), path])
    a, s = np.log(rng.dirichlet(np.ones(3), 3)), rng.normal(size=(5, 3))
    value, found = f(a, s)

    def score(path):
        steps = sum(a[i, j] for i, j in zip(path[:-1], path[1:], strict=True))
        return s[range(5), path].sum() + steps

    every = max(np.ndindex(3, 3, 3, 3, 3), key=lambda p: score(list(p)))
    assert found.tolist() == list(every)
    assert value == pytest.approx(score(list(every)))


def test_kalman_filter_fits_its_noise():
    """Log likelihood of a walk in two dimensions, seen through one: inverses inside a scan."""
    rng = np.random.RandomState(2)
    seen = np.cumsum(rng.normal(size=20)) + rng.normal(size=20) * 0.1
    y, logs = T.vector("y"), theano.shared(np.array([0.5, 0.5]), "logs")
    F, H = np.array([[1.0, 0.3], [0.0, 0.9]]), np.array([[1.0, 0.0]])

    def step(y_t, m, P, logs):
        m, P = T.dot(F, m), T.dot(T.dot(F, P), F.T) + T.exp(logs[0]) * T.eye(2)
        S = T.dot(T.dot(H, P), H.T) + T.exp(logs[1]) * T.eye(1)
        K = T.dot(T.dot(P, H.T), nlinalg.matrix_inverse(S))
        error = y_t - T.dot(H, m)
        log_density = -0.5 * (T.log(2 * np.pi * nlinalg.det(S)) + (error**2).sum() / S[0, 0])
        return m + T.dot(K, error), P - T.dot(T.dot(K, H), P), log_density

    (_, _, terms), _ = theano.scan(
        step, y, [T.constant(np.zeros(2)), T.constant(np.eye(2)), None], [logs]
    )
    train = descent([y], -terms.sum(), [logs], 0.02)

    def replica(logs):
        m, P, total = np.zeros(2), np.eye(2), 0.0
        for y_t in seen:
            m, P = F @ m, F @ P @ F.T + np.exp(logs[0]) * np.eye(2)
            S = P[0, 0] + np.exp(logs[1])
            total += 0.5 * (np.log(2 * np.pi * S) + (y_t - m[0]) ** 2 / S)
            m, P = m + P[:, 0] / S * (y_t - m[0]), P - np.outer(P[:, 0], P[0]) / S
        return total

    check_step(train, (seen,), [logs], replica, 0.02)
    falls(train, (seen,), 12, 0.99)


def test_mixture_of_gaussians_by_gradients():
    rng = np.random.RandomState(3)
    points = np.concatenate([rng.normal(-2, 0.5, (20, 2)), rng.normal(2, 0.5, (20, 2))])
    x = T.matrix("x")
    means = theano.shared(rng.normal(size=(2, 2)) * 0.1, "means")
    scales, weights = theano.shared(np.zeros(2), "scales"), theano.shared(np.zeros(2), "weights")
    squares = T.sum((x.dimshuffle(0, "x", 1) - means) ** 2, axis=2)
    log_p = -0.5 * squares * T.exp(-2 * scales) - 2 * scales - np.log(2 * np.pi)
    mixed = log_p + T.log(T.nnet.softmax(weights))
    cost = -T.mean(T.log(T.sum(T.exp(mixed), axis=1)))

    def replica(means, scales, weights):
        squares = ((points[:, None, :] - means) ** 2).sum(axis=2)
        density = np.exp(-0.5 * squares * np.exp(-2 * scales) - 2 * scales) / (2 * np.pi)
        p = np.exp(weights) / np.exp(weights).sum()
        return -np.mean(np.log(density @ p))

    params = [means, scales, weights]
    train = descent([x], cost, params, 0.2)
    check_step(train, (points,), params, replica, 0.2)
    falls(train, (points,), 150, 0.9)
    assert sorted(np.sign(means.get_value()[:, 0])) == [-1.0, 1.0]


def test_gaussian_process_by_its_marginal_likelihood():
    """Cholesky factor, triangular solves and their derivatives; SciPy's optimizer calls f."""
    rng = np.random.RandomState(4)
    at = np.linspace(0, 3, 12)
    values = np.sin(2 * at) + rng.normal(size=12) * 0.05
    x, y, theta = T.vector("x"), T.vector("y"), T.vector("theta")
    length, size, noise = T.exp(theta[0]), T.exp(theta[1]), T.exp(theta[2])
    gaps = x.dimshuffle(0, "x") - x.dimshuffle("x", 0)
    K = size * T.exp(-0.5 * (gaps / length) ** 2) + (noise + 1e-6) * T.eye(x.shape[0])
    L = slinalg.cholesky(K)
    inner = slinalg.solve_lower_triangular(L, y)
    cost = 0.5 * T.sum(inner**2) + T.sum(T.log(T.diag(L)))
    f = theano.function([theta, x, y], [cost, T.grad(cost, theta)])

    def replica(theta):
        length, size, noise = np.exp(theta)
        K = size * np.exp(-0.5 * (np.subtract.outer(at, at) / length) ** 2)
        K += (noise + 1e-6) * np.eye(12)
        return 0.5 * values @ np.linalg.solve(K, values) + 0.5 * np.linalg.slogdet(K)[1]

    first = np.array([0.0, 0.0, -2.0])
    value, slope = f(first, at, values)
    assert value == pytest.approx(replica(first))
    assert slope == pytest.approx(differences(replica, [first])[0], rel=1e-5)
    best = scipy.optimize.minimize(
        lambda t: f(t, at, values), first, jac=True, method="L-BFGS-B", options={"maxiter": 15}
    )
    assert best.fun < value - 5.0


def test_matrix_factorization_of_observed_entries():
    """Rows are gathered from shared factors and only these are moved, by inc_subtensor."""
    rng = np.random.RandomState(5)
    U, V = theano.shared(rng.normal(size=(6, 2)), "U"), theano.shared(rng.normal(size=(5, 2)), "V")
    i, j, r = T.lvector("i"), T.lvector("j"), T.vector("r")
    u, v = U[i], V[j]
    cost = T.sum((T.sum(u * v, axis=1) - r) ** 2)
    gu, gv = T.grad(cost, [u, v])
    train = theano.function(
        [i, j, r], cost,
        updates=[(U, T.inc_subtensor(u, -0.05 * gu)), (V, T.inc_subtensor(v, -0.05 * gv))],
    )  # fmt: skip
    rows, columns = np.arange(12) % 6, np.arange(12) % 5  # no pair twice, rows and columns are
    ratings = rng.normal(size=12)
    before = U.get_value(), V.get_value()
    errors = (before[0][rows] * before[1][columns]).sum(axis=1) - ratings
    assert train(rows, columns, ratings) == pytest.approx((errors**2).sum())
    expected = before[0].copy()
    np.add.at(expected, rows, -0.1 * errors[:, None] * before[1][columns])
    assert U.get_value() == pytest.approx(expected)
    falls(train, (rows, columns, ratings), 100, 0.2)


def test_word_vectors_with_negative_samples():
    rng = np.random.RandomState(6)
    inside = theano.shared(rng.normal(size=(8, 3)) * 0.3, "inside")
    outside = theano.shared(rng.normal(size=(8, 3)) * 0.3, "outside")
    center, context, noise = T.lvector("center"), T.lvector("context"), T.lmatrix("noise")
    c = inside[center]
    score = T.sum(c * outside[context], axis=1)
    scores = T.batched_dot(outside[noise], c.dimshuffle(0, 1, "x")).flatten(2)
    cost = T.mean(T.nnet.softplus(-score) + T.sum(T.nnet.softplus(scores), axis=1))
    params = [inside, outside]
    train = descent([center, context, noise], cost, params, 0.5)
    words, near = np.arange(8), (np.arange(8) + 1) % 8
    far = (np.arange(8)[:, None] + np.array([3, 4])) % 8

    def replica(inside, outside):
        positive = (inside[words] * outside[near]).sum(axis=1)
        negative = np.einsum("nkd,nd->nk", outside[far], inside[words])
        return np.mean(np.logaddexp(0, -positive) + np.logaddexp(0, negative).sum(axis=1))

    check_step(train, (words, near, far), params, replica, 0.5)
    falls(train, (words, near, far), 150, 0.5)


def test_independent_components_with_a_matrix_inverse():
    """Maximum likelihood of unmixed sources: the logarithm of a determinant."""
    rng = np.random.RandomState(7)
    sources = rng.laplace(size=(60, 2))
    mixed = sources @ np.array([[1.0, 0.6], [0.4, 1.0]])
    x, W = T.matrix("x"), theano.shared(np.eye(2) * 0.5, "W")
    s = T.dot(x, W)
    cost = T.mean(T.sum(T.log(T.cosh(s)), axis=1)) - T.log(abs(nlinalg.det(W)))
    train = descent([x], cost, [W], 0.2)

    def replica(W):
        s = mixed @ W
        return np.mean(np.log(np.cosh(s)).sum(axis=1)) - np.log(abs(np.linalg.det(W)))

    check_step(train, (mixed,), [W], replica, 0.2)
    falls(train, (mixed,), 60, 0.95)
