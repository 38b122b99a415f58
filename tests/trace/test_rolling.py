"""np.lib.stride_tricks.sliding_window_view in compiled functions, against NumPy."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view as windows

import arignote as ag
from arignote.errors import UnsupportedError

V = np.random.default_rng(5).standard_normal(11)
A = np.random.default_rng(6).standard_normal((5, 7))


@pytest.fixture(params=["FAST_COMPILE", "FAST_RUN"])
def mode(request):
    return request.param


def same(function, mode, *args):
    """Equal answers, and equal arguments afterwards, twice."""
    compiled = ag.compile(function, mode=mode)
    for _ in range(2):
        mine, own = ([a.copy() if isinstance(a, np.ndarray) else a for a in args] for _ in "ab")
        want, got = function(*own), compiled(*mine)
        assert np.shape(got) == np.shape(want) and got.dtype == want.dtype
        for x, y in zip((want, *own), (got, *mine), strict=True):
            np.testing.assert_allclose(y, x, rtol=1e-12, atol=1e-14)


# ---- values --------------------------------------------------------------------------------------
@pytest.mark.parametrize("width", [0, 1, 2, 4, 10, 11])
def test_vector(mode, width):
    same(lambda x: windows(x, width), mode, V)
    same(lambda x, w: windows(x, w), mode, V, width)


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((2, 3), None),
        ((2, 3), (1, 0)),
        (3, 0),
        (3, 1),
        (4, -1),
        ((3,), (0,)),
        ((2, 3), (0, 0)),
        ((2, 3, 2), (1, 0, 1)),
        ((), ()),
        ((5, 7), None),
    ],
)
def test_matrix(mode, shape, axis):
    same(lambda x: windows(x, shape, axis), mode, A)
    same(lambda x: windows(x.T[::-1, 1:], shape, axis), mode, np.concatenate([A, A]))


def test_three_axes(mode):
    x = np.arange(60.0).reshape(3, 4, 5)
    same(lambda x: windows(x, (2, 3), axis=(0, 2)), mode, x)
    same(lambda x: windows(x, 2, axis=1).sum(axis=-1), mode, x)


def test_dtypes(mode):
    for dtype in ("i4", "f4", "c16", "?"):
        same(lambda x: windows(x, 3), mode, (V * 5).astype(dtype))


def test_views_of_the_windows(mode):
    same(lambda x: windows(x, 4)[::2, ::-1], mode, V)
    same(lambda x: windows(x, 4)[2], mode, V)
    same(lambda x: windows(x, 3).reshape(-1), mode, V)
    same(lambda x: windows(x, (2, 2)).reshape(-1, 4).T, mode, A)
    same(lambda x: (windows(x, (2, 3)) * 2).ravel(), mode, A)
    same(lambda x: windows(windows(x, 3), 2, axis=0), mode, V)
    same(lambda x: windows(x.reshape(-1), 6), mode, A)


def test_filters(mode):
    same(lambda x: windows(x, 5).mean(axis=1), mode, V)
    same(lambda x: windows(x, 5).std(axis=-1), mode, V)
    same(lambda x: windows(x, 3).max(axis=-1), mode, V)
    same(lambda x: np.median(windows(x, 3), axis=-1), mode, V)
    same(lambda x, k: (windows(x, (3, 3)) * k).sum(axis=(2, 3)), mode, A, A[:3, :3])
    same(lambda x, k: np.einsum("ijkl,kl->ij", windows(x, (2, 3)), k), mode, A, A[:2, :3])
    same(lambda x, k: windows(x, 4) @ k, mode, V, V[:4])


def test_loop_over_windows(mode):
    def f(x, w):
        total = 0.0
        for row in windows(x, w):
            total += row.max() - row.min()
        return total

    same(f, mode, V, 3)


def test_array_of_the_closure(mode):
    same(lambda x: windows(V, 3)[:, 0] + x, mode, np.ones(9))


# ---- memory --------------------------------------------------------------------------------------
def test_later_writes_are_seen(mode):
    def f(x):
        w = windows(x, 3)
        x[4] = 100.0
        x[:2] *= -1
        return w.sum(axis=1)

    def through_another_view(x):
        w = windows(x.T, 2, axis=0)
        x[0] = 7.0
        return w

    def in_a_loop(x):
        w = windows(x, 3)
        for k in range(8):
            x[k + 1] += w[k].mean()
        return w.sum(axis=0)

    same(f, mode, V)
    same(through_another_view, mode, A)
    same(in_a_loop, mode, V)


def test_an_answer_is_a_copy(mode):
    f = ag.compile(lambda x: windows(x, 3), mode=mode)
    x = V.copy()
    assert not np.shares_memory(f(x), x)


def write_item(x):
    windows(x, 3)[0, 0] = 1.0


def write_through_a_view(x):
    windows(x, 3)[2:].T[0] += 1.0


def write_in_place(x):
    w = windows(x, 3)
    w *= 2


def write_out(x):
    np.multiply(windows(x, 3), 2.0, out=windows(x, 3))


def write_row(x):
    for row in windows(x, 3):
        row[0] = 1.0


@pytest.mark.parametrize(
    "function", [write_item, write_through_a_view, write_in_place, write_out, write_row]
)
def test_read_only(mode, function):
    with pytest.raises(ValueError, match="read-only"):
        function(V.copy())
    with pytest.raises(ValueError, match="read-only"):
        ag.compile(function, mode=mode)(V.copy())


# ---- errors --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("shape", "axis"),
    [(8, 1), ((2, 8), None), ((3, 4), (0, 0)), (2, None), ((2, 2), 0), (-1, 0), (2, 5), (2.5, 0)],
)
def test_errors(mode, shape, axis):
    with pytest.raises(Exception) as want:  # noqa: PT011 (compared below)
        windows(A, shape, axis)
    with pytest.raises(want.type) as got:
        ag.compile(lambda x: windows(x, shape, axis), mode=mode)(A)
    assert str(got.value)[:40] == str(want.value)[:40]


def test_sizes_decide_each_call(mode):
    f = ag.compile(lambda x, w: windows(x, w).sum(axis=1), mode=mode)
    for n, w in ((5, 3), (6, 2), (9, 9), (4, 1), (0, 0)):
        np.testing.assert_allclose(f(V[:n], w), windows(V[:n], w).sum(axis=1))
    for n, w in ((5, 6), (0, 1), (3, 4)):
        with pytest.raises(ValueError, match="window shape cannot be larger"):
            f(V[:n], w)


def test_width_from_data(mode):
    f = ag.compile(lambda x, k: windows(x, k[0]).sum(axis=1), mode=mode)
    np.testing.assert_allclose(f(V, np.array([4])), windows(V, 4).sum(axis=1))
    with pytest.raises(ValueError, match="window shape cannot be larger"):
        f(V, np.array([12]))
    with pytest.raises(ValueError, match="negative"):
        f(V, np.array([-1]))


def test_writeable_windows_are_refused(mode):
    with pytest.raises(UnsupportedError, match="writeable=True"):
        ag.compile(lambda x: windows(x, 3, writeable=True), mode=mode)(V)


# ---- gradients -----------------------------------------------------------------------------------
def test_gradient_of_a_rolling_mean(mode):
    weight = np.arange(1.0, 10.0)
    slope = ag.compile(ag.grad(lambda x: (windows(x, 3).mean(axis=1) * weight).sum()), mode=mode)
    want = np.convolve(weight, np.ones(3)) / 3
    np.testing.assert_allclose(slope(V), want, rtol=1e-12)


def test_gradient_of_an_image_filter(mode):
    k = A[:2, :3].copy()
    slopes = ag.compile(
        ag.grad(lambda x, k: ((windows(x, (2, 3)) * k).sum(axis=(2, 3)) ** 2).sum(), (0, 1)),
        mode=mode,
    )
    filtered = (windows(A, (2, 3)) * k).sum(axis=(2, 3))
    want = np.zeros_like(A)
    for i in range(2):
        for j in range(3):
            want[i : i + 4, j : j + 5] += 2 * filtered * k[i, j]
    to_x, to_k = slopes(A, k)
    np.testing.assert_allclose(to_x, want, rtol=1e-11)
    every = 2 * np.einsum("ij,ijkl->kl", filtered, windows(A, (2, 3)))
    np.testing.assert_allclose(to_k, every, rtol=1e-11)
