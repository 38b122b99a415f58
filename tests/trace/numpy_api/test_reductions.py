"""Reductions over dtypes, axes, keepdims, initial and where."""

import numpy as np
import pytest
from compare import agrees

DTYPES = ["?", "i1", "u2", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]
SHAPES = [(), (0,), (1,), (5,), (3, 4), (2, 0), (1, 3, 1)]


def sample(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, shape) + (
        1j * rng.integers(-2, 3, shape) if np.dtype(dtype).kind == "c" else 0
    )
    return np.asarray(x).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("function", [np.sum, np.prod, np.max, np.min, np.any, np.all])
def test_every_dtype_and_shape(function, dtype, shape):
    agrees(function, sample(shape, dtype))
    if shape:
        agrees(function, sample(shape, dtype), axis=-1)
        agrees(function, sample(shape, dtype), axis=0, keepdims=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "function", [np.mean, np.var, np.std, np.cumsum, np.cumprod, np.count_nonzero]
)
def test_means_and_running(function, dtype):
    tolerance = 1e-2 if dtype == "f2" else 1e-5 if dtype in ("f4", "c8") else 1e-12
    for shape in [(1,), (5,), (3, 4)]:
        agrees(function, sample(shape, dtype), rtol=tolerance)
        agrees(function, sample(shape, dtype), axis=-1, rtol=tolerance)


def test_options():
    x = sample((3, 4), "i4")
    mask = x > 0
    agrees(np.sum, x, axis=(0, 1), dtype="f4")
    agrees(np.sum, x, axis=(), keepdims=True)
    agrees(np.sum, x, initial=5, where=mask)
    agrees(np.prod, x, axis=1, initial=2)
    agrees(np.max, x, axis=0, initial=2, where=mask)
    agrees(np.max, x, axis=0, where=mask)
    agrees(np.min, np.zeros((0, 3)), axis=0, initial=7.5)
    agrees(np.max, np.zeros((0, 3)), axis=0)
    agrees(np.max, np.zeros((0, 0)), axis=0)
    agrees(np.any, x, axis=1, where=mask, keepdims=True)
    agrees(np.sum, x, axis=2)
    agrees(np.sum, x, axis=(0, 0))
    agrees(np.ptp, x, axis=0)
    agrees(np.ptp, x)
    agrees(np.sum, [1, 2.5, True])
    agrees(np.sum, 5)


def test_positions_of_extremes():
    x = np.array([[1.0, 7, 7], [np.nan, 9, 2]])
    for f in (np.argmax, np.argmin, np.nanargmax, np.nanargmin):
        agrees(f, x)
        agrees(f, x, axis=0)
        agrees(f, x, axis=1, keepdims=True)
        agrees(f, x[:, :0], axis=1)
    agrees(np.argmax, x, keepdims=True)
    agrees(np.nanargmax, np.full((2, 3), np.nan), axis=1)


def test_variance_options():
    x = np.arange(12.0).reshape(3, 4) ** 1.5
    agrees(np.var, x, axis=0, ddof=1)
    agrees(np.std, x, axis=1, correction=1, keepdims=True)
    agrees(np.var, x, ddof=1, correction=1)
    agrees(np.var, x, where=x > 3)
    agrees(np.var, x, axis=0, mean=x.mean(axis=0, keepdims=True))
    agrees(np.mean, x, where=x > 3, axis=1)
    agrees(np.mean, np.zeros((0, 2)), axis=0)
    agrees(np.var, np.array([1 + 2j, 3 - 1j, 0]))
    agrees(np.average, x, axis=1)
    agrees(np.average, x, axis=1, weights=np.array([1.0, 2, 3, 4]), returned=True)
    agrees(np.average, x, weights=x)
    agrees(np.average, x, weights=np.zeros((3, 4)))
    agrees(np.cov, x)
    agrees(np.cov, x[0], x[1], ddof=0)
    agrees(np.cov, x, rowvar=False)
    agrees(np.corrcoef, x)


def test_nan_versions():
    x = np.array([[1.0, np.nan, 3], [np.nan, np.nan, np.nan], [4, 0, -2]])
    for f in (
        np.nansum,
        np.nanprod,
        np.nanmax,
        np.nanmin,
        np.nanmean,
        np.nanvar,
        np.nanstd,
        np.nancumsum,
    ):
        agrees(f, x)
        agrees(f, x, axis=1)
        agrees(f, np.arange(6).reshape(2, 3), axis=0)
    agrees(np.nanvar, x, axis=1, ddof=1, keepdims=True)
    agrees(np.nancumprod, x, axis=0)
    agrees(np.cumulative_sum, np.arange(5), include_initial=True)
    agrees(np.cumulative_prod, np.arange(6.0).reshape(2, 3), axis=1)
    agrees(np.cumulative_sum, x)
