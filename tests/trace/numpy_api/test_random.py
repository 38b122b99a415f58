"""Generators as arguments: every draw is NumPy's, and the generator moves on as in Python."""

import numpy as np
import pytest

import arignote as ag

A = np.arange(6.0)
DRAWS = {
    "random": lambda r, n: (r.random(), r.random(n), r.random((n, 2), dtype=np.float32)),
    "normal": lambda r, n: (r.normal(), r.normal(1.0, 2.0, n), r.standard_normal((n, n))),
    "normal of arrays": lambda r, n: r.normal(np.arange(3.0), np.ones((n, 1))),
    "uniform": lambda r, n: (r.uniform(), r.uniform(-1, n), r.uniform(0, np.arange(1.0, 4.0))),
    "integers": lambda r, n: (r.integers(n), r.integers(0, n, 5, endpoint=True)),
    "integers of a dtype": lambda r, n: (
        r.integers(0, 200, n, dtype="u1"),
        r.integers(0, 2, dtype=bool),
    ),
    "integers of arrays": lambda r, n: r.integers(np.array([1, 5, 9]), 12),
    "choice": lambda r, n: (r.choice(n), r.choice(A, n), r.choice(A, n, replace=False)),
    "choice weighted": lambda r, n: r.choice(4, (n, 2), p=[0.1, 0.2, 0.3, 0.4]),
    "choice of rows": lambda r, n: r.choice(A.reshape(3, 2), n, axis=0),
    "permutation": lambda r, n: (
        r.permutation(n),
        r.permutation(A),
        r.permutation(A.reshape(2, 3), 1),
    ),
    "permuted": lambda r, n: (r.permuted(A.reshape(2, 3), axis=1), r.permuted(A.reshape(2, 3))),
    "exponential": lambda r, n: (r.exponential(2.0, n), r.standard_exponential(n, method="inv")),
    "gamma": lambda r, n: (
        r.gamma(2.0, 1.5, n),
        r.standard_gamma(np.array([1.0, 2.0])),
        r.beta(1, 2, n),
    ),
    "counts": lambda r, n: (
        r.poisson(3.0, n),
        r.binomial(n, 0.5),
        r.geometric(0.3, n),
        r.zipf(2.5, n),
    ),
    "others": lambda r, n: (
        r.laplace(size=n),
        r.gumbel(size=n),
        r.logistic(size=n),
        r.lognormal(size=n),
        r.rayleigh(size=n),
        r.triangular(0, 1, 3, n),
        r.vonmises(0, 1, n),
        r.weibull(2, n),
        r.pareto(2, n),
        r.wald(1, 2, n),
        r.standard_t(5, n),
        r.chisquare(3, n),
        r.standard_cauchy(n),
        r.hypergeometric(5, 6, 7, n),
    ),
    "vectors": lambda r, n: (
        r.multivariate_normal(np.zeros(2), np.eye(2), n),
        r.dirichlet([1.0, 2, 3]),
        r.multinomial(10, [0.2, 0.8], n),
    ),
    "unused draws count": lambda r, n: (r.random(n), r.normal(), r.random())[2],
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws(name):
    plain, traced = np.random.default_rng(5), np.random.default_rng(5)
    draw = DRAWS[name]

    def f(rng, n):
        return draw(rng, n)

    want, got = f(plain, 4), ag.compile(f, mode="FAST_COMPILE")(traced, 4)
    want, got = (x if isinstance(x, tuple) else (x,) for x in (want, got))
    for w, g in zip(want, got):
        assert type(g) is type(w) and np.asarray(g).dtype == np.asarray(w).dtype
        np.testing.assert_array_equal(g, w)
    assert plain.random() == traced.random()


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_loops_branches_and_shuffles(mode):
    def walk(rng, x, steps):
        total = 0.0
        for i in range(steps):
            if rng.random() < 0.3:
                total += rng.normal()
            rng.random(3)
        rng.shuffle(x)
        return total + rng.random()

    plain, traced = np.random.default_rng(9), np.random.default_rng(9)
    x, y = A.copy(), A.copy()
    assert walk(plain, x, 40) == ag.compile(walk, mode=mode)(traced, y, 40)
    np.testing.assert_array_equal(x, y)
    assert plain.random() == traced.random()


def test_two_generators():
    def f(one, two):
        return one.random() - two.random(), two.random(), one.random()

    want = f(np.random.default_rng(1), np.random.default_rng(2))
    assert want == ag.compile(f, mode="FAST_COMPILE")(
        np.random.default_rng(1), np.random.default_rng(2)
    )


def test_errors():
    with pytest.raises(ValueError, match="scale < 0"):
        ag.compile(lambda rng, s: rng.normal(0.0, s, 3), mode="FAST_COMPILE")(
            np.random.default_rng(1), -1.0
        )
    with pytest.raises(NotImplementedError, match=r"Generator\.bytes"):
        ag.compile(lambda rng: rng.bytes(3), mode="FAST_COMPILE")(np.random.default_rng(1))


@pytest.mark.parametrize(
    "method", ["normal", "uniform", "laplace", "exponential", "lognormal", "gumbel"]
)
def test_pathwise_derivatives(method):
    from arignote.autograd_sym.reverse import vjp
    from arignote.fxgraph.constants import const, new_handle, new_input
    from arignote.fxgraph.interpret import evaluate
    from arignote.fxgraph.ops.random import drawn

    names = {"uniform": ("low", "high"), "exponential": ("scale",), "lognormal": ("mean", "sigma")}
    names = names.get(method, ("loc", "scale"))
    values = [np.array([0.3, 0.5]), np.array([1.5, 2.5])][-len(names) :]
    state = new_handle("rng")
    nodes = {k: new_input(k, "f8", (2,)) for k in names}
    _, out = drawn(state, method, nodes, {}, (3, 2), np.dtype("f8"))
    g = np.arange(6.0).reshape(3, 2) - 2
    grads = vjp([out], [const(g)], list(nodes.values()))

    def run(shifted):
        feeds = dict(zip(nodes.values(), shifted))
        return evaluate([out, *grads], {**feeds, state: np.random.default_rng(3)})

    for k in range(len(names)):
        h = 1e-6
        up = [v + h * (j == k) for j, v in enumerate(values)]
        down = [v - h * (j == k) for j, v in enumerate(values)]
        slope = (g * (run(up)[0] - run(down)[0]) / (2 * h)).sum(axis=0)
        np.testing.assert_allclose(run(values)[1 + k], slope, rtol=1e-5, atol=1e-6)
