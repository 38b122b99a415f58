"""Loops of no steps leave names as they were: the argument itself is returned, with its dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import arignote as ag


def counted(x: Any, n: int) -> Any:
    for i in range(n):
        x = x * 0.5 + i
    return x


def downwards(x: Any, n: int) -> Any:
    for i in range(n, 0, -1):
        x = x * 0.5 + i
    return x


def uncounted(x: Any, n: int) -> Any:
    while n > 0:
        x = x * 0.5
        n -= 1
    return x


def inner(x: Any, n: int) -> Any:
    for _ in range(3):
        for i in range(n):
            x = x * 0.5 + i
    return x


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "DEBUG_MODE"])
@pytest.mark.parametrize("f", [counted, downwards, uncounted, inner], ids=lambda f: f.__name__)
def test_nothing_is_done(f: Any, mode: str) -> None:
    g = ag.compile(f, mode=mode)
    for x in (np.arange(3), np.ones(3)):
        for n in (0, 2, 0, -1):
            got, want = g(x, n), f(x, n)
            assert got.dtype == want.dtype and (got is x) == (want is x)
            np.testing.assert_array_equal(got, want)


def test_a_name_of_the_body_stays_unassigned() -> None:
    def last(n: int) -> Any:
        for i in range(n):
            found = i
        return found

    g = ag.compile(last, mode="FAST_COMPILE")
    with pytest.raises(UnboundLocalError):
        g(0)
    assert g(3) == 2
