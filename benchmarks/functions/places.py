"""Where elements stand: indexing, masks, sorting, sets, tables, extremes."""

import numpy as np

from .data import CODES, MATRIX, NORMAL, RNG, VECTOR, program


@program(NORMAL)
def masked_mean(z):
    return z[z > 0].mean()


@program(NORMAL)
def boolean_select(z):
    return z[(z > 0) & (z < 1)]


@program(NORMAL)
def boolean_assign(z):
    w = z.copy()
    w[w < 0] = 0
    return w


@program(VECTOR, CODES)
def fancy_gather(x, i):
    return x[i] * 2


@program(VECTOR, CODES)
def group_sum(x, i):
    s = np.zeros(1000)
    np.add.at(s, i, x)
    return s


@program(VECTOR, CODES)
def group_mean_bincount(x, i):
    return np.bincount(i, weights=x) / np.maximum(np.bincount(i), 1)


@program(VECTOR)
def histogram(x):
    return np.histogram(x, bins=50)[0]


@program(VECTOR)
def sort(x):
    return np.sort(x)


@program(VECTOR)
def ranks(x):
    return np.argsort(np.argsort(x))


@program(VECTOR)
def median(x):
    return np.median(x)


@program(VECTOR)
def percentiles(x):
    return np.percentile(x, [5, 50, 95])


@program(CODES)
def unique(xi):
    return np.unique(xi)


@program(CODES)
def unique_with_counts(xi):
    return np.unique(xi, return_counts=True)


@program(MATRIX)
def sort_of_rows(M):
    return np.sort(M, axis=1)


@program(MATRIX)
def sort_of_columns(M):
    return np.sort(M, axis=0)


@program(MATRIX)
def transposed_matrix(M):
    return np.ascontiguousarray(M.T)


@program(MATRIX)
def flipped_sum(M):
    return M[::-1, ::-1] + M


@program(VECTOR)
def digitize(x):
    return np.digitize(x, np.linspace(0, 1, 20))


@program(VECTOR)
def interpolate(x):
    return np.interp(x, np.linspace(0, 1, 50), np.linspace(0, 1, 50) ** 2)


@program(VECTOR)
def search_table(x):
    return np.searchsorted(np.linspace(0, 1, 1000), x)


@program(MATRIX)
def concatenate(M):
    return np.concatenate([M, M * 2], axis=0)


@program(MATRIX)
def stack(M):
    return np.stack([M, M + 1], axis=-1)


@program(MATRIX)
def tile(M):
    return np.tile(M[:50, :50], (4, 4))


@program(MATRIX)
def repeat(M):
    return np.repeat(np.repeat(M[:100, :100], 3, axis=0), 3, axis=1)


@program(MATRIX)
def argwhere(M):
    return np.argwhere(M > 0.99)


@program(MATRIX)
def nonzero(M):
    return np.nonzero(M > 0.5)[0].sum()


@program(MATRIX)
def gather_rows(M):
    return M[np.arange(0, 400, 3)]


@program(MATRIX)
def read_diagonal(M):
    return M[np.arange(400), np.arange(400)]


@program(MATRIX)
def take_along_axis(M):
    return np.take_along_axis(M, np.argsort(M, axis=1), axis=1)


@program(VECTOR)
def isin(x):
    return np.isin((x * 100).astype(int), [3, 5, 8]).sum()


@program(VECTOR)
def partition(x):
    return np.partition(x, 100)[:100]


@program(VECTOR)
def argmax_of_all(x):
    return x.argmax()


@program(-VECTOR)
def argmin_of_all(x):
    return x.argmin()


@program(MATRIX)
def argmax_of_rows(x):
    return x.argmax(axis=1)


@program(MATRIX)
def argmax_of_columns(x):
    return x.argmax(axis=0)


@program(MATRIX.astype(np.float32))
def argmax_of_columns_single(x):
    return x.argmax(axis=0)


@program(MATRIX.astype(np.float32))
def argmin_of_rows_single(x):
    return x.argmin(axis=1)


@program(CODES)
def argmax_of_integers(x):
    return x.argmax()


@program(RNG.random((500, 1000))[:, :10].copy())
def argmax_of_short_rows(x):
    return x.argmax(axis=1)


@program(RNG.random((500, 1000))[:, :40].copy())
def argmax_of_rows_of_40(x):
    return x.argmax(axis=1)


@program(VECTOR)
def nearest_element(x):
    return np.abs(x - 0.5).argmin()


@program(np.arange(200000.0))
def argmax_of_rising(x):
    return x.argmax()


@program(VECTOR < 2)
def first_false(m):
    return m.argmin()


@program(VECTOR > 0.999)
def first_true(m):
    return m.argmax()


@program(MATRIX)
def zero_diagonal(M):
    W = M.copy()
    W[np.arange(400), np.arange(400)] = 0
    return W


@program(MATRIX)
def filled_diagonal(M):
    W = M.copy()
    np.fill_diagonal(W, 0)
    return W


@program(VECTOR, CODES)
def read_places(x, i):
    return x[i]


@program(VECTOR, CODES)
def take(x, i):
    return np.take(x, i)


@program(VECTOR, CODES)
def write_places(x, i):
    o = np.zeros_like(x)
    o[i] = x
    return o


@program(VECTOR, CODES)
def add_at_places(x, i):
    o = np.zeros_like(x)
    np.add.at(o, i, x)
    return o


@program(RNG.random((20, 30, 40)))
def transposed_copy(a):
    return a.transpose(1, 0, 2).copy()
