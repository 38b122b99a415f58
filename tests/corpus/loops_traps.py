"""Traps of control flow and aliasing: each was a fault somewhere before it was a test."""

from __future__ import annotations

import numpy as np

from .cases import Corpus

# Programs are written as people write them.
# ruff: noqa: E501, E701, E702, E741, F841, C416, PIE808, SIM300

CASES = Corpus()
case = CASES.case
_rng = np.random.default_rng(0)


def V(n=9):
    return _rng.random(n)


def M(n=7, m=7):
    return _rng.random((n, m)) + 0.1


def I(*v):  # noqa: E743
    return np.array(v)


@case(V(), 1e-12)
def newton(x, tol):
    r = 1.0
    err = 1.0
    n = 0
    while err > tol:
        new = 0.5 * (r + x[0] / r)
        err = abs(new - r)
        r = new
        n += 1
    return r, n


@case(-0.5, 0.3, 50)
def mandel_return(cr, ci, maxiter):
    zr = 0.0
    zi = 0.0
    for i in range(maxiter):
        if zr * zr + zi * zi > 4.0:
            return i
        t = zr * zr - zi * zi + cr
        zi = 2.0 * zr * zi + ci
        zr = t
    return maxiter


@case(0.5, 0.6, 50)
def mandel_break(cr, ci, maxiter):
    zr = zi = 0.0
    n = 0
    for i in range(maxiter):
        if zr * zr + zi * zi > 4.0: break
        zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
        n = i
    return n, zr, zi


@case(np.zeros((12, 10)), -2.0, 0.5, -1.2, 1.2, 40)
def mandel_grid(out, x0, x1, y0, y1, maxiter):
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            cr = x0 + (x1 - x0) * i / out.shape[1]
            ci = y0 + (y1 - y0) * j / out.shape[0]
            zr = 0.0
            zi = 0.0
            k = 0
            while k < maxiter and zr * zr + zi * zi <= 4.0:
                zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
                k += 1
            out[j, i] = k


@case(V(), 0.5)
def find_first(a, v):
    for i in range(a.shape[0]):
        if a[i] > v:
            return i
    return -1


@case(V(8), 8)
def continue_loop(a, n):
    s = 0.0
    for i in range(n):
        if a[i] < 0.5: continue
        s += a[i]
        if s > 2.0: break
    return s, i


@case(5, 0)
def loop_var_after(n, m):
    i = -7
    for i in range(n): pass
    j = -7
    for j in range(m): pass
    return i, j


@case(V(6))
def reassign_loop_var(a):
    for i in range(a.shape[0]):
        a[i] = i
        i = i * 2
        a[0] = i
    return i


@case(V(6))
def empty_ranges(a):
    for i in range(3, a.shape[0] - 6): a[i] = 1.0
    for i in range(a.shape[0], 2): a[i] = 1.0
    for i in range(-1, a.shape[0] - 8, -1): a[i] = 5.0


@case(V(6), 3)
def conditional_def(a, k):
    if k > 2:
        x = 1.5
    else:
        x = 2
        y = 3
    if k > 5: return x
    for i in range(k):
        if i > 0: z = a[i]
    return x * 2


@case(V(6))
def alias_view(a):
    b = a[1:4]
    c = b[::-1]
    b[0] = 10.0
    c[0] = 20.0
    a[2] = 30.0
    return b.copy(), c * 1.0


@case(M())
def view_written_in_nested_loops(A):
    for i in range(1, A.shape[0]):
        row = A[i]
        up = A[i - 1]
        for j in range(A.shape[1]):
            row[j] += up[j]
            if row[j] > 2.0: row[j] = 0.5
    return row.copy() if False else A[0, 0]


@case(M())
def view_made_before_loop(A):
    d = A[2:5, 1]
    for i in range(3):
        d[i] = d[i] * 2 + i
    for i in range(A.shape[0]):
        A[i, 1] += 1
        A[0, 0] += d[0]
    return d + 0.0


@case(V(8))
def overlap_forward(a): a[1:] = a[:-1]


