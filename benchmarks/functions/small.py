"""The same on few elements: what a call costs."""

import numpy as np

from .data import SHORT, SQUARE, program


@program(SHORT)
def sum_of_few(s):
    return s.sum()


@program(SHORT)
def norm_of_few(s):
    return s / np.linalg.norm(s)


@program(SHORT)
def sort_of_few(s):
    return np.sort(s)


@program(SHORT)
def argmax_of_few(s):
    return s.argmax()


@program(SHORT)
def cumsum_of_few(s):
    return s.cumsum()


@program(SHORT)
def dot_of_few(s):
    return s @ s


@program(SHORT)
def outer_of_few(s):
    return np.outer(s, s)


@program(SQUARE)
def small_inverse(S):
    return np.linalg.inv(S)


@program(SQUARE)
def small_solve(S):
    return np.linalg.solve(S, S[0])


@program(SQUARE)
def small_determinant(S):
    return np.linalg.det(S)


@program(SQUARE)
def small_eigenvalues(S):
    return np.linalg.eigvalsh(S + S.T)


@program(SQUARE)
def small_product(S):
    return S @ S


@program(SQUARE)
def small_singular_values(S):
    return np.linalg.svd(S)[1]


@program(SHORT)
def mask_of_few(s):
    return s[s > 0.5]


@program(SHORT)
def places_of_few(s):
    return np.where(s > 0.5)[0]


@program(SHORT)
def concatenation_of_few(s):
    return np.concatenate([s, s[::-1]])


@program(SHORT)
def fft_of_few(s):
    return np.fft.fft(s)


@program(SHORT)
def convolution_of_few(s):
    return np.convolve(s, s[:5])


@program(SHORT)
def interpolation_of_few(s):
    return np.interp(s, np.linspace(0, 1, 11), np.linspace(0, 1, 11) ** 2)


@program(SHORT)
def polynomial_of_few(s):
    return np.polyval([1.0, 2.0, 3.0], s)


@program(SHORT)
def unique_of_few(s):
    return np.unique(np.round(s, 1))


@program(SHORT)
def median_of_few(s):
    return np.median(s)


@program(SHORT)
def differences_of_few(s):
    return np.diff(s)


@program(SHORT)
def roll_of_few(s):
    return np.roll(s, 3)


@program(SHORT)
def meshgrid_of_few(s):
    return np.meshgrid(s, s)[0]


@program(SHORT)
def histogram_of_few(s):
    return np.histogram(s, bins=5)[0]


@program(10)
def arange_of_few(n):
    return np.arange(n) * 2.0


@program(10)
def small_eye(n):
    return np.eye(n)


@program(SHORT)
def list_of_few(s):
    return [v * 2 for v in s]
