"""What an error inside a loop or branch leaves behind: the writes before it, none after it."""

import numpy as np
import pytest

from arignote.api import compile
from tests.corpus.cases import Corpus, check_same

CASES = Corpus()
case = CASES.case


@case(np.arange(6.0), 2)
@case(np.arange(6.0), 5)
def in_a_branch(a, n):
    a[0] = 7.0
    if n > 3:
        a[2] = 1.0
        raise ValueError("too many")
    a[1] = 8.0


@case(np.arange(6.0), 0)
@case(np.arange(6.0), 2)
def shapes_in_a_loop(a, n):
    x = 0.0
    a[0] = 7.0
    for i in range(n):
        a[i] = 2.0
        x = a[:2] @ a[:3]
    a[1] = 8.0
    return x


@case(np.arange(6.0), 3)
def after_a_loop(a, n):
    for i in range(n):
        a[i] = 2.0
    return {}["none"]


@case(np.arange(6.0), np.ones((6, 6)), np.array([0, 9, 2]), 5)
def reads_what_was_overwritten(b, A, k, n):
    b[0] *= A[3, 1] + 0.3
    A[1] = b[::-1]
    y = A[3, 2]
    A[3, 2] = 4.0
    if n % 2 == 1:
        b[-1] = y + b[k[1] % 10]
    return A[1, 0]


@case(np.arange(6.0), np.ones((6, 6)), 6)
def a_check_before_a_write_in_a_loop(v, A, n):
    s, i = 0.0, 0
    while i < 4:
        i += 1
        for j in range(n):
            s += v[j + i - 1] * A[i - 1, i]
        A[i, -2] -= max(A[-2, i], 1)
    return s


@case(np.arange(8.0), np.array([1, 2, 30]), 3)
def the_old_value_is_read_in_a_loop_that_writes(a, k, n):
    old = a * 1.0
    for i in range(n):
        c = a * 2.0
        a[1:4] = c[2:5] + old[0:3]
        a[k[i]] = np.sum(c)
    return old


@case(np.arange(6.0), np.ones(6), 0.3)
def another_array_starts_as_the_argument(a, b, x):
    c = a * 1.0
    for i in range(5):
        c[:4] -= np.minimum(b[4:0:-1], 2.0) * 0.25
        b[i] += c[i + 1]
    if x > 0.5:
        a[1] = 7.0
    return b * 1.0, c[0]


@case(np.arange(6.0), np.ones(6), 0, 0.3)
@case(np.arange(6.0), np.ones(6), 1, 0.3)
def two_lines_from_one_argument(a, b, k, x):
    c = a * 1.0
    u = np.zeros(6)
    i = 0
    while i < k:
        i += 1
        c = a * 1.0
    if k % 2 == 0:
        if x > 1.0:
            a[4:0:-1] = np.flip(a[1:5]) * (a[-5:-1] @ c[:4])
    else:
        for _ in range(b.shape[0]):
            c = b * 2.0
            c, u = u, c
    return c[0]


@case(np.arange(6.0), np.arange(6), np.ones(6), 6)
def a_swap_after_a_scatter(b, m, a, n):
    b[m[:4] % 5] = a[4:0:-1] * 0.25
    b[0:3], b[3:6] = b[3:6], b[0:3]
    s = 0.0
    for i in range(n):
        s += a[i + 1]
        a[i] = s
    return s


@case(np.arange(3.0), np.arange(3.0) * 10, 2.0)
@case(np.arange(3.0), np.arange(3.0) * 10, 0.0)
def whole_writes_on_either_side(a, b, x):
    a[:] = b * 2
    if x > 1:
        raise ValueError("no")
    a[:] = b + 1


@case(np.arange(3.0), np.arange(3.0) * 10, 2.0)
def updates_on_either_side(a, b, x):
    a += 5.0
    b -= a
    if x > 1:
        raise ValueError("no")
    a += 1.0
    b *= 2.0


@case(np.arange(3.0), np.arange(3.0) * 10, 0.0)
def exchanged_before(a, b, x):
    c = b.copy()
    b[:] = a
    a[:] = c
    if x > 1:
        raise ValueError("no")
    a += 1


@case(np.arange(3.0), np.arange(3.0) * 10, 2.0)
def what_was_exchanged_is_read_behind(a, b, x):
    c = b.copy()
    b[:] = a
    a[:] = c
    if x > 1:
        raise ValueError("no")
    a += 1


@case(np.arange(3.0), np.arange(3.0) * 10, 2.0)
@case(np.arange(3.0), np.arange(3.0) * 10, 0.0)
def the_old_contents_are_put_back(a, b, x):
    c = a.copy()
    a += 1
    b[:] = a
    a[:] = c
    if x > 1:
        raise ValueError("no")
    a *= 3
    return b


@case(np.arange(3.0), np.arange(3.0) * 10, 2.0)
@case(np.arange(3.0), np.arange(3.0) * 10, 0.0)
def contents_that_a_loop_made_elsewhere(a, b, x):
    c = b.copy()
    for i in range(c.shape[0]):
        c[i] = c[i] * 2
    a[:] = c
    if x > 1:
        raise ValueError("no")
    a *= 3
    return b, c


