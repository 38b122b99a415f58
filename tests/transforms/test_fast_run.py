"""Optimized derivatives are those of the graph: loops that overwrite what derivatives need."""

import numpy as np
import pytest

import arignote as ag
from arignote.config import config

RNG = np.random.default_rng(0)
C = RNG.random((3, 6))
W = RNG.standard_normal((3, 6))
S = C @ C.T + 3 * np.eye(3)


def backward_recurrence(c):
    """Each step's old value is kept and overwritten in the same step."""
    data = np.ones(c.shape[0])
    out = np.zeros(c.shape)
    for k in range(c.shape[1] - 2, -1, -1):
        data[:] = 2.0 - c[:, k] * data
        out[:, k] = data
    return np.sum(W * out)


def sweep(c):
    for i in range(1, c.shape[0]):
        for j in range(1, c.shape[1] - 1):
            c[i, j] = (c[i - 1, j] + c[i, j - 1] * c[i, j] + c[i, j + 1]) / 3
    return np.sum(W * c**2)


def factorized(s):
    for i in range(s.shape[0]):
        for j in range(i):
            s[i, j] -= s[i, :j] @ s[:j, j]
            s[i, j] /= s[j, j]
        for j in range(i, s.shape[0]):
            s[i, j] -= s[i, :i] @ s[:i, j]
    return np.sum(W[:, :3] * s)


def alternating(c):
    d = np.zeros(c.shape)
    for _ in range(4):
        d[:, 1:-1] = c[:, :-2] * c[:, 2:]
        c[:, 1:-1] = d[:, :-2] + d[:, 2:] * c[:, 1:-1]
    return np.sum(W * c)


def branching(c):
    s = 0.5
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            if c[i, j] > s:
                s = s * c[i, j] + 0.3
            else:
                c[i, j] = np.sin(s) * c[i, j]
    return s + np.sum(W * c)


def until_small(c):
    steps = 0
    while np.sum(c**2) > 0.1:
        c = c - 0.3 * np.tanh(c)
        steps += 1
    return np.sum(W * c)


def batched(c):
    return np.sum(ag.vmap(lambda row: np.prod(np.cumsum(row)))(c))


PROGRAMS = {
    f.__name__: (f, S if f is factorized else C)
    for f in (
        backward_recurrence,
        sweep,
        factorized,
        alternating,
        branching,
        until_small,
        batched,
    )
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_first_and_second_order(name):
    function, x = PROGRAMS[name]

    def derivatives(x, v):
        return ag.value_and_grad(function)(x), ag.hvp(function)(x, v)

    v = RNG.standard_normal(x.shape)
    plain = ag.compile(derivatives)(x.copy(), v)
    with config(mode="FAST_RUN"):
        fast = ag.compile(derivatives)(x.copy(), v)
    for a, b in zip((*plain[0], plain[1]), (*fast[0], fast[1])):
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-12)
    h = 1e-6
    if name == "batched":
        return
    slope = (function(x + h * v) - function(x - h * v)) / (2 * h)
    np.testing.assert_allclose(np.sum(fast[0][1] * v), slope, rtol=1e-6)


def test_transformations_together():
    cube = ag.custom_vjp(lambda a: a**3)
    cube.defvjp(lambda a: (a**3, a), lambda a, g: (3 * g * a * a,))
    body = ag.checkpoint(lambda a: np.sin(cube(a)) + a)

    def loss(p):
        a = p["a"]
        for _ in range(5):
            a = body(a) * p["k"]
        return np.sum(ag.stop_gradient(a) * a)

    def everything(p):
        return ag.value_and_grad(loss)(p), ag.jacobian(lambda a: body(a))(p["a"])

    given = {"a": C[0], "k": 0.9}
    (va, ga), ja = ag.compile(everything)(given)
    with config(mode="FAST_RUN"):
        (vb, gb), jb = ag.compile(everything)(given)
    assert va == pytest.approx(vb) and ga["k"] == pytest.approx(gb["k"])
    np.testing.assert_allclose(gb["a"], ga["a"], rtol=1e-12)
    np.testing.assert_allclose(jb, ja, rtol=1e-12)


def squared_where_large(b):
    if b[0] > 0.3:
        b[0] *= b[0]
    if b[1] > 0.3:
        b[1] *= b[1]
    if b[0] > 0.3:
        b[0] *= b[0]
    if b[1] > 0.3:
        b[1] *= b[1]
    return np.sum(b * b)


def squared_in_loops(b):
    for _ in range(2):
        for i in range(4):
            if b[i] > 0.3:
                b[i] *= b[i]
    return np.sum(b * b)


@pytest.mark.parametrize("f", [squared_where_large, squared_in_loops])
def test_versions_that_only_branches_read_are_not_overwritten_before(f):
    """Second order: the tangent of one step is read again on the way back."""
    b, d = np.array([0.6, 0.8, 0.2, 0.9, 0.5]), np.array([0.3, 0.4, 0.1, 0.2, 0.7])
    slope, step = ag.grad(f), 1e-6
    quotient = (slope(b + step * d) - slope(b - step * d)) / (2 * step)
    with config(mode="FAST_RUN"):
        np.testing.assert_allclose(ag.hvp(f)(b.copy(), d), quotient, rtol=1e-7)
