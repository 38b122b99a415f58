"""Ops of the user with kernels of their own: layouts, dtypes, derivatives, checks, launches."""

import fake_cupy
import numpy as np
import pytest

import arignote as ag
from arignote.errors import DebugError

X = np.random.default_rng(0).random((30, 40))


@ag.op(
    shape=lambda x, rate, *, steps=1: [x, x[:1]],
    dtype=lambda x, rate, *, steps=1: [x, x],
    vjp=lambda g, out, x, rate, *, steps=1: (g[0] * 2, None),
    cuda_support="static __device__ T toward(T a, T b, T r) { return a + r * (b - a); }",
    cuda="""
    for (an_i8 i = thread; i < x_shape[0]; i += threads) {
        T level = 0;
        for (an_i8 j = 0; j < x_shape[1]; j++) {
            for (an_i8 k = 0; k < steps; k++)
                level = toward(level, x[i * x_strides[0] + j * x_strides[1]], *rate);
            out0[i * out0_shape[1] + j] = level;
        }
        out1[i] = level;
    }
    """,
)
def smoothed(x, rate, *, steps=1):
    out, level = np.empty_like(x), np.zeros(x.shape[0], x.dtype)
    for j in range(x.shape[1]):
        for _ in range(steps):
            level = level + x.dtype.type(rate) * (x[:, j] - level)
        out[:, j] = level
    return out, level


@ag.op(shape=lambda x: x, cuda="if (thread == 0) out[0] = 1;")
def wrongly_done(x):
    return x + 1


def used(x):
    a, b = smoothed(x * 2, 0.25, steps=2)
    return a * 10, b + 1


def want(x):
    a, b = smoothed.reference(x * 2, 0.25, steps=2)
    return a * 10, b + 1


@pytest.mark.parametrize("given", [X, X.T, X[::-1, ::3], X.astype("f4"), X[:0]],
                         ids=["rows", "columns", "strided", "single", "empty"])  # fmt: skip
def test_the_kernel_does_what_numpy_says(given):
    for a, b in zip(ag.compile(used, device="emulate")(given), want(given), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-5 if a.dtype == "f4" else 1e-12)


def test_the_kernel_is_in_the_text_and_started_by_its_line():
    f = ag.compile(used, device="emulate")
    assert "toward(an_f8 a" in f.source(X) and "float T" not in f.source(X)
    assert "smoothed(x * 2, 0.25, steps=2)" in str(f.explain(X))


def test_elements_that_the_kernel_is_not_for_go_to_numpy():
    f = ag.compile(used, device="emulate")
    whole = (X * 9).astype(int)
    assert "toward" not in f.source(whole)
    for a, b in zip(f(whole), want(whole), strict=True):
        np.testing.assert_allclose(a, b)


def test_derivatives_are_the_users():
    slope = ag.compile(ag.grad(lambda x: np.sum(smoothed(x, 0.5)[0] * 3)), device="emulate")
    np.testing.assert_allclose(slope(X), np.full_like(X, 6))


def test_the_debug_mode_compares_the_kernel():
    right = ag.compile(used, device="emulate", mode="DEBUG_MODE")
    for a, b in zip(right(X[:5]), want(X[:5]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    with pytest.raises(DebugError):
        ag.compile(lambda x: wrongly_done(x), device="emulate", mode="DEBUG_MODE")(X[0])


def test_kernels_are_started_on_a_gpu_and_recorded(cupy):
    f = ag.compile(used)
    x = cupy.asarray(X)
    for _ in range(5):
        for a, b in zip(f(x), want(X), strict=True):
            np.testing.assert_allclose(cupy.asnumpy(a), b, rtol=1e-12)
    assert all(known.recorded for known in f._gpu.plain.values())
    assert fake_cupy.driver().standin_count(0) > 5
