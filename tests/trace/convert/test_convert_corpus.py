"""Converted functions do what the originals do: values, changed arguments, errors, their lines."""

import copy
import traceback

import convert_corpus
import numpy as np
import pytest
from convert_corpus import CASES, Account, Savings
from plain_operators import PLAIN, STRICT

from arignote.trace.convert import converted

RUNS = [(f, arguments) for f, calls in CASES for arguments in calls]
NAMES = [f"{f.__name__}-{k}" for f, calls in CASES for k in range(len(calls))]


def outcome(function, arguments):
    """What a call does, as values that can be compared."""
    arguments = copy.deepcopy(arguments)
    try:
        result = ("value", function(*arguments))
    except Exception as error:
        result = ("error", type(error), str(error), type(error.__cause__), place(error))
    return result, arguments


def place(error):
    """The last line of the corpus that the traceback names, and the function it names there."""
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if f.filename == convert_corpus.__file__
    ]
    return frames[-1].lineno


def same(one, other):
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("operators", [PLAIN, STRICT], ids=["plain", "strict"])
@pytest.mark.parametrize("function, arguments", RUNS, ids=NAMES)
def test_does_what_the_original_does(function, arguments, operators):
    wanted = outcome(function, arguments)
    got = outcome(converted(function, operators), arguments)
    assert same(got, wanted), (got, wanted)


def test_corpus_is_as_large_as_promised():
    assert len(CASES) >= 140


@pytest.mark.parametrize("operators", [PLAIN, STRICT], ids=["plain", "strict"])
def test_methods(operators):
    account, same_account = Savings(3), Savings(3)
    assert converted(account.grow, operators)(4) == same_account.grow(4)
    assert converted(Account.grow, operators)(account, 1) == Account.grow(same_account, 1)
    assert converted(account._hidden, operators)(4) == 5
    assert converted(Savings.make, operators)(0) is None
    assert isinstance(converted(Savings.make, operators)(1), Savings)
    assert converted(Savings.sign, operators)(-4) == -1
