"""np.r_, np.c_, masks without axes, folds of any ufunc, matvec and vecmat in compiled functions."""

from functools import reduce

import numpy as np
import pytest

import arignote as ag

V = np.random.default_rng(0).uniform(0.5, 2, 6)
A = np.random.default_rng(1).uniform(0.5, 2, (4, 5))
I = np.arange(6)


def agree(f, *args):
    ours, theirs = ([a.copy() if isinstance(a, np.ndarray) else a for a in args] for _ in range(2))
    got, want = ag.compile(f, mode="FAST_COMPILE")(*ours), f(*theirs)
    assert np.asarray(got).dtype == np.asarray(want).dtype
    np.testing.assert_allclose(got, want, rtol=1e-12)
    for a, b in zip(ours, theirs):
        np.testing.assert_array_equal(a, b)


def test_r_and_c():
    agree(lambda v: np.r_[v, 1, 2], V)
    agree(lambda v: np.r_[v.astype(np.float32), 1.5], V)
    agree(lambda i: np.r_[i, 3:9:2, 7], I)
    agree(lambda v: np.r_[0:1:5j, v[0]], V)
    agree(lambda a: np.r_[a, a[:2]], A)
    agree(lambda v, i: np.c_[v, i, v * v], V, I)
    agree(lambda a: np.c_[a, a[:, 0]], A)
    with pytest.raises(ValueError, match="must match"):
        ag.compile(lambda a: np.r_[a, a[:, 1:]], mode="FAST_COMPILE")(A)
    with pytest.raises(Exception, match="use np.concatenate"):
        ag.compile(lambda v: np.r_["0,2", v, v], mode="FAST_COMPILE")(V)


@pytest.mark.parametrize("limit", [0.0, 9.0])
def test_masks_without_axes(limit):
    def put(x, limit):
        x[x[0] > limit] = 7.0
        return x[x[1] > limit]

    def zero_rank(x, limit):
        x[x > limit] = 3.0
        return x[x > limit]

    agree(lambda v, limit: v[v[0] > limit], V, limit)
    agree(put, V, limit)
    agree(put, A[:, 0].copy(), limit)
    agree(lambda a, limit: a[a.sum() > limit], A, limit)
    agree(zero_rank, np.array(2.0), limit)
    agree(lambda v: v[True], V)
    agree(lambda v: v[False], V)


FOLDED = [np.subtract, np.divide, np.hypot, np.power, np.fmod, np.logaddexp]


@pytest.mark.parametrize("ufunc", FOLDED, ids=lambda f: f.__name__)
def test_folds_of_any_ufunc(ufunc):
    def both(a, axis):
        return ufunc.reduce(a, axis=axis), ufunc.accumulate(a, axis=axis)

    for axis in (0, 1, -1):
        got = ag.compile(lambda a, axis=axis: both(a, axis), mode="FAST_COMPILE")(A)
        rows = np.moveaxis(A, axis, 0)
        # not NumPy's own reduce: its vector loop of np.power takes other operands
        np.testing.assert_allclose(got[0], reduce(ufunc, rows), rtol=1e-12)
        np.testing.assert_allclose(got[1], ufunc.accumulate(A, axis=axis), rtol=1e-12)


def test_folds_of_integers_and_their_options():
    agree(lambda i: np.gcd.reduce(i + 12), I * 6)
    agree(lambda i: np.lcm.accumulate(i + 1), I)
    agree(lambda i: np.divide.reduce(i + 1), I)
    agree(lambda a: np.hypot.reduce(a, axis=1, keepdims=True), A)
    agree(lambda a: np.hypot.reduce(a, axis=None), A)
    agree(lambda a: np.fmax.reduce(a, axis=(0, 1), initial=0.5, where=a > 0), A)
    agree(lambda i: np.gcd.reduce(i, where=i > 1), I)
    agree(lambda i: np.fmin.reduce(i, axis=0, dtype=np.float32), I)
    with pytest.raises(ValueError, match="at most one axis"):
        ag.compile(lambda a: np.power.reduce(a, axis=None), mode="FAST_COMPILE")(A)


@pytest.mark.skipif(not hasattr(np, "matvec"), reason="NumPy 2.2 has them")
def test_matrices_and_vectors():
    z = A + 1j * A[::-1]
    agree(lambda a, v: np.matvec(a, v), A, A[0])
    agree(lambda v, a: np.vecmat(v, a), A[:, 0].copy(), A)
    agree(lambda v, a: np.vecmat(v, a), z[:, 0].copy(), z)
    agree(lambda a, v: np.matvec(a, v), np.stack([A, A]), np.stack([A[0], A[1]]))
