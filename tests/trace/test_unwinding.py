"""Arguments after errors: `finally` has run, and all that stands before the error is done."""

import threading
from dataclasses import replace

import numpy as np
import pytest

import arignote as ag
from arignote.api import compile
from tests.corpus.cases import Corpus, check_same

CASES = Corpus()
LOCK = threading.Lock()
case = CASES.case


# ---- finally -------------------------------------------------------------------------------------
@case(np.arange(5.0), 2)
@case(np.arange(5.0), 7)
def finally_behind_a_check(a, i):
    a[0] = 1.0
    try:
        a[1] = 2.0
        x = a[i]
        a[2] = 3.0
    finally:
        a[3] = 9.0
    return x


@case(np.arange(5.0), np.arange(5.0) * 10, 1)
@case(np.arange(5.0), np.arange(5.0) * 10, 6)
def finally_in_finally(a, b, i):
    try:
        try:
            b[0] = a[i]
            b[1] = 2
        finally:
            b[2] += 1
            b[i] = 7
    finally:
        b[3] = b[2] * 2
    return b


@case(np.arange(5.0), np.arange(5.0) * 10, 3)
@case(np.arange(5.0), np.arange(5.0) * 10, 4)
@case(np.arange(5.0), np.arange(5.0) * 10, 6)
def finally_in_a_loop_that_breaks(a, b, n):
    k = 0
    for i in range(n):
        try:
            a[i] = 5
            k = i
            if b[i] > 35:
                break
            b[i + 1] = 4
        finally:
            b[0] += k
            a[0] += 1
    return k


@case(np.arange(5.0), np.arange(5.0) * 10, 4)
@case(np.arange(5.0), np.arange(5.0) * 10, 5)
@case(np.arange(5.0), np.arange(5.0) * 10, 6)
def finally_around_a_loop_and_an_error_of_its_own(a, b, n):
    try:
        for i in range(n):
            a[i] = 5
            b[0] = i
        if n > 4:
            raise ValueError("big")
    finally:
        b[1] = 99
        for j in range(3):
            b[2 + j] += b[0]


@case(np.arange(5.0), 2)
@case(np.arange(5.0), 4)
@case(np.arange(5.0), 5)
@case(np.arange(5.0), 6)
def a_return_goes_through_finally_which_may_fail(a, n):
    try:
        if n > 3:
            a[0] = 1
            return 1 // (n - 5)
        a[1] = 2
    finally:
        a[2] = 8
        assert n != 6, "six"
        a[3] = 8
    a[4] = 8
    return 0


@case(np.arange(5.0), np.arange(5.0), 2)
@case(np.arange(5.0), np.arange(5.0), 3)
@case(np.arange(5.0), np.arange(5.0), 0)
def finally_reads_a_name_that_is_not_assigned(a, b, n):
    try:
        b[0] = 1
        assert n < 3, f"n is {n}"
        q = np.array([1, 2, 7])[:n]
        b[1] = a[q].sum()
    finally:
        b[2] = q[0]


@case(np.arange(5.0), 2)
@case(np.arange(5.0), 3)
@case(np.arange(5.0) + 1, 3)
def the_error_of_finally_wins(a, n):
    try:
        a[1] = 3
        if n > 2:
            raise KeyError("x")
    finally:
        if a[0] > 0:
            raise ValueError("other")
        a[2] = 7


@case(np.arange(5.0), np.array([0, 3]))
@case(np.arange(5.0), np.array([0, 5]))
@case(np.arange(5.0), np.array([0, -6]))
def finally_behind_positions(a, m):
    try:
        a[0] = 5
        a[m] += 1
    finally:
        a[1] = 7


def _halved(a, i):
    a[i] /= 2
    if i > 2:
        raise ValueError("too far")
    return i // (i - 1)


@case(np.arange(5.0), 0)
@case(np.arange(5.0), 1)
@case(np.arange(5.0), 3)
@case(np.arange(5.0), 5)
def finally_behind_a_call(a, i):
    k = 0
    try:
        k = 2
        k += _halved(a, i)
        k = 3
    finally:
        a[4] = k
    return k


