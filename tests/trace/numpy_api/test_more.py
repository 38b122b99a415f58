"""Windows, polynomials, mapping, nan quantiles, set differences."""

import numpy as np
import pytest
from compare import agrees

from arignote.fxgraph.node import Node
from arignote.trace.registry import implementation

RNG = np.random.default_rng(19)
X = RNG.standard_normal((4, 5))
N = X.copy()
N[1, 2] = N[2, 2] = N[3] = np.nan


@pytest.mark.parametrize("f", [np.hanning, np.hamming, np.blackman, np.bartlett])
def test_windows(f):
    for m in (0, 1, 2, 7, 8):
        agrees(f, m, rtol=1e-12, atol=1e-15)


def test_signals():
    agrees(np.kaiser, 7, 8.6, rtol=1e-10)
    agrees(np.kaiser, 1, 8.6)
    agrees(np.unwrap, X * 5, atol=1e-12)
    agrees(np.unwrap, X * 5, axis=0, period=4, atol=1e-12)
    agrees(np.unwrap, np.array([0, 3, 7, 1]), period=4)


def test_polynomials():
    a, b = np.array([1.0, 2, 3]), np.array([4.0, -1, 0, 2, 5])
    for f in (np.polyadd, np.polysub, np.polymul):
        agrees(f, a, b)
    agrees(np.polyder, b)
    agrees(np.polyder, b, 2)
    agrees(np.polyint, b)
    agrees(np.polyint, b, 2, [3, 4])
    agrees(np.polyfit, X[0], X[1], 2, rtol=1e-8)
    agrees(np.polyfit, X[0], X[:2].T.copy(), 1, rtol=1e-8)
    agrees(np.polyfit, X[0], X[1], 1, w=np.arange(1.0, 6), rtol=1e-8)
    agrees(np.polyfit, X[0], X[1], -1)
    agrees(np.poly, a)


def test_nan_quantiles():
    agrees(np.nanquantile, N, 0.3, axis=1)
    agrees(np.nanquantile, N, [0.1, 0.9], axis=1, keepdims=True)
    agrees(np.nanpercentile, N, 40)
    agrees(np.nanpercentile, N, np.array([20, 60]), axis=0)


def either(f):
    """f for arrays and for nodes, which do not answer NumPy's protocols."""
    return lambda x, *args: (implementation(f) if isinstance(x, Node) else f)(x, *args)


def test_mapping():
    for f in (np.sum, np.cumsum, np.sort):
        for axis in (0, 1):
            agrees(np.apply_along_axis, either(f), axis, X)
    agrees(np.apply_over_axes, either(np.sum), X.reshape(2, 2, 5), [0, 2])
    agrees(np.diag_indices_from, X[:, :4])
    agrees(np.setxor1d, np.array([1, 2, 3, 3]), np.array([2, 5]))
    agrees(np.trim_zeros, np.array([0, 0, 1, 0, 2, 0]))
    agrees(np.trim_zeros, np.array([0, 0, 1, 0, 2, 0]), "b")
    agrees(np.trim_zeros, np.zeros(3))
    agrees(np.array_equiv, X, X[:1])
    agrees(np.linalg.cross, X[:, :3], X[:, 1:4])
    agrees(np.linalg.trace, X.reshape(2, 2, 5))
    agrees(np.linalg.outer, X[0], X[1])
    agrees(np.linalg.vecdot, X, X[0])
