"""Time steps into fresh arrays move pointers, not elements: optimize/spares.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import arignote as ag

A = np.ndarray[Any, Any]


def wave(u: A, v: A, steps: int) -> tuple[A, A]:
    for _ in range(steps):
        w = np.zeros_like(v)
        w[1:-1] = 2 * v[1:-1] - u[1:-1] + 0.1 * (v[2:] - 2 * v[1:-1] + v[:-2])
        u, v = v, w
    return u, v


def life(g: A, steps: int) -> A:
    """The argument is written: what the caller finds is the last generation."""
    for _ in range(steps):
        n = g[:-2] + g[2:]
        alive = (n == 1) & (g[1:-1] == 0)
        g[...] = 0
        g[1:-1][alive] = 1
    return g


def energies(u: A, v: A, steps: int) -> tuple[A, list[Any]]:
    """The fresh array is read before it is carried on, and a list grows."""
    out = []
    for k in range(steps):
        w = np.full(v.shape, 0.5 * k)
        w[2:] = v[:-2] - u[1:-1]
        out.append(w.sum())
        u, v = v, w
    return v, out


def two_fields(a: A, b: A, steps: int) -> tuple[A, A]:
    """Two arrays are dropped in each step, and both new ones start as the same zeros."""
    for _ in range(steps):
        x = np.zeros_like(a)
        y = np.zeros_like(b)
        x[1:] = a[:-1] + b[1:]
        y[:-1] = b[1:] - a[:-1]
        a, b = x, y
    return a, b


def until(u: A, least: float) -> tuple[A, int]:
    k = 0
    while np.max(u) > least:
        w = np.zeros_like(u)
        w[1:-1] = 0.5 * (u[2:] + u[:-2])
        u = w
        k += 1
    return u, k


def element_by_element(u: A, steps: int) -> A:
    for _ in range(steps):
        w = np.zeros(u.shape[0])
        for i in range(1, u.shape[0]):
            w[i] = u[i - 1] + 0.25 * u[i]
        u = w
    return u


def unfilled(u: A, steps: int) -> A:
    for _ in range(steps):
        w = np.empty_like(u)
        w[1:-1] = u[2:] - 0.5 * u[:-2]
        w[0] = u[1]
        w[-1] = 1.0
        u = w
    return u


def kept_too(u: A, v: A, steps: int) -> tuple[A, A, A]:
    """The dropped array is one more answer's start."""
    last = u
    for _ in range(steps):
        w = np.zeros_like(v)
        w[1:] = v[:-1] + u[1:]
        last = u
        u, v = v, w
    return u, v, last


def fails_late(u: A, v: A, where: A) -> tuple[A, A]:
    for k in range(where.shape[0]):
        w = np.zeros_like(v)
        w[1:] = v[:-1] + u[where[k]]
        u, v = v, w
    return u, v


CASES: dict[Any, tuple[Any, ...]] = {
    wave: (np.arange(9.0), np.arange(9.0) ** 2),
    life: (np.array([0, 1, 1, 0, 1, 0, 0, 1, 0]),),
    energies: (np.arange(7.0), np.ones(7)),
    two_fields: (np.arange(6.0), np.arange(6.0) + 1),
    element_by_element: (np.arange(5.0),),
    unfilled: (np.arange(6.0),),
    kept_too: (np.arange(5.0), np.ones(5)),
}


@pytest.mark.parametrize("function", CASES)
@pytest.mark.parametrize("steps", [0, 1, 2, 3, 8])
def test_values_are_numpys(function: Any, steps: int) -> None:
    mine = [x.copy() for x in CASES[function]]
    expected = [x.copy() for x in CASES[function]]
    got, wanted = ag.compile(function)(*mine, steps), function(*expected, steps)
    for x, y in zip(_flat(got), _flat(wanted), strict=True):
        np.testing.assert_allclose(x, y, 1e-14)
    for x, y in zip(mine, expected, strict=True):
        np.testing.assert_array_equal(x, y)


def _flat(x: Any) -> list[Any]:
    return [z for y in x for z in _flat(y)] if isinstance(x, tuple | list) else [x]


def test_a_while_loop() -> None:
    u = np.abs(np.sin(np.arange(20.0))) * 10
    got, wanted = ag.compile(until)(u, 0.5), until(u, 0.5)
    np.testing.assert_array_equal(got[0], wanted[0])
    assert got[1] == wanted[1]


def test_a_step_that_fails_leaves_the_arguments_alone() -> None:
    u, v = np.arange(4.0), np.ones(4)
    with pytest.raises(IndexError, match="9"):
        ag.compile(fails_late)(u, v, np.array([1, 2, 9]))
    np.testing.assert_array_equal(u, np.arange(4.0))
    np.testing.assert_array_equal(v, np.ones(4))


def test_no_element_moves_between_steps() -> None:
    text = str(ag.compile(wave).program(np.ones(9), np.ones(9), 5))
    step = text[text.index("    for _") : text.index("return")]
    inside = [line for line in step.splitlines() if line.startswith("        ")]
    assert sum(" -> " in line for line in inside) == 1, text
    assert sum("for " in line for line in inside) == 2, text  # the fill, the inside
    assert any("parallel" in line for line in inside), text
    with ag.config(excluding=("carry_spares",)):
        copied = str(ag.compile(wave).program(np.ones(9), np.ones(9), 5))
    assert " -> " not in copied


def test_the_program_is_checked_in_debug_mode() -> None:
    assert ag.compile(wave).validate(np.arange(6.0), np.ones(6), 3).ok
    assert ag.compile(unfilled).validate(np.arange(6.0), 3).ok


def test_gradients_go_through() -> None:
    def loss(u: A, v: A) -> Any:
        return np.sum(wave(u, v, 6)[1] ** 2)

    ag.check_grad(loss, np.arange(7.0), np.ones(7))
