"""Products and einsum over ranks, dtypes, broadcasting and errors."""

import numpy as np
import pytest
from compare import agrees

import arignote as ag

RNG = np.random.default_rng(1)


def arr(*shape, dtype="f8"):
    return (RNG.integers(-4, 5, shape) * (1 if dtype != "c16" else 1 + 0.5j)).astype(dtype)


@pytest.mark.parametrize("dtype", ["i1", "i8", "f4", "f8", "c16", "?"])
def test_ranks(dtype):
    v, w, a, b, c = (arr(*s, dtype=dtype) for s in [(4,), (4,), (3, 4), (4, 2), (2, 4, 3)])
    for f in (np.matmul, np.dot):
        agrees(f, v, w)
        agrees(f, a, v)
        agrees(f, v, b)
        agrees(f, a, b)
        agrees(f, c, a)
        agrees(f, a, v[:3])
    agrees(np.matmul, v, c)
    agrees(np.inner, a, a)
    agrees(np.vdot, v, w)
    agrees(np.outer, a, b)
    agrees(np.tensordot, c, b, axes=([1], [0]))
    agrees(np.tensordot, a, a)
    agrees(np.tensordot, v, w, 0)
    agrees(np.kron, a, b)
    agrees(np.kron, v, a)
    agrees(np.trace, c)
    agrees(np.trace, a, 1)
    agrees(np.vecdot, a, v)


def test_batches_and_errors():
    agrees(np.matmul, arr(5, 1, 2, 3), arr(4, 3, 2))
    agrees(np.matmul, arr(2, 2, 3), arr(4, 3, 2))
    agrees(np.matmul, np.float64(2), arr(3))
    agrees(np.dot, np.float64(2), arr(3))
    agrees(np.dot, arr(2, 3, 4), arr(5, 4, 2))
    agrees(np.dot, arr(3), arr(4))
    agrees(np.tensordot, arr(3, 4), arr(3, 4), axes=([0], [1]))
    agrees(np.matmul, arr(0, 3), arr(3, 2))
    agrees(np.matmul, arr(2, 0), arr(0, 3))
    agrees(np.cross, arr(5, 3), arr(3))
    agrees(np.cross, arr(3, 5), arr(3, 5), axis=0)
    if np.lib.NumpyVersion(np.__version__) < "2.5.0":  # later ones take three components only
        agrees(np.cross, arr(4), arr(4))
        agrees(np.cross, arr(5, 2), arr(5, 3))
        agrees(np.cross, arr(3), arr(4, 2))
        agrees(np.cross, arr(2), arr(4, 2))
    with pytest.raises(ValueError, match="incompatible dimensions"):
        ag.compile(np.cross, mode="FAST_COMPILE")(arr(4), arr(4))


EINSUMS = [
    ("ij,jk->ik", [(3, 4), (4, 2)]),
    ("ij,jk", [(3, 4), (4, 2)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("ij->", [(3, 4)]),
    ("ba", [(3, 4)]),
    ("i,i->i", [(4,), (4,)]),
    ("i,j->ji", [(4,), (3,)]),
    ("...ij,...jk->...ik", [(5, 3, 4), (4, 2)]),
    ("...ij,...jk", [(5, 1, 3, 4), (6, 4, 2)]),
    ("...i->...", [(2, 3, 4)]),
    ("i...,i...->...", [(3, 2), (3, 4, 2)]),
    ("bij,bjk,bkl->bil", [(2, 3, 4), (2, 4, 5), (2, 5, 2)]),
    ("ijk,jil->kl", [(3, 4, 5), (4, 3, 2)]),
    ("ij,ij->", [(3, 4), (3, 4)]),
    ("ij,i->j", [(3, 1), (3,)]),
    ("ij,jk->ik", [(3, 1), (4, 2)]),
    ("a,b,c->abc", [(2,), (3,), (4,)]),
    (",i->i", [(), (3,)]),
    ("ijkl,kl->ijl", [(2, 3, 4, 5), (4, 5)]),
    ("ij,kj,lj->ikl", [(2, 3), (4, 3), (5, 3)]),
]


@pytest.mark.parametrize(("subscripts", "shapes"), EINSUMS)
def test_einsum(subscripts, shapes):
    agrees(np.einsum, subscripts, *(arr(*s) for s in shapes))
    agrees(np.einsum, subscripts, *(arr(*s, dtype="i2") for s in shapes), optimize=True)


def test_einsum_sublists():
    agrees(np.einsum, arr(3, 4), [0, 1], arr(4, 2), [1, 2], [0, 2])
    agrees(np.einsum, arr(3, 4), [0, Ellipsis], [Ellipsis, 0])


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk", [(3, 4)]),
        ("ij", [(3, 4), (4,)]),
        ("i", [(3, 4)]),
        ("ijk", [(3, 4)]),
        ("ij->k", [(3, 4)]),
        ("ij->ii", [(3, 4)]),
        ("i$", [(3, 4)]),
        ("ij,jk", [(3, 4), (5, 2)]),
        ("ii", [(3, 4)]),
    ],
)
def test_einsum_errors(subscripts, shapes):
    agrees(np.einsum, subscripts, *(arr(*s) for s in shapes))
