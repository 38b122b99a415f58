"""vmap: axes, structures, nesting, derivatives, errors."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ShapeError

X = np.linspace(0.1, 1.0, 5)
A = np.arange(15.0).reshape(3, 5)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_batch_axis(axis):
    np.testing.assert_allclose(
        ag.vmap(lambda a: a.sum() * a, in_axes=axis)(A),
        np.stack([r.sum() * r for r in np.moveaxis(A, axis, 0)]),
    )


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_where_the_batch_axis_goes(axis):
    f = lambda a: np.outer(a, a)
    want = np.moveaxis(np.stack([f(r) for r in A]), 0, axis)
    np.testing.assert_allclose(ag.vmap(f, out_axes=axis)(A), want)


def test_arguments_that_are_not_batched():
    np.testing.assert_allclose(ag.vmap(lambda a, b: a @ b, in_axes=(0, None))(A, X), A @ X)
    np.testing.assert_allclose(ag.vmap(lambda a, k: a * k, in_axes=(0, None))(A, 2.0), A * 2)
    np.testing.assert_allclose(ag.vmap(lambda a, b: a * b, in_axes=(1, 0))(A, X), (A * X).T)


def test_nesting():
    outer = ag.vmap(ag.vmap(lambda a, b: a * b, in_axes=(None, 0)), in_axes=(0, None))
    np.testing.assert_allclose(outer(X, A[0]), np.outer(X, A[0]))


def test_structures():
    got = ag.vmap(lambda p: {"s": p["a"] + p["b"], "t": (p["a"], None)})({"a": X, "b": A.T})
    assert list(got) == ["s", "t"] and got["t"][1] is None
    np.testing.assert_allclose(got["s"], X[:, None] + A.T)
    np.testing.assert_allclose(got["t"][0], X)


def test_loops_and_branches_inside():
    def f(a, n):
        for _ in range(n):
            a = a / 2 if a > 1.0 else 3 * a
        return a

    want = []
    for a in X:
        for _ in range(6):
            a = a / 2 if a > 1.0 else 3 * a
        want.append(a)
    np.testing.assert_allclose(ag.vmap(f, in_axes=(0, None))(X, 6), want)


def test_with_derivatives():
    f = lambda a: np.sum(np.sin(a) * a)
    slope = lambda a: np.sin(a) + a * np.cos(a)
    np.testing.assert_allclose(ag.vmap(ag.grad(f))(A), slope(A))
    np.testing.assert_allclose(ag.grad(lambda a: np.sum(ag.vmap(f)(a)))(A), slope(A))
    got = ag.vmap(ag.hessian(lambda a: np.sum(a**3)))(A)
    np.testing.assert_allclose(got, 6 * A[:, :, None] * np.eye(5))
    got = ag.hessian(lambda a: np.sum(ag.vmap(lambda z: z**3)(a)))(X)
    np.testing.assert_allclose(got, np.diag(6 * X))


def test_inside_compiled_functions():
    f = ag.compile(lambda a, b: ag.vmap(lambda r: r * b)(a).sum(axis=0))
    np.testing.assert_allclose(f(A, X), (A * X).sum(axis=0))


def test_what_the_function_writes_stays_inside():
    """The first step was traced twice once, on the same arrays."""

    def f(a, b):
        a[0] *= 3
        b += a
        for i in range(1, a.shape[0]):
            a[i] += a[i - 1]
        return np.sum(a * b)

    batch, shared = A + 1, X.copy()
    want = [f(row.copy(), X.copy()) for row in batch]
    np.testing.assert_allclose(ag.vmap(f, in_axes=(0, None))(batch, shared), want)
    np.testing.assert_array_equal(batch, A + 1)
    np.testing.assert_array_equal(shared, X)
    slope = ag.grad(lambda a, b: np.sum(ag.vmap(f, in_axes=(0, None))(a, b)))
    rows = [ag.grad(f)(row, X) for row in batch]
    np.testing.assert_allclose(slope(batch, shared), np.stack(rows))
    inside = ag.compile(lambda a, b: (ag.vmap(f, in_axes=(0, None))(a, b), a, b))
    got, a, b = inside(batch, shared)
    np.testing.assert_allclose(got, want)
    np.testing.assert_array_equal(a, A + 1)
    np.testing.assert_array_equal(b, X)


def test_errors():
    with pytest.raises(ShapeError, match="no argument has a batch axis"):
        ag.vmap(lambda a: a, in_axes=None)(X)
    with pytest.raises(ShapeError, match="in_axes has 2 entries for 1 arguments"):
        ag.vmap(lambda a: a, in_axes=(0, 0))(X)
    with pytest.raises(ValueError, match="different sizes"):
        ag.vmap(lambda a, b: a * b)(X, X[:3])
    with pytest.raises(ShapeError, match="a number has no axis 0 to be batched over"):
        ag.vmap(lambda a: a)(1.0)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_an_empty_batch_has_the_shapes_and_kinds_of_the_results(mode):
    def f(row):
        return {"sum": row.sum(), "outer": (np.outer(row, row), np.int32(3))}

    with ag.config(mode=mode):
        got = ag.vmap(f)(np.ones((0, 3), np.float32))
        plain = ag.vmap(lambda a: 2 * a, out_axes=-1)(np.ones(0))
    assert got["sum"].shape == (0,) and got["sum"].dtype == np.float32
    outer, number = got["outer"]
    assert outer.shape == (0, 3, 3) and outer.dtype == np.float32
    assert number.shape == (0,) and number.dtype == np.int32
    assert plain.shape == (0,) and plain.dtype == np.float64


def test_asking_for_the_results_layout_neither_checks_nor_writes():
    def f(a, seen):
        assert a > 0, "must be positive"
        seen[0] = a
        return 1 / a

    @ag.compile
    def outside(x):
        seen = np.full(1, 7.0)
        return ag.vmap(f, in_axes=(0, None))(x, seen), seen

    for x in (X, X[:0]):
        got, seen = outside(x)
        np.testing.assert_allclose(got, 1 / x)
        assert seen[0] == 7.0
    with pytest.raises(AssertionError, match="must be positive"):
        outside(-X)
