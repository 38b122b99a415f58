"""Containers, arrays and generators that are one of several at run time: right, or refused."""

from dataclasses import dataclass

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ArignoteError


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


def history(x):
    state = np.zeros(2)
    seen = []
    for t in x:
        state[0] += t
        seen.append(state)
    return np.array(seen)


def afterwards(x):
    seen = []
    for t in x:
        seen.append(x)
    x[0] = 5.0
    return seen[0]


@pytest.mark.parametrize("f", [history, afterwards])
def test_an_array_in_a_list_that_is_written_afterwards_is_seen_or_refused(f):
    if f is history:  # its few steps are traced one by one
        np.testing.assert_array_equal(compiled(f)(np.ones(20)), f(np.ones(20)))
    with pytest.raises(ArignoteError, match="append a copy"):
        compiled(f)(np.ones(2000))


def test_copies_and_results_of_steps_in_lists():
    def f(x):
        state, other = np.zeros(2), np.zeros(2)
        copies, states = [], []
        for t in x:
            state[0] += t
            copies.append(state.copy())
            other = other * 0.5 + t
            states.append(other)
        return np.array(copies), np.stack(states), copies[3]

    x = np.arange(30.0)
    for got, want in zip(compiled(f)(x), f(x), strict=True):
        np.testing.assert_array_equal(got, want)


@dataclass
class Leaf:
    key: int
    left: int = -1


def at_a_traced_place(a, k):
    k = k + int(a[0]) * 0
    rows = [[1, 2], [3, 4], [5, 6]]
    leaves = [Leaf(1), Leaf(2), Leaf(3)]
    one, last = rows[k], rows[2]
    rows[2][0] = 77
    one[1] += 10
    rows[k][0] -= 1
    leaves[k].left = 9
    return one, last, rows, [leaf.left for leaf in leaves]


def test_an_element_at_a_traced_place_is_the_element():
    f = compiled(at_a_traced_place)
    for k in (0, 1, 2, -1):
        assert f(np.ones(2), k) == at_a_traced_place(np.ones(2), k)


def replaced(a, k):
    rows = [[1, 2], [3, 4], [5, 6]]
    one = rows[k + int(a[0]) * 0]
    rows[1] = [7, 8]
    one[0] = 5
    return rows


def test_an_item_that_may_be_held_is_not_replaced():
    with pytest.raises(ArignoteError, match="take a copy"):
        compiled(replaced)(np.ones(2), 1)


def swapped_in_a_loop(b, p):
    c = b * 1.0
    u = np.zeros(6) if p > 0 else b
    for _ in range(5):
        c, u = u, c
    c[:4] = 7.0
    return b * 1.0


def bound_in_a_loop(b, p):
    c = b * 1.0
    u = np.zeros(6) if p > 0 else b
    for _ in range(int(abs(p))):
        c = u
    c[:4] = 7.0
    return b * 1.0


def left_in_a_loop(b, p):
    u = np.zeros(6) if p > 0 else b
    w = u
    for _ in range(int(abs(p)) - 1):
        w = u * 2.0
    u = None
    w[:4] = 7.0
    return b * 1.0


@pytest.mark.parametrize("f", [swapped_in_a_loop, bound_in_a_loop, left_in_a_loop])
@pytest.mark.parametrize("p", [1.0, -1.0, -2.0])
def test_loops_hand_on_what_an_array_may_be(f, p):
    """Written behind the loop, it may be the argument, though the name in between is gone."""
    expected = f(np.arange(6.0), p)
    try:
        got = compiled(f)(np.arange(6.0), p)
    except ArignoteError as refused:
        assert "Make a copy first" in str(refused)
    else:
        np.testing.assert_array_equal(got, expected)
