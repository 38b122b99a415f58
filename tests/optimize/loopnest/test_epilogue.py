"""Scales, sums and destinations of products are part of their calls of BLAS."""

import numpy as np
import pytest

import arignote
from arignote.optimize.loopnest.program import Alloc, Library, walk

RNG = np.random.default_rng(0)


def matrix(*shape, dtype="f8"):
    x = RNG.normal(size=shape)
    return (x + 1j * RNG.normal(size=shape) if dtype[0] == "c" else x).astype(dtype)


def calls(f, *args):
    found = walk(f.compiled_for(*args).program.statements)
    return [s for s in found if isinstance(s, Library)]


def both(function, *args):
    """Runs compiled and plain on copies of the arguments; results and changed arguments agree."""
    f = arignote.compile(function)
    plain, mine = ([np.copy(a) if isinstance(a, np.ndarray) else a for a in args] for _ in "12")
    want, got = function(*plain), f(*mine)
    for g, w in zip([got, *mine], [want, *plain], strict=True):
        if w is not None:
            np.testing.assert_allclose(g, w, 1e-10, 1e-10)
    return f


def scaled_into(alpha, beta, a, b, c):
    c[:] = alpha * a @ b + beta * c


def added_to(alpha, beta, a, b, c):
    c += alpha * (a @ b)


def taken_from(alpha, beta, a, b, c):
    c -= a @ b


def difference(alpha, beta, a, b, c):
    return (c - (a @ b)) * alpha


def mean(alpha, beta, a, b, c):
    return -(a @ b) / alpha


def into_columns(alpha, beta, a, b, c):
    c.T[:] = alpha * (a @ b).T + np.cos(c.T)


def into_part(alpha, beta, a, b, c):
    c[2:, 3:] = alpha * (a[2:] @ b[:, 3:]) + c[2:, 3:]


@pytest.mark.parametrize("dtype", ["f8", "c16"])
@pytest.mark.parametrize(
    "function",
    [scaled_into, added_to, taken_from, difference, mean, into_columns, into_part],
)
def test_one_call_does_it(function, dtype):
    args = (1.5, 0.5, matrix(20, 30, dtype=dtype), matrix(30, 25, dtype=dtype))
    args = (*args, matrix(20, 25, dtype=dtype))
    f = both(function, *args)
    (call,) = calls(f, *args)
    assert call.name == "gemm" and call.outputs[0].buffer.role in ("argument", "result")


def test_small_sizes_keep_their_loops():
    both(scaled_into, 1.5, 0.5, matrix(2, 3), matrix(3, 2), matrix(2, 2))


def test_factors_of_zero_keep_nan():
    a, b, c = matrix(20, 30), matrix(30, 20), matrix(20, 20)
    a[3, 4], c[7, 7] = np.nan, np.inf
    both(scaled_into, 0.0, 0.0, a, b, c)


def test_a_matrix_that_is_changed_is_multiplied_first():
    def square(a):
        a[:] = a @ a + a

    (call,) = calls(both(square, matrix(30, 30)), matrix(30, 30))
    assert call.outputs[0].buffer.role == "temporary"


def test_a_product_that_is_read_twice_is_kept():
    def twice(a, b):
        p = a @ b
        return 2 * p, p.sum()

    f = arignote.compile(twice)
    a, b = matrix(20, 30), matrix(30, 25)
    for got, want in zip(f(a, b), twice(a, b), strict=True):
        np.testing.assert_allclose(got, want, 1e-10)


def test_a_chain_has_one_temporary():
    def chain(alpha, beta, a, b, c, d):
        d[:] = alpha * a @ b @ c + beta * d

    args = (1.5, 0.5, matrix(20, 30), matrix(30, 25), matrix(25, 28), matrix(20, 28))
    f = both(chain, *args)
    block = f.compiled_for(*args).program.statements
    assert sum(isinstance(s, Alloc) for s in block) == 1


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_a_matrix_times_its_transpose_is_symmetric(dtype):
    def gram(a):
        return 0.5 * (a.T @ a)

    for shape in ((40, 30), (200, 300), (3, 50)):
        a = matrix(*shape, dtype=dtype)
        f = arignote.compile(gram)
        got = f(a)
        np.testing.assert_allclose(got, gram(a), 1e-3 if dtype == "f4" else 1e-10, 1e-4)
        np.testing.assert_array_equal(got, got.T)
        assert [c.name for c in calls(f, a)] == ["syrk"]


def test_a_product_with_a_conjugate_is_no_gram_matrix():
    def product(a):
        return a.conj().T @ a

    both(product, matrix(40, 30, dtype="c16"))
