"""Programs about indexing, read and written, with every kind of key."""

from __future__ import annotations

import numpy as np

from .arrays import T3, M, V
from .cases import Corpus

CASES = Corpus()
case = CASES.case


# ---- basic indexing ------------------------------------------------------------------------------
@case(V(7))
def slices(a):
    return a[2:5], a[:3], a[4:], a[-3:], a[:-2], a[1:-1], a[::2], a[1::3], a[-5:-1:2]


@case(V(7))
def slices_beyond(a):
    return a[2:50], a[50:], a[-50:3], a[5:2], a[-1:-4]


@case(V(7))
def slices_descending(a):
    return a[::-1], a[5:1:-1], a[::-2], a[-2::-1], a[:2:-1], a[50:0:-3], a[2:5:-1], a[-50::-1]


@case(V(7), 2, 5)
@case(V(7), 0, 7)
@case(V(7), 3, 3)
@case(V(7), -3, 20)
@case(V(7), 6, 2)
def slice_by_arguments(a, i, j):
    return a[i:j], a[j:i:-1], a[i:], a[:j]


@case(M())
def two_axes(A):
    return A[1, 2], A[1], A[:, 2], A[1:3, ::2], A[-1, -1], A[..., 0], A[0, ...]


@case(M())
def new_axes(A):
    return A[None].shape, A[:, None, :] + A[None, 0], A[:, :, None] * 2, A[None, 1, None]


@case(T3())
def three_axes(x):
    return x[0, 1, 2], x[0], x[:, 1], x[..., 1], x[1, ..., 0], x[::-1, :, ::2], x[-1, 1:]


@case(V())
def zero_d_view(a):
    v = a[2, ...]
    v[...] = 50
    return a, v, a[2]


@case(M())
def scalar_results(A):
    return A[0, 0], A[0][1], A[1, 1] * 2, A[0, 0] + 1


@case(V(5, np.float32))
def float32_scalars(a):
    return a[0], a[0] * 2, a[0] * np.float64(2), a[0] + 1, 1.5 * a[0]


@case(V(5, np.int32))
def int32_scalars(a):
    return a[0], a[0] / 2, a[0] // 2, a[0] + 1, a[0] * 2.5, a[1] ** 2, -a[0]


@case(V(), 2)
def index_by_argument(a, i):
    a[i] = a[i - 1] + a[-i]
    return a[i + 1]


@case(V(), 20, words=20)
def index_out_of_range(a, i):
    a[0] = 100.0
    return a[i]


@case(V())
def literal_out_of_range(a):
    return a[10]


@case(V())
def too_many_indices(a):
    return a[1, 2]


@case(V())
def float_index(a):
    return a[1.0]


@case(V())
def two_ellipses(a):
    return a[..., ...]


@case(V())
def write_then_error(a):
    a[0] = 5
    b = a[20]
    a[1] = 6
    return b


@case(V())
def zero_step(a):
    return a[::0]


# ---- fancy indexing ------------------------------------------------------------------------------
@case(V(), np.array([0, 2, 2, -1]))
def take_by_array(a, i):
    return a[i], a[i] * 2


@case(V())
def take_by_list(a):
    return a[[0, 2, -1]], a[[[0, 1], [2, 3]]]


@case(M(), np.array([0, 2]), np.array([1, -1]))
def pairs(A, i, j):
    return A[i, j], A[i], A[:, j], A[i[:, None], j]


@case(T3(), np.array([0, 1]))
def mixed_advanced(x, i):
    return x[i, :, i], x[:, i, i], x[0, :, i], x[:, i], x[..., i], x[i, 1:], x[:, None, i]


@case(T3(), np.array([[0, 1], [1, 0]]))
def mixed_advanced_2d(x, i):
    return x[:, i], x[i, 0], x[i, :, 1], x[0, i, i + 1]


@case(V(), np.array([0, 20]), words=20)
def advanced_out_of_range(a, i):
    return a[i]


@case(V(), np.array([0.0, 1.0]))
def float_array_index(a, i):
    return a[i]


@case(V(), np.array([0, 2, 0]))
def advanced_assign(a, i):
    a[i] = 10
    a[i + 1] = np.array([1.0, 2.0, 3.0])
    return a.sum()


@case(V(), np.array([0, 2, 0]))
def advanced_augmented(a, i):
    a[i] += 10
    a[i] *= 2


@case(M(), np.array([0, 2]))
def advanced_assign_2d(A, i):
    A[i] = 0
    A[:, i] = A[:, i + 1]
    A[i, i] = -1
    A[1:, i] += 5


@case(V(), np.array([0, 2], np.uint32))
def unsigned_index(a, i):
    return a[i], a[i[0]]


@case(V(), np.array([True, False, True, False, False, True]))
def mask_read(a, m):
    return a[m], a[~m], a[m].sum()


@case(V())
def mask_from_comparison(a):
    return a[a > 3], a[(a > 1) & (a < 5)], (a > 3).sum()


@case(V())
def mask_assign_scalar(a):
    a[a > 3] = 0
    a[a == 0] = -1.5


@case(V())
def mask_assign_values(a):
    a[a > 3] = np.array([10.0, 20.0, 30.0])


@case(V())
def mask_augmented(a):
    a[a > 3] *= 10
    a[a < 2] += a[a < 2]


@case(M())
def mask_2d(A):
    A[A > 4] = 0
    return A[A > 2], A[A[:, 0] > 2], A[:, A[0] > 2]


@case(M(), np.array([True, False, True, True]))
def mask_rows_assign(A, m):
    A[m] = np.arange(5.0)
    A[m, 0] = 50
    return A[m, 1:], A[m][:, 0]


@case(V(), np.array([True, False]))
def mask_of_wrong_size(a, m):
    return a[m]


@case(V())
def mask_empty(a):
    return a[a > 100], a[a > 100].sum()


@case(V())
def gather_is_copy(a):
    b = a[[0, 1]]
    b[0] = 99
    return a[0]


@case(V(9), 2)
@case(V(9), 3)
@case(V(9), -2)
def step_by_argument(a, k):
    a[::k] += 10
    return a[::k], a[1::k], a[-1:0:k]
