"""Matrix products by cuBLAS where they lie: C = alpha A B + beta C in one call, rows apart or not.

CuPy's `matmul` copies what is not contiguous and knows no alpha and beta; its handle and its thin
layer over the library are used here.  cuBLAS counts in columns, so C of rows is made as its
transpose, B' A'.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

_ROUTINES = {"f4": "sgemm", "f8": "dgemm", "c8": "cgemm", "c16": "zgemm"}
_MOST = 2**31 - 1  # cuBLAS takes 32-bit sizes here


def gemm(cupy: Any, out: Any, a: Any, b: Any, alpha: Any, beta: Any) -> bool:
    """Do it, or return False where cuBLAS has no such product.

    a, b, out: matrices of one dtype, in CuPy's arrays.
    """
    name = _ROUTINES.get(out.dtype.str[1:])
    if name is None or not a.ndim == b.ndim == out.ndim == 2:
        return False
    if a.dtype != out.dtype or b.dtype != out.dtype or 0 in (*a.shape, *b.shape):
        return False
    target = leading(out.shape, out.strides, out.itemsize)
    if target is None:
        return False
    turned, ldc = target
    if not turned:  # rows: its transpose is B' A'
        a, b = b.T, a.T
    left, right = (leading(x.shape, x.strides, x.itemsize) for x in (a, b))
    if left is None or right is None:
        return False
    (m, k), n = a.shape, b.shape[1]
    if max(m, n, k, ldc, left[1], right[1]) > _MOST:
        return False
    try:
        cublas = importlib.import_module("cupy_backends.cuda.libs.cublas")
    except ImportError:
        return False  # CuPy says which library is missing
    flags = [cublas.CUBLAS_OP_N if x[0] else cublas.CUBLAS_OP_T for x in (left, right)]
    scale, keep = np.array(alpha, out.dtype), np.array(beta, out.dtype)
    getattr(cublas, name)(
        cupy.cuda.device.get_cublas_handle(), *flags, m, n, k, scale.ctypes.data,
        a.data.ptr, left[1], b.data.ptr, right[1], keep.ctypes.data, out.data.ptr, ldc,
    )  # fmt: skip
    return True


def leading(
    shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int
) -> tuple[bool, int] | None:
    """(elements of a column lie side by side, leading dimension) of a matrix, None where neither
    its columns nor its rows do."""
    for columns, (inner, outer) in ((True, (0, 1)), (False, (1, 0))):
        step = strides[inner] // itemsize if shape[inner] > 1 else 1
        far = strides[outer] // itemsize if shape[outer] > 1 else max(shape[inner], 1)
        whole = strides[outer] % itemsize == 0 or shape[outer] <= 1
        if step == 1 and whole and far >= max(shape[inner], 1):
            return columns, far
    return None
