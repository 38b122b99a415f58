"""Products, linear algebra, transforms, distances."""

import numpy as np

from .data import MATRIX, OTHER, PICTURE, RNG, VECTOR, program


@program(VECTOR, OTHER)
def corrcoef(x, y):
    return np.corrcoef(x, y)


@program(VECTOR, OTHER)
def cubic_fit(x, y):
    V = np.vander(x, 4)
    return np.linalg.lstsq(V, y, rcond=None)[0]


@program(VECTOR)
def convolve(x):
    return np.convolve(x, np.ones(25) / 25, mode="valid")


@program(VECTOR)
def fft_filter(x):
    f = np.fft.rfft(x)
    f[1000:] = 0
    return np.fft.irfft(f, n=x.size)


@program(MATRIX)
def singular_values(M):
    return np.linalg.svd(M[:60, :80], full_matrices=False)[1]


@program(MATRIX)
def covariance(M):
    return np.cov(M)


@program(RNG.random((300, 3)))
def pair_distances(X):
    d = X[:, None, :] - X[None, :, :]
    return np.sqrt((d * d).sum(-1))


@program(RNG.random((300, 3)))
def pair_norms(X):
    return np.linalg.norm(X[:, None] - X[None], axis=-1)


@program(RNG.random((2000, 2)), RNG.random((10, 2)))
def kmeans_step(X, C):
    d = ((X[:, None] - C[None]) ** 2).sum(-1)
    k = d.argmin(1)
    return np.array([X[k == i].mean(0) for i in range(10)])


@program(RNG.random((2000, 2)), RNG.random((10, 2)))
def kmeans_by_masks(X, C):
    d = ((X[:, None] - C[None]) ** 2).sum(-1)
    k = d.argmin(1)
    w = (k[:, None] == np.arange(10)).astype(float)
    return w.T @ X / w.sum(0)[:, None]


@program(RNG.random((200, 200)), RNG.random(200))
def solve(a, b):
    return np.linalg.solve(a + 200 * np.eye(200), b)


@program(RNG.random((200, 200)))
def power_iteration(a):
    v = np.ones(200)
    for _ in range(50):
        v = a @ v
        v /= np.linalg.norm(v)
    return v @ a @ v


@program(RNG.random((4, 50, 60)), RNG.random((4, 60, 70)))
def batch_product(a, b):
    return a @ b


@program(RNG.random((40, 50)), RNG.random((50, 60)), RNG.random(60))
def einsum_of_three(a, b, c):
    return np.einsum("ij,jk,k->i", a, b, c)


@program(RNG.random((30, 40, 50)))
def einsum_transposed(a):
    return np.einsum("ijk->kji", a).copy()


@program(RNG.random((64, 64)), RNG.random((64, 64)))
def kronecker(a, b):
    return np.kron(a[:20, :20], b[:20, :20])


@program(MATRIX)
def lower_triangle(M):
    return np.tril(M[:400, :400]) @ np.ones(400)


@program(MATRIX)
def outer_sums(M):
    return np.outer(M[0], M[1]).sum(axis=0)


@program(PICTURE)
def convolution_by_fft(img):
    return np.fft.irfft2(np.fft.rfft2(img) * np.fft.rfft2(img))


@program(VECTOR[:3000])
def autocorrelation(x):
    x = x - x.mean()
    return np.correlate(x, x, mode="full")[x.size - 1 :] / (x @ x)


@program(RNG.integers(0, 256, (256, 256, 3)).astype(np.uint8))
def grey_picture(img):
    return (img @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


@program(RNG.random((1000, 20)), RNG.random(20), RNG.integers(0, 2, 1000))
def logistic_gradient(X, w, y):
    q = 1 / (1 + np.exp(-(X @ w)))
    g = X.T @ (q - y) / y.size
    return g


@program(RNG.random((500, 50)))
def principal_components(X):
    Xc = X - X.mean(0)
    _, v = np.linalg.eigh(Xc.T @ Xc)
    return Xc @ v[:, -2:]


@program(RNG.random((500, 50)))
def gram_cholesky(X):
    return np.linalg.cholesky(X.T @ X + np.eye(50))


@program(RNG.random((50, 50)))
def inverse_and_determinant(X):
    return (np.linalg.inv(X + 50 * np.eye(50)), np.linalg.det(X))


@program(RNG.random((100, 8, 8)))
def batch_inverse(X):
    return np.linalg.inv(X + 8 * np.eye(8))


@program(RNG.random((1000, 3)), RNG.random((1000, 3)))
def cross(a, b):
    return np.cross(a, b)


@program(MATRIX, MATRIX[:300])
def nearest_neighbours(a, b):
    return ((a[:, None, :8] - b[None, :, :8]) ** 2).sum(-1).argmin(1)


@program(MATRIX)
def gram_of_columns(M):
    return M.T @ M


@program(MATRIX)
def matrix_vector(M):
    return M @ M[0]


@program(MATRIX)
def vector_matrix(M):
    return M[:, 0] @ M


@program(MATRIX)
def norm_frobenius(M):
    return np.linalg.norm(M)


@program(MATRIX)
def norm_rows(M):
    return np.linalg.norm(M, axis=1)


@program(MATRIX)
def norm_one(M):
    return np.linalg.norm(M, 1)
