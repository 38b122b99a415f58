"""Straight-line programs: views, writes, overlaps, indexing, dtype rules, pytrees, errors."""

from __future__ import annotations

import dataclasses
from collections import namedtuple

import numpy as np

from .cases import Corpus

CASES = Corpus()
case = CASES.case


def V(n=6, dtype=float):
    return np.arange(1, n + 1).astype(dtype)


def M(n=4, m=5, dtype=float):
    return (np.arange(n * m).reshape(n, m) % 7 + 1).astype(dtype)


def T3():
    return np.arange(24.0).reshape(2, 3, 4)


# ---- overlap and aliasing --------------------------------------------------------------------------
@case(V())
def shift_right(a):
    a[1:] = a[:-1]


@case(V())
def shift_left(a):
    a[:-1] = a[1:]


@case(V())
def reverse_in_place(a):
    a[:] = a[::-1]


@case(V())
def shifted_add(a):
    a[1:] += a[:-1]


@case(M(5, 5))
def assign_transpose(A):
    A[:] = A.T


@case(M(5, 5))
def add_transpose(A):
    A += A.T


@case(V())
def swap_slices_views(a):
    a[:3], a[3:] = a[3:], a[:3]


@case(V())
def swap_slices_copies(a):
    a[:3], a[3:] = a[3:].copy(), a[:3].copy()


@case(V())
def swap_elements(a):
    a[1], a[2] = a[2], a[1]


@case(M())
def swap_rows_copies(A):
    t = A[0].copy()
    A[0] = A[1]
    A[1] = t


@case(M())
def swap_rows_views(A):
    t = A[0]
    A[0] = A[1]
    A[1] = t


@case(V())
def alias_views(a):
    b = a[1:4]
    c = b[::-1]
    b[0] = 10.0
    c[0] = 20.0
    a[2] = 30.0
    return b.copy(), c * 1.0


@case(V())
def view_read_after_write(a):
    v = a[2:]
    a[3] = -1.0
    return v * 2


@case(V())
def view_written_read_base(a):
    v = a[2:]
    v[0] = -1.0
    v += 1
    return a * 2


@case(V())
def copy_keeps_old(a):
    old = a.copy()
    a[:] = 0
    return old + a


@case(V())
def scalar_keeps_old(a):
    s = a[0]
    a[0] = 100.0
    return s, a[0]


@case(M())
def transposed_view_written(A):
    B = A.T
    B[0] = 7.0
    B[1, 2] = 9.0
    return B.sum()


@case(M())
def column_view_written(A):
    c = A[:, 1]
    c *= 2
    A[0, 1] = 5
    return c.copy()


@case(V())
def two_zeros_differ(a):
    x = np.zeros(3)
    y = np.zeros(3)
    x[0] = a[0]
    return x, y


@case(V())
def expression_is_fresh(a):
    b = a + 0
    b[0] = 100.0
    return a[0] + b[0]


@case(V())
def returned_argument(a):
    a[0] = 5
    return a


@case(V())
def returned_view(a):
    return a[1:], a[::-1], a[2:3]


@case(V())
def returned_both(a):
    b = a * 2
    return b, b[1:], b


@case(M())
def returned_transpose(A):
    return A.T, A[1], A[:, 2], A[::2, ::-1]


@case(M())
def returned_reshape(A):
    return A.reshape(-1), A.ravel(), A.flatten(), A.T.reshape(-1), A.T.ravel()


@case(V())
def self_assign_view(a):
    b = a[1:3]
    a[1:3] = b
    return a.sum()


@case(V(6), V(6))
def cross_write(a, b):
    a[:], b[:] = b, a


@case(V(6), V(6))
def cross_write_copies(a, b):
    a[:], b[:] = b.copy(), a.copy()


@case(V())
def chain_of_views(a):
    b = a[1:]
    c = b[1:]
    d = c[::2]
    d[0] = 50
    b[-1] = 60
    return a.sum(), c[0], d[-1]


@case(M(6, 6))
def view_of_view_2d(A):
    B = A[1:5, 1:5]
    C = B[::-1, ::2]
    C[1, 1] = -3.0
    B[0] = 1.5
    return A.sum(), C


