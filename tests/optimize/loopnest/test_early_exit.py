"""Loops that are left early: where nothing shows that the first step runs, the test stays."""

from typing import Any

import numpy as np
import pytest

import arignote as ag


def returned_in_the_first_step(b: Any, g: Any) -> Any:
    s = 0.5
    for i in range(len(g) - 2):  # the slice's size varies: the first step stands by itself
        s += g[i + 2] * 0.1
        if g[3] > b[i % 4]:
            return s, b[i % 3 : i % 3 + 4] * 0.5
    return s, b[1:5] * 0.5


def left_before(b: Any, g: Any) -> Any:
    done, k = bool(g[0] > b[0]), 0
    while not done:
        k += 1
        if g[k] > b[k]:
            done = True
    return k


def left_by_the_loop_around(b: Any, g: Any) -> Any:
    found, steps = False, 0
    for i in range(len(g)):
        while not found:
            steps += 1
            if g[i] > b[steps % 6]:
                found = True
        b[i] = steps
    return steps


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", "DEBUG_MODE"])
@pytest.mark.parametrize("f", [returned_in_the_first_step, left_before, left_by_the_loop_around])
@pytest.mark.parametrize("above", [0, 1, 3])
def test_no_step_runs_behind_the_last(f: Any, above: int, mode: str) -> None:
    b = np.full(6, 1.0)
    b[above] = 0.0
    theirs, ours = b.copy(), b.copy()
    g = np.full(6, 0.5)
    expected, found = f(theirs, g), ag.compile(f, mode=mode)(ours, g)
    for x, y in zip(np.atleast_1d(*_all(found)), np.atleast_1d(*_all(expected)), strict=True):
        np.testing.assert_allclose(x, y)
    np.testing.assert_array_equal(ours, theirs)


def _all(x: Any) -> tuple[Any, ...]:
    return (np.concatenate([np.ravel(v) for v in x]),) if isinstance(x, tuple) else (x,)
