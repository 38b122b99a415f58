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


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_writes_before_the_error_are_kept(case):
    f = compile(case.function, mode="FAST_RUN")
    check_same(case, f)
    check_same(case, f)