@case(V(12))
def reshape_aliases(a):
    b = a.reshape(3, 4)
    b[1, 2] = 77
    a[0] = 5
    return b[0, 0], b


@case(V(12))
def reshape_minus_one(a):
    b = a.reshape(-1, 3)
    b[:, 0] = 0
    c = a.reshape((2, -1))
    c += 1
    return b


@case(M(4, 6))
def reshape_window_copies(A):
    B = A[:, ::2]
    C = B.reshape(-1)
    C[0] = 99
    return A[0, 0], C


@case(M(4, 6))
def reshape_window_views(A):
    B = A[1:3]
    C = B.reshape(-1)
    C[0] = 99
    return A[1, 0], C


@case(M(4, 6))
def reshape_splits_axis(A):
    B = A[:, :].reshape(4, 2, 3)
    B[0, 1, 2] = -1
    return A, B.shape


@case(T3())
def reshape_of_partial(x):
    y = x[:, 1:].reshape(2, 8)
    y[0, 0] = 1000
    return x, y


@case(T3())
def reshape_transposed_copies(x):
    y = x.transpose(1, 0, 2).reshape(3, 8)
    y[0, 0] = 1000
    return x[0, 0, 0], y


@case(V(6))
def ravel_is_view(a):
    r = a.ravel()
    r[0] = 9
    return a[0]


@case(M())
def ravel_transposed_is_copy(A):
    r = A.T.ravel()
    r[0] = 9
    return A[0, 0], r


@case(M())
def ravel_fortran(A):
    return A.ravel(order="F"), A.reshape((5, 4), order="F")


@case(M())
def flatten_is_copy(A):
    f = A.flatten()
    f[0] = 9
    return A[0, 0]


@case(np.asfortranarray(M()))
def fortran_argument(A):
    A[0] = 5
    r = A.T.reshape(-1)
    r[1] = 8
    return A * 2, A.T[0]


@case(np.asfortranarray(M()))
def fortran_reshape_copies(A):
    r = A.reshape(-1)
    r[0] = 99
    return A[0, 0], r


@case(M(6, 8)[::2, 1:7:2])
def strided_argument(A):
    A[0] += 1
    return A.sum(axis=0), A.T, A[::-1]


@case(V(10)[::-2])
def negative_stride_argument(a):
    a[0] = 100
    return a * 2, a[1:], a[::-1]


@case(M(6, 8)[:, 2:5])
def rows_argument(A):
    A[1] = A[0] + A[2]
    return A[:, 1], A.sum()


@case(np.array(3.0))
def zero_d_argument(x):
    x[...] = x + 1
    x += 2
    return x, x * 2, x[()]


@case(V(0))
def empty_argument(a):
    a[:] = 3
    return a, a.sum(), a.shape[0]


@case(V(1))
def size_one_argument(a):
    return a + np.arange(3.0), a.sum()


# ---- basic indexing --------------------------------------------------------------------------------
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


# ---- fancy indexing --------------------------------------------------------------------------------
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


# ---- writes and dtypes -----------------------------------------------------------------------------
@case(V(5, np.int64))
def int_store_truncates(a):
    a[0] = 2.7
    a[1] = -2.7
    a[2:] = np.array([1.5, 2.5, 3.5])


@case(V(5, np.int64))
def int_inplace_float_refused(a):
    a *= 1.9


@case(V(5, np.int64))
def int_inplace_divide_refused(a):
    a /= 2


@case(V(5, np.float32))
def float32_inplace(a):
    a += 1.5
    a *= np.float64(2)
    a -= np.arange(5.0)
    return a


@case(V(5, np.uint8))
def uint8_wraps(a):
    a += 250
    return a, a * np.uint8(2), a + 1


@case(V(5, np.uint8))
def uint8_too_large(a):
    return a + 300


@case(V(5, np.uint8))
def uint8_store_too_large(a):
    a[0] = 300


@case(V(5, np.uint8), 300, words=0)
def uint8_store_argument_too_large(a, n):
    a[0] = n


