"""Names that are one of two things that cannot be one value, beside names that can."""

from __future__ import annotations

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError

TRACING = False


def a_number_beside(x, y, a):
    if y[0] > 0:
        q = a
        r = 3.0
    if x[0] > 0:
        q = 1.0
        r = 2.0
    if TRACING:
        print(q)
    return r


def flags_beside(x, y, a):
    s, t = True, False
    if y[0] > 0:
        q = a
        t = x[0] > 1
    if x[0] > 0:
        q = 1.0
        s = x[0] > 5
        t = y[0] > 3
    if TRACING:
        print(q)
    return s, t


@pytest.mark.parametrize(("x", "y"), [(1, 1), (1, -1), (-1, 1), (6, 1), (6, 4)])
@pytest.mark.parametrize("function", [a_number_beside, flags_beside])
def test_names_beside_a_conflict_keep_their_values(function, x, y):
    args = (np.array([float(x)]), np.array([float(y)]), np.ones(3))
    assert ag.compile(function)(*args) == function(*args)


def returns_either(a, x):
    for _ in a:
        return a * 2
    if x:
        if sum(a):
            a[0] *= x
            return x
    return x + 1


def test_a_result_of_two_kinds_is_refused_where_it_is_first_of_both():
    with pytest.raises(TraceError, match="one of a number and an array of rank 1") as raised:
        ag.compile(returns_either)(np.arange(6.0), 0.5)
    assert str(raised.value).count("is one of") == 1
