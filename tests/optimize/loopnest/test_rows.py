"""Rows of branches that read what the ones before them gave: time and code of their length."""

import numpy as np

from arignote.api import compile


def last(x, many):
    older, old = x * 0.5, x * 2.0
    for k in (0, 1, 2) * many:
        new = older
        if x[k] > 0:
            new = old[::-1].sum() + older  # reads the newer one first
            for i in range(3):
                new[i] = new[i] * 0.5 + older[i]
        older, old = old, new
    return old


def lines(many):
    return len(str(compile(lambda x: last(x, many)).program(np.ones(3))).splitlines())


def test_a_row_of_branches_is_code_of_its_length():
    short, long = lines(4), lines(16)
    assert long < 6 * short


def test_a_row_of_branches_is_interpreted_in_a_time_of_its_length():
    run = compile(lambda x: last(x, 16), mode="FAST_COMPILE")
    for x in (np.array([0.5, 0.25, 1.0]), np.array([0.5, -0.25, 1.0])):
        np.testing.assert_allclose(run(x), last(x, 16), rtol=1e-13)
