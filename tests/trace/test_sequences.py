"""Operators on lists whose length is known at run time only; none of them is silently wrong."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def compiled(f):
    return ag.compile(f, mode="FAST_COMPILE")


def test_a_number_is_not_added_to_a_list():
    with pytest.raises(TypeError):
        compiled(lambda n: n + [1])(3)


def test_numpy_integers_repeat_lists_and_arrays_multiply_them():
    def f(k, a):
        return [1] * k, [1, 2] * a

    got, want = compiled(f)(np.int64(3), np.arange(2)), f(np.int64(3), np.arange(2))
    assert got[0] == want[0] == [1, 1, 1]
    np.testing.assert_array_equal(got[1], want[1])


def compare(n):
    return [0] * n == [0, 0, 0]


def unpack(n):
    first, *rest = [0] * n
    return first, rest


def text(n):
    return f"{[0] * n}"


def take_slice(n):
    return ([0] * n)[1:]


@pytest.mark.parametrize("function", [compare, unpack, text])
def test_what_is_not_offered_is_refused(function):
    with pytest.raises(TraceError, match="list"):
        compiled(function)(3)


def test_a_slice_is_a_list():
    for n in (0, 1, 3):
        assert compiled(take_slice)(n) == take_slice(n)


def test_a_list_is_made_without_tracing_its_length():
    @ag.compile(mode="FAST_COMPILE")
    def f(n):
        a = [0] * n
        a[n // 2] = 1
        return a

    for n in (4, 7, 9):
        assert f(n) == [0] * (n // 2) + [1] + [0] * (n - n // 2 - 1)
    assert len(f.traces) == 1
