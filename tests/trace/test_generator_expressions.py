"""Generator expressions and comprehensions in functions that decide on their elements."""

import numpy as np
import pytest

import arignote as ag


def same(f, *args):
    try:
        want = f(*args)
    except Exception as error:
        with pytest.raises(type(error)):
            ag.compile(f, mode="FAST_COMPILE")(*args)
        return
    assert repr(ag.compile(f, mode="FAST_COMPILE")(*args)) == repr(want)


def test_extremes_over_few_elements():
    def f(a):
        return max(a[i] for i in range(3)), min(x * y for x, y in ((a[0], a[1]), (a[1], a[2])))

    same(f, np.array([3.0, -1.0, 2.0]))


def test_any_and_all_make_no_more_elements_than_they_need():
    def f(a):
        return any(a[i] == 2 or a[i + 1] == 7 for i in range(4))

    def g(a):
        return all(x < a[i] for i, x in enumerate([1, 2, 3]))

    for a in (np.arange(3), np.array([0, 5, 6, 6]), np.arange(9) + 3):
        same(f, a)
        same(g, a)


def test_generators_in_generators():
    def f(a, n):
        return min(sum(max(a[i, k] * o for i in range(n)) for k in range(4)) for o in range(1, n))

    same(f, np.arange(12).reshape(3, 4), 3)


def test_functions_of_elements_in_comprehensions():
    def f(a, n):
        return [max(a, key=lambda v: abs(v - a[i])) for i in range(n)]

    same(f, np.arange(12.0), 5)
    same(f, np.arange(40.0), 25)


def test_nested_loops_of_a_comprehension_over_lists_with_a_condition():
    def f(grid):
        return [x for row in grid for x in row if x < 0]

    def g(grid):
        return len([x for row in grid if row[0] > 1 for x in row if x < 0])

    for grid in ([[4, 3, 2, -1], [3, 2, 1, -1], [1, 1, -1, -2]], [[3, 2], [1, 0]]):
        same(f, grid)
        same(g, grid)
        same(f, np.array(grid))


def test_the_first_element():
    def f(a):
        return next((i for i in range(len(a)) if a[i] > 2), -1)

    def g(a):
        return next((x for x in a if x > 2), None)

    def h(a):
        over = (x for x in a if x > 2)
        first = next(over)
        return first, next(over)

    for a in (np.arange(12), np.arange(2), np.arange(4), [1, 2, 3, 4], [1, 2]):
        same(f, a)
        same(g, a)
    same(h, np.arange(12))


def test_ranges_of_any_length_are_listed():
    def f(held, n):
        held.extend(range(n))
        held += range(n)
        return held

    same(f, [1], 4)

    def g(n):
        return len(list(range(n))), len(list(zip(range(n), range(n, 2 * n))))

    same(g, 1000)


def test_lists_that_grew_are_stored_in_arrays():
    def f(a, n):
        a[n::2] = [2 * i for i in range((len(a) - n + 1) // 2)]
        return a

    same(f, np.arange(10), 3)


def test_truths_are_the_same_objects():
    def f(a, b):
        return a is bool(b), a is not bool(b)

    same(f, True, 1)
    same(f, True, 0)


def test_a_generator_function_is_refused():
    def numbers(n):
        if n < 2:
            return
        yield n

    for n in (0, 5):
        with pytest.raises(ag.UnsupportedError, match="is a generator"):
            ag.compile(numbers)(n)
