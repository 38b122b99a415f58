"""Grids, pictures and loops."""

import numpy as np

from .data import CODES, MATRIX, PICTURE, RNG, VECTOR, program


@program(VECTOR)
def moving_average(x):
    c = np.cumsum(np.insert(x, 0, 0))
    return (c[50:] - c[:-50]) / 50


@program(VECTOR)
def second_differences(x):
    return np.diff(x, n=2)


@program(MATRIX)
def rolled_laplacian(M):
    return (
        np.roll(M, 1, axis=0)
        + np.roll(M, -1, axis=0)
        + np.roll(M, 1, axis=1)
        + np.roll(M, -1, axis=1)
        - 4 * M
    )


@program(MATRIX)
def padded_blur(M):
    q = np.pad(M, 1, mode="edge")
    return (q[:-2, 1:-1] + q[2:, 1:-1] + q[1:-1, :-2] + q[1:-1, 2:] + q[1:-1, 1:-1]) / 5


@program((PICTURE > 0.5).astype(np.uint8))
def game_of_life(g):
    n = sum(

            np.roll(np.roll(g, i, 0), j, 1)
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if (i, j) != (0, 0)

    )
    return ((n == 3) | (g == 1) & (n == 2)).astype(np.uint8)


@program(PICTURE)
def sobel(img):
    gx = (
        img[2:, :-2]
        + 2 * img[2:, 1:-1]
        + img[2:, 2:]
        - img[:-2, :-2]
        - 2 * img[:-2, 1:-1]
        - img[:-2, 2:]
    )
    gy = (
        img[:-2, 2:]
        + 2 * img[1:-1, 2:]
        + img[2:, 2:]
        - img[:-2, :-2]
        - 2 * img[1:-1, :-2]
        - img[2:, :-2]
    )
    return np.hypot(gx, gy)


@program(MATRIX)
def block_mean(M):
    return M.reshape(40, 10, 50, 10).mean(axis=(1, 3))


@program(PICTURE)
def integral_image(img):
    return img.cumsum(0).cumsum(1)


@program(PICTURE)
def downsample(img):
    return img[::2, ::2] + img[1::2, ::2] + img[::2, 1::2] + img[1::2, 1::2]


@program(PICTURE)
def rotate(img):
    return np.rot90(img) + np.flipud(img)


@program(PICTURE)
def centre_of_mass(img):
    h, w = img.shape
    Y, X = np.mgrid[:h, :w]
    return ((img * X).sum() / img.sum(), (img * Y).sum() / img.sum())


@program(VECTOR)
def exponential_average(x):
    s = np.empty_like(x)
    s[0] = x[0]
    for i in range(1, x.size):
        s[i] = 0.9 * s[i - 1] + 0.1 * x[i]
    return s


@program(VECTOR)
def loop_max(x):
    m = -1000000000.0
    k = 0
    for i in range(x.size):
        if x[i] > m:
            m = x[i]
            k = i
    return (m, k)


@program(CODES)
def loop_count(xi):
    n = 0
    for v in xi:
        if v % 2 == 0:
            n += 1
    return n


@program(CODES[:2000])
def bubble(v):
    v = v.copy()
    for _ in range(300):
        for j in range(v.size - 1):
            if v[j] > v[j + 1]:
                v[j], v[j + 1] = (v[j + 1], v[j])
    return v


@program(100000)
def sieve(n):
    s = np.ones(n + 1, dtype=bool)
    s[:2] = False
    for i in range(2, int(n**0.5) + 1):
        if s[i]:
            s[i * i :: i] = False
    return np.nonzero(s)[0]


@program(RNG.random((60, 60)))
def jacobi(a):
    u = np.zeros((60, 60))
    for _ in range(100):
        u[1:-1, 1:-1] = 0.25 * (
            u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] + a[1:-1, 1:-1]
        )
    return u


@program(RNG.integers(0, 256, (256, 256)).astype(np.uint8))
def equalized_picture(img):
    h = np.bincount(img.ravel(), minlength=256)
    c = h.cumsum()
    return (c[img] * 255 // c[-1]).astype(np.uint8)


@program(RNG.integers(0, 256, (256, 256, 3)).astype(np.uint8))
def negative_picture(img):
    return 255 - img


@program(MATRIX)
def gradient(M):
    return np.gradient(M)[0]


@program(VECTOR)
def rank_filter(x):
    return np.lib.stride_tricks.sliding_window_view(x[:20000], 9).max(axis=1)


@program(np.uint64(12345))
def xorshift(s):
    out = np.empty(10000, dtype=np.uint64)
    for i in range(10000):
        s ^= s << np.uint64(13)
        s ^= s >> np.uint64(7)
        s ^= s << np.uint64(17)
        out[i] = s
    return out


@program(3.0)
def newton(a):
    v = a
    for _ in range(1000):
        v = 0.5 * (v + a / v) + 0.001
    return v
