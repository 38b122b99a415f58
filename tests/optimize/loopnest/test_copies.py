"""Copies of arguments that are changed and answered are made once, in the answer's memory."""

from __future__ import annotations

import numpy as np
import pytest

import arignote as ag


def two_copies_and_the_argument(M, x):
    W = M.copy()
    W[0] = 0
    V = M.copy()
    V[1] = x
    M[2] = 7
    return W, V, M


def a_copy_of_a_copy(M, x):
    W = M.copy()
    W[0] = x
    V = W.copy()
    V[1] = 2
    return W, V


def one_copy_twice(M, x):
    W = M.copy()
    W[0] = x
    return W, W


def a_view_of_a_copy(M, x):
    W = M.copy()
    W[0] = x
    return W[1:], W


def written_in_branches(M, x):
    W = M.copy()
    if x > 0:
        W[0] = x
    else:
        W[1] = x
    return W


def an_error_between(M, x):
    W = M.copy()
    W[0] = x
    if x > 3:
        raise ValueError("no")
    M[1] = x
    return W


def the_argument_and_a_copy(M, x):
    W = M
    W[0] = x
    V = W.copy()
    V[1] = 3
    return V


def the_argument_written_from_a_copy(M, x):
    W = M.copy()
    W[0] = x
    M[:] = W * 2
    W[1] = 5
    return W


def a_turned_copy(M, x):
    W = M.T.copy()
    W[0] = x
    return W


def a_part_copied(M, x):
    W = M[1:].copy()
    W[0] = x
    return W, W.T


def rows_in_turn(M, x):
    W = M.copy()
    for i in range(1, M.shape[0]):
        W[i] = W[i - 1] * 0.5
    W[0] = 9
    return W


def two_in_turn(M, x):
    W = M.copy()
    V = M.copy()
    for i in range(1, M.shape[0]):
        W[i], V[i] = V[i - 1] * 0.5, W[i - 1] * 2
    return W, V


def two_that_change_places(M, x):
    W = M.copy()
    V = M.copy()
    for i in range(3):
        W, V = V, W * 0.5
    return W, V


def left_early(M, x):
    W = M.copy()
    for i in range(1, M.shape[0]):
        W[i] = W[i - 1] * 0.5
        if W[i, 0] > x:
            break
    return W, M


def an_error_in_a_loop(M, x):
    W = M.copy()
    for i in range(1, M.shape[0]):
        W[i] = W[i - 1] * 0.5
        if W[i, 0] > x + 2:
            raise ValueError("big")
        M[i] = x
    return W


def a_copy_of_a_loop(M, x):
    W = M.copy()
    for i in range(int(x)):
        W[i] = i
    V = W.copy()
    for i in range(int(x)):
        V[i] += W[i]
    return W, V


def loops_before_and_after(M, x):
    for i in range(3):
        M[i] += 1
    W = M.copy()
    for i in range(3):
        W[i] *= 2
    M[0] = 5
    return W


def renewed(M, x):
    W = M.copy()
    for i in range(3):
        W = W * 2
        W[i] = x
    return W


def shifted(M, x):
    W = M.copy()
    for k in range(3):
        T = W.copy()
        W[1:] = T[:-1]
        T[0] = x
    return W, T


def while_small(M, x):
    W = M.T.copy()
    while W[0, 0] < 5:
        W += 1
    return W


PROGRAMS = [
    two_copies_and_the_argument,
    a_copy_of_a_copy,
    one_copy_twice,
    a_view_of_a_copy,
    written_in_branches,
    an_error_between,
    the_argument_and_a_copy,
    the_argument_written_from_a_copy,
    a_turned_copy,
    a_part_copied,
    rows_in_turn,
    two_in_turn,
    two_that_change_places,
    left_early,
    an_error_in_a_loop,
    a_copy_of_a_loop,
    loops_before_and_after,
    renewed,
    shifted,
    while_small,
]


def outcome(f, m, x):
    try:
        answer = f(m, x)
    except (ValueError, IndexError) as error:
        return str(error), m
    return answer if isinstance(answer, tuple) else (answer,), m


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("strided", [False, True])
def test_meaning(f, strided):
    """Values, changed arguments, errors, and which answers share memory."""
    g = ag.compile(f)
    for x in (0.0, 2.0, 5.0):
        m = np.arange(24.0).reshape(4, 6)[::-1, ::2] if strided else np.arange(12.0).reshape(4, 3)
        (wanted, a), (got, b) = outcome(f, m.copy(), x), outcome(g, m.copy(), x)
        np.testing.assert_array_equal(a, b)
        assert type(wanted) is type(got)
        if isinstance(wanted, str):
            assert got == wanted
            continue
        for u, v in zip(wanted, got, strict=True):
            np.testing.assert_array_equal(u, v)
        for p, q in [(p, q) for p in range(len(got)) for q in range(p)]:
            shared = np.shares_memory(wanted[p], wanted[q])
            assert np.shares_memory(got[p], got[q]) == shared


@pytest.mark.parametrize(
    "f", [rows_in_turn, written_in_branches, while_small]
)
def test_one_allocation(f):
    text = str(ag.compile(f).program(np.arange(12.0).reshape(4, 3), 2.0))
    assert text.count("alloc ") == 1, text


def test_arrays_of_zeros_are_made_apart():
    def both_ways(x):
        a, b = np.zeros(x.shape), np.zeros(x.shape)
        for i in range(x.shape[0]):
            a[i] += x[i] * b[i - 1]
            b[i] += x[i] - a[i - 1]
        return np.sum(a * b)

    x = np.linspace(0.0, 1.0, 7)
    f = ag.compile(both_ways)
    np.testing.assert_allclose(f(x), both_ways(x), rtol=1e-13)
    text = str(f.program(x))
    assert text.count(" zero") == 2 and text.count(" in [0") == 2, text


def summed_and_written(c, v):
    x = v.sum(axis=0)
    if c > 0.5:
        v[0] = x
    else:
        x = x * 2.0
    return x


def gathered_and_written(c, v, k):
    x = v[k]
    if c > 0.5:
        k[0] = 99
    else:
        x = x * 2.0
    return x


@pytest.mark.parametrize("c", [0.2, 0.7])
@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (summed_and_written, (np.arange(12.0).reshape(3, 4),)),
        (gathered_and_written, (np.arange(5.0), np.array([2, 3]))),
    ],
)
def test_what_a_branch_gives_was_computed_before_its_writes(function, arrays, c):
    again = lambda: (c, *(x.copy() for x in arrays))
    args = again()
    np.testing.assert_array_equal(ag.compile(function)(*args), function(*(want := again())))
    for x, y in zip(args[1:], want[1:], strict=True):
        np.testing.assert_array_equal(x, y)
