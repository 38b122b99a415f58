"""Complex arithmetic has NumPy's bits: iterations that amplify errors end where NumPy's do."""

import numpy as np
import pytest

import arignote as ag

OPERATIONS = {
    "product": lambda a, b: a * b + b,
    "square": lambda a, b: np.square(a) - b,
    "by its conjugate": lambda a, b: a * np.conj(a) + b,
    "quotient": lambda a, b: a / b - a,
    "magnitude": lambda a, b: np.abs(a) - b.real,
}


def numbers(n, dtype, seed):
    g = np.random.default_rng(seed)
    return (g.normal(size=n) + 1j * g.normal(size=n)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("step", [1, 2])
def test_arrays(dtype, step):
    def every(a, b):
        return tuple(f(a, b) for f in OPERATIONS.values())

    a, b = numbers(1001, dtype, 1)[::step], numbers(1001, dtype, 2)[::step]
    for name, got, want in zip(OPERATIONS, ag.compile(every)(a, b), every(a, b), strict=True):
        np.testing.assert_array_equal(got, want, name)


def julia(z, c, steps):
    counts = np.zeros(z.shape, np.int64)
    for k in range(steps):
        inside = np.abs(z) < 2
        counts[inside] = k
        z[inside] = z[inside] ** 2 + c
    return z, counts


def test_a_chaotic_iteration_of_arrays():
    x = np.linspace(-1.5, 1.5, 41)
    z = x + 1j * x[:, None]
    got = ag.compile(julia)(z.copy(), -0.7269 + 0.1889j, 300)
    want = julia(z.copy(), -0.7269 + 0.1889j, 300)
    np.testing.assert_array_equal(got[1], want[1])
    np.testing.assert_array_equal(got[0], want[0])


def escape(c, steps):
    z = 0j
    for k in range(steps):
        if abs(z) > 2:
            return k, z
        z = z * z + c
    return steps, z


@pytest.mark.parametrize("c", [-0.75 + 0.1j, -0.1 + 0.65j, 0.28 + 0.0085j])
def test_a_chaotic_iteration_of_python_numbers(c):
    assert ag.compile(escape)(c, 500) == escape(c, 500)


def by_elements(z, out):
    for i in range(len(z)):
        out[i] = z[i] * z[i] + z[0]


def test_elements_are_multiplied_as_numpy_scalars():
    z = numbers(1001, np.complex128, 3)
    got, want = np.zeros_like(z), np.zeros_like(z)
    ag.compile(by_elements)(z, got)
    by_elements(z, want)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_magnitudes_at_the_edges(dtype):
    parts = np.array([0.0, -0.0, 1.0, 1e-30, 1e30, np.inf, -np.inf, np.nan], dtype(0).real.dtype)
    z = np.empty((8, 8), dtype)
    z.real, z.imag = parts[:, None], parts
    f = lambda z: np.abs(z) * 2  # noqa: E731
    np.testing.assert_array_equal(ag.compile(f)(z), f(z))
