"""What the backward pass need not set back is not kept, and what it needs is."""

import numpy as np
import pytest

import arignote as ag
from arignote.fxgraph.graph import bodies, order_of
from arignote.scanloop.scan import scan_op


def lu(A):
    for i in range(A.shape[0]):
        for j in range(i):
            A[i, j] -= A[i, :j] @ A[:j, j]
            A[i, j] /= A[j, j]
        for j in range(i, A.shape[0]):
            A[i, j] -= A[i, :i] @ A[:i, j]
    return np.sum(A * A)


def cholesky(A):
    A[0, 0] = np.sqrt(A[0, 0])
    for i in range(1, A.shape[0]):
        for j in range(i):
            A[i, j] -= np.dot(A[i, :j], A[j, :j])
            A[i, j] /= A[j, j]
        A[i, i] -= np.dot(A[i, :i], A[i, :i])
        A[i, i] = np.sqrt(A[i, i])
    return np.sum(np.tril(A))


def pooled(A):
    out = np.empty((A.shape[0] // 2, A.shape[1]))
    for i in range(A.shape[0] // 2):
        out[i] = np.max(A[2 * i : 2 * i + 2], axis=0)
    return np.sum(out * out)


def squared_sweeps(A):
    """Each step overwrites what the step before it needs."""
    for i in range(1, A.shape[0]):
        A[0] = A[0] * A[i] + A[0] * A[0]
    return np.sum(A)


def overwritten_later(A):
    """Rows are read when they are new, and once more after half of them are old."""
    total = 0.0
    for i in range(1, A.shape[0]):
        A[i] = np.sin(A[i - 1]) * A[i]
        A[i - 1] = A[i - 1] * A[i]
        total += np.sum(A[i] * A[i])
    return total + np.sum(A)


def strided(A):
    for i in range(0, A.shape[0] - 2, 2):
        A[i + 2] = A[i] * A[i + 1]
    return np.sum(A * A)


def matrix(seed=0, n=6):
    a = np.random.default_rng(seed).uniform(0.5, 1.0, (n, n))
    return a @ a.T / n + np.eye(n)


def stacks(f, x):
    graph = ag.grad(f).compiled_for(x).graph
    loops = [n for n in order_of(graph.roots, inside=True) if n.op is scan_op]
    return sum(len(bodies(n)[0].stacks) for n in loops)


@pytest.mark.parametrize("f", [lu, cholesky, pooled, strided])
def test_nothing_is_kept(f):
    assert stacks(f, matrix()) == 0
    ag.check_grad(f, matrix())


@pytest.mark.parametrize("f", [squared_sweeps, overwritten_later])
def test_what_is_needed_is_kept(f):
    assert stacks(f, matrix()) > 0
    ag.check_grad(f, matrix())


@pytest.mark.parametrize("f", [lu, cholesky, pooled, strided, squared_sweeps, overwritten_later])
def test_gradients_are_the_same_with_and_without(f):
    x = matrix(3)
    got = ag.grad(f)(x)
    with ag.config(excluding=("dead_writes",)):
        want = ag.grad(f)(x)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


# ---- additions to zeros --------------------------------------------------------------------------
def triangular(L, b):
    x = np.zeros_like(b)
    for i in range(b.shape[0]):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return np.sum(x * x)


def read_twice(A, b):
    """Rows overlap, so their cotangents add up."""
    total = 0.0
    for i in range(A.shape[0] - 1):
        total += np.sum(np.sin(A[i] * b) * A[i + 1])
    return total


def additions(f, *args):
    graph = ag.grad(f).compiled_for(*args).graph
    loops = [n for n in order_of(graph.roots, inside=True) if n.op is scan_op]
    inside = [m for n in loops for m in order_of(bodies(n)[0].roots)]
    return sum(m.op.name == "add_at" and m.rank == 2 for m in inside)


def test_rows_that_are_met_once_are_assigned():
    assert additions(triangular, matrix(), np.ones(6)) == 0
    ag.check_grad(triangular, matrix(), np.ones(6))


def test_rows_that_are_met_again_are_added_to():
    assert additions(read_twice, matrix(), np.ones(6)) > 0
    ag.check_grad(read_twice, matrix(), np.ones(6))