@case(V(5, bool))
def bool_arithmetic(a):
    return a + a, a * 2, a & False, ~a, a | a, a ^ True, a.sum()


@case(V(3, np.complex128))
def complex_parts_written(z):
    z.real[1:] = 7
    z.imag += 2
    r = z.real
    z[0] = 5j
    return r * 1, z.real.sum(), z.imag[::-1] * 2


@case(V(3, np.complex128), shares=False)
def complex_arithmetic(z):
    return z * 1j, z.real, z.imag, z.conj(), abs(z), z + 1, (z * (1 + 2j)).imag


@case(V(3, np.int8), V(3, np.uint8), V(3, np.float16))
def mixed_small(a, b, c):
    return a + b, a * c, b + c, a / b, a // b, b % a, a < b


@case(V(3, np.int64), V(3, np.uint64))
def int_and_uint64(a, b):
    return a + b, a == b, a & a


@case(V(3), V(4), words=0)
def shapes_do_not_fit(a, b):
    return a + b


@case(V(3), V(4), words=30)
def assign_does_not_fit(a, b):
    a[:] = b


@case(M(3, 4), V(4), V(3))
def broadcasting(A, r, c):
    return A + r, A * c[:, None], r + c[:, None], A - A.mean(axis=0), A / A.sum(axis=1)[:, None]


@case(V(3), M(2, 3))
def inplace_does_not_fit(a, B):
    a += B


@case(M(2, 3), V(3))
def inplace_broadcasts(A, b):
    A += b
    A[:, 1:] *= b[1:]
    A[0] = 3
    A[:, 0] = [7.0, 8.0]


@case(V())
def negative_power(a):
    return a**-1, a**0.5, a**2, a**3, 2**a, a**a


@case(V(4, np.int64))
def int_power(a):
    return a**2, a**3, 2**a, a**1.5, a**a


@case(V(4, np.int64), words=20)
def int_negative_power(a):
    return a**-1


@case(V(4, np.int64), np.array([0, 1, 2, -3]))
def int_division(a, b):
    return a // b, a % b, a / b, divmod(a, b)


@case(np.array([-7, 7, -7, 7]), np.array([2, 2, -2, -2]))
def signs_of_division(a, b):
    return a // b, a % b, (a / 1.0) // b, (a / 1.0) % b, np.fmod(a, b)


@case(V())
def comparisons(a):
    return a > 2, a >= 2, a == 2, a != 2, (a > 1) & (a < 4), a < a[::-1], 3 < a


@case(V())
def shifts_and_bits(a):
    i = a.astype(int)
    return i << 2, i >> 1, i & 3, i | 8, i ^ 5, ~i


@case(V(), words=0)
def float_bits_refused(a):
    return a & 1


@case(V())
def matrix_of_vectors(a):
    return a @ a, np.dot(a, a), a.dot(a), np.outer(a, a).shape


@case(M(3, 4), M(4, 2), V(4))
def products(A, B, v):
    return A @ B, A @ v, v @ B, A.dot(B), (A @ B).T @ A


@case(M(3, 3))
def matmul_inplace(A):
    A @= A.T
    return A


@case(M(3, 4), M(3, 4), words=10)
def matmul_does_not_fit(A, B):
    return A @ B


# ---- Python numbers --------------------------------------------------------------------------------
@case(7, 2)
@case(-7, 2)
@case(7, -2)
@case(0, 5)
def int_arithmetic(a, b):
    return a + b, a - b, a * b, a / b, a // b, a % b, divmod(a, b), -a, +a, abs(a), ~a, a**2


@case(7.5, 2)
@case(-7.5, 2.0)
def float_arithmetic(a, b):
    return a + b, a - b, a * b, a / b, a // b, a % b, -a, abs(a), a**2, b + 1


@case(7, 0, words=0)
def int_zero_division(a, b):
    return a // b


@case(7, 0, words=0)
def int_zero_true_division(a, b):
    return a / b


@case(7, 0, words=0)
def int_zero_modulo(a, b):
    return a % b


@case(7.0, 0.0, words=0)
def float_zero_division(a, b):
    return a / b


