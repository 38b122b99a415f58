"""Names bound to one of two arrays on some paths, and then written: what other paths and other
names see."""

from __future__ import annotations

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def left_by_break(v, b, n):
    x = v.sum(axis=0)
    i = 0
    while True:
        if i >= n:
            break
        if x[0] < b:
            x = v[1] + x
        x += v[2]
        i += 1
    return x


def written_on_one_path(v, b, n):
    x = v.sum(axis=0)
    z = 1.0
    if b < 2.0:
        z = 2.0
        if n > b:
            x = x * 2.0
        x += 1.0
    x[1] = 7
    return x, z


@pytest.mark.parametrize("b", [1.0, 5.0, 99.0])
@pytest.mark.parametrize("function", [left_by_break, written_on_one_path])
def test_the_path_that_does_not_write_keeps_what_was_there(function, b):
    args = (np.arange(12.0).reshape(3, 4) / 7, b, 6)
    got, want = ag.compile(function)(*args), function(*args)
    for x, y in zip(got, want, strict=True):
        np.testing.assert_array_equal(x, y)


def counted(v, b, n):
    x = v.sum(axis=0)
    y = x
    for _ in range(n):
        if x[0] < b:
            x = v[1] + x
        x += v[2]
    return x, y


def while_less(v, b, n):
    x = v.sum(axis=0)
    y = x
    i = 0
    while i < n:
        if x[0] < b:
            x = v[1] + x
        x += v[2]
        i += 1
    return x, y


@pytest.mark.parametrize("function", [counted, while_less])
def test_another_name_of_what_some_steps_write_is_not_read(function):
    with pytest.raises(TraceError, match="'x' shares memory with another array in some steps"):
        ag.compile(function)(np.ones((3, 4)), 1.0, 9)
