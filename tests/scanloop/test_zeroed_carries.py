"""Backward loops of stencils that overwrite the inside of an array: zeros meet the additions."""

import numpy as np
import pytest

import arignote as ag
from arignote.optimize.pipeline import optimize
from arignote.scanloop.scan import scan_op

N = 12


def smooth(a, b, steps):
    for _ in range(steps):
        b[1:-1] = 0.3 * (a[:-2] + a[1:-1] + a[2:])
        a[1:-1] = 0.3 * (b[:-2] + b[1:-1] + b[2:])
    return a, b


def plane(a, b, steps):
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, :-2] + a[:-2, 1:-1]) + a[1:-1, 2:] - a[1:-1, 1:-1]
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, :-2] + b[:-2, 1:-1]) + b[1:-1, 2:]
    return a, b


def backwards(a, b, steps):
    for k in range(steps, 0, -1):
        b[2:] = a[:-2] * a[1:-1] + k
        a[1:-2] = 0.5 * b[2:-1] + 0.25 * b[1:-2]
    return a, b


def moving(a, b, steps):
    """What is overwritten differs from step to step."""
    for k in range(steps):
        b[k : k + 6] = 0.5 * (a[k : k + 6] + a[k + 1 : k + 7])
        a[k : k + 6] = 0.5 * (b[k : k + 6] + b[k + 1 : k + 7])
    return a, b


def objective(f, weights):
    def total(a, b, steps):
        a, b = f(a, b, steps)
        return np.sum(weights * a) + np.sum(weights[::-1] * b * b)

    return total


def case(f, shape):
    rng = np.random.default_rng(3)
    weights, a, b = (rng.standard_normal(shape) for _ in range(3))
    return objective(f, weights), a, b


CASES = {"smooth": (smooth, N), "plane": (plane, (N, N + 3)), "backwards": (backwards, N),
         "moving": (moving, N)}  # fmt: skip


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_the_plain_loop(name, steps):
    total, a, b = case(*CASES[name])
    ag.check_grad(lambda a, b: total(a, b, steps), a, b)
    slope = ag.grad(total, argnums=(0, 1))
    with ag.config(excluding=("zeroed_carries", "scatter_to_gather")):
        plain = ag.grad(lambda a, b, steps: total(a, b, steps), argnums=(0, 1))(a, b, steps)
    for mine, theirs in zip(slope(a, b, steps), plain):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def test_a_later_call_may_have_no_step():
    total, a, b = case(smooth, N)
    slope = ag.grad(total, argnums=(0, 1))
    slope(a, b, 4)
    weights = np.random.default_rng(3).standard_normal(N)
    np.testing.assert_array_equal(slope(a, b, 0)[0], weights)


def loops(f, **config):
    total, a, b = case(*CASES[f])
    made = ag.grad(total, argnums=(0, 1)).compiled_for(a, b, 5)
    graph = optimize(made.graph, **config)
    return [n for n in graph.order if n.op is scan_op]


@pytest.mark.parametrize("name, turned", [("smooth", True), ("moving", False)])
def test_which_loops_start_with_zeros(name, turned):
    back = loops(name)[-1]
    results = back.attr("bodies")[0].results
    ends = [r.op.name == "set_item" and r.inputs[-1].op.name == "constant" for r in results]
    assert any(ends) is not turned
