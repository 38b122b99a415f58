"""Contractions over windows in register tiles: the bits of the nest as written."""

import numpy as np
import pytest

import arignote as ag

from .scheduling import check, scheduled

rng = np.random.default_rng(21)


def plane(x, w):
    """Two dimensions, channels last, a batch."""
    k = w.shape[0]
    n = x.shape[1] - k + 1
    out = np.empty((x.shape[0], n, n, w.shape[3]), x.dtype)
    for i in range(n):
        for j in range(n):
            out[:, i, j, :] = np.sum(x[:, i : i + k, j : j + k, :, None] * w[None], axis=(1, 2, 3))
    return out


def line(x, w):
    k = w.shape[0]
    out = np.empty((x.shape[0] - k + 1, w.shape[1]))
    for i in range(out.shape[0]):
        out[i] = 1.0 + np.sum(x[i : i + k, None] * w, axis=0)
    return out


def strided(x, w):
    out = np.zeros(((x.shape[0] - w.shape[0]) // 2 + 1, w.shape[1]))
    for i in range(out.shape[0]):
        for m in range(w.shape[1]):
            out[i, m] = 0.5
        for k in range(w.shape[0]):
            out[i] += x[2 * i + k] * w[k]
    return out


def dilated(x, w):
    out = np.empty((x.shape[0] - 3 * w.shape[0], w.shape[1]))
    for i in range(out.shape[0]):
        out[i] = np.sum(x[i : i + 3 * w.shape[0] : 3, None] * w, axis=0)
    return out


def space(x, w):
    k = w.shape[0]
    n, m, h = (d - k + 1 for d in x.shape)
    out = np.empty((n, m, h, w.shape[3]))
    for i in range(n):
        for j in range(m):
            for p in range(h):
                out[i, j, p] = np.sum(x[i : i + k, j : j + k, p : p + k, None] * w, axis=(0, 1, 2))
    return out


def turned(x, w):
    """w[m, k]: neighbours of a vector are far apart in memory."""
    k = w.shape[1]
    out = np.empty((x.shape[0] - k + 1, w.shape[0]))
    for i in range(out.shape[0]):
        out[i] = np.sum(x[i : i + k, None] * w.T, axis=0)
    return out


def added_to(x, w):
    """No vector of its own, and no start: the sums are in the result."""
    out = np.ones((x.shape[0] - w.shape[0], w.shape[1]))
    for i in range(out.shape[0]):
        for k in range(w.shape[0]):
            for m in range(w.shape[1]):
                out[i, m] += x[i + k] * w[k, m]
    return out


def triangle(x, w):
    """Rows of different lengths."""
    out = np.zeros((w.shape[0], w.shape[0]))
    for i in range(w.shape[0]):
        for k in range(w.shape[1]):
            for j in range(i + 1):
                out[i, j] += w[i, k] * w[j, k]
    return out


def in_place(x, w):
    """The sums read what the tail writes: not a contraction of two arrays."""
    for i in range(x.shape[0]):
        x[i] = np.sum(x[i][:, None] * w, axis=0)


def lines(n, k, m):
    return {"x": rng.random(n + k - 1), "w": rng.random((k, m))}


def planes(n, h, c, k, m, dtype="f4"):
    x, w = rng.random((n, h, h, c)), rng.random((k, k, c, m))
    if dtype == "i4":
        x, w = x * 100, w * 100
    return {"x": x.astype(dtype), "w": w.astype(dtype)}


def test_lines():
    made = check("tiles", line, *(lines(*s) for s in ((7, 3, 5), (4, 2, 8), (2, 3, 19), (9, 4, 2))))
    assert "sums of tiles in registers" in made.note and "w_pack" in made.text


def test_planes_of_a_batch():
    samples = [planes(*s) for s in ((2, 8, 3, 4, 5), (3, 5, 2, 4, 16), (5, 9, 2, 3, 18))]
    made = check("tiles", plane, *samples, rtol=1e-5)
    assert "sums of tiles in registers" in made.note and "x_pack" not in made.text


SAMPLES = (
    (plane, planes(2, 9, 4, 3, 6)),
    (plane, planes(2, 9, 4, 3, 6, "f8")),
    (plane, planes(1, 7, 2, 3, 33)),
    (plane, planes(2, 7, 3, 3, 4, "i4")),
    (line, lines(40, 5, 20)),
    (line, lines(3, 5, 20)),
    (strided, lines(41, 4, 9)),
    (dilated, lines(40, 5, 9)),
    (added_to, lines(40, 5, 9)),
    (added_to, lines(12, 3, 8)),
    (triangle, lines(2, 11, 9)),
    (turned, {"x": rng.random(44), "w": rng.random((20, 5))}),
    (space, {"x": rng.random((6, 7, 8)), "w": rng.random((3, 3, 3, 10))}),
    (in_place, {"x": rng.random((6, 12)), "w": rng.random((12, 12))}),
)


@pytest.mark.parametrize(("f", "sample"), SAMPLES)
def test_compiled(f, sample):
    """The tiles change no bit of what the nest as written gives, which is near NumPy's."""
    made = ag.compile(f)
    mine, plain, theirs = ({k: v.copy() for k, v in sample.items()} for _ in range(3))
    got, wanted = made(**mine), f(**theirs)
    with ag.config(excluding=("tiles",)):
        before = made(**plain)
    if wanted is None:
        got, before, wanted = mine["x"], plain["x"], theirs["x"]
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got, before)
    np.testing.assert_allclose(got, wanted, rtol=2e-5 if got.dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("f", [strided, added_to])
def test_sums_in_the_result_itself(f):
    samples = [lines(*s) for s in ((9, 3, 5), (8, 2, 8), (7, 3, 19))]
    assert "sums of tiles in registers" in check("tiles", f, *samples, rtol=1e-12).note


def test_few_positions_are_not_worth_packing():
    made = check("tiles", line, *(lines(n, 3, 5) for n in (2, 3, 7, 8, 9)), rtol=1e-12)
    assert "< 8" in made.text and "w_pack" in made.text


def test_what_the_tail_overwrites_is_not_read_ahead():
    sample = {"x": rng.random((6, 12)), "w": rng.random((12, 12))}
    assert not scheduled("tiles", in_place, **sample).changed
