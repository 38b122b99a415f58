"""scan, map, reduce and their kin: the same outside and inside compiled functions."""

import numpy as np
import pytest

import arignote as ag
from arignote.api import compile
from tests.corpus.cases import Corpus, check_same

CASES = Corpus()
case = CASES.case
A = np.arange(7.0) / 3 + 0.1


@case(A)
def mapped(a):
    return ag.map(lambda x: x * 2 + 1, a)


@case(A, A[::-1].copy())
def mapped_over_two(a, b):
    return ag.map(lambda x, y, k: x * y + k, (a, b), (a[0],))


@case(A)
def folds(a):
    return (
        ag.foldl(lambda x, s: s * 0.5 + x, a, a[0] * 0),
        ag.foldr(lambda x, s: s * 0.5 + x, a, a[0] * 0),
        ag.reduce(lambda x, s: s + x, a, a[0]),
    )


@case(A, 6)
def powers(a, n):
    return ag.scan(lambda s: s * a, (), np.ones_like(a), n_steps=n)


@case(A)
def running_sum(a):
    return ag.scan(lambda x, s: s + x, a, a[0] * 0)


@case(A, 2.0)
@case(A, 100.0)
def until_a_bound(a, bound):
    return ag.scan(lambda x, s: (s + x, ag.until(s > bound)), a, a[0] * 0)


@case(9)
def fibonacci_by_taps(n):
    first = {"initial": np.array([1.0, 1.0]), "taps": [-2, -1]}
    return ag.scan(lambda a, b: a + b, (), first, n_steps=n)


@case(A, A + 1)
def two_outputs_backwards(a, b):
    return ag.scan(lambda x, y, s, t: (s + x, t * y), (a, b), (a[0] * 0, a[0]), go_backwards=True)


@case(A)
def while_loop_with_tuple(a):
    return ag.while_loop(lambda s: s[0] < 100, lambda s: (s[0] * 2, s[1] + 1), (a[0] + 1, 0))


@case(A, 3)
@case(A, 1)
def conditional(a, k):
    return ag.cond(k > 2, lambda x: x + 1, lambda x: x - 1, a)


@case(np.zeros(0))
def no_steps(a):
    return ag.foldl(lambda x, s: s + x, a, 5.0)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same_inside_and_outside(case):
    check_same(case, compile(case.function, mode="FAST_COMPILE"))


def test_steps_must_be_given():
    with pytest.raises(ValueError, match="n_steps"):
        ag.scan(lambda s: s, (), 1.0)