@case(np.float64(7), np.float64(0))
def numpy_scalars_divide(a, b):
    return a / b, -a / b, a // b


@case(np.int64(7), np.int64(2))
def numpy_ints(a, b):
    return a + b, a / b, a // b, a % b, a**b, -a, a + 1, a * 2.0, 2 - a


@case(np.float32(1.5), 2.0, 3)
def weak_promotion(a, b, c):
    return a * b, a + c, b * c, a / c, np.float64(2) * a


@case(np.int8(100), 27)
def int8_with_python_int(a, b):
    return a + b, a - b


@case(5, 3)
def int_bits(a, b):
    return a & b, a | b, a ^ b, a << b, a >> 1, ~b


@case(5, 3)
def int_comparisons(a, b):
    return a < b, a <= b, a > b, a >= b, a == b, a != b


@case(5, 2.5, 1j)
def complex_numbers(a, b, c):
    return a + c, b * c, c * c, a - c, (a + c).real, (b * c).imag, (a + c).conjugate(), abs(c)


@case(True, False)
def bools(a, b):
    return a + b, a & b, a | b, a ^ b, a * 3, -a


@case(2**62, 3)
def int_overflow_product(a, b):
    return a * b // b if False else a - b


@case(V(), 3)
def ints_and_arrays(a, n):
    return a * n, a + n, n - a, n / a, a // n, n**a, a > n, a[n], a[:n]


@case(V(4, np.int32), 3)
def ints_and_int32(a, n):
    return a * n, a + n, a / n, a * 1.5, a + True


@case(V())
def shape_arithmetic(a):
    n = a.shape[0]
    return n, n + 1, n * 2, n // 2, n % 4, n / 2, len(a), a.size, a.ndim, a.nbytes, a.itemsize


@case(M())
def shape_pytrees(A):
    n, m = A.shape
    return A.shape, (n, m), n * m, A.size, A.T.shape, A[1:, ::2].shape, A.dtype


@case(3.7, -3.7)
def rounding_numbers(a, b):
    return round(a), round(b), round(a, 1), int(a), int(b), float(a), abs(b)


@case(V())
def rounding_arrays(a):
    return np.round(a / 7, 2), (a / 7).round(3), np.floor(a / 2), np.ceil(-a / 2), np.rint(a / 2)


# ---- ufuncs, functions, methods --------------------------------------------------------------------
@case(V() / 7)
def ufuncs(a):
    return (
        np.exp(a), np.log(a), np.sin(a), np.cos(a), np.tanh(a), np.sqrt(a), np.abs(-a),
        np.maximum(a, 0.5), np.minimum(a, 0.5), np.log1p(a), np.expm1(a), np.arctan2(a, 2),
        np.hypot(a, 1), np.sign(-a), np.square(a), np.reciprocal(a), np.isnan(a), np.power(a, 3),
    )  # fmt: skip


@case(V(), V(6))
def ufunc_out(a, b):
    c = np.add(a, 1, out=b)
    np.multiply(a, 2, out=a)
    return c


@case(V(), np.array([True, False] * 3))
def ufunc_where(a, m):
    out = np.zeros(6)
    np.add(a, 10, out=out, where=m)
    return out


@case(V(4, np.int64))
def ufunc_dtype(a):
    return np.add(a, 1, dtype=np.float32, casting="unsafe"), np.multiply(a, 2, dtype=float)


@case(V(4, np.int64), V(4))
def ufunc_out_refused(a, b):
    np.add(b, 1.5, out=a)


@case(V(4, np.float32), V(4))
def ufunc_out_same_kind(a, b):
    return np.add(b, 1.5, out=a)


@case(V())
def ufunc_two_results(a):
    q, r = np.divmod(a, 4)
    f, i = np.modf(a / 3)
    return q, r, f, i


@case(V())
def where_and_clip(a):
    return np.where(a > 3, a, -a), np.clip(a, 2, 4), a.clip(2), np.where(a > 3, 1, 0)


