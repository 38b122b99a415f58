"""np.linalg: values, dtypes, errors and derivatives, stacks included."""

import numpy as np
import pytest
from compare import agrees, traced
from slopes import slopes_agree

RNG = np.random.default_rng(7)
A = RNG.standard_normal((3, 3)) + 3 * np.eye(3)
S = RNG.standard_normal((2, 4, 4)) + 4 * np.eye(4)
B = RNG.standard_normal((3, 2))
C = A + 1j * RNG.standard_normal((3, 3))
P = A @ A.T
H = C @ C.conj().T
TALL, WIDE = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 5))


@pytest.mark.parametrize("a", [A, A.astype("f4"), (A * 3).astype("i4"), C, S, C.astype("c8")])
def test_square(a):
    close = 1e-5 if a.dtype.itemsize == 4 or a.dtype == np.complex64 else 1e-10
    for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.matrix_rank):
        agrees(f, a, rtol=close)
    for k in (-2, 0, 1, 3, 5):
        agrees(np.linalg.matrix_power, a, k, rtol=1e-3 if close > 1e-6 else 1e-8)
    agrees(np.linalg.solve, a, a[..., :2], rtol=close)


def test_systems():
    agrees(np.linalg.solve, A, B)
    agrees(np.linalg.solve, A, B[:, 0])
    agrees(np.linalg.solve, S, RNG.standard_normal((4, 2)))
    agrees(np.linalg.solve, A, B[:2])
    agrees(np.linalg.solve, np.zeros((3, 3)), B)
    agrees(np.linalg.inv, np.ones((2, 2)))
    agrees(np.linalg.inv, TALL)
    agrees(np.linalg.inv, TALL[0])
    agrees(np.linalg.inv, A.astype("f2"))
    agrees(np.linalg.lstsq, TALL, RNG.standard_normal((5, 2)))
    agrees(np.linalg.lstsq, TALL, RNG.standard_normal(5))
    agrees(np.linalg.lstsq, WIDE, B)
    agrees(np.linalg.pinv, TALL)
    agrees(np.linalg.matrix_rank, np.ones((4, 3)))
    agrees(np.linalg.cholesky, P)
    agrees(np.linalg.cholesky, P, upper=True)
    agrees(np.linalg.cholesky, -P)
    agrees(np.linalg.cholesky, H)
    agrees(np.linalg.multi_dot, [TALL, A, WIDE])


@pytest.mark.parametrize("a", [TALL, WIDE, S, C, A])
def test_factors(a):
    agrees(np.linalg.qr, a)
    agrees(np.linalg.qr, a, "complete")
    agrees(np.linalg.qr, a, "r")
    agrees(np.linalg.svd, a)
    agrees(np.linalg.svd, a, full_matrices=False)
    agrees(np.linalg.svd, a, compute_uv=False)
    agrees(np.linalg.cond, a)


def test_eigenvalues():
    for a in (P, H):
        agrees(np.linalg.eigh, a)
        agrees(np.linalg.eigh, a, "U")
        agrees(np.linalg.eigvalsh, a)
    rotation = np.array([[0.0, -2], [1, 1]])
    agrees(np.linalg.eig, rotation)
    agrees(np.linalg.eigvals, rotation, rtol=1e-10)
    assert traced(np.linalg.eigvals, (P,), {}, True).dtype == np.complex128


def test_norms():
    for order in (None, 1, 2, -1, 3, 0, np.inf, -np.inf, "fro"):
        agrees(np.linalg.norm, A[0], order)
    for order in (None, 1, 2, -1, -2, np.inf, -np.inf, "fro", "nuc", "x"):
        agrees(np.linalg.norm, TALL, order, rtol=1e-10)
        agrees(np.linalg.norm, S, order, axis=(2, 0), rtol=1e-10)
    agrees(np.linalg.norm, S)
    agrees(np.linalg.norm, S, axis=1, keepdims=True)
    agrees(np.linalg.norm, S, 1)
    agrees(np.linalg.norm, C)
    agrees(np.linalg.vector_norm, S, axis=(0, 1))
    agrees(np.linalg.matrix_norm, S)


def test_slopes():
    for a in (A, S, C):
        slopes_agree(np.linalg.inv, a)
        slopes_agree(np.linalg.det, a)
        slopes_agree(np.linalg.solve, a, a[..., :2] + 1)
        slopes_agree(np.linalg.slogdet, a)
        slopes_agree(np.linalg.qr, a, forward=False)
        slopes_agree(np.linalg.svd, a, compute_uv=False)
    slopes_agree(np.linalg.qr, TALL, forward=False)
    slopes_agree(np.linalg.qr, WIDE, forward=False)
    slopes_agree(np.linalg.svd, TALL, full_matrices=False, forward=False)
    slopes_agree(np.linalg.svd, WIDE, full_matrices=False, forward=False)
    slopes_agree(np.linalg.cholesky, P)
    slopes_agree(np.linalg.cholesky, P, upper=True)
    slopes_agree(np.linalg.cholesky, H)
    slopes_agree(np.linalg.eigh, P)
    slopes_agree(np.linalg.eigh, P, "U")
    slopes_agree(np.linalg.eigvalsh, P)
    slopes_agree(np.linalg.eigvalsh, H)
    slopes_agree(np.linalg.pinv, TALL)
    slopes_agree(np.linalg.pinv, WIDE)
    slopes_agree(np.linalg.lstsq, TALL, RNG.standard_normal((5, 2)), pick=[0], forward=False)
    slopes_agree(np.linalg.eigvals, np.array([[0.0, -2], [1, 1]]), forward=False)
    slopes_agree(np.linalg.norm, TALL, "nuc")
    slopes_agree(np.linalg.norm, TALL, 3, axis=0)
    slopes_agree(np.linalg.matrix_power, A, -2)
