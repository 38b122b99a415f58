"""Chaotic loops give NumPy's answers bit for bit: optimize/rounding.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import arignote as ag

A = np.ndarray[Any, Any]


def attracted(p: A, m: A, steps: int) -> A:
    """Points on a line and in depth, each drawn by all others; every step mixes all of them."""
    p = p - np.mean(m * p, axis=0) / np.mean(m)
    v = np.zeros_like(p)
    for _ in range(steps):
        dx = p[:, 0:1].T - p[:, 0:1]
        dy = p[:, 1:2].T - p[:, 1:2]
        near = (dx**2 + dy**2 + 1e-3) ** -1.5
        v += 1e-2 * np.hstack(((dx * near) @ m, (dy * near) @ m))
        p = p + 1e-2 * v
    return p


def vortices(z: A, strength: A, steps: int) -> A:
    """A cond in the step, a power as denominator, and a vector of strengths."""
    for k in range(steps):
        dx = z[0] - z[0][:, None]
        dy = z[1] - z[1][:, None]
        r = (dx * dx + dy * dy + 1e-2) ** 1.25
        u = np.sum(strength * dy / r, axis=1)
        w = -np.sum(strength * dx / r, axis=1)
        h = 1e-2 if k % 2 == 0 else 2e-2
        z = z + h * np.stack((u, w))
    return z


def chosen(p: A, steps: int) -> tuple[A, float]:
    """A power of what a mask chooses, and a sum of all."""
    total = 0.0
    for _ in range(steps):
        d = p - p[:, None]
        near = np.abs(d) + 0.0
        near[near > 0] = near[near > 0] ** -1.5
        p = p + 1e-4 * (d * near).sum(axis=0)
        total = total + float(np.sum(p * p))
    return p, total


def three_bodies(x: A, v: A, steps: int) -> A:
    """Numbers in Python's loops: pow of the C library."""
    x, v = x.copy(), v.copy()
    for _ in range(steps):
        for i in range(3):
            for j in range(3):
                if i != j:
                    d0 = x[j, 0] - x[i, 0]
                    d1 = x[j, 1] - x[i, 1]
                    pull = 1e-3 * (d0 * d0 + d1 * d1 + 1e-3) ** -1.5
                    v[i, 0] += pull * d0
                    v[i, 1] += pull * d1
        for i in range(3):
            x[i, 0] += 1e-3 * v[i, 0]
            x[i, 1] += 1e-3 * v[i, 1]
    return x


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [1, 24, 50])
def test_attracted_points(n: int, dtype: Any) -> None:
    rng = np.random.default_rng(n)
    p, m = rng.standard_normal((n, 2)).astype(dtype), rng.uniform(1, 2, (n, 1)).astype(dtype)
    expected = attracted(p, m, 120)
    np.testing.assert_array_equal(ag.compile(attracted)(p, m, 120), expected)


def test_that_the_loop_is_chaotic() -> None:
    """The test above would say nothing otherwise: without the pass, no digit is left."""
    rng = np.random.default_rng(24)
    p, m = rng.standard_normal((24, 2)), rng.uniform(1, 2, (24, 1))
    expected = attracted(p, m, 400)
    with ag.config(excluding=("numpy_rounding",)):
        free = ag.compile(attracted)(p, m, 400)
    assert np.max(np.abs(free - expected)) > 1e-6
    np.testing.assert_array_equal(ag.compile(attracted)(p, m, 400), expected)


def test_vortices() -> None:
    rng = np.random.default_rng(5)
    z, s = rng.standard_normal((2, 30)), rng.standard_normal(30)
    np.testing.assert_array_equal(ag.compile(vortices)(z, s, 300), vortices(z, s, 300))


def test_strided_vortices() -> None:
    rng = np.random.default_rng(6)
    z, s = rng.standard_normal((4, 60))[::2, ::-2], rng.standard_normal(90)[::3]
    np.testing.assert_array_equal(ag.compile(vortices)(z, s, 100), vortices(z, s, 100))


def test_masked_power_and_a_sum_of_all() -> None:
    p = np.random.default_rng(7).standard_normal(40)
    got, expected = ag.compile(chosen)(p, 200), chosen(p, 200)
    np.testing.assert_array_equal(got[0], expected[0])
    assert got[1] == expected[1]


def test_scalar_loops() -> None:
    rng = np.random.default_rng(8)
    x, v = rng.standard_normal((3, 2)), np.zeros((3, 2))
    np.testing.assert_array_equal(ag.compile(three_bodies)(x, v, 3000), three_bodies(x, v, 3000))


def test_loops_that_settle_are_left_alone() -> None:
    """A root in the denominator alone, as in normalization, is no singularity to worry about."""

    def normalized(w: A, x: A) -> A:
        for _ in range(5):
            w = w @ x
            w = w * (np.sum(w * w) + 1e-9) ** -0.5
        return w

    w, x = np.ones(4), np.eye(4)
    assert "numpy_" not in str(ag.compile(normalized).graph(w, x))
    assert "python(" not in str(ag.compile(normalized).program(w, x))


def test_the_program_is_checked_in_debug_mode() -> None:
    rng = np.random.default_rng(9)
    p, m = rng.standard_normal((6, 2)), rng.uniform(1, 2, (6, 1))
    report = ag.compile(attracted).validate(p, m, 4)
    assert report.ok, report