@case(M())
def reductions(A):
    return (
        A.sum(), A.sum(axis=0), A.sum(axis=-1, keepdims=True), A.mean(), A.max(axis=1), A.min(),
        A.prod(axis=0), A.std(), A.var(axis=0), A.argmax(), A.argmin(axis=1), (A > 3).any(axis=0),
        (A > 0).all(), np.sum(A, axis=(0, 1)), A.cumsum(axis=1), A.ptp() if False else 0,
    )  # fmt: skip


@case(V(5, np.int32))
def int_reductions(a):
    return a.sum(), a.mean(), a.prod(), a.max(), a.cumsum(), a.std(), np.sum(a, dtype=np.int16)


@case(V(5, np.float32))
def float32_reductions(a):
    return a.sum(), a.mean(), a.max(), a.cumsum(), a.sum(dtype=float), a.var()


@case(V(0))
def empty_maximum(a):
    return a.max()


@case(M())
def shape_methods(A):
    return (
        A.reshape(2, 10), A.reshape((10, 2)), A.reshape(-1, 2), A.transpose(), A.transpose(1, 0),
        A.swapaxes(0, 1), A[:1].squeeze(), A.repeat(2, axis=0), A.astype(np.float32), A.astype(int),
        A.copy(), A.T.copy(),
    )  # fmt: skip


@case(M(), shares=False)
def shape_functions(A):
    return (
        np.concatenate([A, A]), np.stack([A[0], A[1]]), np.vstack([A, A[0]]), np.hstack([A, A]),
        np.flip(A, 0), np.roll(A, 1, axis=1), np.expand_dims(A, 0), np.tile(A, 2),
        np.broadcast_to(A[0], (3, 5)), np.moveaxis(A, 0, 1),
    )  # fmt: skip


@case(M(), words=20)
def reshape_wrong_count(A):
    return A.reshape(3, 3)


@case(M())
def reshape_two_unknown(A):
    return A.reshape(-1, -1)


@case(M(), words=12)
def wrong_axis(A):
    return A.sum(axis=2)


@case(V())
def array_attributes(a):
    return a.ndim, a.dtype, a.itemsize, a.T, a.real, a.shape


@case(V())
def fill_and_item(a):
    a[1:3].fill(9)
    x = a[2:3].item()
    return x, a[0].item(), a.item(1)


@case(np.array([3.0, 1.0, 2.0]))
def sort_in_place(a):
    b = np.sort(a)
    i = a.argsort()
    a.sort()
    return b, i


@case(V())
def creation(a):
    n = a.shape[0]
    return (
        np.zeros(n), np.ones((2, n)), np.full(3, 7.0), np.zeros_like(a), np.ones_like(a, dtype=int),
        np.arange(n), np.arange(1, n), np.eye(n), np.linspace(0, 1, n), np.empty_like(a) * 0,
    )  # fmt: skip


@case(V())
def fill_created(a):
    out = np.zeros(a.shape)
    out[1:] = a[:-1]
    out[0] = a[-1]
    out += a
    return out


@case(V())
def arrays_from_lists(a):
    return np.array([a[0], a[1], 3.0]), np.array([[a[0], 1], [2, a[3]]]), np.asarray(a)


@case(V())
def readonly_broadcast(a):
    b = np.broadcast_to(a, (2, 6))
    b[0, 0] = 1


@case(V())
def unhashable(a):
    return {a: 1}


@case(V())
def truth_of_array(a):
    return 1 if a else 0


@case(V(0), words=10)
def iterate_zero(a):
    return list(a)


# ---- calls, pytrees, constants ---------------------------------------------------------------------
SCALE = np.array([2.0, 3.0])
TABLE = np.arange(300.0)


def _helper(x, k=2, *rest, offset=0.0):
    y = x * k
    return y + offset + sum(rest)


def _writes(x):
    x[0] = -1.0
    return x[1:]


@case(V())
def calls_helper(a):
    return _helper(a), _helper(a, 3), _helper(a, offset=1.0), _helper(a, 1, 2, 3)


@case(V())
def helper_writes(a):
    b = _writes(a)
    b[0] = -2.0
    return b


@case(V(2))
def global_constant(a):
    return a * SCALE, SCALE


@case(V(3), shares=False)
def global_table(a):
    return TABLE[a.astype(int)], (TABLE * a[0]).sum()


