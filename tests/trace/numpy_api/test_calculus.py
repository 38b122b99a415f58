"""Differences, integrals, convolutions, SciPy's functions, methods of ufuncs."""

import numpy as np
import pytest
import scipy.linalg as sl
import scipy.special as ss
from compare import agrees, plain_hooks, same, traced
from slopes import slopes_agree

import arignote as ag
from arignote.trace.registry import IMPLEMENTED, UFUNC_METHODS

RNG = np.random.default_rng(17)
X = RNG.standard_normal((4, 5))
A = RNG.standard_normal((3, 3)) + 3 * np.eye(3)
P = A @ A.T
B = RNG.standard_normal((3, 2))


def test_differences():
    agrees(np.diff, X)
    agrees(np.diff, X, 2, axis=0)
    agrees(np.diff, X > 0)
    agrees(np.diff, X, prepend=0, append=X[:, :1])
    agrees(np.diff, X, -1)
    agrees(np.diff, X[:, :1])
    agrees(np.ediff1d, X, to_begin=[1, 2], to_end=9)
    agrees(np.gradient, X)
    agrees(np.gradient, X, 0.5, axis=1, edge_order=2)
    agrees(np.gradient, X[0], np.array([0.0, 1, 3, 4, 7]))
    agrees(np.gradient, X[0], np.array([0.0, 1, 3, 4, 7]), edge_order=2)
    agrees(np.gradient, np.arange(6) ** 2)
    agrees(np.gradient, X[0, :1])
    agrees(np.trapezoid, X)
    agrees(np.trapezoid, X, X[0], axis=1)
    agrees(np.trapezoid, X, dx=0.5, axis=0)


def test_convolutions():
    a, v = X[0], X[1, :3]
    for mode in ("full", "same", "valid"):
        for one, two in ((a, v), (v, a), (a, a[:4]), (a, a[:2])):
            agrees(np.convolve, one, two, mode, atol=1e-12)
            agrees(np.correlate, one, two, mode, atol=1e-12)
    agrees(np.correlate, a + 1j, v - 2j, atol=1e-12)
    agrees(np.convolve, a, np.array([]))
    agrees(np.convolve, X, v)
    agrees(np.polyval, v, X)
    agrees(np.polyval, np.array([1, 2, 3]), 2)
    slopes_agree(np.convolve, a, v, mode="same")
    slopes_agree(np.correlate, a, v)
    slopes_agree(np.gradient, X[0])


def test_special():
    agrees(ss.logsumexp, X)
    agrees(ss.logsumexp, X, axis=1, keepdims=True)
    agrees(ss.logsumexp, X, axis=0, b=np.arange(20.0).reshape(4, 5))
    agrees(ss.logsumexp, X * 1000, axis=0)
    agrees(ss.logsumexp, np.array([-np.inf, -np.inf]))
    agrees(ss.logsumexp, X, b=-np.ones((4, 5)), return_sign=True)
    agrees(ss.softmax, X, axis=1)
    agrees(ss.log_softmax, X, axis=0)
    slopes_agree(ss.logsumexp, X, axis=1)


def test_scipy_linalg():
    close = {"rtol": 1e-10, "atol": 1e-12}
    agrees(sl.inv, A, **close)
    agrees(sl.solve, A, B, **close)
    agrees(sl.solve, P, B, assume_a="pos", **close)
    for lower in (False, True):
        half = np.tril if lower else np.triu  # the other half is anything
        agrees(sl.cholesky, P, lower=lower, **close)
        compiled = ag.compile(lambda p, low: sl.cho_factor(p, lower=low), mode="FAST_COMPILE")
        factor = compiled(P, lower)
        wanted = sl.cho_factor(P, lower=lower)
        np.testing.assert_allclose(half(factor[0]), half(wanted[0]), **close)
        assert factor[1] == wanted[1]
        for trans in (0, 1, "C"):
            agrees(sl.solve_triangular, A, B, trans=trans, lower=lower, **close)
        agrees(sl.solve_triangular, A, B[:, 0], lower=lower, unit_diagonal=True, **close)
        agrees(sl.cho_solve, (sl.cholesky(P, lower=lower), lower), B, **close)
        agrees(sl.eigh, P, lower=lower, eigvals_only=True, **close)
    agrees(sl.lu_factor, A, **close)
    for trans in (0, 1):
        agrees(sl.lu_solve, sl.lu_factor(A), B, trans, **close)
    agrees(sl.lu, A, **close)
    agrees(sl.lu, A, permute_l=True, **close)
    agrees(sl.expm, A, **close)
    agrees(sl.block_diag, A, B, [1, 2], **close)
    agrees(sl.toeplitz, np.array([1, 2, 3]), np.array([1, 4, 5, 6]))
    agrees(sl.svdvals, B, **close)
    agrees(sl.solve_triangular, np.zeros((2, 2)), np.ones(2))
    slopes_agree(sl.expm, A / 3)
    slopes_agree(sl.lu_factor, A, pick=[0])
    for lower in (False, True):
        for trans in ("N", "T"):
            slopes_agree(sl.solve_triangular, A, B, lower=lower, trans=trans)
    slopes_agree(sl.solve_triangular, A + 1j * P, B + 1j, trans="C")
    slopes_agree(sl.solve_triangular, A + 1j * P, B + 1j, trans="T", lower=True)


def method(ufunc, name):
    """The method as a function that the comparison can find an implementation for."""

    def call(*args, **kwargs):
        return getattr(ufunc, name)(*args, **kwargs)

    IMPLEMENTED[call] = UFUNC_METHODS[ufunc.__name__, name]
    return call


@pytest.mark.parametrize(
    "ufunc",
    [
        np.add,
        np.multiply,
        np.maximum,
        np.minimum,
        np.logical_and,
        np.logical_or,
        np.logaddexp,
        np.subtract,
        np.logical_xor,
        np.bitwise_and,
        np.bitwise_or,
        np.bitwise_xor,
    ],
)
def test_reduce(ufunc):
    x = (X * 4).astype("i2") if "bitwise" in ufunc.__name__ else X
    agrees(method(ufunc, "reduce"), x)
    agrees(method(ufunc, "reduce"), x, axis=1, keepdims=True)


def test_other_methods():
    for u in (np.add, np.multiply, np.maximum, np.minimum):
        agrees(method(u, "accumulate"), X)
        agrees(method(u, "accumulate"), X, axis=1)
        agrees(method(u, "reduceat"), X, np.array([0, 2, 1]), axis=0)
    agrees(method(np.add, "accumulate"), np.arange(4, dtype="i1"))
    for u in (np.add, np.power, np.less, np.arctan2):
        agrees(method(u, "outer"), np.abs(X), X[0])
    agrees(method(np.subtract, "outer"), 2.0, X[0])
    slopes_agree(method(np.maximum, "accumulate"), X, axis=1)


def test_at():
    out = {}
    for u in (np.add, np.subtract, np.maximum, np.multiply):
        want = X[0].copy()
        u.at(want, [0, 2, 0], X[1, :3])

        def run(x, i, v, u=u):
            from arignote.trace.registry import hooks

            hooks.assign = lambda a, n: out.update(result=n)
            UFUNC_METHODS[u.__name__, "at"](x, i, v)
            return out["result"]

        IMPLEMENTED[run] = run
        for symbolic in (False, True):
            same(traced(run, (X[0], np.array([0, 2, 0]), X[1, :3]), {}, symbolic), want)
    assert plain_hooks is not None
