"""Slices whose step is computed in a loop: views in NumPy, written through here."""

from __future__ import annotations

import numpy as np
import pytest

from arignote.api import compile
from arignote.errors import TraceError
from tests.corpus.cases import Case, check_same


def assigned(a):
    for i in range(1, len(a) // 2):
        a[i * i :: i] = i
        a[0] += a[::i].sum() + a[len(a) - 1 : 0 : -i].sum()
    return a


def augmented(a):
    for i in range(1, len(a)):
        a[::i] += 1


def through_a_name(a):
    for i in range(1, len(a) - 1):
        v = a[i::i]
        v[1:] *= 2
        v += i
    return a.sum()


def sieve(n):
    prime = np.ones(n + 1, dtype=bool)
    i = 2
    while i * i <= n:
        if prime[i]:
            prime[i * i :: i] = False
        i += 1
    return prime


def zero_step(a):
    n = len(a)
    for i in range(n):
        a[:: n - 3 - i] = i


CASES = [
    Case("assigned", assigned, (np.ones(13),)),
    Case("augmented", augmented, (np.ones(13),)),
    Case("through_a_name", through_a_name, (np.ones(9),)),
    Case("sieve", sieve, (100,)),
]


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same_as_plain(case, mode):
    check_same(case, compile(case.function, mode=mode))


def test_zero_raises():
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        compile(zero_step, mode="FAST_COMPILE")(np.ones(6))


def test_read_after_the_array_changed_is_refused():
    def f(a):
        s = 0.0
        i = 1
        while s < 1e6:
            v = a[::i]
            a[0] = 5
            s += v.sum()
            i += 1
        return s

    with pytest.raises(TraceError, match="computed step"):
        compile(f, mode="FAST_COMPILE")(np.ones(9))
