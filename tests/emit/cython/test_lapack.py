"""Library ops of linear algebra: NumPy's values, signs included, and NumPy's errors, by LAPACK."""

import numpy as np
import pytest
import scipy.linalg

from arignote.api import compile

SQUARE = {
    "solve": lambda a, b: np.linalg.solve(a, b),
    "inv": lambda a, b: np.linalg.inv(a),
    "det": lambda a, b: (np.linalg.det(a), np.linalg.slogdet(a)),
    "cholesky": lambda a, b: np.linalg.cholesky(a @ np.swapaxes(a, -1, -2).conj()),
    "eigh": lambda a, b: (np.linalg.eigh(a), np.linalg.eigh(a, "U"), np.linalg.eigvalsh(a)),
    "svd": lambda a, b: (np.linalg.svd(b), np.linalg.svd(b, compute_uv=False)),
    "svd_reduced": lambda a, b: np.linalg.svd(b, full_matrices=False),
    "qr": lambda a, b: (np.linalg.qr(b), np.linalg.qr(np.swapaxes(b, -1, -2))),
    "qr_complete": lambda a, b: np.linalg.qr(b, "complete"),
}
DTYPES = ("f8", "f4", "c16", "c8")


def random(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return (x if np.dtype(dtype).kind == "c" else x.real).astype(dtype)


def flat(value):
    return [x for v in value for x in flat(v)] if isinstance(value, tuple) else [value]


def same(got, want):
    for g, w in zip(flat(got), flat(want), strict=True):
        assert g.dtype == w.dtype and np.shape(g) == np.shape(w)
        np.testing.assert_allclose(g, w, rtol=0, atol=50 * np.finfo(w.dtype).eps * abs(w).max())


@pytest.mark.parametrize("name", SQUARE)
def test_values_and_signs_are_numpys(name):
    f = compile(SQUARE[name])
    for dtype in DTYPES:
        a, b = random((6, 6), dtype), random((6, 3), dtype, 1)
        same(f(a, b), SQUARE[name](a, b))
    assert f"an_la_{name.partition('_')[0]}" in f.source(a, b)


@pytest.mark.parametrize("name", ["solve", "eigh"])
def test_stacks_and_odd_layouts(name):
    f = compile(SQUARE[name])
    a, b = random((2, 3, 5, 5), "f8"), random((2, 3, 5, 4), "f8", 1)
    same(f(a, b), SQUARE[name](a, b))
    turned = a[:, ::-1].swapaxes(-1, -2)
    same(f(turned, b[..., ::2]), SQUARE[name](turned, b[..., ::2]))


def test_large_matrices():
    a, b = random((130, 130), "f8") + 40 * np.eye(130), random((130, 70), "f8", 1)
    same(compile(SQUARE["solve"])(a, b), np.linalg.solve(a, b))


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_triangular_systems(dtype):
    def f(a, b):
        lower = scipy.linalg.solve_triangular(a, b, lower=True)
        return lower, scipy.linalg.solve_triangular(a, b, lower=True, trans="C")

    a = random((6, 6), dtype) + 4 * np.eye(6, dtype=dtype)
    b = random((6, 2), dtype, 1)
    same(compile(f)(a, b), f(a, b))


@pytest.mark.parametrize(
    ("f", "a"),
    [
        (lambda a: np.linalg.solve(a, a), np.ones((3, 3))),
        (lambda a: np.linalg.inv(a), np.zeros((2, 3, 3))),
        (lambda a: np.linalg.cholesky(a), -np.eye(3)),
        (lambda a: np.linalg.svd(a, compute_uv=False), np.full((3, 3), np.nan)),
    ],
)
def test_errors_are_numpys(f, a):
    with pytest.raises(np.linalg.LinAlgError) as wanted:
        f(a)
    with pytest.raises(np.linalg.LinAlgError) as given:
        compile(f)(a)
    assert str(given.value) == str(wanted.value)


def test_singular_determinants_are_zero():
    def f(a):
        return np.linalg.det(a), np.linalg.slogdet(a)

    for a in (np.zeros((3, 3)), np.ones((2, 2, 2)), np.zeros((2, 2), complex)):
        same_bits = zip(flat(compile(f)(a)), flat(f(a)), strict=True)
        assert all(np.array_equal(g, w) for g, w in same_bits)


def test_a_factorisation_inside_a_loop():
    @compile
    def f(a, n):
        out = np.zeros(a.shape[0])
        for _ in range(n):
            out = out + np.linalg.solve(a, out + 1.0)
        return out

    a = random((4, 4), "f8") + 4 * np.eye(4)
    np.testing.assert_allclose(f(a, 3), f.__wrapped__(a, 3), rtol=1e-12)
