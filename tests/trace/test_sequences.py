"""Operators on lists whose length is known at run time only; none of them is silently wrong."""

import itertools

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
    return [0] * n < [0, 0, 0]


def equal(n):
    a = [0] * n
    return a == [0, 0, 0], a != [0] * 3, a == a[:-1], a[1:] == a[:-1], a == (0, 0, 0), a == []


def test_lists_are_equal_where_their_elements_are():
    f = compiled(equal)
    for n in (0, 1, 2, 3, 5):
        assert f(n) == equal(n)


def displayed(n):
    a = [k + 1 for k in range(n)]
    b = [*a, 5]
    c = [*a]
    c[0] = 99
    d = [1, 2]
    d += a
    e = [7]
    e.extend(a)
    e.append(3)
    e[:] = e + a
    return a, b, c, d, e


def test_lists_put_together_are_lists_of_their_own():
    for n in (3, 7):
        assert compiled(displayed)(n) == displayed(n)


def merged_sort(values):
    if len(values) <= 1:
        return values
    left, right = merged_sort(values[: len(values) // 2]), merged_sort(values[len(values) // 2 :])
    result = []
    while left and right:
        result.append(left.pop(0) if left[0] <= right[0] else right.pop(0))
    result.extend(left)
    result.extend(right)
    return result


def test_what_is_left_of_lists_is_appended():
    for values in ([], [3, 1, 2], [5, 3, 1, 9, 2]):
        assert compiled(merged_sort)(values) == merged_sort(list(values))


def falling(s):
    out = []
    for i, (u, v) in enumerate(zip(s, s[1:], strict=False)):
        s[(i + 1) % 3] = u + 100
        out.append(u - v)
    return out


def test_zip_reads_a_list_as_it_is_when_its_item_comes():
    for values in ([3, 1, 2], [6, 11, 12, 4, 1, 5]):
        assert compiled(falling)(list(values)) == falling(list(values))


def is_true(x):
    n, large = 0, True
    while large is True:
        n += 1
        large = x > n
    return n, (x > 2) is False, (x > 2) is not True


def test_a_traced_truth_is_true():
    for x in (0, 2, 5):
        assert compiled(is_true)(x) == is_true(x)


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


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_of_a_list_of_traced_length_has_a_length(kind):
    f = compiled(lambda n: len(kind([0] * n)))
    assert [f(n) for n in (3, 1, 0)] == [1, 1, 0]


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_of_a_list_of_traced_length_is_not_gone_through(kind):
    with pytest.raises(TraceError, match=r"np\.unique"):
        compiled(lambda n: [x + 1 for x in kind([0] * n)])(3)


def growing_faster(m):
    held, by = [3, 5], 2
    for b in range(1, m):
        for _ in range(by):
            held.append(b + held[-2])
        by += 1
    return held


def doubling(m):
    held, by = [3, 5], 3
    for b in range(1, m):
        for _ in range(by):
            held.append(b)
        by *= 2
    return held


@pytest.mark.parametrize("function", [growing_faster, doubling])
def test_lists_have_room_for_what_longer_and_longer_loops_append(function):
    f = compiled(function)
    for m in (1, 3, 7):
        assert f(m) == function(m)


def test_what_goes_through_ranges_item_by_item():
    def f(x):
        n = len(x)
        pairs = sum(x[i] * x[j] for i, j in itertools.combinations(range(n), 2))
        several = [a * b for a, b in itertools.product([1.0, 2.0], range(n))]
        return pairs, several, len(list(itertools.permutations(range(n)))), set(range(n))

    for x in (np.arange(4.0), np.arange(2.0)):
        assert compiled(f)(x) == f(x)

    def g(n):
        found = set()
        found.update(range(n))
        return found, list(itertools.islice(range(n), 1, 3))

    assert compiled(g)(4) == g(4)
