"""Sparse matrices against SciPy's, in both formats, inside and outside compiled functions."""

import numpy as np
import pytest
import scipy.sparse

import arignote as ag
from arignote import sparse
from arignote.errors import ShapeError

DRAW = np.random.default_rng(7)


def random(n, m, density=0.3, dtype="f8"):
    s = scipy.sparse.random(n, m, density, format="csr", random_state=DRAW, dtype="f8")
    return s.astype(dtype)


S, R, Q = random(6, 5), random(6, 5), random(5, 4)
X = DRAW.standard_normal((5, 3))
FORMATS = {
    "csr": lambda s: sparse.from_scipy(s.tocsr()),
    "csc": lambda s: sparse.from_scipy(s.tocsc()),
}


def both_ways(function, *args):
    """The answers outside and inside of a compiled function, as arrays."""
    for run in (function, ag.compile(function)):
        out = run(*args)
        yield sparse.to_scipy(out).toarray() if isinstance(out, sparse.CSR | sparse.CSC) else out


def check(function, want, *args):
    want = want.toarray() if scipy.sparse.issparse(want) else np.asarray(want)
    for out in both_ways(function, *args):
        np.testing.assert_allclose(out, want, atol=1e-12)


@pytest.fixture(params=FORMATS)
def form(request):
    return FORMATS[request.param]


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "i8"])
def test_dot_with_dense_matrices(form, dtype):
    s, x = (8 * random(6, 5)).astype(dtype), (8 * X).astype(dtype)
    tolerance = 1e-5 if dtype == "f4" else 1e-12
    for out in both_ways(lambda m, x: m @ x, form(s), x):
        assert out.dtype == np.dtype(dtype)
        np.testing.assert_allclose(out, s @ x, rtol=tolerance)
    check(lambda m, x: m @ x[:, 0], s @ x[:, 0], form(s), x) if dtype == "f8" else None


def test_dense_from_the_left(form):
    check(lambda m, x: sparse.dot(x.T, m.T), (S @ X).T, form(S), X)
    check(lambda m, x: x @ m, np.ones(6) @ S, form(S), np.ones(6))


def test_derivatives_of_dot(form):
    m = form(S)
    for loss in (
        lambda d, x: np.sum(np.sin(m.with_data(d) @ x)),
        lambda d, x: np.sum(np.sin(x.T @ m.with_data(d).T)),
    ):
        ag.check_grad(loss, m.data, X)
        with ag.config(mode="FAST_COMPILE"):
            ag.check_grad(lambda d, x: np.sum(ag.grad(loss, (0))(d, x) ** 2), m.data, X)


def test_gradients_by_a_whole_matrix(form):
    m = form(S)
    g = ag.grad(lambda d: np.sum((m.with_data(d) @ X) ** 2))(m.data)
    full = 2 * (S @ X) @ X.T
    np.testing.assert_allclose(
        g, full[S.tocoo().row, S.tocoo().col] if isinstance(m, sparse.CSR) else full.T[
            tuple(S.T.tocsr().tocoo().coords)])  # fmt: skip


def test_products_of_sparse_matrices(form):
    check(lambda a, b: a @ b, S @ Q, form(S), form(Q))
    check(sparse.true_dot, S @ Q, form(S), sparse.from_scipy(Q))
    p = form(R)
    y = DRAW.standard_normal((6, 3))
    check(lambda x, y, p: sparse.sampling_dot(x, y, p), R.multiply(y @ X.T), y, X, p)
    check(sparse.usmm, 2 * (S @ X) + y, 2.0, form(S), X, y)


def test_sums_and_products_of_elements(form):
    dense = DRAW.standard_normal((6, 5))
    check(lambda a, b: a + b, S + R, form(S), form(R))
    check(lambda a, b: a - b, S - R, form(S), sparse.from_scipy(R))
    check(lambda a, b: a * b, S.multiply(R), form(S), form(R))
    check(lambda a, b: a + b, S + dense, form(S), dense)
    check(lambda a, b: b - a, dense - S, form(S), dense)
    check(lambda a, b: b * a, S.multiply(dense), form(S), dense)
    check(lambda a: -a * 3.0 / 2, S * -1.5, form(S))
    check(lambda a, b: a * b, S.multiply(dense[0]), form(S), dense[0])


