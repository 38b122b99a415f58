"""Lists, dicts and objects in lists whose length is known at run time only: one element, one place.

What is changed through `x[i]`, through the name that was appended, or through the name that was
read is seen through the others, as in Python; what cannot be followed is refused.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


@dataclass
class Body:
    x: float
    v: float


def written_by_index(n: int) -> Any:
    x = [[0, 0] for i in range(n)]
    for i in range(n):
        x[i][1] = i
    return x


def appended_and_then_written(n: int) -> Any:
    x = []
    for i in range(n):
        row = [i, 0]
        x.append(row)
        row[1] = 8
    return x


def dicts(n: int) -> Any:
    x = []
    for i in range(n):
        x.append({"a": i, "b": 0})
    for i in range(n):
        x[i]["b"] += 3
    return x


def objects(n: int) -> Any:
    x = [Body(float(i), 1.0) for i in range(n)]
    for step in range(3):
        for b in x:
            b.x += b.v * 0.5
    return [b.x for b in x]


def seen_through_another_name(n: int) -> Any:
    x = [[i, i] for i in range(n)]
    first, second = x[1], x[1]
    first[0] = 77
    x[1][1] = 88
    return x, first, second


def rows_written_in_a_loop_over_them(n: int) -> Any:
    x = [[i + j for j in range(n)] for i in range(n)]
    for k, row in enumerate(x):
        row[0] = k
        row[1] += row[2]
    return x


def rows_exchanged(n: int) -> Any:
    x = [[i * 10 + j for j in range(n)] for i in range(n)]
    for i in range(n - 1):
        x[i], x[i + 1] = x[i + 1], x[i]
        for j in range(n):
            x[i][j] += 1
    return x


def a_row_replaced_while_it_is_held(n: int) -> Any:
    x = [[i * 10 + j for j in range(n)] for i in range(n)]
    row = x[2]
    x[2] = x[1][:]
    row[0] = 5
    return row, x


def rows_are_lists(n: int) -> Any:
    x = [[i * 10 + j for j in range(n)] for i in range(n)]
    part = x[0][:]
    part[1] = 55
    return x[0] + x[1], x[0] * 2, part, x[1][::-1], x[0] == x[1], 7 if x[0] else 8, x[1]


def copies_of_rows(n: int) -> Any:
    x = [[0] * n for i in range(n)]
    y, z = [row[:] for row in x], copy.deepcopy(x)
    y[0][0], z[1][1] = 7, 8
    return x, y, z


def popped(n: int) -> Any:
    x = [[i, i] for i in range(n)]
    last = x.pop()
    last[0] = 5
    return x, last


def floats_put_into_rows_of_ints(n: int) -> Any:
    x = [[0] * n for i in range(n)]
    for i in range(n):
        x[i][i] = i * 0.5
    return [sum(row) for row in x]


def lists_in_lists_in_lists(n: int) -> Any:
    x = [[[0] * n for j in range(n)] for i in range(n)]
    for i in range(n):
        for j in range(i):
            x[i][j][i] = i + j
    x[1][0][0] = 9
    return x


RIGHT = [
    written_by_index, appended_and_then_written, dicts, objects, seen_through_another_name,
    rows_written_in_a_loop_over_them, rows_exchanged, a_row_replaced_while_it_is_held,
    rows_are_lists, copies_of_rows, popped, floats_put_into_rows_of_ints, lists_in_lists_in_lists,
]  # fmt: skip


@pytest.mark.parametrize("f", RIGHT, ids=lambda f: f.__name__)
def test_elements_are_what_they_are_in_python(f: Any) -> None:
    g = ag.compile(f, mode="FAST_COMPILE")
    for n in (4, 6):
        assert g(n) == f(n)


def one_row_in_two_places(n: int) -> Any:
    x = [[i * 10 + j for j in range(n)] for i in range(n)]
    x[2] = x[1]
    x[2][0] = 5
    return x


def one_row_in_two_lists(n: int) -> Any:
    x = [[0] * n for i in range(n)]
    y = x[:]
    y[0][0] = 7
    return x, y


def rows_of_other_lengths(n: int) -> Any:
    x = [[0] * n for i in range(n)]
    x[1].append(3)
    return x


def the_same_list_appended_again_and_again(n: int) -> Any:
    x, row = [], [0, 0]
    for i in range(n):
        row[0] = i
        x.append(row)
    return x


REFUSED = [
    one_row_in_two_places, one_row_in_two_lists, rows_of_other_lengths,
]  # fmt: skip


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_what_cannot_be_followed_is_refused(f: Any) -> None:
    with pytest.raises(TraceError, match=f.__name__ + r"|test_lists_in_lists.py"):
        ag.compile(f, mode="FAST_COMPILE")(6)


def test_a_list_appended_in_every_step_is_right_or_refused() -> None:
    f = the_same_list_appended_again_and_again
    try:
        got = ag.compile(f, mode="FAST_COMPILE")(600)
    except TraceError:
        return
    assert got == f(600)


def arrays_exchanged(x: Any) -> Any:
    rows = []
    for i in range(x.shape[0]):
        rows.append(x[i] * 2)
    rows[0], rows[1] = rows[1], rows[0]
    held = rows[2]
    rows[2] = rows[0] + 1
    rows[1][0] = 5
    return rows[0], rows[1], held, sum(r.sum() for r in rows)


def pivoted(n: int) -> Any:
    a = [[1.0 / (i + j + 1) for j in range(n)] for i in range(n)]
    for i in range(n):
        p = i
        for r in range(i + 1, n):
            if abs(a[r][i]) > abs(a[p][i]):
                p = r
        a[i], a[p] = a[p], a[i]
        for r in range(i + 1, n):
            m = a[r][i] / a[i][i]
            for c in range(i, n):
                a[r][c] -= m * a[i][c]
    return a, sum(map(sum, a))


def test_arrays_in_lists_are_exchanged() -> None:
    x = np.arange(12.0).reshape(4, 3)
    got, want = ag.compile(arrays_exchanged, mode="FAST_COMPILE")(x), arrays_exchanged(x)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_rows_are_exchanged_at_places_known_at_run_time_only() -> None:
    got, want = ag.compile(pivoted, mode="FAST_COMPILE")(6), pivoted(6)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-12, atol=1e-12)
    assert abs(got[1] - want[1]) < 1e-12
