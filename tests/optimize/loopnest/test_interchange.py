"""Loops that move inside, on programs of other shapes than those the pass was made for."""

import numpy as np

from .scheduling import check, scheduled

rng = np.random.default_rng(7)


def squares(*sizes, dtype="f8"):
    return [{"a": rng.random((n, n)).astype(dtype), "b": rng.random((n, n)).astype(dtype)}
            for n in sizes]  # fmt: skip


def column_norms(a, b):
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(a.shape[0]):
            s += a[k, j] * a[k, j]
        b[0, j] = np.sqrt(s)


def test_a_sum_down_a_column_runs_along_rows_in_strips():
    made = check("interchange", column_norms, *squares(5, 300), rtol=1e-12)
    assert "by 256" in made.text and "moved inside" in made.note


def upper(a, b):
    for i in range(a.shape[0]):
        for j in range(i, a.shape[0]):
            s = 1.0
            for k in range(i):
                s = s * (1 + a[i, k] * b[k, j])
            for k in range(2, a.shape[0]):
                s += b[k, j]
            a[i, j] = s


def test_products_and_sums_over_rows_left_of_the_diagonal():
    made = check("interchange", upper, *squares(3, 4, 9), rtol=1e-12)
    assert made.changed


def below(a, b):
    for j in range(a.shape[1]):
        for k in range(j + 1):
            b[k, j] = 2 * a[k, j] + b[k, j]


def above(a, b):
    for j in range(a.shape[1]):
        for k in range(j, a.shape[0]):
            b[k, j] = 2 * a[k, j] + b[k, j]


def test_triangular_bounds_turn():
    for f in (below, above):
        assert check("interchange", f, *squares(2, 4, 7)).changed


def minima(a, b):
    for j in range(a.shape[1]):
        least, at = a[0, j], 0
        for k in range(1, a.shape[0]):
            if a[k, j] < least:
                least = a[k, j]
                at = k
        b[0, j] = least
        b[1, j] = at


def test_a_branch_inside_keeps_the_order():
    assert not check("interchange", minima, *squares(4, 6)).changed


def recurrence(a, b):
    for j in range(1, a.shape[1]):
        for k in range(a.shape[0]):
            a[k, j] = a[k, j - 1] + b[k, j]


def test_dependent_columns_keep_their_order():
    assert not check("interchange", recurrence, *squares(4, 6)).changed


def last_value(a, b):
    s = 0.0
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(a.shape[0]):
            s += a[k, j]
        b[0, j] = s
    return s


def test_a_variable_read_behind_the_loop_keeps_it():
    assert not check("interchange", last_value, *squares(3, 5)).changed


def rows(a, b):
    for i in range(a.shape[0]):
        s = 0.0
        for k in range(a.shape[1]):
            s += a[i, k]
        b[i, 0] = s


def test_rows_stay_rows():
    assert not scheduled("interchange", rows, **squares(4)[0]).changed


def integers(a, b):
    for j in range(a.shape[1]):
        for k in range(a.shape[0]):
            b[0, j] += a[k, j]


def test_integer_columns():
    check("interchange", integers, *squares(3, 6, dtype="i4"))


def downwards(a, b):
    for j in range(a.shape[1] - 1, -1, -1):
        for k in range(a.shape[0]):
            b[k, j] = 2 * a[k, j] + b[k, j]


def test_independent_steps_that_go_down_may_go_up():
    assert check("interchange", downwards, *squares(2, 4, 7)).changed


def sums_of_rows(a, b):
    total = np.zeros(a.shape[0])
    for j in range(a.shape[1] - 1, -1, -1):
        for k in range(a.shape[0]):
            total[k] += a[k, j] * b[0, j]
        for k in range(1, a.shape[0]):
            b[k, j] = 2 * b[k, j] + a[k, 0]
    b[:, 0] = total


def test_what_the_steps_only_add_to_does_not_keep_them_apart():
    made = check("interchange", sums_of_rows, *squares(2, 5, 300), rtol=1e-12)
    assert "moved inside" in made.note


def sums_that_are_read(a, b):
    total = np.zeros(a.shape[0])
    for j in range(a.shape[1]):
        for k in range(a.shape[0]):
            total[k] += a[k, j]
        for k in range(a.shape[0]):
            b[k, j] = total[k] + b[k, j]


def test_sums_that_a_step_reads_keep_their_order():
    check("interchange", sums_that_are_read, *squares(2, 5, 9), rtol=1e-12)


def both_ways(a, b):
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(a.shape[0]):
            s += a[k, j] * b[k, 0]
        for k in range(1, a.shape[0]):
            b[j, k] = s * a[j, k]


def test_a_loop_along_memory_stays_inside():
    made = check("interchange", both_ways, *squares(2, 5, 300), rtol=1e-12)
    assert made.changed
