"""The benchmarks beside PyTensor: problems are right in small sizes; what the page says."""

import sys
from pathlib import Path

import numpy as np
import pytest

import arignote.theano as theano
from arignote.theano import tensor as T

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.theano_style import __main__ as run  # noqa: E402
from benchmarks.theano_style import problems  # noqa: E402


def compiled(built):
    return theano.function(built.inputs, built.outputs, updates=built.updates)


@pytest.mark.parametrize("name", problems.SCANS)
def test_gradients_of_the_scans_are_differences_of_their_values(name):
    forward, both = (
        next(p for p in problems.PROBLEMS if p.name == name and p.kind == kind).build(theano, T, 7)
        for kind in ("scan", "gradient")
    )
    value, (found, *gradients) = compiled(forward), compiled(both)(*both.arguments)
    assert found == pytest.approx(value(*forward.arguments)[0], rel=1e-12)
    _, _, wanted = problems.SCANS[name][0](theano, T, 7)
    names = [v.name for v in both.inputs]
    h = 1e-6
    for variable, gradient in zip(wanted, gradients, strict=True):
        k = names.index(variable.name)
        up, down = list(both.arguments), list(both.arguments)
        direction = np.random.default_rng(k).standard_normal(up[k].shape)
        up[k], down[k] = up[k] + h * direction, down[k] - h * direction
        slope = (value(*up)[0] - value(*down)[0]) / (2 * h)
        assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-5)


def test_training_lowers_the_cost():
    built = problems.residual(theano, T, 2)
    f = compiled(built)
    costs = [float(f(*built.arguments)[0]) for _ in range(5)]
    assert all(later < earlier for earlier, later in zip(costs, costs[1:], strict=False))


def test_the_page_has_ratios_goals_and_reasons():
    chosen = next(p for p in problems.PROBLEMS if p.name == "ar" and p.kind == "scan")
    row = {
        "arignote": {"compile": 1.0, "call": 1e-3, "values": [1.0]},
        "pytensor": {"compile": 9.0, "call": 2e-2, "values": [1.0]},
        "jax": {"error": "no such module"},
    }
    text = run.page([(chosen, 20, row)])
    assert "| ar | 20 | 1 | 20 | 20.0 | no such module |  |" in text
    assert "Aimed at: 10 times PyTensor" in text
    with pytest.raises(SystemExit, match="do not agree"):
        run.page([(chosen, 20, {**row, "jax": {"compile": 1, "call": 1, "values": [2.0]}})])
