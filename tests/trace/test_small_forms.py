"""Forms that legacy code has: tuples inside an index, methods of types, tolist(), math's rest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import arignote as ag


def _angles(x: float, n: int) -> Any:
    return math.degrees(x), math.radians(x), math.ldexp(x, n)


def _of_types(z: complex, x: float) -> Any:
    return complex.conjugate(z), float.is_integer(x)


def _indexed(a: Any) -> Any:
    return a[(1, 2), 1:], a[[0, 2], (1, 1)]


def _lists(a: Any) -> Any:
    b = a.tolist()
    return b, a[0].tolist(), (a > 2).tolist(), len(b)


def _checked(a: Any) -> Any:
    return np.asarray_chkfinite(a) * 2


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize(
    ("function", "args"),
    [
        (_angles, (1.5, 3)),
        (_of_types, (1 + 2j, 2.0)),
        (_indexed, (np.arange(9.0).reshape(3, 3),)),
        (_lists, (np.arange(6.0).reshape(3, 2),)),
        (_checked, (np.ones(2),)),
    ],
)
def test_means_what_python_means(function: Any, args: Any, mode: str) -> None:
    assert repr(ag.compile(function, mode=mode)(*args)) == repr(function(*args))


def test_values_that_are_not_finite_are_refused_when_the_function_runs() -> None:
    compiled = ag.compile(_checked, mode="FAST_COMPILE")
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="infs or NaNs"):
            compiled(np.array([1.0, bad]))


def test_ldexp_beyond_the_range_raises() -> None:
    with pytest.raises(OverflowError, match="math range error"):
        ag.compile(lambda x, n: math.ldexp(x, n), mode="FAST_COMPILE")(1.0, 5000)


def test_isinstance_of_texts():
    def kind(x):
        if isinstance(x, str):
            return 1
        return 2 if isinstance(x, str | int) else 3

    f = ag.compile(kind, mode="FAST_COMPILE")
    assert [f(5), f("a"), f(2.0)] == [2, 1, 3]


def test_comprehensions_with_conditions_over_lists_and_positions():
    def split(held):
        pivot = held[0]
        low = [x for x in held[1:] if x < pivot]
        return low, len([x for x in held[1:] if x >= pivot]), sum(x for x in held if x > 1)

    def everywhere(a):
        return [i + j for i, j in np.ndindex(a.shape)], [k[0] * v for k, v in np.ndenumerate(a)]

    f, g = (ag.compile(h, mode="FAST_COMPILE") for h in (split, everywhere))
    for held in ([3, 1, 2, 5], [1, 2], [2.5, 1.5, 4.5]):
        assert f(list(held)) == split(held)
    assert g(np.arange(20.0).reshape(4, 5)) == everywhere(np.arange(20.0).reshape(4, 5))