@case(np.arange(5.0), 3)
@case(np.arange(5.0), 7)
def a_handler_and_finally(a, i):
    try:
        a[0] = 1 / (i - 3)
    except ZeroDivisionError:
        a[1] = a[i + 2]
    finally:
        a[2] = 7
    a[3] = a[i]


@case(np.arange(5.0), 1)
@case(np.arange(5.0), 4)
def an_error_that_is_certain(a, n):
    try:
        for i in range(n):
            a[i + 2] = 7
        raise ValueError("always")
    finally:
        a[0] = 9


@case(np.arange(5.0), 0.4, 4)
def a_name_of_an_earlier_step(a, x, n):
    k = 0
    try:
        for i in range(n):
            a[i] = 1 / (i - 2)
            k = i + x
            a[i] += k
            k = 5
        k = 7
    finally:
        a[4] = k


def test_a_block_that_leaves_nothing_makes_no_branches():
    def f(a, i):
        n = 0
        try:
            n = a[i]
        finally:
            n += 1
        return n

    assert "cond" not in str(compile(f).graph(np.arange(5.0), 3))


def test_finally_behind_what_cannot_be_asked_is_refused():
    def f(a, b):
        try:
            c = np.linalg.inv(a)
        finally:
            b[0] = 1
        return c

    with pytest.raises(ag.UnsupportedError, match="`finally` behind"):
        compile(f)(np.eye(2), np.zeros(2))


# ---- errors that are found while tracing ---------------------------------------------------------
@case(np.arange(5.0), 2)
@case(np.arange(5.0), 5)
def a_name_of_nothing(a, n):
    a[0] = 7
    if n > 3:
        a[1] = 2
        a[2] = undefined_name  # noqa: F821
    a[3] = 1
    return a.sum()


@case(np.arange(5.0), 3)
@case(np.arange(5.0), 7)
def a_type_error_in_a_loop(a, n):
    for i in range(n):
        a[i] = 5
        if i > 3:
            a[1] = "b" + 1


@case(np.arange(5.0), 3)
@case(np.arange(5.0), 7)
def a_name_of_nothing_behind_a_loop(a, n):
    for i in range(n):
        a[i] = 5
    a[1] = undefined_name  # noqa: F821


@case(np.arange(5.0), 2)
@case(np.arange(5.0), 5)
def no_such_attribute(a, n):
    a[0] = 2
    if n > 3:
        a.nothing()
    a[1] = 3


@case(np.arange(5.0), np.arange(5), 2)
@case(np.arange(5.0), np.arange(5), 5)
def a_dtype_that_does_not_fit(a, b, n):
    b[0] = 2
    if n > 3:
        b += a
    b[1] = 3


@case(np.arange(5.0), 2)
@case(np.arange(5.0), 5)
def none_in_a_branch(a, n):
    a[0] = 2
    y = None
    if n > 3:
        a[1] = y + 1
    a[2] = 3


@case(np.arange(5.0), 2)
@case(np.arange(5.0), 5)
def no_such_axis(a, n):
    a[0] = 2
    if n > 3:
        a[1] = a.sum(axis=1)
    a[2] = len(n) if n > 4 else 1


def test_what_cannot_be_captured_is_an_error_before_anything_is_done():
    def f(a, n):
        a[0] = 1
        if n > 3:
            with LOCK:
                a[1] = 2

    a = np.arange(5.0)
    with pytest.raises(ag.UnsupportedError):
        compile(f)(a, 2)
    assert a[0] == 0


def test_an_error_behind_what_may_fail_in_a_try_that_is_not_asked():
    def f(a, i, x):
        a[2] = 8
        try:
            a[i] = 1
            assert x is None
        except ValueError:
            a[3] = 1

    a = np.arange(5.0)
    with pytest.raises(ag.UnsupportedError, match="Test for the condition"):
        compile(f)(a, 7, 0.5)


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", "DEBUG_MODE"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_arguments_after_the_error(case, mode):
    # Python has several texts for divisions by zero
    check_same(replace(case, words=0), compile(case.function, mode=mode))
