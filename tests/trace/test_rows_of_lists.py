"""Rows of lists of lists at positions that are known at run time only: exchanged, and of any
length."""

import copy

import pytest

import arignote as ag
from arignote.errors import TraceError


def agree(f, *args):
    mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
    compiled = ag.compile(f, mode="FAST_COMPILE")
    try:
        want = f(*theirs)
    except Exception as error:
        with pytest.raises(type(error)):
            compiled(*mine)
        return
    assert repr(compiled(*mine)) == repr(want)
    assert repr(mine) == repr(theirs)


def swap(m, i, j):
    m[i], m[j] = m[j], m[i]


def test_elimination_with_pivots():
    def f(m, b):
        n = len(m)
        for i in range(n):
            p = i
            for r in range(i + 1, n):
                if abs(m[r][i]) > abs(m[p][i]):
                    p = r
            m[i], m[p] = m[p], m[i]
            b[i], b[p] = b[p], b[i]
            for r in range(i + 1, n):
                factor = m[r][i] / m[i][i]
                for c in range(i, n):
                    m[r][c] -= factor * m[i][c]
                b[r] -= factor * b[i]
        x = [0.0] * n
        for i in range(n - 1, -1, -1):
            x[i] = (b[i] - sum(m[i][j] * x[j] for j in range(i + 1, n))) / m[i][i]
        return x

    agree(f, [[2.0, 1.0, 1.0], [4.0, 3.0, 3.0], [8.0, 7.0, 9.0]], [1.0, 2.0, 3.0])


def test_swaps_in_branches_and_functions():
    def f(m):
        for k in range(1, len(m)):
            if m[0][0] == 0:
                m[0], m[k] = m[k], m[0]
        return m

    agree(f, [[0, 2], [0, 3], [5, 6]])

    def g(m, i, j):
        swap(m, i, j)
        return m[0][0]

    for i, j in ((0, 1), (2, -3), (1, 1), (0, 7)):
        agree(g, [[1, 2], [3, 4], [5, 6]], i, j)

    def h(m):
        swap(m, 0, 1)
        return m

    agree(h, [[1, 2], [3, 4]])


def test_rows_of_lists_that_are_made():
    def f(n, i, j):
        m = [[a * b for a in range(n)] for b in range(n)]
        m[i], m[j] = m[j], m[i]
        return m

    agree(f, 3, 0, 2)
    agree(f, 30, 5, -1)


def test_a_row_with_a_name_is_not_changed_behind_it():
    def f(m, i, j):
        row = m[0]
        swap(m, i, j)
        return row[0]

    def g(m, i, j):
        rows = m[:]
        swap(m, i, j)
        return rows[0][0]

    for function in (f, g):
        with pytest.raises(TraceError, match="take a copy"):
            ag.compile(function, mode="FAST_COMPILE")([[1, 2], [3, 4], [5, 6]], 0, 1)


def test_neighbours_in_a_graph():
    def f(adjacent, start):
        seen = [False] * len(adjacent)
        waiting, order = [start], []
        seen[start] = True
        while waiting:
            v = waiting.pop(0)
            order.append(v)
            for w in adjacent[v]:
                if not seen[w]:
                    seen[w] = True
                    waiting.append(w)
        return order

    agree(f, [[1, 2], [3], [3, 0], []], 0)
    agree(f, [[1, 2], [3], [3, 0], []], 2)


def test_rows_of_any_length():
    def f(rows, i):
        return rows[i], len(rows[i]), sum(rows[i])

    for i in (0, 1, 2, -1, 3, -4):
        agree(f, [[1], [2, 3], []], i)


def test_changes_of_rows_of_different_lengths_are_refused():
    def f(rows, i):
        row = rows[i]
        rows[0].append(5)
        return len(row)

    def g(rows, i):
        row = rows[i]
        row[0] = 9
        return rows

    for function in (f, g):
        with pytest.raises(TraceError, match="one of several"):
            ag.compile(function, mode="FAST_COMPILE")([[1], [2, 3]], 0)
