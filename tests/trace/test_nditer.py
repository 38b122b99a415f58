"""np.nditer over one array: the order of memory, what may be written, positions."""

import numpy as np
import pytest

import arignote as ag


def weighted(a):
    t = 0.0
    for x in np.nditer(a):
        t = 0.5 * t + x
    return t


def of_views(a):
    t = 0.0
    for x in np.nditer(a.T):
        t = 0.5 * t + x
    for x in np.nditer(a[::-1, None]):
        t = 0.5 * t + x
    for x in np.nditer(a.T, order="C"):
        t = 0.5 * t + x
    for x in np.nditer(a, order="F"):
        t = 0.5 * t + x
    return t


def positions(a):
    t = 0.0
    it = np.nditer(a[:, ::-1].T, flags=["multi_index"])
    for x in it:
        i, j = it.multi_index
        t = 0.5 * t + x * i - j
    return t


def doubled(a):
    with np.nditer(a, op_flags=["readwrite"]) as it:
        for x in it:
            x[...] = 2 * x
    return a


_BLOCK = np.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize("f", [weighted, of_views, positions, doubled])
@pytest.mark.parametrize("a", [_BLOCK, np.asfortranarray(_BLOCK), _BLOCK.T], ids=["C", "F", "T"])
def test_as_numpy(f, a):
    mine, theirs = a.copy(order="K"), a.copy(order="K")
    got, want = ag.compile(f, mode="FAST_COMPILE")(mine), f(theirs)
    assert np.array_equal(got, want)
    assert np.array_equal(mine, theirs)


def test_elements_are_read_only_unless_asked_for():
    def f(a):
        for x in np.nditer(a):
            x[...] = 3.0

    with pytest.raises(ValueError, match="read-only"):
        ag.compile(f, mode="FAST_COMPILE")(np.ones(5))


def test_nothing_to_iterate_over():
    with pytest.raises(ValueError, match="zero-sized"):
        ag.compile(weighted, mode="FAST_COMPILE")(np.zeros((0, 3)))