def test_sums_scales_and_diagonals(form):
    check(lambda a: a.sum(), S.sum(), form(S))
    for axis in (0, 1):
        check(lambda a, axis=axis: a.sum(axis), np.asarray(S.sum(axis)).ravel(), form(S))
    c, r = DRAW.standard_normal(5), DRAW.standard_normal(6)
    check(sparse.col_scale, S @ np.diag(c), form(S), c)
    check(sparse.row_scale, np.diag(r) @ S, form(S), r)
    square = random(5, 5, 0.6)
    check(sparse.diag, square.diagonal(), form(square))
    check(sparse.square_diagonal, np.diag(c), c)


def test_formats_and_places(form):
    check(sparse.csr_from_csc, S, form(S))
    check(sparse.csc_from_csr, S, form(S))
    check(lambda a: a.T, S.T, form(S))
    check(lambda a: a.toarray(), S, form(S))
    check(sparse.csr_from_dense, S, S.toarray())
    check(sparse.csc_from_dense, S, S.toarray())
    zeroed = form(S).with_data(np.where(np.arange(S.nnz) % 2, form(S).data, 0))
    kept = sparse.remove0(zeroed)
    assert kept.nnz == S.nnz // 2
    np.testing.assert_array_equal(kept.toarray(), zeroed.toarray())
    check(lambda a, b: sparse.vstack([a, b]), scipy.sparse.vstack([S, R]), form(S), form(R))
    check(lambda a, b: sparse.hstack([a, b]), scipy.sparse.hstack([S, R]), form(S), form(R))


def test_elements_of_one_place_are_added():
    v, i, j = np.array([1.0, 2, 3]), np.array([1, 0, 1]), np.array([2, 0, 2])
    want = np.array([[2.0, 0, 0], [0, 0, 4]])
    check(lambda v, i, j: sparse.construct_sparse_from_list(v, i, j, (2, 3)), want, v, i, j)
    doubled = sparse.CSR(np.ones(3), np.array([1, 1, 0]), np.array([0, 2, 3]), (2, 2))
    check(sparse.clean, [[0, 2], [1, 0]], doubled)
    check(lambda m: m.toarray(), [[0, 2], [1, 0]], doubled)


def test_structured_functions_leave_zeros(form):
    m = form(S)
    out = sparse.structured_exp(m)
    np.testing.assert_allclose(out.data, np.exp(m.data))
    assert (out.toarray()[S.toarray() == 0] == 0).all()
    check(lambda a: sparse.structured_pow(a, 2.0), S.multiply(S), m)
    check(sparse.tanh, S.tanh(), m)
    ag.check_grad(lambda d: np.sum(sparse.structured_sigmoid(m.with_data(d)).data), m.data)


def test_other_sizes_and_counts_run_the_same_code():
    run = ag.compile(lambda m, x: m @ x)
    for n, k in [(4, 2), (9, 5), (30, 7)]:
        s = random(n, n, 0.2)
        x = DRAW.standard_normal((n, k))
        np.testing.assert_allclose(run(sparse.from_scipy(s), x), s @ x, atol=1e-12)
    assert len(run.traces) == 1


def test_empty_rows_and_matrices():
    empty = sparse.from_scipy(scipy.sparse.csr_matrix((4, 5)))
    np.testing.assert_array_equal(ag.compile(lambda m, x: m @ x)(empty, X), np.zeros((4, 3)))


def test_a_bad_index_is_an_index_error(form):
    m = form(S)
    bad = type(m)(m.data, m.indices + 3, m.indptr, m.shape)
    for run in (sparse.dot, ag.compile(sparse.dot)):
        with pytest.raises(IndexError, match="out of bounds"):
            run(bad, X if isinstance(m, sparse.CSR) else X)
    with pytest.raises(ShapeError, match="columns and rows"):
        sparse.dot(m, X[:4])


def test_a_solver_written_with_a_sparse_matrix():
    n = 20
    s = scipy.sparse.diags([-1, 2.5, -1], [-1, 0, 1], (n, n), "csr")

    @ag.compile
    def solve(a, b, steps):
        x, r = np.zeros_like(b), b.copy()
        p = r.copy()
        for _ in range(steps):
            q = a @ p
            alpha = (r @ r) / (p @ q)
            new = r - alpha * q
            x = x + alpha * p
            p = new + (new @ new) / (r @ r) * p
            r = new
        return x

    b = DRAW.standard_normal(n)
    np.testing.assert_allclose(s @ solve(sparse.from_scipy(s), b, 15), b, atol=1e-4)


def test_validation():
    assert ag.compile(lambda m, x: (m @ x) * 2).validate(sparse.from_scipy(S), X)
