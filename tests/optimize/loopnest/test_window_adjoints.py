"""Gradients of sums over windows, whose backward loops take the tiles of the forward ones."""

import numpy as np
import pytest

import arignote as ag

rng = np.random.default_rng(11)


def tiles(function, *args):
    program = ag.grad(function, argnums=tuple(range(len(args)))).compiled_for(*args).program
    return "\n".join(program.notes).count("adjoints of windows in tiles")


def planes(x, w):
    k = w.shape[0]
    out = np.empty((x.shape[0], x.shape[1] - k + 1, x.shape[2] - k + 1, w.shape[3]))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            out[:, i, j, :] = np.sum(
                x[:, i : i + k, j : j + k, :, None] * w[None, :, :, :], axis=(1, 2, 3)
            )
    return np.sum(np.sin(out))


@pytest.mark.parametrize("sizes", [(2, 9, 7, 3, 5, 3), (3, 6, 6, 1, 17, 2)])
def test_planes_with_channels(sizes):
    n, height, width, c, m, k = sizes
    x, w = rng.normal(size=(n, height, width, c)), rng.normal(size=(k, k, c, m))
    ag.check_grad(planes, x, w)
    assert tiles(planes, x, w)


def line(x, w):
    out = np.empty((x.shape[0] - w.shape[0] + 1, w.shape[2]))
    for i in range(out.shape[0]):
        out[i] = np.sum(x[i : i + w.shape[0], :, None] * w, axis=(0, 1))
    return np.sum(np.sin(out))


def strided(x, w):
    out = np.empty(((x.shape[0] - w.shape[0]) // 2 + 1, w.shape[1]))
    for i in range(out.shape[0]):
        out[i] = np.sum(x[2 * i : 2 * i + w.shape[0], None] * w, axis=0)
    return np.sum(np.sin(out))


def cubes(x, w):
    k = w.shape[0]
    out = np.empty((x.shape[0] - k + 1, x.shape[1] - k + 1, x.shape[2] - k + 1, w.shape[3]))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k2 in range(out.shape[2]):
                part = x[i : i + k, j : j + k, k2 : k2 + k, None]
                out[i, j, k2] = np.sum(part * w, axis=(0, 1, 2))
    return np.sum(np.sin(out))


def weighted(x, w, s):
    """What a step multiplies by besides."""
    out = np.empty((x.shape[0] - w.shape[0] + 1, w.shape[1]))
    for i in range(out.shape[0]):
        out[i] = s[i] * np.sum(x[i : i + w.shape[0], None] * w, axis=0)
    return np.sum(np.sin(out))


def test_other_windows():
    length = 9
    ag.check_grad(line, rng.normal(size=(length, 3)), rng.normal(size=(4, 3, 6)))
    ag.check_grad(strided, rng.normal(size=length), rng.normal(size=(3, 5)))
    ag.check_grad(weighted, rng.normal(size=length), rng.normal(size=(3, 5)), rng.normal(size=40))


def test_cubes():
    ag.check_grad(cubes, rng.normal(size=(5, 4, 6)), rng.normal(size=(2, 2, 2, 3)))


def test_a_gradient_in_single_precision_keeps_its_dtype():
    x, w = rng.normal(size=(2, 8, 8, 3)), rng.normal(size=(3, 3, 3, 4))
    exact = ag.grad(planes, argnums=(0, 1))(x, w)
    rough = ag.grad(planes, argnums=(0, 1))(x.astype("f4"), w.astype("f4"))
    for a, b in zip(exact, rough):
        assert b.dtype == np.float32
        np.testing.assert_allclose(b, a, atol=1e-3)


def running(x, w):
    """The places that steps add to are read by later steps: no sum in any order."""
    y = np.zeros(x.shape[0])
    for i in range(x.shape[0] - w.shape[0] + 1):
        y[i : i + w.shape[0]] += np.sin(y[i]) * w * x[i]
    return np.sum(y * y)


def test_windows_that_are_read_again():
    ag.check_grad(running, rng.normal(size=9), rng.normal(size=3))