def _closure():
    w = np.array([1.0, 2.0])
    k = 3

    def with_closure(a):
        return a @ w * k

    return with_closure


case(V(2))(_closure())


@dataclasses.dataclass
class State:
    x: np.ndarray
    v: float


Pair = namedtuple("Pair", "first second")


@case(State(V(), 2.0))
def dataclass_state(s):
    s.x[0] = 7
    return State(s.x * s.v, s.v + 1)


@case(Pair(V(), 3))
def namedtuple_pair(p):
    return Pair(p.second, p.first * p.second), p.first[p.second]


@case({"w": V(3), "b": 1.5, "n": None}, [V(3), (V(3), "x")])
def nested_pytrees(params, others):
    y = params["w"] * params["b"]
    return {"y": y, "none": params["n"], "t": (others[0] + others[1][0], others[1][1])}, [y]


@case(V(), "sum")
@case(V(), "max")
def string_argument(a, how):
    return {"sum": a.sum(), "max": a.max()}[how]


@case(V(), None, True)
def none_and_bool(a, x, flag):
    return x, flag, a


@case(V(), slice(1, 4), np.float32)
def slice_and_dtype_arguments(a, s, d):
    return a[s], a.astype(d)


@case(V(), np.sin)
def function_argument(a, f):
    return f(a)


@case(V())
def returns_nothing(a):
    a[0] = 1


@case(V(), 5)
def returns_constants(a, n):
    return 1, 2.5, "text", None, True, n, (), [], {}


@case(V(), V(), 2.0)
def many_statements(x, y, k):
    z = k * x + y
    w = z - z.mean()
    w /= np.sqrt((w**2).sum())
    x[:] = w
    return w, (w @ y) ** 2


@case(V(4), V(4))
def temporaries_of_arguments(a, b):
    t = a
    a = a + b
    t[0] = 100
    return a, t


# ---- the same array twice, overlapping arguments -----------------------------------------------------
_x = V(8)


@case(_x, _x)
def same_array_twice(a, b):
    a[0] = 50
    b[1] = 60
    return a[1], b[0]


@case(_x[1:], _x[:-1])
def overlapping_arguments(a, b):
    a[:] = b * 2
    return b.sum()


@case(_x[1:], _x[:-1])
def overlapping_read_only(a, b):
    return a + b


_m = M(5, 5)


@case(_m, _m.T)
def argument_and_its_transpose(A, B):
    A[0] = 9
    return B[:, 0], B.sum()


@case(_m[0], _m[:, 0])
def row_and_column(r, c):
    r[0] = 100
    c[1] = 50
    return r.sum(), c.sum()


@case(_m, _m[2])
def array_and_its_row(A, r):
    r += A[0]
    A[:, 1] = 0
    return A.sum(), r[1]


# ---- unsupported -------------------------------------------------------------------------------------
@case(np.array(["a", "b"]), words=0)
def string_array(a):
    return a + 1


@case(V())
def len_and_in(a):
    return len(a), len(a[1:]), 3.0 in a


@case(V(6))
def unpacking(a):
    x, y, *rest = a[:4]
    return x, y, rest[0]


@case(M(3, 3))
def swap_names(A):
    B = A * 2
    A, B = B, A
    B[0] = 0
    return A, B


@case(V(), V())
def chained_expressions(a, b):
    c = a[1:] * b[:-1] + a[:-1] * b[1:]
    c[c > 10] -= 10
    return c.cumsum()[::2], c[-1], c.max() - c.min()


@case(3, V(5))
def python_scalar_first(k, a):
    return k - a, k / a, k // a, k % a, k**a, k < a, divmod(k, a)


@case(V(5), np.float64(2.5))
def numpy_scalar_argument(a, s):
    return a * s, s + 1, s * s, a[0] * s, s // 2


@case(V(5).astype(">f8"))
def swapped_bytes(a):
    a[0] = 9.0
    return a.sum()


@case(np.arange(24, dtype=np.int64).view(np.int8)[1:17].view(np.int64))
def misaligned(a):
    a[0] = 5
    return a + 1
