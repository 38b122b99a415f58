"""`:=` in comprehensions: names go from step to step where the number of steps is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def _carried(x: Any) -> Any:
    y = [x := x * 0.5 + 1 for _ in range(30)]
    return x, y[-1], len(y)


def _of_each(a: Any) -> Any:
    return [t for v in a if (t := v * 2) > 1]


@pytest.mark.parametrize("x", [1.0, np.ones(3)])
def test_names_are_carried_where_the_number_of_steps_is_known(x: Any) -> None:
    got, expected = ag.compile(_carried, mode="FAST_COMPILE")(x), _carried(x)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_names_of_one_step_serve_it() -> None:
    a = np.linspace(0, 2, 40)
    assert ag.compile(_of_each, mode="FAST_COMPILE")(a) == _of_each(a)


def _summed(a: Any, x: float) -> Any:
    return [x := x + v for v in a]


def _afterwards(a: Any, t: float) -> Any:
    y = [t for v in a if (t := v * 2) > 1]
    return y, t


@pytest.mark.parametrize("function", [_summed, _afterwards])
def test_names_that_leave_their_step_are_refused(function: Any) -> None:
    with pytest.raises(TraceError, match="write the loop"):
        ag.compile(function, mode="FAST_COMPILE")(np.linspace(0, 2, 40), 0.0)