@case(np.arange(4.0), np.arange(4.0) + 10)
def exchanged_three_times(a, b):
    for i in range(3):
        c = b.copy()
        b[:] = a
        a[:] = c
        a[i] += b[1] + c[2]


@case(np.arange(6.0), np.array([1, 2, 0, 4]), 4)
def checks_of_the_first_loop_are_proved(a, m, n):
    for i in range(0, n, 2):
        a[-i % 4] += 0.5
    i = 1
    while i < n:
        for j in range(3, -1, -1):
            m[j] = 4 // int(m[j])
        i += 1


@case(np.arange(6.0), np.arange(36.0).reshape(6, 6), 4)
def a_carry_that_no_step_changes(a, A, n):
    c = a * 1.0
    for i in range(6):
        if A[i + 1, -1] > n:
            c = c * 1.0
        A[n, 1:5] = c[4:0:-1] + i


@case(np.arange(6.0), np.arange(3.0), np.array([1, 2, 3, 1]))
def one_window_written_again_and_again(g, b, w):
    s = 0.5
    for y, i in zip(g[3::-1], w[:4]):
        s = s * 0.5 + float(y)
        g[3::-1] = b[i] + s
    return s


@case(np.arange(6.0), np.array([0.0, 3.0, 4.0, 9.0, 1.0, 2.0]), 6)
def exchanged_at_each_step(a, b, n):
    for i in range(n):
        c = b.copy()
        b[:] = a
        a[:] = c
        if a[i] > 8:
            raise ValueError("no")
        a += 1


@case(np.arange(6.0), np.arange(6.0), 0, 4)
def a_first_loop_in_front_of_one_that_fails(g, m, k, n):
    for i in range(0, n, 2):
        g[-i % 4] += 0.3
    m[k] = m[3] * 0.5
    while k < n:
        k += 1
        for j in range(3, -1, -1):
            g[j] = g[k] * 0.3
            m[j] = k // (k - 2)


@case(np.arange(6.0), np.arange(6.0)[::-1].copy(), np.array([1, 2, 0]), 0)
@case(np.arange(6.0), np.arange(6.0)[::-1].copy(), np.array([1, 2, 3]), 0)
def masked_in_a_loop_that_breaks(a, b, m, i):
    while True:
        if i >= 3:
            break
        a[b > a[0]] *= 0.5
        b[i] = 6 // m[i] if m[i] > 0 else 6 // int(m[i])
        i += 1


@case(np.arange(6.0), np.arange(6.0), 5)
@case(np.arange(6.0), np.arange(6.0), 8)
def replaced_in_a_branch_behind_a_write(a, b, n):
    for i in range(n):
        a[i % 3] += 1
        if b[i] % 2 == 1:
            a[:] = a * 0.5 + b[::-1]
            b[i] = a[i + 1]


@case(np.arange(5.0) + 1, np.ones((6, 6)), 1.0)
def a_loop_before_a_condition_that_fails(a, m, x):
    s = 0.5
    v = a[1:]
    for i in range(5):
        s += v[0]
        for _ in range(5):
            m[-1, -2] = s * 0.3
        if v[i + 1] < 0.1:
            a[m[0, 0:2].astype(int) % 5] = v[0:2] * 0.25
        else:
            m[-1, 3] -= x * 0.3


@case(np.arange(6.0) / 9, np.arange(6.0), 0.5)
@case(np.arange(6.0) / 9, np.arange(6.0), 2.0)
def a_branch_that_keeps_an_array_as_it_was(a, b, s):
    c = a * 1.0
    if s < 1.0:
        for i in range(6):
            a[0:4] = i
            b[i + 1] += 1
    else:
        c[3] *= 2
    return c[1:]


@case(np.arange(6.0) / 9, np.arange(6.0), 0.1)
@case(np.arange(6.0) / 9, np.arange(6.0), 0.5)
def a_branch_that_exchanges_arrays(a, b, s):
    c = a * 1.0
    d = b * 1.0
    if s < 1.0:
        a[:] = d
        b[:] = c
        a[int(s * 20)] = 1
    else:
        c[3] *= 2
        d = c
    return c[1:], d


def test_a_branch_that_replaces_an_array_writes_it():
    def f(a, n, x):
        for i in range(n):
            if i % 3 == x:
                a[:] = a * 0.5

    assert "alloc" not in str(compile(f).program(np.arange(6.0), 9, 1))


def test_a_loop_that_raises_and_is_rewritten_stays_one_loop():
    f = compile(a_carry_that_no_step_changes)
    args = np.arange(6.0), np.arange(36.0).reshape(6, 6), 4
    assert str(f.program(*args)).count("check_index") == 1


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_writes_before_the_error_are_kept(case):
    f = compile(case.function, mode="FAST_RUN")
    check_same(case, f)
    check_same(case, f)
