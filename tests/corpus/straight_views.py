"""Programs about memory: views, writes, overlap, layouts, overlapping arguments."""

from __future__ import annotations

import numpy as np

from .arrays import T3, M, V
from .cases import Corpus

CASES = Corpus()
case = CASES.case


# ---- overlap and aliasing ------------------------------------------------------------------------
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


# ---- the same array twice, overlapping arguments -------------------------------------------------
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
