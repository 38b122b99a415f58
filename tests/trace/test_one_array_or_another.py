"""Names that are bound to one array or another: writes to either are seen, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def kept_in_some_steps(b: Any, n: Any) -> Any:
    c = b
    for _ in range(n):
        if b[1] > 5.0:
            c = c * 1.0
    b[0] = 7.0
    return c[0]


def kept_by_way_of_another_name(b: Any, n: Any) -> Any:
    c = b * 1.0
    d = b
    for _ in range(n):
        c = d
        if b[1] > 5.0:
            d = d * 1.0
    b[0] = 7.0
    return c[0]


def written_in_an_inner_loop(b: Any, n: Any) -> Any:
    c = b.copy()
    for _ in range(n):
        for k in range(n):
            b[k] = 9.0
            b = c * 1.0
            if c[1] > 0.0:
                break
    return c[0]


def exchanged_in_each_of_three_loops(b: Any, n: Any) -> Any:
    c, d = b, np.ones(6)
    for _ in range(n):
        b, d = d, b
    for _ in range(n):
        b, d = d, b
    for _ in range(n):
        b, d = d, b
    c += 0.5
    return d


def bound_in_one_loop_and_exchanged_in_another(b: Any, n: Any) -> Any:
    c, d = np.ones(6), np.zeros(6)
    for _ in range(n):
        c = b
    for _ in range(n):
        c, d = d, c
        c *= 0.5
    return d


@pytest.mark.parametrize(
    "f",
    [
        bound_in_one_loop_and_exchanged_in_another,
        kept_in_some_steps,
        kept_by_way_of_another_name,
        written_in_an_inner_loop,
        exchanged_in_each_of_three_loops,
    ],
)
@pytest.mark.parametrize("n", [0, 1, 3, 6])
def test_a_write_is_seen_through_the_other_name_or_refused(f: Callable[..., Any], n: int) -> None:
    theirs, ours = np.arange(6.0), np.arange(6.0)
    expected = f(theirs, n)
    try:
        found = ag.compile(f, mode="FAST_COMPILE")(ours, n)
    except TraceError as error:
        assert any(w in str(error) for w in ("copy first", "another name", "another array"))
        np.testing.assert_array_equal(ours, np.arange(6.0))
        return
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ours, theirs)


def test_a_name_that_is_always_bound_anew_is_free() -> None:
    def f(b: Any, n: Any) -> Any:
        c = b
        for _ in range(n):
            c = c * 2.0
        b[0] = 7.0
        c[1] = 3.0
        return c

    ours, theirs = np.arange(6.0), np.arange(6.0)
    np.testing.assert_array_equal(ag.compile(f, mode="FAST_COMPILE")(ours, 3), f(theirs, 3))
    np.testing.assert_array_equal(ours, theirs)


# ---- dtypes that depend on a condition -----------------------------------------------------------
def floats_into_swapped(a: Any, b: Any, n: Any) -> Any:
    for i in range(n):
        a[0] = 2.7 + i
        a, b = b, a
    return a, b


def floats_in_the_first_step(a: Any, b: Any, n: Any) -> Any:
    c = a
    for i in range(n):
        c[0] = 2.7 + i
        c = c * 1.5 + b
    return c


def floats_behind_a_branch(a: Any, b: Any, n: Any) -> Any:
    c = a + 1 if n > a[3] else b + 1
    c[0] = 2.7
    return c.sum()


def floats_behind_a_loop(a: Any, b: Any, n: Any) -> Any:
    c = a + 1
    k = a[0]
    while k < n - 1:
        c = c + b
        k += 1
    c[0] = 2.7
    return c.sum()


@pytest.mark.parametrize(
    "f",
    [floats_into_swapped, floats_in_the_first_step, floats_behind_a_branch, floats_behind_a_loop],
)
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_floats_are_cut_off_where_the_array_is_of_integers(f: Callable[..., Any], n: int) -> None:
    theirs, ours = ((np.arange(5), np.arange(5) * 0.5) for _ in range(2))
    expected = f(*theirs, n)
    try:
        found = ag.compile(f, mode="FAST_COMPILE")(*ours, n)
    except TraceError as error:
        assert "dtype float64 or int64" in str(error)
        return
    for x, y in zip((*_tuple(found), *ours), (*_tuple(expected), *theirs), strict=True):
        np.testing.assert_array_equal(x, y)


def test_arrays_of_two_dtypes_may_be_read() -> None:
    def f(a: Any, b: Any, n: Any) -> Any:
        c = a if n > 2 else b
        return c * 2

    for n in (1, 3):
        args = (np.arange(5), np.arange(5) * 0.5, n)
        np.testing.assert_array_equal(ag.compile(f, mode="FAST_COMPILE")(*args), f(*args))


def test_names_that_change_places_have_sizes_of_their_own_names() -> None:
    def f(a: Any, b: Any, n: Any) -> Any:
        c = a
        d = np.ones(5)
        if d[3] > 2.0:
            c += 0.5
        else:
            a = c.copy()
        for _ in range(n):
            b, a = a, b
            d, a = a, d
        return a.sum(), b.sum(), d.sum()

    for n in (1, 2, 3, 5):
        args = (np.arange(5.0), np.arange(5) * 0.5, n)
        assert ag.compile(f, mode="FAST_COMPILE")(*args) == f(*args)


def _tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)
