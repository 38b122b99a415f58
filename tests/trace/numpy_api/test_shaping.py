"""Creation, shaping, joining and splitting: values, dtypes, errors."""

import numpy as np
import pytest
from compare import agrees

import arignote as ag

X = np.arange(24.0).reshape(2, 3, 4)


def test_creation():
    agrees(np.zeros_like, X)
    agrees(np.ones_like, X, dtype="i4")
    agrees(np.full_like, X, 7)
    agrees(np.full_like, np.arange(3), 7.9)
    agrees(np.full, (2, 3), np.float32(2.5))
    agrees(np.eye, 3, 4, 1)
    agrees(np.eye, 3, k=-1, dtype="?")
    agrees(np.identity, 4)
    agrees(np.tri, 3, 5, 1)
    agrees(np.tril, X)
    agrees(np.triu, X, 1)
    agrees(np.tril, X[0, 0])
    agrees(np.diag, X[0])
    agrees(np.diag, X[0], 1)
    agrees(np.diag, X[0], -2)
    agrees(np.diag, X[0, 0], -2)
    agrees(np.diag, X)
    agrees(np.diagflat, X[0], 1)
    agrees(np.diagonal, X, 1, 2, 0)
    agrees(np.diagonal, X, 0, 1, 1)
    agrees(np.vander, np.array([1, 2, 3, 5]))
    agrees(np.vander, np.array([1.5, 2, 3]), 2, increasing=True)
    agrees(np.vander, np.array([1.5, 2, 3]), 0)
    agrees(np.zeros, (2, -1))
    agrees(np.zeros, 3, dtype="i2")


@pytest.mark.parametrize(
    "arguments",
    [
        (5,),
        (2, 9),
        (9, 2, -3),
        (0.5, 4),
        (0, 1, 0.1),
        (10, 0, -0.75),
        (0,),
        (3, 3),
        (5, 2),
        (1, 2, 0),
    ],
)
def test_arange(arguments):
    agrees(np.arange, *arguments, rtol=0)
    agrees(np.arange, *arguments, dtype="f4", rtol=0)


def test_ranges():
    agrees(np.arange, np.float32(3))
    agrees(np.arange, np.int8(3), np.int8(7))
    agrees(np.arange, 0, 5, dtype="f2", rtol=0)
    for n in (0, 1, 2, 7):
        agrees(np.linspace, 1, 3, n, rtol=0)
        agrees(np.linspace, 1, 3, n, endpoint=False, retstep=True, rtol=0)
    agrees(np.linspace, np.float32(0), np.float32(1), 5)
    agrees(np.linspace, X[0], X[1], 5, axis=1, rtol=0)
    agrees(np.linspace, 0, 10, 4, dtype=int)
    agrees(np.linspace, 2.0, 2.0, 3)
    agrees(np.linspace, 0, 1, -1)
    agrees(np.linspace, 0, 1j, 5)
    agrees(np.logspace, 0, 3, 7)
    agrees(np.logspace, 0, 3, 4, base=2.0, endpoint=False)
    agrees(np.geomspace, 1, 1000, 4)
    agrees(np.geomspace, -1, -16.0, 5, endpoint=False)
    agrees(np.geomspace, 0, 3)


def test_grids():
    a, b = np.arange(3), np.linspace(0, 1, 4)
    agrees(np.meshgrid, a, b)
    agrees(np.meshgrid, a, b, indexing="ij", sparse=True)
    agrees(np.meshgrid, a, b, a)
    agrees(np.indices, (2, 3))
    agrees(np.indices, (2, 3), dtype="f4", sparse=True)


def test_reshape():
    agrees(np.reshape, X, (6, 4))
    agrees(np.reshape, X, (4, -1))
    agrees(np.reshape, X, -1)
    agrees(np.reshape, X, (4, -6))
    agrees(np.reshape, X, (-2, -6))
    agrees(np.reshape, X, (2, -1, 2), order="F")
    agrees(np.reshape, X, (5, -1))
    agrees(np.reshape, X, (-1, -1))
    agrees(np.reshape, X, (5, 5))
    agrees(np.reshape, np.zeros((0, 3)), (3, 0))
    agrees(np.ravel, X)
    agrees(np.ravel, X, order="F")
    agrees(np.ravel, 3.5)


def test_axes():
    agrees(np.transpose, X)
    agrees(np.transpose, X, (1, 0, -1))
    agrees(np.transpose, X, (1, 0))
    agrees(np.transpose, X, (1, 0, 0))
    agrees(np.swapaxes, X, 0, 2)
    agrees(np.moveaxis, X, 0, -1)
    agrees(np.moveaxis, X, [0, 1], [2, 0])
    agrees(np.moveaxis, X, [0, 1], [2])
    agrees(np.rollaxis, X, 2)
    agrees(np.rollaxis, X, 0, 3)
    agrees(np.matrix_transpose, X)
    agrees(np.expand_dims, X, (0, 2))
    agrees(np.expand_dims, X, 5)
    agrees(np.squeeze, X[:1])
    agrees(np.squeeze, X[:1], 0)
    agrees(np.squeeze, X, 0)
    agrees(np.squeeze, X, 9)
    for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
        for x in (np.array(3.0), X[0, 0], X[0], X):
            agrees(f, x)
    agrees(np.broadcast_to, X[0], (5, 3, 4))
    agrees(np.broadcast_to, X[:, :1], (2, 3, 4))
    agrees(np.broadcast_to, X, (2, 3, 5))
    agrees(np.broadcast_arrays, X, X[0, 0], np.float64(2))


