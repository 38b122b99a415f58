"""Slices updated in place beside slices that were just written: nothing old is kept for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import arignote as ag

A = np.ndarray[Any, Any]


def right_looking(a: A) -> None:
    """LU by rank-1 updates of what is right of and below the pivot."""
    for k in range(a.shape[0]):
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])


def eliminate(a: A, b: A) -> None:
    """Gauss-Jordan, the pivot's row scaled first."""
    for k in range(a.shape[0]):
        b[k] /= a[k, k]
        a[k, k:] = a[k, k:] / a[k, k]
        b[k + 1 :] -= a[k + 1 :, k] * b[k]
        a[k + 1 :, k:] -= a[k + 1 :, k, None] * a[k, k:]


def borders(u: A, steps: int) -> None:
    """Edges set, then the inside from itself."""
    for _ in range(steps):
        u[0, :] = u[1, :]
        u[-1, :] = 0.0
        u[1:-1, 1:-1] = 0.5 * u[1:-1, 1:-1] + 1.0


def both_halves(x: A) -> None:
    """A write that does meet what is read, and one that does not."""
    n = x.shape[0] // 2
    x[:n] = x[:n] * 2.0
    x[n : 2 * n] = x[n : 2 * n] + x[:n]
    x[1:n] = x[1:n] - x[0]


@pytest.mark.parametrize("function", [right_looking, eliminate, borders, both_halves])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_are_numpys(function: Any, dtype: Any) -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 7, 30):
        a = (rng.random((n, n)) + n * np.eye(n)).astype(dtype)
        arguments: tuple[Any, ...] = {
            right_looking: (a,),
            eliminate: (a, rng.random(n).astype(dtype)),
            borders: (np.pad(a, 1), 5),
            both_halves: (a[0].copy(),),
        }[function]
        expected = [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]
        function(*expected)
        ag.compile(function)(*arguments)
        tolerance = 1e-12 if dtype is np.float64 else 1e-4
        np.testing.assert_allclose(arguments[0], expected[0], tolerance, tolerance)
        np.testing.assert_allclose(arguments[-1], expected[-1], tolerance, tolerance)


def test_a_block_beside_a_written_column_is_updated_in_place() -> None:
    """Only the scaled column has memory of its own."""
    text = str(ag.compile(right_looking).program(np.eye(9)))
    assert text.count("alloc") == 1, text
    with ag.config(excluding=("newest_reads",)):
        kept = str(ag.compile(right_looking).program(np.eye(9)))
    assert kept.count("alloc") > 1
    assert "alloc" not in str(ag.compile(borders).program(np.eye(9), 4))
