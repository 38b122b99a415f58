"""Functions that call themselves: by arguments and sizes they end; by computed values, refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def _fibonacci(n: int) -> int:
    return n if n < 2 else _fibonacci(n - 1) + _fibonacci(n - 2)


def _ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return _ackermann(m - 1, 1)
    return _ackermann(m - 1, _ackermann(m, n - 1))


def _area(a: float, b: float) -> Any:
    return (b - a) / 6 * (np.sin(a) + 4 * np.sin((a + b) / 2) + np.sin(b))


def _adaptive(a: float, b: float, eps: float, whole: float) -> Any:
    m = (a + b) / 2
    left, right = _area(a, m), _area(m, b)
    if abs(left + right - whole) <= 15 * eps:
        return left + right
    return _adaptive(a, m, eps / 2, left) + _adaptive(m, b, eps / 2, right)


def _fft(x: Any) -> Any:
    n = len(x)
    if n <= 1:
        return x + 0j
    even, odd = _fft(x[::2]), _fft(x[1::2])
    turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + turned, even - turned])


def _merge_sort(a: Any) -> Any:
    if len(a) <= 1:
        return a
    m = len(a) // 2
    left, right = _merge_sort(a[:m]), _merge_sort(a[m:])
    out = np.empty_like(a)
    i = j = 0
    for k in range(len(a)):
        if j >= len(right) or (i < len(left) and left[i] <= right[j]):
            out[k] = left[i]
            i += 1
        else:
            out[k] = right[j]
            j += 1
    return out


@pytest.mark.parametrize(
    ("function", "calls"),
    [
        (_fibonacci, [(9,), (1,), (7,)]),
        (_ackermann, [(2, 3), (1, 4)]),
        (_adaptive, [(0.0, 1.0, 1e-4, 0.5), (0.0, 2.0, 1e-5, 1.0)]),
        (_fft, [(np.arange(8.0),), (np.ones(4),)]),
        (_merge_sort, [(np.array([3.0, 1.0, 2.0, 9.0]),)]),
    ],
)
def test_recursion_ends_as_in_python(function: Any, calls: list[Any]) -> None:
    compiled = ag.compile(function, mode="FAST_COMPILE")
    for args in calls:
        np.testing.assert_allclose(compiled(*args), function(*args), rtol=1e-12)


def test_recursion_by_computed_values_is_refused_soon() -> None:

    def fill(grid: Any, i: int) -> None:
        if grid[i] == 0:
            grid[i] = 2
            fill(grid, i - 1)

    with pytest.raises(TraceError, match=r"grid\[i\] == 0[\s\S]*calls itself[\s\S]*write a loop"):
        ag.compile(fill, mode="FAST_COMPILE")(np.zeros(5), 4)