def test_reversal():
    agrees(np.flip, X)
    agrees(np.flip, X, (0, 2))
    agrees(np.flipud, X)
    agrees(np.fliplr, X)
    agrees(np.fliplr, X[0, 0])
    for k in range(-1, 5):
        agrees(np.rot90, X, k)
        agrees(np.rot90, X, k, (2, 0))
    agrees(np.rot90, X, 1, (1, 1))


def test_joining():
    a, b = X, X[:, :1] * 2
    agrees(np.concatenate, (a, b), axis=1)
    agrees(np.concatenate, (a, b), axis=None)
    agrees(np.concatenate, (a, b), axis=0)
    agrees(np.concatenate, (a, b[0]), axis=1)
    agrees(np.concatenate, (a, a.astype("i4")), axis=-1, dtype="f4", casting="same_kind")
    agrees(np.concatenate, ())
    agrees(np.concatenate, (np.float64(1), np.float64(2)))
    agrees(np.stack, (a, a + 1), axis=2)
    agrees(np.stack, (a, b))
    for f in (np.vstack, np.hstack, np.dstack, np.column_stack):
        agrees(f, (np.arange(3), np.arange(3.0)))
        agrees(f, (X[0], X[1]))
    agrees(np.append, X[0], [1, 2])
    agrees(np.append, X[0], X[1], axis=0)
    agrees(np.block, [[X[0], X[1]], [X[1], X[0]]])
    agrees(np.block, [X[0, 0], 3.0])


def test_repeats_and_moves():
    agrees(np.tile, X[0], 2)
    agrees(np.tile, X[0], (2, 1, 3))
    agrees(np.tile, 3, 4)
    agrees(np.repeat, X, 2)
    agrees(np.repeat, X, 3, axis=1)
    agrees(np.repeat, X[0, 0], np.array([0, 2, 1, 3]))
    agrees(np.repeat, X, np.array([2, 0, 1]), axis=1)
    agrees(np.repeat, X[0, 0], np.array([0, 2, 1, -3]))
    agrees(np.repeat, X, -1)
    agrees(np.roll, X, 5)
    agrees(np.roll, X, -1, axis=1)
    agrees(np.roll, X, (1, 7), axis=(0, 2))
    agrees(np.roll, X, 0, axis=0)
    agrees(np.resize, X, (3, 11))
    agrees(np.resize, X, 3)
    agrees(np.delete, X, 1, axis=1)
    agrees(np.delete, X[0, 0], -1)
    agrees(np.delete, X[0, 0], [0, 2])
    agrees(np.delete, X, 9, axis=1)
    agrees(np.insert, X[0], 1, 5.0, axis=0)
    agrees(np.insert, X[0], 1, X[0, 0], axis=0)
    agrees(np.insert, X[0, 0], 4, 3)


def test_insert_at_several_positions():
    a, b = np.arange(6.0), np.arange(12.0).reshape(3, 4)
    for positions in ([1, 3], [3, 1, 1], [1, -1], [0, 6, 6]):
        agrees(np.insert, a, positions, np.arange(9.0, 9.0 + len(positions)))
        agrees(np.insert, a, np.array(positions), 5)
    agrees(np.insert, a, [2], [1, 2, 3])
    agrees(np.insert, a, slice(0, 4, 2), [5, 6])
    agrees(np.insert, b, [1, 2], [[1], [2], [3]], axis=1)
    agrees(np.insert, b, [1, 5], 7)
    beyond = ag.compile(lambda a: np.insert(a, [1, 9], [9, 8]), mode="FAST_COMPILE")
    with pytest.raises(IndexError, match="out of bounds"):
        beyond(a)


def test_splitting():
    agrees(np.split, X, 2, axis=2)
    agrees(np.split, X, 3, axis=2)
    agrees(np.array_split, X, 3, axis=2)
    agrees(np.array_split, np.arange(10), 4)
    agrees(np.split, np.arange(10), [3, 5, 12])
    agrees(np.split, np.arange(10), [-3, 2])
    agrees(np.hsplit, X, 3)
    agrees(np.vsplit, X, 2)
    agrees(np.dsplit, X, 2)
    agrees(np.unstack, X)


PADS = [
    "edge",
    "reflect",
    "symmetric",
    "wrap",
    "maximum",
    "minimum",
    "mean",
    "linear_ramp",
    "constant",
]


@pytest.mark.parametrize("mode", PADS)
def test_pad(mode):
    agrees(np.pad, X, ((1, 1), (0, 2), (3, 2)), mode)
    agrees(np.pad, np.arange(5), 3, mode)
    agrees(np.pad, np.arange(5.0), (2, 0), mode)


def test_pad_options():
    agrees(np.pad, X[0], 2, constant_values=((1, 2), (3, 4)))
    agrees(np.pad, X[0], 2, "reflect", reflect_type="odd")
    agrees(np.pad, X[0], 2, "symmetric", reflect_type="odd")
    agrees(np.pad, X[0], 2, "linear_ramp", end_values=5)
    agrees(np.pad, X[0], 2, "mean", stat_length=2)
    agrees(np.pad, X[0], -1)
    agrees(np.pad, np.arange(3), 7, "reflect")
    agrees(np.pad, np.arange(3), 7, "symmetric")
    agrees(np.pad, np.zeros(0), 2, "edge")
    agrees(np.pad, X[0], 1, "nonsense")