@case(V(8))
def overlap_backward(a): a[:-1] = a[1:]


@case(V(8))
def overlap_flip(a): a[:] = a[::-1]


@case(V(8))
def overlap_self(a): a[1:] += a[:-1]


@case(M())
def overlap_transpose(A): A[:] = A.T


@case(M())
def overlap_transpose_add(A): A += A.T


@case(V(8))
def stale_copy(a):
    old = a.copy()
    a[0] = 5.0
    a[1:] = old[:-1] + a[0]
    return old


@case(V(8), 4)
def copy_in_loop(a, n):
    for t in range(n):
        old = a.copy()
        a[1:-1] = (old[:-2] + old[2:]) * 0.5
    return a


@case(V(6), V(6), 5)
def swap_names(a0, b0, n):
    a = a0 * 1.0
    b = b0 * 1.0
    for t in range(n):
        b[1:] = a[:-1] + 1.0
        a, b = b, a
    return a, b


@case(10)
def fib(n):
    a, b = 0, 1
    for i in range(n): a, b = b, a + b
    return a


@case(-7, 2, -7.5)
def int_division(a, b, c):
    return a // b, a % b, a / b, a // -b, a % -b, c // 2, c % 2, c % -2


@case(np.array([-7, 7, 5]), np.array([2, -2, 3]))
def int_array_division(a, b): return a // b, a % b, a / b


@case(V(6))
def negative_indices(a):
    a[-1] = 1.0
    a[-2] += a[-3]
    for i in range(-1, -4, -1): a[i] *= 2.0
    return a[-a.shape[0]]


@case(V(6), -2, 3)
def dynamic_negative(a, i, j):
    a[i] = a[j] + 1
    return a[i:].copy(), a[:i] * 1.0, a[j:i] + 0.0, a[i:j] + 0.0


@case(V(6), 4, 100)
def clipped(a, i, j):
    return a[i:j] + 0.0, a[j:] + 0.0, a[-50:3] + 0.0, a[3:1] + 0.0, np.sum(a[i:j])


@case(M(6, 8))
def chained_views(A):
    B = A[1:, ::2]
    C = B[::-1].T
    D = C[1:3]
    D[0, 1] = 9.0
    D[1] = D[0] * 2
    return np.sum(D), C[0, 0], D[:, None, 1] + 0.0


@case(V(5))
def dtype_change(a):
    s = 0
    for i in range(a.shape[0]): s += a[i]
    return s


@case(V(5).astype(np.float32))
def weak_carry(a):
    s = 0
    for i in range(a.shape[0]): s = s + a[i] * 2.5
    return s, 1.5 * s


@case(np.arange(5, dtype=np.uint8) + 250)
def wrap_uint8(a):
    t = a + a
    x = a[4] + a[3]
    b = a * 1
    b += 3
    return t, x, b


@case(np.arange(6, dtype=np.int32))
def int32_store(a):
    for i in range(a.shape[0]): a[i] = a[i] * 1.9 + 0.7
    return np.sum(a)


@case(V(4))
def scalar_is_value(a):
    x = a[1]
    v = a[1:2]
    a[1] = 7.0
    return x, v[0]


@case(V(4))
def zero_d(a):
    z = a[2, ...]
    a[2] = 4.0
    return z + 1.0


@case(M())
def rowmax_minmax(A):
    m = A[0, 0]
    for i in range(A.shape[0]):
        for j in range(A.shape[1]): m = max(m, A[i, j])
    return m, min(A[0, 0], A[1, 1]), np.max(A), np.minimum(A, 0.5)


@case(I(1.0, np.nan, 2.0), I(np.nan, 1.0, 3.0))
def nan_minmax(a, b):
    return np.minimum(a, b), np.maximum(a, b), max(a[0], a[1]), max(a[1], a[0]), np.max(a)


@case(V(6), 3)
def while_and_shortcircuit(a, k):
    i = 0
    while i < a.shape[0] and a[i] < 0.9: i += 1
    return i


