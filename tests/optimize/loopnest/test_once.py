"""A value that many elements read is computed once, also behind views."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import arignote as ag


def less_their_means(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=1)[:, None]


def less_kept_means(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=1, keepdims=True)


def over_their_norms(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x * x).sum(axis=1))[:, np.newaxis]


def less_means_turned(x: np.ndarray) -> np.ndarray:
    return (x.T - x.mean(axis=1)).T


def less_far_view(x: np.ndarray) -> np.ndarray:
    return x - np.expand_dims(np.log(x.sum(axis=1)), 1)[::-1]


def less_first_means(x: np.ndarray) -> np.ndarray:
    return x[1:] - (x.mean(axis=1) * 2)[:-1, None]


def joined_means(x: np.ndarray) -> np.ndarray:
    rows = np.stack([x[0], x[1]])
    return rows - rows.mean(axis=1)[:, None]


def picked_means(x: np.ndarray) -> np.ndarray:
    return x.mean(axis=1)[np.arange(x.shape[1]) % x.shape[0]] + x[0]


def spread_means(x: np.ndarray) -> np.ndarray:
    return np.repeat(x.mean(axis=1), x.shape[1])


def tiled_means(x: np.ndarray) -> np.ndarray:
    return np.tile(x.mean(axis=1), x.shape[1])


def outer_of_means(x: np.ndarray) -> np.ndarray:
    return np.outer(x.mean(axis=1), x.sum(axis=0))


def broadcast_means(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x.mean(axis=1)[:, None], x.shape) * 2


def padded_means(x: np.ndarray) -> np.ndarray:
    return np.pad(x.mean(axis=1), x.shape[1], mode="wrap")


PROGRAMS = [
    less_their_means,
    less_kept_means,
    over_their_norms,
    less_means_turned,
    less_far_view,
    less_first_means,
    joined_means,
    picked_means,
    spread_means,
    tiled_means,
    outer_of_means,
    broadcast_means,
    padded_means,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_work_grows_as_the_elements(program: Callable[[np.ndarray], np.ndarray]) -> None:
    compiled = ag.compile(program)
    x = np.random.default_rng(0).random((20, 30)) + 1.0
    np.testing.assert_allclose(compiled(x), program(x), rtol=1e-13)
    small, wide = (compiled.explain(np.ones((20, n))).flops for n in (1000, 2000))
    assert wide < 2.5 * small
    assert wide < 40 * 20 * 2000


def test_means_of_singles_are_divided_once_a_column() -> None:
    def centred(x: np.ndarray) -> np.ndarray:
        return x - x.mean(axis=0)

    compiled = ag.compile(centred)
    x = np.random.default_rng(0).random((300, 40), dtype="f4")
    np.testing.assert_array_equal(compiled(x), centred(x))
    halves, wholes = (compiled.explain(np.ones((3000, 40), d)).flops for d in ("f4", "f8"))
    assert halves < 1.2 * wholes


def test_a_branch_that_checks_is_not_done_again_in_later_ones():
    """What is left of `elif` is that the first branch be done; its own write has changed A."""

    def steps(a, b, m, A):
        s = 0.5
        if m[0] > 1:
            b[m[2] % 5] = 3
            s += A[1, 1] * 0.1
            A[1, 1] = 5.0
        for i in range(3):
            if s < 0.4:
                pass
            elif s < 1.0:
                s += 0.1
            elif s < s:
                A[m[0] % 5, -2] = a[i]
        return s

    again = lambda: (np.ones(6), np.ones(6), np.arange(2, 8), np.full((6, 6), 0.3))
    args = again()
    assert ag.compile(steps)(*args) == steps(*(want := again()))
    for x, y in zip(args, want, strict=True):
        np.testing.assert_array_equal(x, y)
