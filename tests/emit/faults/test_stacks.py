"""Little room for recursion."""

import sys

import numpy as np
import pytest

from arignote.api import compile
from tests.emit.faults.program import X


def deep(x):
    y = x
    for _ in range(300):
        y = y * 0.5 + 1
    return y


def calls(depth, function):
    return function() if depth == 0 else calls(depth - 1, function)


@pytest.mark.parametrize("room", [130, 160, 250])
def test_little_room_for_recursion(own_cache, room):
    compile(lambda x: x + 17)(X)  # what is imported on the way is not counted
    limit, depth, frame = sys.getrecursionlimit(), 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    f = compile(deep)
    sys.setrecursionlimit(depth + room)
    try:
        answer = f(X)
    finally:
        held = sys.getrecursionlimit()
        sys.setrecursionlimit(limit)
    assert held == depth + room
    np.testing.assert_allclose(answer, deep(X), rtol=1e-15)


def test_a_call_from_deep_inside_the_users_calls(own_cache):
    f = compile(lambda x: (x * 19 + 1).sum() + x[0])
    answer = calls(sys.getrecursionlimit() - 300, lambda: f(X))
    assert answer == (X * 19 + 1).sum() + X[0]
