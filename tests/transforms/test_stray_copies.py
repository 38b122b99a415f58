"""Backward passes of sweeps in place copy no array a step."""

import numpy as np

import arignote as ag


def seidel(A, steps):
    n = A.shape[0]
    for _ in range(steps):
        for i in range(1, n - 1):
            A[i, 1:-1] += (
                A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:]
                + A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:]
            )  # fmt: skip
            for j in range(1, n - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0
    return np.sum(A * A)


def test_a_window_that_several_statements_read_is_kept_once():
    A = np.random.default_rng(0).random((14, 14))
    with ag.config(mode="FAST_RUN"):
        made = ag.grad(seidel).compiled_for(A, 3)
        assert not [x for x in made.program.notes if "copies the array it writes" in x]
        ag.check_grad(seidel, A, 3)
        h = 1e-6
        d = np.random.default_rng(1).random(A.shape)
        want = (seidel(A + h * d, 3) - seidel(A - h * d, 3)) / (2 * h)
        assert np.isclose(np.sum(ag.grad(seidel)(A, 3) * d), want, rtol=1e-7)
