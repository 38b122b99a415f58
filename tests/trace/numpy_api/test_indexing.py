"""Gathers, positions of true elements, choices and index arithmetic."""

import numpy as np
import pytest
from compare import agrees, traced

X = np.arange(12.0).reshape(3, 4)
I = np.array([[2, -1], [0, 1]])


def test_take():
    for mode in ("raise", "wrap", "clip"):
        agrees(np.take, X, I, mode=mode)
        agrees(np.take, X, I, axis=1, mode=mode)
        agrees(np.take, X, np.array([5, -7]), axis=0, mode=mode)
    agrees(np.take, X, 2)
    agrees(np.take, X, np.array([0.5]))
    agrees(np.take, np.zeros((0, 2)), I, axis=0)
    order = np.argsort(-X, axis=1)
    agrees(np.take_along_axis, X, order, 1)
    agrees(np.take_along_axis, X, order[:, :2], 1)
    agrees(np.take_along_axis, X, np.array([[1, 2, 0, 0]]), 0)
    agrees(np.take_along_axis, X, np.array([3, 1]), None)
    agrees(np.take_along_axis, X, np.array([3, 1]), 1)
    agrees(np.take_along_axis, X, X, 1)


def test_positions():
    for x in (X % 3, X > 99, X[:0], np.array([0, 3, 0, 4]), X[:, None] > 4):
        agrees(np.nonzero, x)
        agrees(np.flatnonzero, x)
        agrees(np.argwhere, x)
        agrees(np.where, x)
    agrees(np.nonzero, np.float64(3))
    agrees(np.argwhere, np.float64(3))
    agrees(np.where, X > 3, X, -1)
    agrees(np.where, X > 3, X.astype("f4"), 2)
    agrees(np.where, X > 3, 1, 2.5)
    agrees(np.where, X > 3, X)
    agrees(np.compress, np.array([True, False, True]), X, axis=0)
    agrees(np.compress, np.array([True, False, True]), X)
    agrees(np.compress, np.array([False, True]), X, axis=1)
    agrees(np.extract, X > 5, X)


def test_choices():
    agrees(np.choose, np.array([0, 1, 2, 1]), [X[0], X[1], X[2]])
    agrees(np.choose, np.array([0, 1, 5, 1]), [X[0], X[1], X[2]])
    agrees(np.choose, np.array([0, -1, 5, 1]), [X[0], X[1], 7], mode="wrap")
    agrees(np.choose, np.array([0, -1, 5, 1]), [X[0], X[1], 7], mode="clip")
    agrees(np.select, [X > 8, X > 4], [X, X * 10], -1)
    agrees(np.select, [X > 8, X > 4], [X])
    agrees(np.select, [X], [X])


def test_index_arithmetic():
    agrees(np.unravel_index, np.array([3, 7, 11]), (3, 4))
    agrees(np.unravel_index, 5, (3, 4), order="F")
    with pytest.raises(ValueError, match="out of bounds"):
        traced(np.unravel_index, (np.array([3, 12]), (3, 4)), {}, True)
    agrees(np.ravel_multi_index, (np.array([1, 2]), np.array([3, 0])), (3, 4))
    agrees(np.ravel_multi_index, (np.array([1, 5]), np.array([3, 0])), (3, 4))
    agrees(np.ravel_multi_index, (np.array([1, 5]), np.array([3, -1])), (3, 4), mode="wrap")
    agrees(
        np.ravel_multi_index, (np.array([1, 5]), np.array([3, -1])), (3, 4), mode="clip", order="F"
    )
    agrees(np.ix_, np.array([0, 2]), np.array([True, False, True]))
    agrees(np.tril_indices, 3, 1)
    agrees(np.triu_indices, 3, -1, 4)
    agrees(np.tril_indices_from, X)
    agrees(np.triu_indices_from, X, 1)
    agrees(np.diag_indices, 3)
