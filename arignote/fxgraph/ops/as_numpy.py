"""Ops that NumPy's own loops compute: their last bits are NumPy's, too, on any processor.

Other ops are as accurate as NumPy's, but round differently now and then; a simulation that
amplifies every difference needs these (optimize/rounding.py puts them in, after derivatives are
taken).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError
from ..node import Node, Op
from ..types import DType, TensorType
from .family import broadcast_shape


def _infer_power(x: Node, y: Node) -> TensorType:
    weak = x.type.weak and y.type.weak
    return TensorType(x.dtype, broadcast_shape("numpy_power", (x, y)), weak)


def _power(x: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.power(x, y)


def _resolve(x: Any, y: Any) -> tuple[DType, DType, DType]:
    if np.dtype(x) != np.dtype(y) or np.dtype(x).char not in "fd":
        raise DTypeError(f"no power of {x} and {y} by the C library")
    return np.dtype(x), np.dtype(y), np.dtype(x)


#: (x, y): arrays of float32 or float64
numpy_power = Op(
    "numpy_power",
    infer=_infer_power,
    reference=_power,
    traits=frozenset({"elementwise", "library"}),
    extra={"arity": 2},
)


#: (x, y): numbers; the C library's pow, as Python's and NumPy's scalars have it
scalar_power = Op(
    "scalar_power",
    infer=_infer_power,
    reference=_power,
    scalar_c={"f": "pow{f}({x}, {y})"},
    traits=frozenset({"elementwise"}),
    extra={"arity": 2, "resolve": _resolve, "ulp": 1, "domain": (0.3, 3.0)},
)


def _infer_product(a: Node, b: Node) -> TensorType:
    batch = a.shape[:-2] if a.rank >= b.rank else b.shape[:-2]
    return TensorType(a.dtype, (*batch, a.shape[-2], b.shape[-1]))


def _product(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.matmul(a, b)


#: (a[..., m, k], b[..., k, n]): as `matmul`
numpy_product = Op(
    "numpy_product", infer=_infer_product, reference=_product, traits=frozenset({"library"})
)


def _infer_sum(x: Node, *, axes: tuple[int, ...]) -> TensorType:
    return TensorType(x.dtype, tuple(d for k, d in enumerate(x.shape) if k not in axes))


def _sum(x: Any, *, axes: tuple[int, ...]) -> Any:
    with np.errstate(all="ignore"):
        return np.add.reduce(x, axis=axes)


#: (x, axes): pairwise along memory, as `np.sum` adds
numpy_sum = Op("numpy_sum", infer=_infer_sum, reference=_sum, traits=frozenset({"library"}))

__all__ = ["numpy_power", "numpy_product", "numpy_sum", "scalar_power"]
