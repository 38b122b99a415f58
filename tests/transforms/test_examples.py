"""The examples about gradients run, and find what they are after."""

import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(request):
    pytest.importorskip("sklearn")
    return runpy.run_path(str(EXAMPLES / f"{request.param}.py"))["main"]()


@pytest.mark.parametrize("example", ["logistic_regression"], indirect=True)
def test_digits_are_told_apart(example):
    assert example > 0.94


@pytest.mark.parametrize("example", ["newton_cg"], indirect=True)
def test_newton_steps_converge_quadratically(example):
    assert example[-1] < 1e-9 and len(example) < 12


@pytest.mark.parametrize("example", ["hamiltonian"], indirect=True)
def test_sampled_means_are_those_of_the_data(example):
    means, rate, y, group = example
    assert 0.5 < rate <= 1.0
    for k in range(3):
        own = y[group == k]
        error = 4 * own.std() / np.sqrt(len(own))
        assert abs(means[:, k].mean() - own.mean()) < error
