"""Derivatives of NumPy functions against differences, in reverse and in forward mode."""

import numpy as np
import pytest
from slopes import slopes_agree

RNG = np.random.default_rng(5)
X = RNG.standard_normal((3, 4))
Z = X + 1j * RNG.standard_normal((3, 4))
WITH_ZERO = X.copy()
WITH_ZERO[1, 2] = 0
WITH_TWO_ZEROS = WITH_ZERO.copy()
WITH_TWO_ZEROS[1, 0] = 0


@pytest.mark.parametrize(
    "function",
    [
        np.sum,
        np.prod,
        np.max,
        np.min,
        np.mean,
        np.var,
        np.std,
        np.cumsum,
        np.cumprod,
        np.ptp,
        np.nansum,
    ],
)
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_reductions(function, axis):
    slopes_agree(function, X, axis=axis)


def test_products_with_zeros():
    for x in (WITH_ZERO, WITH_TWO_ZEROS, X[:, :1]):
        slopes_agree(np.prod, x, axis=1)
        slopes_agree(np.prod, x)
        slopes_agree(np.cumprod, x, axis=1)
        slopes_agree(np.cumprod, x)
    slopes_agree(np.sum, Z, axis=0)
    slopes_agree(np.prod, Z, axis=0)


def test_matrix_products():
    a, b, v = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((4, 5)), RNG.standard_normal(4)
    slopes_agree(np.matmul, a, b)
    slopes_agree(np.matmul, a, v)
    slopes_agree(np.dot, v, b)
    slopes_agree(np.tensordot, a, b, 1)
    slopes_agree(np.einsum, "bij,jk,j->bk", a, b, v)
    slopes_agree(np.einsum, "ij,jk", Z, Z.T.copy())
    slopes_agree(np.einsum, "ii->i", X[:, :3])
    slopes_agree(np.outer, v, v + 1)
    slopes_agree(np.kron, X, b)
    slopes_agree(np.trace, X)


def test_shapes_and_gathers():
    slopes_agree(np.reshape, X, (4, 3))
    slopes_agree(np.transpose, X)
    slopes_agree(np.flip, X)
    slopes_agree(np.take, X, np.array([2, 0, 2]), axis=0)
    slopes_agree(np.roll, X, 1, axis=1)
    slopes_agree(np.pad, X, 2, "reflect")
    slopes_agree(np.tile, X, (2, 3))
    slopes_agree(np.repeat, X, 2, axis=1)
    slopes_agree(np.repeat, X, np.array([2, 0, 1]), axis=0)
    slopes_agree(np.diag, X[0])
    slopes_agree(np.tril, X)
    slopes_agree(np.cov, X)
    slopes_agree(np.linspace, X[0], X[1], 5)
    slopes_agree(np.take_along_axis, X, np.argsort(X, axis=1), axis=1)
