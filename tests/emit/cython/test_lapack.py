"""Library ops of linear algebra: NumPy's values, signs included, and NumPy's errors, by LAPACK."""

import numpy as np
import pytest
import scipy.linalg

import arignote as ag
from arignote.api import compile
from arignote.config import config
from arignote.fxgraph.ops.triangular import cholesky_adjoint

SQUARE = {
    "solve": lambda a, b: np.linalg.solve(a, b),
    "inv": lambda a, b: np.linalg.inv(a),
    "det": lambda a, b: (np.linalg.det(a), np.linalg.slogdet(a)),
    "cholesky": lambda a, b: np.linalg.cholesky(a @ np.swapaxes(a, -1, -2).conj()),
    "eigh": lambda a, b: (np.linalg.eigh(a), np.linalg.eigh(a, "U"), np.linalg.eigvalsh(a)),
    "svd": lambda a, b: (np.linalg.svd(b), np.linalg.svd(b, compute_uv=False)),
    "svd_reduced": lambda a, b: np.linalg.svd(b, full_matrices=False),
    "qr": lambda a, b: (np.linalg.qr(b), np.linalg.qr(np.swapaxes(b, -1, -2))),
    "eig": lambda a, b: tuple(np.linalg.eig(a)),
    "lstsq": lambda a, b: np.linalg.lstsq(b, a),
    "lstsq_wide": lambda a, b: np.linalg.lstsq(b.T, a[:3], 1e-3),
    "pinv": lambda a, b: (np.linalg.pinv(a), np.linalg.pinv(b), np.linalg.pinv(b.T, 0.3)),
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
        if g.dtype.kind == "i":
            assert g == w
            continue
        atol = 50 * np.finfo(w.dtype).eps * abs(w).max(initial=0)
        np.testing.assert_allclose(g, w, rtol=0, atol=atol)


@pytest.mark.parametrize("name", SQUARE)
def test_values_and_signs_are_numpys(name):
    f = compile(SQUARE[name])
    for dtype in DTYPES:
        a, b = random((6, 6), dtype), random((6, 3), dtype, 1)
        same(f(a, b), SQUARE[name](a, b))
    assert f"an_la_{name.partition('_')[0]}" in f.source(a, b)


@pytest.mark.parametrize("name", ["solve", "eigh", "eig", "pinv"])
def test_stacks_and_odd_layouts(name):
    f = compile(SQUARE[name])
    a, b = random((2, 3, 5, 5), "f8"), random((2, 3, 5, 4), "f8", 1)
    same(f(a, b), SQUARE[name](a, b))
    turned = a[:, ::-1].swapaxes(-1, -2)
    same(f(turned, b[..., ::2]), SQUARE[name](turned, b[..., ::2]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_systems_with_many_right_sides(dtype):
    f = compile(SQUARE["solve"])
    for n, k in ((50, 150), (33, 9), (16, 8), (3, 40), (260, 10)):
        a = random((n, n), dtype) + n * np.eye(n, dtype=dtype)
        a[[0, 1]] = a[[1, 0]]
        b = random((k, n), dtype, 1).T
        for threads in (1, 2, 2, 2):
            with config(threads=threads):
                same(f(a, b), np.linalg.solve(a, b))


@pytest.mark.parametrize("dtype", DTYPES)
def test_lu_factors(dtype):
    def f(a, b):
        lu, piv = scipy.linalg.lu_factor(a)
        return lu, piv, scipy.linalg.lu_solve((lu, piv), b)

    a, b = random((9, 9), dtype), random((9, 3), dtype, 1)
    g = compile(f)
    lu, piv, x = g(a, b)
    want = f(a, b)
    np.testing.assert_array_equal(piv, want[1])
    same((lu, x), (want[0], want[2]))
    assert "an_la_lu_factor" in g.source(a, b)


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
        (lambda a: np.linalg.eig(a)[0], np.full((3, 3), np.inf)),
        (lambda a: np.linalg.pinv(a), np.full((3, 3), np.nan)),
        (lambda a: np.linalg.lstsq(a, a)[0], np.full((3, 3), np.nan)),
    ],
)
def test_errors_are_numpys(f, a):
    with pytest.raises(np.linalg.LinAlgError) as wanted:
        f(a)
    with pytest.raises(np.linalg.LinAlgError) as given:
        compile(f)(a)
    assert str(given.value) == str(wanted.value)


def test_the_adjoint_of_cholesky():
    """Against the op's own meaning: blocks that are full, one more, one less, stacks, views."""
    f = compile(lambda a, w: ag.grad(lambda a, w: np.sum(w * np.linalg.cholesky(a)))(a, w))
    shapes = ((5, 5), "f8"), ((63, 63), "f8"), ((65, 65), "f4"), ((2, 3, 130, 130), "f8")
    for shape, dtype in shapes:
        n = shape[-1]
        x, w = random(shape, dtype), random(shape, dtype, 1)
        a = x @ np.swapaxes(x, -1, -2) + n * np.eye(n, dtype=dtype)
        for given, weights in ((a, w), (np.swapaxes(a, -1, -2), np.swapaxes(w, -1, -2))):
            factor = np.linalg.cholesky(given.astype("f8"))
            want = cholesky_adjoint.reference(factor, weights.astype("f8"))
            got = f(given, weights)
            tolerance = 1e-13 if dtype == "f8" else 1e-5
            np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * abs(want).max())
            assert got.dtype == dtype
    assert "an_la_cholesky_adjoint" in f.source(a, w)


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


