"""Temporaries that become the contents of an argument are built in its memory."""

import numpy as np
import pytest

import arignote as ag

from .scheduling import check, scheduled

rng = np.random.default_rng(12)


def update(a, x):
    a += 2.0
    return x @ a


def shifted(a, x):
    a[:] = a[::-1] + 1.0
    return x @ a


def old_is_read_later(a, x):
    b = a + 1.0
    y = x @ b
    z = a.sum()
    a[:] = b
    return y, z


def twice(a, x):
    a *= 2.0
    y = x @ a
    a += 1.0
    return y, x @ a


def matrices(n=6):
    return [{"a": rng.random((k, k)), "x": rng.random(k)} for k in (2, 3, n, 30)]


@pytest.mark.parametrize("f", [update, shifted, old_is_read_later, twice])
def test_values(f):
    check("settle", f, *matrices(), rtol=1e-12)


def test_no_copy_at_the_end():
    made = scheduled("settle", update, **matrices()[2])
    assert made.changed and "temporary" not in made.text.split("gemv")[0].split("alloc t")[0]
    assert "a[i, j] = (a[i, j] + 2.0)" in made.text


def test_an_error_in_between_finds_the_old_contents():
    def failing(a, x, k):
        b = a + 1.0
        y = x @ b
        y[k] = 0.0
        a[:] = b
        return y

    a = rng.random((5, 5))
    before = a.copy()
    with pytest.raises(IndexError):
        ag.compile(failing)(a, rng.random(5), 7)
    np.testing.assert_array_equal(a, before)
