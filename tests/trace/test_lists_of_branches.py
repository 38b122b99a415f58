"""Lists and dicts that one branch changes and another replaces, and lists of arrays that are
written: what they hold is what Python has there, or an error says that it cannot be followed.
"""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def agree(f, *args, mode="FAST_COMPILE"):
    def copies():
        return [a.copy() if isinstance(a, np.ndarray) else a for a in args]

    np.testing.assert_equal(ag.compile(f, mode=mode)(*copies()), f(*copies()))


ramp = np.arange(6.0) + 1


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_python_items_beside_several_arrays(mode):
    def f(a, b):
        s = 0.0
        for w, u, v in zip((1.0, 2.0), a, b):
            s += w * u + v * 10
        return s

    def g(a, x):
        s = 0.0
        for u, v in zip(a, [x]):
            s += u * v
        return s

    agree(f, ramp[:2], ramp[3:5], mode=mode)
    agree(g, ramp, 0.5, mode=mode)


@pytest.mark.parametrize("x", [0.0, 0.5])
def test_one_branch_appends_where_the_other_makes_a_new_list(x):
    def f(b, x):
        found = list(b)
        if not x:
            found = [x for _ in found]
        else:
            found.append(x)
        return found

    agree(f, ramp, x)


@pytest.mark.parametrize("x", [0.5, 1.5])
@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_a_name_of_a_list_that_the_branch_has_changed(x, mode):
    def f(b, x):
        first, second = [b[0]], [b[1]]
        if x > 1:
            second[0] = b[3]
        else:
            first[0] = b[4]
            second = first
        return np.array(first), np.array(second)

    def g(b, x):
        first, second = {"u": b[0]}, {"u": b[1]}
        if x > 1:
            second["u"] = b[3]
        else:
            first["u"] = b[4]
            second = first
        return first["u"], second["u"]

    agree(f, ramp, x, mode=mode)
    agree(g, ramp, x, mode=mode)


@pytest.mark.parametrize("x", [0.5, 1.5])
def test_items_are_set_where_the_other_branch_appends(x):
    def f(b, x):
        found = list(b)
        for _ in b:
            found.insert(0, x)
        if x > 1:
            found[0], found[1] = 7.5, x
        else:
            found.insert(0, x)
        return np.array(found)

    agree(f, ramp, x)


def test_arrays_in_lists_that_grow_on_some_paths_are_tied():
    def before(a, x, n):
        found = [a]
        for _ in range(1, n):
            a[0] -= x
            if x > 3:
                found.append(a * 1)
        return found

    def inside(a, x, n):
        found = [a * 2]
        for _ in range(1, n):
            if x > 3:
                found.append(a * 1)
            found.append(a)
            a[0] -= x
        return found

    def behind(a, x, n):
        found = [a]
        for _ in range(n):
            found.append(a * 1)
        found.append(a * 2)
        a[0] -= x
        return found

    def chosen(a, x, n):
        found = [a * 2]
        for _ in range(1, n):
            if x < 3:
                found.append(a)
        a[0] -= x
        return found

    for f in (before, inside, behind, chosen):
        with pytest.raises(TraceError, match="append a copy"):
            ag.compile(f, mode="FAST_COMPILE")(ramp.copy(), 0.5, 4)
