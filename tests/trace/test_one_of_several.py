"""Containers, arrays and generators that are one of several at run time: right, or refused."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ArignoteError

RNG = np.random.default_rng(3)


def compiled(f):
    return ag.compile(f, mode="FAST_COMPILE")


def by_index(x):
    buckets = [[], []]
    for t in x:
        buckets[int(t)].append(t)
    return len(buckets[0])


def by_name(x):
    groups = {"up": [], "down": []}
    for t in x:
        groups["up" if t > 0 else "down"].append(t)
    return len(groups["up"])


def by_condition(x):
    a, b = [1.0], [2.0]
    c = a if x[0] > 0 else b
    c.append(3.0)
    return len(a), len(b)


def an_array_of_a_list(x):
    rows = [np.zeros(3), np.zeros(3)]
    rows[1 if x[0] > 0 else 0][1] = 5.0
    return rows


@pytest.mark.parametrize("f", [by_index, by_name, by_condition, an_array_of_a_list])
def test_a_change_of_one_of_several_is_refused(f):
    with pytest.raises(ArignoteError, match=r"one of.*(?s:.*)test_one_of_several.py"):
        compiled(f)(np.ones(2))


def test_lists_made_on_either_path_can_be_changed():
    def f(x):
        held = [1.0, 2.0] if x[0] > 0 else [3.0, 4.0]
        held.append(5.0)
        held[0] = 7.0
        best = [0.0, 0.0]
        for i in range(len(x)):
            if x[i] > best[0]:
                best = [x[i], float(i)]
        return held, best

    x = np.array([1.0, 3.0, 2.0])
    assert compiled(f)(x) == f(x) == ([7.0, 2.0, 5.0], [3.0, 1.0])


def test_a_generator_from_outside_is_refused():
    with pytest.raises(ArignoteError, match="no argument of the compiled function"):
        compiled(lambda x: x + RNG.normal(size=3))(np.ones(3))


def test_a_generator_made_inside_is_drawn_from_once_outside_loops_only():
    def straight(x):
        return x + np.random.default_rng(3).normal(size=3)

    def looping(x):
        rng = np.random.default_rng(3)
        for i in range(len(x)):
            x[i] = rng.normal()
        return x

    np.testing.assert_array_equal(compiled(straight)(np.ones(3)), straight(np.ones(3)))
    with pytest.raises(ArignoteError, match=r"test_one_of_several.py.*(?s:.*)as an argument"):
        compiled(looping)(np.ones(30))
