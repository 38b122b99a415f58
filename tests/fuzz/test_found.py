"""Programs that random ones were reduced to, each wrong once: the loop program at
every stage must do what Python does.
"""

import numpy as np
import pytest

from arignote.api import compile
from tests.corpus.cases import Corpus

from .kinds import KINDS, differs
from .stages import function_verdict

CASES = Corpus()
case = CASES.case
ramp = np.arange(6.0) / 10
square = np.arange(36.0).reshape(6, 6) / 10


@case(ramp, np.ones(6, bool), 0.5)
def a_choice_in_a_branch_is_written_before_the_check(a, p, x):
    if x <= 0.7:
        a[p] += 0.5
    if np.any(np.cumsum(a[3::-1]) > 0.9):
        raise ValueError("no")
    return a[0]


@case(ramp, np.arange(6), square)
def every_write_of_a_step_before_its_check_comes_before_it(a, m, A):
    w = A[1]
    for i in range(6):
        a[-5:-1] = A[i, 4:0:-1] * 0.25
        m[3] += 1
        w[1:5] = A[i + 1, 0:4] * 0.25
    return a[0]


@case(np.arange(6, dtype=np.uint16), np.zeros(6, bool), 0.5)
def the_other_branch_of_one_that_raises_writes_behind_the_check(w, p, x):
    if x > 0.1:
        if p[0]:
            w[2] ^= 7
        else:
            raise ValueError("no")
    return x


@case(np.arange(4.0), 0.5)
def the_branch_that_raises_has_written(a, x):
    if x > 0.1:
        a[0] = 7
        if a[1] > 0:
            a[2] = 8
            raise ValueError("no")
    return a[1]


@case(np.arange(6.0), 5)
def the_branch_that_raises_in_a_loop_has_written(a, n):
    for i in range(n):
        a[i] += 1
        if a[i] > 3:
            a[0] = -1
            raise ValueError("no")
        a[i + 1] *= 0.75
    return a[1]


@case(ramp, 4)
def the_last_step_sets_what_is_read_behind_an_independent_loop(a, n):
    s = 0.5
    for i in range(n):
        s = float((np.max(a[2:] * a[1:5]) + i) * 0.5)
    return s


@case(np.arange(6.0), ramp, square)
def a_row_of_branches_that_write_one_array(a, h, A):
    for i, k in zip((0, 1, 2, 3), (3, 2, 4, 1), strict=True):
        for j in range(3, -1, -1):
            if a[i] % 2 > j:
                continue
            h[3::-1] = h[:4] * 0.5
            h[k] += A[i, j]
    return h[0]


@case(ramp, np.zeros(6), np.arange(6))
def an_argument_gets_what_another_held_before_it_was_written(a, b, i):
    b[::-1] = a[::-1]
    a[::-1] *= np.take(np.flip(np.fmax(b, b)), np.flip(i) % 2, mode="wrap")[::-1]
    return i


@case(np.arange(6.0), ramp, 3)
def a_row_of_branches_that_raise_replaces_the_argument(a, g, n):
    for i in range(3, -1, -1):
        if 0.1 < g[i] < 0.8:
            for k, _ in enumerate(g[4:0:-1]):
                if k > 1:
                    raise ValueError("no")
                a[a != 1] *= 0.5
    return g[0]


@case(np.ones(6), ramp + 0.1)
def the_first_of_two_contents_is_seen_between_them(a, g):
    if g[0] > 0:
        a[:] = g * 2
        if g[1] > 0:
            raise ValueError
        a[:] = g * 3
    return g[0]


@case(np.ones(6), ramp + 0.1, 3)
def one_window_is_written_before_and_behind_a_check(a, g, n):
    for i in range(n):
        a[2:] -= g[0:4] * 0.25
        if g[i] > 0.25:
            raise ValueError
        a[2:] -= g[1:5] * 0.25
    return g[0]


@case(np.ones(1), ramp[:1], 3)
def the_one_element_is_written_before_and_behind_a_check(a, b, n):
    for i in range(n):
        a[0] = 0.5 + i
        a[0] = b[i + 1] + a[0]
    return b[0]


@case(np.ones(1), ramp[:1], 3)
def the_one_element_is_written_before_the_branch_that_raises(a, b, n):
    for i in range(n):
        a[0] = 0.5 + i
        if b[i] < 9:
            raise ValueError
        a[0] = b[0] + a[0]
    return b[0]