@case(V(6), 6)
def guarded_index(a, n):
    s = 0.0
    for i in range(n + 3):
        if i < a.shape[0]: s += a[i]
        if i > 0 and i - 1 < a.shape[0] and a[i - 1] > 0.3: s += 1
    return s


@case(V(6), 6)
def index_error(a, n):
    for i in range(n + 1): a[i] = 1.0


@case(V(6), 3)
def nested_break(a, n):
    c = 0
    for i in range(n):
        for j in range(6):
            if a[j] > 0.8: break
            c += 1
        else_ = j
        if c > 7: break
    return c, i, j


@case(V(6), V(6))
def helper_writes(a, b):
    def bump(x, k): x[k] += 1.0
    for i in range(a.shape[0] - 1): a[i + 1] += a[i]; bump_(b, i)
def bump_(x, k):
    x[k] += 1.0
    x[1:] *= 2.0


@case(M(5, 5), V(5))
def matmuls(A, x):
    y = A @ x
    z = x @ A
    B = A @ A.T
    A[0] = B[1] * 2
    return y, z, B, np.dot(x, y), np.sum(A, axis=0), np.mean(A)


@case(M(5, 5), V(5), 4)
def matvec_loop(A, x, n):
    for t in range(n):
        x = A @ x
        x = x / np.sqrt(x @ x)
    return x


@case(V(6))
def sequence_loop(a):
    s = 0.0
    for v in a:
        s = s * 0.5 + v
    return s


@case(M(3, 4))
def rows_loop(A):
    for r in A:
        r[0] = r[1] + r[2]
        r *= 2.0


@case(2.0, 3)
def python_scalars(x, n):
    return x * n, n / 2, n // 2, x ** 2, -n, n > 2, (n > 2) + 1, not n, n == 3 and x > 1


@case(V(5), 2)
def ternary(a, k):
    return (a[0] if k > 1 else a[1]), (1 if k > 3 else 2.5)


@case(V(5), V(4), words=0)
def shapes_differ(a, b): return a + b


@case(V(5), V(1))
def broadcast1(a, b): return a + b, b * a


@case(V(6), V(6), 1, 4)
def dynamic_one(a, b, i, j): return a[:i] * b[:j]


@case(np.array([0, 3, 5, 6]), np.array([0, 1, 2, 1, 3, 0]), V(6), V(4))
def csr(row, col, val, x):
    y = np.zeros(row.size - 1)
    for i in range(row.size - 1):
        for k in range(row[i], row[i + 1]): y[i] += val[k] * x[col[k]]
    return y


@case(V(6), 3)
def temp_array_in_loop(a, n):
    s = 0.0
    for t in range(n):
        b = np.zeros(a.shape[0])
        for i in range(a.shape[0]): b[i] = a[i] * t
        s += np.sum(b)
    return s


@case(V(6), 2)
def branch_writes(a, k):
    b = a[1:3]
    if k > 1:
        a[0] = 1.0
        b[1] = 2.0
    else:
        a[3] = 1.0
    return b[1], a[0]


@case(V(6), V(6), 2)
def branch_rebinds(a, b, k):
    c = a * 2
    if k > 1: c = b + 1
    c[0] = 5.0
    return c


@case(V(6), 3)
def two_zeros(a, n):
    y = np.zeros(6)
    z = np.zeros(6)
    y[1] = 3.0
    for i in range(n): z[i] = y[1] + i
    return y, z


@case(V(6), V(6))
def returns_argument(a, b):
    a[0] = 1.0
    return a, b


@case(V(6))
def returns_view(a):
    v = a[1:3]
    a[1] = 9.0
    return v


@case(V(20), 0.5)
def bubble(a, x):
    n = a.shape[0]
    for i in range(n):
        for j in range(n - i - 1):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]


@case(V(8))
def slice_swap(a):
    a[:4], a[4:] = a[4:].copy(), a[:4].copy()


@case(V(8))
def slice_swap_views(a):
    a[:4], a[4:] = a[4:], a[:4]


@case(0.0, words=0)
def zero_division(x):
    return 1.0 / x
