"""Short loops of independent steps are marked for vectors, others are not; both are right."""

import numpy as np
import pytest

import arignote as ag
from arignote.emit.cython.direct import c_of

MARKED = "#pragma omp simd"


def clipped(x, scale):
    """A state of 12 numbers whose size the trace fixes."""
    h = np.zeros(12)
    total = 0.0
    for row in x:
        h = np.clip(h + scale * row, -1.0, 1.0)
        total += np.sum(h)
    return total, h


def chosen(x, scale):
    h = np.zeros(12)
    for row in x:
        h = np.where(h > np.mean(h), h * 0.5, row / scale)
    return h


def chained(x, scale):
    """What a step of the inner loop reads, the one before has written."""
    h = np.ones(12)
    for row in x:
        for k in range(1, 12):
            h[k] = 0.5 * h[k - 1] + row[k] * scale[k]
    return h


def far_apart(x, scale):
    """Columns are not side by side."""
    h = np.zeros((12, 5))
    for row in x:
        h[:, 2] = np.maximum(h[:, 2] + scale, row)
    return h


@pytest.mark.parametrize(
    ("function", "marked"), [(clipped, True), (chosen, True), (chained, False), (far_apart, False)]
)
def test_which_loops_are_marked(function, marked):
    x = np.random.default_rng(0).standard_normal((9, 12))
    x[5, 4] = np.nan
    scale = np.linspace(0.5, 1.5, 12)
    f = ag.compile(function)
    for found, want in zip(_leaves(f(x, scale)), _leaves(function(x, scale)), strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-14)
    text = c_of(f.source(x, scale))
    assert text is not None
    steps = text[text.index("an_stopped(v_ctx") :]
    assert (MARKED in steps) == marked


def _leaves(found):
    return found if isinstance(found, tuple) else (found,)


def test_a_short_loop_that_threads_may_share_is_marked_behind_its_bounds():
    """Its part of the steps is no constant: what holds its end comes before the mark."""
    with ag.config(parallel_min_us=0.0, threads=2):
        f = ag.compile(lambda x, y: np.minimum(x[:6], y[1:7]) * 0.5)
        x, y = np.arange(8.0), np.ones(8)
        np.testing.assert_array_equal(f(x, y), np.minimum(x[:6], y[1:7]) * 0.5)
        text = c_of(f.source(x, y))
    lines = text.splitlines()
    assert all(lines[k + 1].startswith("for (") for k, at in enumerate(lines) if at == MARKED)
    assert MARKED in lines


def chained_rows(x, scale):
    """Steps in order around a longer loop."""
    h = np.zeros(40)
    for row in x:
        h = np.tanh(h * scale[0] + row[3])
    return h


@pytest.mark.parametrize(
    ("function", "half"),
    [(clipped, True), (chosen, True), (chained_rows, False), (lambda x, s: x * s, False)],
)
def test_steps_of_short_loops_only_use_registers_of_half_width(function, half):
    x, scale = np.random.default_rng(0).standard_normal((9, 12)), np.linspace(0.5, 1.5, 12)
    f = ag.compile(function)
    for found, want in zip(_leaves(f(x, scale)), _leaves(function(x, scale)), strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-14)
    assert ("prefer-vector-width=256" in f.source(x, scale)) == half