def test_systems_of_low_rank_and_empty_ones():
    def f(a, b):
        return np.linalg.lstsq(a, b)

    a = random((8, 3), "f8")
    a[:, 2] = a[:, 0] + a[:, 1]
    same(compile(f)(a, random((8, 2), "f8", 1)), f(a, random((8, 2), "f8", 1)))
    same(compile(f)(a, np.zeros((8, 0))), f(a, np.zeros((8, 0))))
    same(
        compile(lambda a: np.linalg.pinv(a))(np.zeros((0, 3))), np.linalg.pinv(np.zeros((0, 3)))
    )


def test_real_eigenvalues_come_as_complex_numbers():
    a = np.diag([3.0, 1.0, 2.0]) + np.triu(np.ones((3, 3)), 1)
    w, v = compile(lambda a: tuple(np.linalg.eig(a)))(a)
    np.testing.assert_allclose(a @ v, v * w, atol=1e-12)
    assert w.dtype == "c16" and np.all(w.imag == 0)


EXPONENTS = {
    "general": lambda a: a,
    "small": lambda a: a / 500,
    "middling": lambda a: a / 20,
    "less": lambda a: a / 6,
    "large": lambda a: 8 * a,
    "upper": lambda a: 3 * np.triu(a),
    "lower": lambda a: 5 * np.tril(a),
    "nilpotent": lambda a: np.triu(a, 1),
    "diagonal": lambda a: np.diag(np.diag(a)),
    "zero": lambda a: 0 * a,
    "apart": lambda a: np.triu(a) * np.logspace(-4, 1, a.shape[0]),
}


@pytest.mark.parametrize("dtype", DTYPES)
def test_matrix_exponentials(dtype):
    f = compile(lambda a: scipy.linalg.expm(a))
    for name, made in EXPONENTS.items():
        a = made(random((7, 7), dtype)).astype(dtype)
        want = scipy.linalg.expm(a.astype("c16" if a.dtype.kind == "c" else "f8"))
        got = f(a)
        assert got.dtype == a.dtype
        scale = 1e-4 if np.finfo(a.dtype).bits == 32 else 1e-12
        np.testing.assert_allclose(got, want, 0, scale * abs(want).max(), err_msg=name)
    assert "an_la_expm" in f.source(a)
    stack = random((3, 2, 5, 5), dtype)
    np.testing.assert_allclose(f(stack), scipy.linalg.expm(stack), 1e-4, 1e-4)
    assert f(np.zeros((0, 0), dtype)).shape == (0, 0)
    np.testing.assert_allclose(f(np.full((1, 1), 2, dtype)), np.full((1, 1), np.exp(2)), 1e-6)


def test_exponentials_on_the_diagonal_are_exact():
    a = np.array([[10.0, 1e4, 0], [0, -20, 3], [0, 0, 1]])
    got = compile(lambda a: scipy.linalg.expm(a))(a)
    np.testing.assert_allclose(np.diag(got), np.exp(np.diag(a)), 1e-14)
    assert np.all(np.tril(got, -1) == 0)


def test_stacks_are_shared_by_threads():
    a, b = random((300, 20, 20), "f8") + 9 * np.eye(20), random((300, 20, 7), "f8", 1)
    f = compile(SQUARE["solve"])
    for threads in (1, 3, 3, 3):
        with config(threads=threads):
            same(f(a, b), np.linalg.solve(a, b))
    a[222] = 0
    with config(threads=3), pytest.raises(np.linalg.LinAlgError, match="Singular"):
        f(a, b)
