"""Pooling against windows written out, in every mode and option, and its derivatives."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ShapeError

X = np.random.default_rng(1).standard_normal((2, 3, 9, 8))


def written_out(x, ws, ignore_border, stride, pad, mode):
    def count(n, k, s, p):
        if ignore_border:
            return (n + 2 * p - k) // s + 1
        return (n - 1) // s + 1 if s >= k else max(0, -(-(n - k) // s)) + 1

    h, w = x.shape[2:]
    out = [count(*v) for v in zip((h, w), ws, stride, pad)]
    y = np.zeros((*x.shape[:2], *out))
    for i, j in np.ndindex(*out):
        a, b = i * stride[0] - pad[0], j * stride[1] - pad[1]
        part = x[:, :, max(a, 0) : min(a + ws[0], h), max(b, 0) : min(b + ws[1], w)]
        inside = np.prod(part.shape[2:])
        if mode == "average_inc_pad" and ignore_border:
            inside = np.prod(ws)
        total = part.sum((2, 3))
        y[:, :, i, j] = {"max": part.max((2, 3)), "sum": total}.get(mode, total / inside)
    return y


@pytest.mark.parametrize("mode", ["max", "sum", "average_inc_pad", "average_exc_pad"])
@pytest.mark.parametrize(
    ("ws", "ignore_border", "stride", "pad"),
    [
        ((2, 2), True, (2, 2), (0, 0)),
        ((2, 2), False, (2, 2), (0, 0)),
        ((3, 2), True, (2, 1), (1, 1)),
        ((3, 3), False, (2, 2), (0, 0)),
        ((2, 3), False, (4, 4), (0, 0)),
        ((5, 4), True, (2, 3), (2, 0)),
        ((9, 8), True, (9, 8), (0, 0)),
    ],
)
def test_pool(ws, ignore_border, stride, pad, mode):
    pool = lambda x: ag.nn.pool(x, ws, ignore_border, stride, pad, mode)
    want = written_out(X, ws, ignore_border, stride, pad, mode)
    np.testing.assert_allclose(pool(X), want, atol=1e-14)
    np.testing.assert_allclose(ag.compile(pool)(X), want, atol=1e-14)
    ag.check_grad(lambda x: np.sum(np.sin(pool(x))), X)


def test_the_gradient_of_a_maximum_goes_to_all_that_equal_it():
    x = np.array([[1.0, 1.0, 0.0, 3.0], [0.0, 1.0, 2.0, 3.0]])
    g = ag.grad(lambda a: np.sum(ag.nn.pool_2d(a, 2)))(x)
    np.testing.assert_array_equal(g, [[1, 1, 0, 1], [0, 1, 0, 1]])


def test_other_ranks():
    cube = X[0]
    np.testing.assert_array_equal(
        ag.nn.pool_3d(cube, (3, 2, 2)),
        cube[:, :8].reshape(1, 3, 4, 2, 4, 2).max((1, 3, 5)),
    )
    np.testing.assert_array_equal(ag.nn.pool(cube, 4), cube.reshape(3, 9, 2, 4).max(3))


def test_all_but_the_largest_are_zero():
    out = ag.nn.max_pool_2d_same_size(X[0, 0], (3, 2))
    assert out.shape == (9, 8)
    assert (np.count_nonzero(out.reshape(3, 3, 4, 2), axis=(1, 3)) == 1).all()
    np.testing.assert_array_equal(out[out != 0], X[0, 0][out != 0])


def test_integers_and_nan():
    ints = np.arange(16).reshape(4, 4)
    np.testing.assert_array_equal(ag.nn.pool_2d(ints, 2), [[5, 7], [13, 15]])
    np.testing.assert_array_equal(ag.nn.pool_2d(ints, 2, mode="average_inc_pad")[0], [2.5, 4.5])
    x = np.ones((4, 4))
    x[0, 1] = np.nan
    assert np.isnan(ag.compile(lambda a: ag.nn.pool_2d(a, 2))(x)).sum() == 1


def test_what_does_not_fit_is_said():
    with pytest.raises(ShapeError, match="larger than the padded input"):
        ag.nn.pool_2d(X, (10, 2))
    with pytest.raises(ValueError, match="ignore_border=True"):
        ag.nn.pool_2d(X, 2, ignore_border=False, pad=(1, 1))
    with pytest.raises(ValueError, match="none of max"):
        ag.nn.pool_2d(X, 2, mode="mean")
    with pytest.raises(ShapeError, match="padding is smaller"):
        ag.nn.pool_2d(X, 2, pad=(2, 2))
