"""`try` around checks: the handler that Python would run, with what was done before the error."""

import copy
import math

import numpy as np
import pytest

import arignote as ag


def agree(f, *args, types=True):
    mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
    compiled = ag.compile(f, mode="FAST_COMPILE")
    try:
        want = f(*theirs)
    except Exception as error:
        with pytest.raises(type(error)):
            compiled(*mine)
    else:
        got = compiled(*mine)
        assert repr(got) == repr(want) if types else np.array_equal(got, want)
    assert repr(mine) == repr(theirs)


def test_an_index_that_may_be_out_of_bounds():
    def f(a, i):
        try:
            x = a[i]
        except IndexError:
            return -1
        return x

    for i in (1, 7, -3, -4):
        agree(f, [1, 2, 3], i)
        agree(f, np.arange(3), i, types=False)


def test_what_was_done_before_the_error_stays_done():
    def f(a, b, i, j):
        n = 0
        try:
            n += 1
            b[i] = 7
            n += 1
            x = a[b[j]] / b[i]
            n += 1
        except IndexError:
            x = -1.0
        except ZeroDivisionError:
            x = -2.0
        return x, n, b

    for i, j in ((0, 1), (5, 1), (1, 1), (1, 9)):
        agree(f, [1.0, 2.0, 3.0], [0, 1, 2], i, j)


def test_division_in_loops_and_lists():
    def f(xs):
        out = []
        for x in xs:
            try:
                out.append(1 / x)
            except ZeroDivisionError:
                out.append(0.0)
        return out

    agree(f, [1, 0, 2])
    agree(f, [0, 0])


def test_errors_that_the_body_raises():
    def f(xs):
        out = np.zeros(len(xs))
        bad = 0
        for i in range(len(xs)):
            try:
                if xs[i] < 0:
                    raise ValueError("negative")
                out[i] = math.sqrt(xs[i]) / (xs[i] - 4)
            except ValueError:
                bad += 1
                continue
            except ZeroDivisionError:
                break
        return out, bad

    agree(f, [1.0, -1.0, 9.0, 4.0, 2.0])


def test_loops_in_the_body_end_with_the_first_error():
    def f(n):
        s = 0
        try:
            for i in range(n):
                s += 10 // (5 - i)
        except ZeroDivisionError:
            s = -s
        else:
            s += 1000
        return s

    agree(f, 3)
    agree(f, 9)


def test_functions_and_handlers_of_classes():
    def f(a):
        try:
            m = min(a)
            return math.log(a.index(4)) / m
        except ValueError:
            return -1.0
        except ArithmeticError:
            return -2.0

    for a in ([1, 2, 4], [1, 2], [0, 1, 4], [4, 0]):
        agree(f, a)


def test_other_errors_are_raised():
    def f(a, i):
        try:
            return a[i]
        except IndexError as e:
            raise ValueError("no such element") from e

    agree(f, [1, 2], 1)
    agree(f, [1, 2], 5)

    def g(a, b, i):
        try:
            return a[i] / b
        except IndexError:
            return 0.0

    agree(g, [1.0], 2.0, 0)
    agree(g, [1.0], 0, 0)
    agree(g, [1.0], 0, 1)


def test_finally_and_else():
    def f(a, i):
        try:
            v = a[i]
        except (IndexError, KeyError):
            v = 0
        else:
            v += 1
        finally:
            a[0] = 5
        return v

    agree(f, [1, 2, 3], 1)
    agree(f, [1, 2, 3], 9)


def test_a_try_in_a_try():
    def f(a, i, x):
        try:
            try:
                v = a[i]
            except IndexError:
                v = 1 / x
        except ZeroDivisionError:
            v = -5.0
        return v

    for i, x in ((2, 0), (5, 0), (5, 2)):
        agree(f, [1.0, 2.0, 3.0], i, x)


def test_dicts_take_new_keys():
    def f(d, k, x):
        try:
            d[k] = x + 1
        except KeyError:
            d["lost"] = 1
        return d

    agree(f, {"a": 1}, "b", 2)


def test_shapes_that_do_not_fit():
    def f(a, b):
        try:
            return a + b
        except ValueError:
            return a

    agree(f, np.ones(3), np.ones(3))
    agree(f, np.ones(3), np.ones(4))


def test_what_does_more_than_compute_is_done_once():
    def f(a):
        try:
            v = a.pop()
        except IndexError:
            v = -1
        return v, a

    agree(f, [1, 2])
    agree(f, [])


def test_what_cannot_be_asked_is_refused():
    def f(a):
        try:
            return np.linalg.inv(a)
        except np.linalg.LinAlgError:
            return a

    with pytest.raises(ag.UnsupportedError, match="Test for the condition"):
        ag.compile(f, mode="FAST_COMPILE")(np.eye(2))
