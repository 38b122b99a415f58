"""Matrix products by cuBLAS where they lie: C = alpha A B + beta C in one call, rows apart or not.

CuPy's `matmul` copies what is not contiguous and knows no alpha and beta; its handle and its thin
layer over the library are used here.  cuBLAS counts in columns, so C of rows is made as its
transpose, B' A'.  Calls that are recorded go to the library itself (`library`), as CuPy refuses
to call it while a graph is captured.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
from ctypes import c_int, c_size_t, c_void_p
from dataclasses import dataclass
from typing import Any

import numpy as np

_ROUTINES = {"f4": "sgemm", "f8": "dgemm", "c8": "cgemm", "c16": "zgemm"}
_MOST = 2**31 - 1  # cuBLAS takes 32-bit sizes here
_NORMAL, _TRANSPOSED = 0, 1  # CUBLAS_OP_N, CUBLAS_OP_T
#: Bytes of scratch that NVIDIA advises for a Hopper; older architectures want 4 MiB.
WORKSPACE = 32 * 1024 * 1024

_PRODUCT = (c_void_p, *[c_int] * 5, c_void_p, c_void_p, c_int, c_void_p, c_int, c_void_p, c_void_p,
            c_int)  # fmt: skip
#: Function -> the C types of its parameters; all return cublasStatus_t.
PROTOTYPES: dict[str, tuple[Any, ...]] = {
    "cublasSetStream_v2": (c_void_p, c_void_p),
    "cublasSetWorkspace_v2": (c_void_p, c_void_p, c_size_t),
    **{f"cublas{name[0].upper()}{name[1:]}_v2": _PRODUCT for name in _ROUTINES.values()},
}


@dataclass(frozen=True)
class Product:
    """A call of cuBLAS.  routine: such as "dgemm".  sizes: two transpositions, m, n, k, and the
    leading dimensions of its left and right matrix and of C.  swapped: the left one is B.  alpha,
    beta: their bytes."""

    routine: str
    sizes: tuple[int, int, int, int, int, int, int, int]
    swapped: bool
    alpha: bytes
    beta: bytes


def product_of(out: Any, a: Any, b: Any, alpha: Any, beta: Any) -> Product | None:
    """The call that does it, or None where cuBLAS has no such product.

    a, b, out: matrices of one dtype, in CuPy's arrays.
    """
    name = _ROUTINES.get(out.dtype.str[1:])
    if name is None or not a.ndim == b.ndim == out.ndim == 2:
        return None
    if a.dtype != out.dtype or b.dtype != out.dtype or 0 in (*a.shape, *b.shape):
        return None
    target = leading(out.shape, out.strides, out.itemsize)
    if target is None:
        return None
    columns, ldc = target
    if not columns:  # rows: its transpose is B' A'
        a, b = b.T, a.T
    left, right = (leading(x.shape, x.strides, x.itemsize) for x in (a, b))
    if left is None or right is None:
        return None
    (m, k), n = a.shape, b.shape[1]
    if max(m, n, k, ldc, left[1], right[1]) > _MOST:
        return None
    turned = [_NORMAL if x[0] else _TRANSPOSED for x in (left, right)]
    sizes = (turned[0], turned[1], m, n, k, left[1], right[1], ldc)
    scale, keep = (np.array(x, out.dtype).tobytes() for x in (alpha, beta))
    return Product(name, sizes, not columns, scale, keep)


def gemm(cupy: Any, out: Any, a: Any, b: Any, alpha: Any, beta: Any) -> bool:
    """Do it, or return False where cuBLAS has no such product."""
    p = product_of(out, a, b, alpha, beta)
    if p is None:
        return False
    try:
        cublas = importlib.import_module("cupy_backends.cuda.libs.cublas")
    except ImportError:
        return False  # CuPy says which library is missing
    turned, (m, n, k), (lda, ldb, ldc) = p.sizes[:2], p.sizes[2:5], p.sizes[5:]
    left, right = (b, a) if p.swapped else (a, b)
    scale, keep = np.frombuffer(p.alpha, out.dtype), np.frombuffer(p.beta, out.dtype)
    getattr(cublas, p.routine)(
        cupy.cuda.device.get_cublas_handle(), *turned, m, n, k, scale.ctypes.data,
        left.data.ptr, lda, right.data.ptr, ldb, keep.ctypes.data, out.data.ptr, ldc,
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


@functools.cache
def library() -> Any:
    """cuBLAS as CuPy has loaded it, with its prototypes; None where it cannot be had so."""
    try:
        importlib.import_module("cupy_backends.cuda.libs.cublas")
    except ImportError:
        return None
    loaded = getattr(os, "RTLD_NOLOAD", 0) | getattr(os, "RTLD_NOW", 0)
    for name in ("libcublas.so.13", "libcublas.so.12", "libcublas.so.11"):
        try:
            return prototyped(ctypes.CDLL(name, mode=loaded))
        except (OSError, AttributeError):
            continue
    return None


def prototyped(found: Any) -> Any:
    """The library, its functions told the types of their parameters."""
    for name, types in PROTOTYPES.items():
        function = getattr(found, name)
        function.argtypes, function.restype = types, c_int
    return found


def entry(routine: str) -> str:
    """The library's name of a routine."""
    return f"cublas{routine[0].upper()}{routine[1:]}_v2"