@case(ramp[:5], np.arange(5.0) + 1, 5)
def arguments_that_a_loop_exchanges_after_one_was_written(a, b, n):
    u, v = a, b
    b *= 2
    for _ in range(n):
        u, v = v, u
    return v, b, u


@case(ramp, np.ones(6), 3)
def two_arrays_exchange_their_contents_before_the_check(a, b, n):
    for i in range(n):
        c = b.copy()
        b[:] = a
        a[:] = c
        if b[i] > 0.15:
            raise ValueError
        a += 1
    return b[0]


@case(np.ones(6), ramp + 0.1, 3)
def a_loop_that_raises_starts_from_what_was_just_written(a, b, n):
    for i in range(n):
        a[:] = b
        for j in range(n):
            a[j] += 1
            if a[j] > i + 1.2:
                raise ValueError
            a[:] = b * j
        a[:] = b
    return b[0]


@case(np.ones(6), ramp + 0.1, 3)
def a_branch_that_raises_starts_from_what_was_just_written(a, b, n):
    for i in range(n):
        a[:] = b
        if b[i] > 0.15:
            a[0] = 1
            if b[i + 1] > 0.35:
                raise ValueError
            b[1] += 1
        a[:] = b * 2
    return b[0]


@case(np.ones(6), ramp + 0.1, 3)
def a_loop_that_raises_and_then_all_is_replaced(a, b, n):
    for i in range(n):
        a[i] = b[i]
        if b[n + i] > 0.45:
            raise ValueError
    a[:] = b * 2
    return b[0]


@case(np.ones(6), ramp + 0.1, 3)
def a_loop_goes_on_from_another_array_s_contents(a, b, n):
    a[:] = b
    for i in range(n):
        a[i] *= b[i]
        if b[i + n] > 0.45:
            raise ValueError
    b[:] = a
    return b[0]


@case(np.arange(6, dtype=np.uint8), 3)
def a_python_integer_that_an_element_cannot_hold(u, n):
    for i in range(n):
        u[i] = (1 - i) + u[-1]
    return u[0] > 300 + n, u[1] < n - 7


@case(np.arange(6, dtype=np.uint16))
def the_lesser_of_an_element_and_a_number_below_its_type(w):
    return np.float64(min(w[0] + 5, -8)) * 0.5


@case(square, 0.5)
def what_a_branch_in_the_other_branch_writes_stays_there(A, x):
    w = A[1]
    u = np.zeros(6)
    w[:4] = 0
    for i in range(6):
        if np.sum(u[1:5]) > 0.1:
            u = w * 0.5
        elif x > 0.1:
            u[i + 1] += 0.3
    return u[0]


@case(ramp, square, 3)
def branches_of_unrolled_steps_stay_on_their_side_of_checks(b, G, n):
    for i in range(n):
        for _ in range(2):
            if i != 2:
                G[-1, :4] = b[:4] * 0.25
            if i % 2 == 0:
                raise ValueError("no")
    return b[0]


@case(ramp, np.ones(6), np.array([2, 4, 3, 3, 4, 1], np.uint8))
def what_two_arguments_held_before_an_error_depends_on_each_other(a, b, u):
    for i in u[1:5]:
        u[2], u[i % 3 - 1] = u[i % 3 - 1], u[2]
        a[[3, 3, 0, -1]] += np.minimum(a[u[0] % 3 : u[0] % 3 + 4], b[:4]) * 0.25
    return a[0]


@case(ramp, square)
def a_write_before_a_condition_that_fails_is_not_left_to_its_branches(a, A):
    for i in range(5):
        A[-1, -2] = a[i] * 0.3
        if a[0] > a[i + 2]:
            a[0] = 1.0
        else:
            A[-1, 3] -= 1.0
    return a[0]


@case(ramp, np.ones(6), 0.5)
def what_an_argument_held_is_handed_on_by_the_branch_that_writes_it(a, b, x):
    c = a * 1.0
    if x < 1.0:
        for i in range(6):
            a[1:5] = x * i
            b[i + 1] += 0.3
    else:
        c[3] *= abs(a[1]) * 0.3
    return c[0]


