"""Branches that overwrite what was just written: the array stays where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import arignote as ag

A = np.ndarray[Any, Any]


def one_after_the_other(a: A, m: A, p: float) -> float:
    m[0, 0] = 4.0
    if p > 2:
        m[0, 0] += 1.0
    else:
        m[0, 1] += 2.0
    m[0, 1] = 4.0
    if a[int(p)] > 2:
        m[0, 0] += 1.0
    else:
        m[0, 1] += 2.0
    return float(a[int(p) + 5])


def in_steps(a: A, m: A, p: float) -> None:
    for i in range(3):
        for j in range(3):
            m[i, j] = 4.0
            a[np.arange(1, 3)] += 1
            if a[i + j + 2 + int(p > 0)] > 2:
                m[0, 0] += 1.0
                a[0] = 2
            else:
                m[0, 1] += 2


def nested(a: A, m: A, p: float) -> None:
    m[-2, -2] = np.sum(a) * 0.3
    if p > 0.1:
        if a[0] < 1:
            m[-2, -2] = 3.0
    else:
        a[1:] = 0.25
    for i in range(4):
        m[0, i] += 1.0
        a[0] += m[i + 3, 0]


def both_sides(a: A, m: A, p: float) -> None:
    m[1] = a
    if p > 0.1:
        m[1] = a * 2.0
    elif p < -1:
        m[1] = a * 3.0
        m[2] = a
    m[0] += m[1]


def fails_in_one(a: A, m: A, p: float) -> None:
    i = int(p * 50)
    if p > 0.1:
        m[1] = a * 2.0
    elif p < -1:
        m[1] = a * m[i + 97, 0]
        m[2] = a
    else:
        m[1] = a + 1 // i
    m[0] += m[1]


def fails_behind_the_write(a: A, m: A, p: float) -> None:
    for i in range(3):
        m[0, i] = 4.0
        x = a[i + int(p)]
        if p > 2:
            m[0, i] = 5.0 + i
            m[1, 0] = a[int(p) + i + 1]
            m[1, i] = 3
        else:
            m[0, 1] += 2.0
        m[2, 0] += m[0, 0] + x


def chosen_again(a: A, m: A, p: float) -> None:
    a[0] *= 4.0
    if p < 1:
        m[0, 1] *= 2
    else:
        a[0] *= m[1, 0]
        if a[int(p) + 3] > 0.3:
            a[1:3] = 4.0


FUNCTIONS = [
    chosen_again, one_after_the_other, in_steps, nested, both_sides, fails_in_one,
    fails_behind_the_write,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("p", [1.0, 3.0, 0.0, -2.0])
def test_what_is_written_before_an_error_is_there(function: Any, p: float) -> None:
    mine, theirs = [(np.arange(6.0), np.arange(36.0).reshape(6, 6)) for _ in range(2)]
    said: list[type[Exception] | None] = []
    for call, (a, m) in ((function, theirs), (ag.compile(function), mine)):
        said.append(None)
        try:
            call(a, m, p)
        except (IndexError, ZeroDivisionError) as e:
            said[-1] = type(e)
    assert said[0] is said[1]
    np.testing.assert_allclose(mine[0], theirs[0])
    np.testing.assert_allclose(mine[1], theirs[1])


@pytest.mark.parametrize("function", [one_after_the_other, both_sides])
def test_nothing_is_copied(function: Any) -> None:
    text = str(ag.compile(function).program(np.arange(6.0), np.ones((6, 6)), 1.0))
    assert "alloc" not in text, text


def test_what_only_one_branch_needs_is_not_computed_in_the_other() -> None:
    def choose(a: A, m: A, p: float) -> None:
        if p > 0:
            m[1] = a * 2.0
        else:
            m[1] = np.exp(a)
        m[0] += m[1]

    text = str(ag.compile(choose).program(np.arange(6.0), np.ones((6, 6)), 1.0))
    assert text.index("2.0") < text.index("else:") < text.index("exp"), text


def test_a_branch_that_still_reads_what_another_has_overwritten() -> None:
    def f(a: A, m: A, q: float, k: int, x: float) -> float:
        if k < 3:
            m[-1, 2] = x
        for _ in range(3):
            if q > 2:
                for i in range(4):
                    if q > 2:
                        m[0, 1] += np.sum(m[1])
                    if k < 3:
                        a[i] += np.sum(m[1])
                    else:
                        m[0, 1] *= np.sum(m[1])
                    x = a[k + 1 + i]
        return x

    for k in (1, 4):
        mine, theirs = [(np.arange(6.0), np.arange(36.0).reshape(6, 6)) for _ in range(2)]
        said = []
        for call, arrays in ((f, theirs), (ag.compile(f), mine)):
            try:
                said.append(call(*arrays, 5.0, k, 0.5))
            except IndexError:
                said.append(None)
        assert said[0] == said[1]
        np.testing.assert_allclose(mine[0], theirs[0])
        np.testing.assert_allclose(mine[1], theirs[1])
