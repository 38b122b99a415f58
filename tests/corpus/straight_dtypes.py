"""Programs about dtypes, promotion and Python numbers."""

from __future__ import annotations

import numpy as np

from .arrays import M, V
from .cases import Corpus

CASES = Corpus()
case = CASES.case


# ---- writes and dtypes ---------------------------------------------------------------------------
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


# ---- Python numbers ------------------------------------------------------------------------------
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
