"""Functions of elements, and sums over axes."""

import numpy as np

from .data import CODES, MATRIX, NORMAL, OTHER, RNG, VECTOR, program


@program(VECTOR)
def normalize(x):
    return (x - x.mean()) / x.std()


@program(VECTOR)
def cumsum(x):
    return np.cumsum(x)


@program(MATRIX)
def standardized_columns(M):
    return (M - M.mean(axis=0)) / M.std(axis=0)


@program(VECTOR)
def clipped_logs(x):
    return np.log(np.clip(x, 1e-06, None)).sum()


@program(VECTOR)
def piecewise(x):
    return np.where(x < 0.3, x**2, np.where(x < 0.6, np.sin(x), np.exp(-x)))


@program(VECTOR)
def select(x):
    return np.select([x < 0.2, x < 0.5], [x * 2, x * 3], default=0)


@program(VECTOR, OTHER)
def monte_carlo_pi(x, y):
    return 4 * np.count_nonzero(x * x + y * y < 1) / x.size


@program(VECTOR)
def trapezoid(x):
    return np.trapezoid(np.sin(x) * x, dx=0.001)


@program(CODES)
def bits_of_integers(xi):
    return (xi * 7 + 3) % 11 // 2 ^ xi >> 1


@program(CODES)
def powers_of_integers(xi):
    return xi**3 - xi**2


@program(VECTOR.astype(np.float32))
def polynomial_single(x):
    return ((x * 2 - 1) * x + 3) * x - 1


@program(VECTOR.astype(np.float32))
def angles_single(x):
    return np.sin(x) ** 2 + np.cos(x) ** 2


@program(VECTOR)
def power_of_three_halves(x):
    return x**1.5


@program(VECTOR)
def roots_and_logs(x):
    return np.cbrt(x) + np.log1p(x) + np.expm1(x)


@program(VECTOR + 1j * OTHER)
def complex_product(c):
    return np.abs(c) * np.exp(1j * np.angle(c)) * c.conj()


@program(VECTOR + 1j * OTHER)
def complex_exponential(c):
    return np.exp(c)


@program(NORMAL)
def statistics_without_nan(z):
    w = np.where(z > 2, np.nan, z)
    return (np.nanmean(w), np.nanstd(w), np.nanmax(w))


@program(MATRIX)
def means_without_nan(M):
    return np.nanmean(M, axis=0)


@program(MATRIX)
def cumprod_of_rows(M):
    return np.cumprod(1 + M * 0.001, axis=1)


@program(MATRIX)
def cumsum_of_columns(M):
    return np.cumsum(M, axis=0)


@program(MATRIX)
def running_maximum(M):
    return np.maximum.accumulate(M, axis=1)


@program(MATRIX)
def extremes_of_axes(M):
    return (M.min(axis=0), M.max(axis=1))


@program(MATRIX)
def variance_of_columns(M):
    return M.var(axis=0, ddof=1)


@program(MATRIX)
def softmax(M):
    e = np.exp(M - M.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@program(MATRIX)
def logsumexp(M):
    m = M.max(axis=0)
    return m + np.log(np.exp(M - m).sum(axis=0))


@program(VECTOR)
def tests_of_all(x):
    return (np.any(x > 2), np.all(x < 2), np.isclose(x, x + 1e-12).all())


@program(VECTOR)
def range_and_average(x):
    return (np.ptp(x), np.average(x, weights=x))


@program(VECTOR + 1j * OTHER)
def complex_abs(c):
    return np.abs(c)


@program(VECTOR + 1j * OTHER)
def complex_angle(c):
    return np.angle(c)


@program(VECTOR + 1j * OTHER)
def complex_square(c):
    return c * c.conj()


@program(VECTOR + 1j * OTHER)
def unit_circle(c):
    return np.exp(1j * c.real)


@program(VECTOR + 1j * OTHER)
def complex_sqrt(c):
    return np.sqrt(c)


@program(VECTOR + 1j * OTHER)
def complex_reciprocal(c):
    return 1 / (c + 2)


@program(VECTOR + 1j * OTHER)
def complex_log(c):
    return np.log(c)


@program(VECTOR)
def small_powers(x):
    return x**5 + x**3


@program(VECTOR)
def negative_power(x):
    return (x + 1) ** (-2.5)


@program(VECTOR)
def tangent(x):
    return np.tan(x)


@program(VECTOR)
def inverse_angles(x):
    return np.arctan2(x, 1 - x) + np.arcsin(x)


@program(VECTOR)
def hyperbolic(x):
    return np.sinh(x) + np.cosh(x)


@program(VECTOR)
def log_ten_and_two(x):
    return np.log10(x + 1) + np.log2(x + 1)


@program(VECTOR)
def floor_and_round(x):
    return np.floor(x * 10) + np.round(x, 2)


@program(VECTOR)
def modulo(x):
    return np.mod(x * 10, 3)


@program(VECTOR)
def remainder_of_c(x):
    return np.fmod(x * 10, 3)


@program(CODES)
def modulo_of_integers(i):
    return i % 7


@program(CODES)
def quotient_of_integers(i):
    return i // 13


@program(CODES.astype(np.int32))
def modulo_of_int32(i):
    return i % 7


@program(VECTOR)
def hypotenuse(x):
    return np.hypot(x, x + 1)


@program(VECTOR)
def signs(x):
    return np.sign(x - 0.5) * np.heaviside(x - 0.3, 0.5)


@program(VECTOR, OTHER)
def maximum_and_minimum(x, y):
    return np.maximum(x, y) - np.minimum(x, y)


@program(VECTOR, OTHER)
def fmax_and_fmin(x, y):
    return np.fmax(x, y) - np.fmin(x, y)


@program(MATRIX)
def sum_of_columns(M):
    return M.sum(axis=0)


@program(MATRIX)
def maximum_of_rows(M):
    return M.max(axis=1)


@program(MATRIX)
def maximum_of_columns(M):
    return M.max(axis=0)


@program(MATRIX)
def any_of_rows(M):
    return (M > 0.99).any(axis=1)


@program(MATRIX)
def count_of_columns(M):
    return (M > 0.5).sum(axis=0)


@program(MATRIX)
def count_of_rows(M):
    return np.count_nonzero(M > 0.5, axis=1)


@program(MATRIX)
def mean_and_extremes(M):
    return (M.mean(), M.std(), M.max(), M.min())


@program(MATRIX)
def product_of_rows(M):
    return (M + 0.5).prod(axis=1)


@program(RNG.random((20, 30, 40)))
def sum_of_middle_axis(a):
    return a.sum(axis=1)


@program(RNG.random((20, 30, 40)))
def mean_of_two_axes(a):
    return a.mean(axis=(0, 2))
