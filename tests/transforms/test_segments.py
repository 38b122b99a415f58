"""Loops in segments under a memory bound: the same numbers to the bit, less kept."""

import numpy as np
import pytest

import arignote as ag
from arignote.fxgraph.graph import order_of
from arignote.scanloop.scan import scan_op

U = np.random.default_rng(0).normal(size=12)


def burgers(u, steps):
    for _ in range(steps):
        u[1:-1] = u[1:-1] - 0.01 * u[1:-1] * (u[2:] - u[:-2])
    return np.sum(u * u)


def two_arrays(u, steps):
    v = np.zeros_like(u)
    for k in range(steps, 0, -1):
        v[:] = np.sin(u) * v + k
        u = u + 0.001 * np.tanh(v) * u
    return np.sum(u) + np.sum(v)


def strided(u, steps):
    s = 0.5
    for k in range(1, steps, 3):
        s = np.sin(s * u[0]) + 1.0 / k
        u = np.cos(u) * s
    return np.sum(u)


def with_inner_loop(u, steps):
    for _ in range(steps):
        for i in range(1, u.shape[0]):
            u[i] = u[i] * np.cos(u[i - 1])
    return np.sum(u)


PROGRAMS = [burgers, two_arrays, strided, with_inner_loop]


@pytest.mark.parametrize("f", PROGRAMS)
@pytest.mark.parametrize("steps", [0, 1, 2, 7, 50])
def test_values_and_gradients_are_the_same(f, steps):
    plain = ag.value_and_grad(f)
    bounded = ag.value_and_grad(f, memory=64)
    for n in (50, steps):  # traced for many steps, called with others
        want, slope = plain(U, n)
        got, again = bounded(U, n)
        assert got == want
        np.testing.assert_allclose(again, slope, rtol=1e-13, atol=1e-14)


def loops(f, **options):
    with ag.config(mode="FAST_RUN"):
        graph = ag.grad(f, **options).compiled_for(U, 900).graph
    return [n for n in order_of(graph.roots, inside=True) if n.op is scan_op]


def test_a_bound_puts_loops_in_segments():
    assert len(loops(burgers, memory="1kB")) > len(loops(burgers))
    assert len(loops(burgers, memory="1GB")) == len(loops(burgers))


def test_the_flag_is_the_default():
    with ag.config(tape_memory=1000):
        assert len(loops(burgers)) == len(loops(burgers, memory="1kB"))


def test_second_order():
    f = ag.grad(lambda u: np.sum(ag.grad(burgers, memory=64)(u, 20)))
    g = ag.grad(lambda u: np.sum(ag.grad(burgers)(u, 20)))
    np.testing.assert_allclose(f(U), g(U), rtol=1e-12)


def test_arguments_are_not_changed_and_aux_passes():
    def f(u, steps):
        return burgers(u, steps), u[0] * 2

    before = U.copy()
    slope, aux = ag.grad(f, has_aux=True, memory=64)(U, 30)
    np.testing.assert_array_equal(U, before)
    assert aux == 2 * U[0]
    np.testing.assert_allclose(slope, ag.grad(burgers)(U, 30), rtol=1e-13)


def test_compiled_gradients_are_the_same():
    with ag.config(mode="FAST_RUN"):
        want = ag.grad(burgers)(U, 90)
        got = ag.grad(burgers, memory=64)(U, 90)
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_later_call_that_stores_more_is_bounded_too():
    slope, want = ag.grad(burgers, memory="10kB"), ag.grad(burgers)
    with ag.config(mode="FAST_RUN"):
        for steps, kernels in ((20, 1), (30, 1), (900, 2), (1000, 2), (20, 2), (9000, 3)):
            np.testing.assert_allclose(slope(U, steps), want(U, steps), rtol=1e-12)
            assert len(slope.kernels) == kernels


def test_stages_of_a_bounded_gradient_in_the_mode_that_interprets():
    with ag.config(mode="FAST_COMPILE"):
        made = ag.grad(burgers, memory="1kB").compiled_for(U, 40)
    assert made.source