@case(ramp, np.ones(6), 0.5)
def what_an_argument_held_between_two_loops_that_write_it_is_returned(a, b, x):
    c = b * 1.0
    for j in range(2):
        c = a * 1.0
        for i in range(5):
            a[0:4] = x * i + a[j]
            b[i + 2 * j] += 0.3
    return c


@case(ramp, np.arange(6), 5)
def nothing_is_written_before_a_loop_that_raises_and_loses_a_carry(a, k, n):
    u = np.zeros(6)
    i = 0
    while i < n:
        i += 1
        even = k[i + 1] % 2 == 0
        u = u * 1.0
    a[4] -= 0.3
    for i in range(6):
        a[i - 1] *= u[i] + a[2]
    return even


@case(ramp, square)
def a_loop_that_writes_before_a_check_is_not_left_to_the_branch_behind(a, A):
    for i in range(5):
        for _ in range(5):
            A[5, 4] = a[1] + i
        if a[i + 2] > 0.25:
            a[1:5] = a[0:4] * 0.25
        else:
            A[5, 3] -= 0.5
    return a[1]


@case(ramp, square, np.arange(6), 0.5)
def a_branch_writes_again_what_stands_before_it_and_then_a_loop_raises(a, A, m, x):
    A[4, 4] = a[0] - 0.5
    if x > 0.1:
        if m[3] != 2:
            A[4, 4] = np.sum(m[3::-1]) * 0.3
    else:
        a[m[:4]] = 0.0
    i = 0
    while i < 5:
        i += 1
        A[0:4, 1:5] += A[1:5, 1:5] * 0.25
        a[1:5] += A[1, i + 1] * 0.25
    return a[1]


@case(ramp, square)
def a_write_that_reads_the_newest_version_stands_before_the_check_behind_it(a, A):
    for i in range(5):
        A[0, i % 2 : i % 2 + 4] = A[0:4, 0] * 0.25
        A[1:5, 1:5] = (A[1:5, i % 2 : i % 2 + 4].T + a[:4]) * 0.25
        a[i + 2] *= -0.5
    return a[1]


@case(ramp, 6, np.array([1, 2]))
def a_step_that_breaks_is_counted_among_the_steps(a, n, m):
    t = 1
    for i in range(n - 1, 0, -1):
        t += 1
        if i > 1:
            break
        a[m[0:2]] = a[1:3] * 0.25
    return t


@case(ramp, 6, np.array([1, 2]))
def a_step_that_breaks_late_is_counted_too(a, n, m):
    t = 1
    for i in range(n):
        t += 2
        if i > 3 and a[0] < 9:
            break
        a[m[0:2]] = a[1:3] * 0.25
    return t


@pytest.mark.parametrize("case", CASES)
def test_interpreted_calls_do_what_python_does(case):
    run = compile(case.function, mode="FAST_COMPILE")
    assert differs(KINDS["typed"], case.function, case.args, run) == ""


@pytest.mark.parametrize("case", CASES)
def test_every_stage_does_what_python_does(case):
    assert function_verdict(KINDS["typed"], case.function, case.args) == ""


def test_validate_knows_that_a_last_value_is_no_race():
    report = compile(the_last_step_sets_what_is_read_behind_an_independent_loop).validate(ramp, 4)
    assert report.ok, report


def test_code_of_a_row_of_branches_grows_with_its_length_alone():
    def row(a, h):
        for k in (0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5):
            if a[k] > 1:
                h[:4] = h[:4] * a[k]
        return a[0]

    def twice(a, h):
        for k in (0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5):
            if a[k] > 1:
                h[:4] = h[:4] * a[k]
        return a[0]

    loops = [str(compile(f).program(np.arange(6.0), ramp)).count("for i") for f in (row, twice)]
    assert loops[1] - loops[0] == 12


def test_kernels_fold_bits():
    def f(x, p):
        xor = np.bitwise_xor.reduce
        parts = [np.bitwise_or.reduce(x), np.bitwise_and.reduce(x, axis=1)]
        return xor(x, axis=None), *parts, np.logical_xor.reduce(p, axis=0)

    x = np.array([[5, 9, 2], [7, 1, 14]])
    for got, want in zip(compile(f)(x, x > 4), f(x, x > 4), strict=True):
        np.testing.assert_array_equal(got, want)
