"""Elementwise arithmetic and comparison: the ops everything else is written in.

`c` is an expression over scalars in the common subset of C99, C++11 and CUDA; see `family.elementwise`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..types import BOOL, DType
from .family import elementwise

# ---- arithmetic -------------------------------------------------------------------------------------
add = elementwise("add", ufunc=np.add, c={"b": "{x} | {y}", "*": "{x} + {y}"})
subtract = elementwise("subtract", ufunc=np.subtract, c="{x} - {y}")
multiply = elementwise("multiply", ufunc=np.multiply, c={"b": "{x} & {y}", "*": "{x} * {y}"})
divide = elementwise("divide", ufunc=np.true_divide, c="{x} / {y}")
negative = elementwise("negative", ufunc=np.negative, c="-{x}")

floor_divide = elementwise("floor_divide", ufunc=np.floor_divide, c={"i": "an_floordiv_i({x}, {y})", "u": "{y} ? {x} / {y} : 0", "f": "an_floordiv_f{f}({x}, {y})"})
remainder = elementwise("remainder", ufunc=np.remainder, c={"i": "an_mod_i({x}, {y})", "u": "{y} ? {x} % {y} : 0", "f": "an_mod_f{f}({x}, {y})"})
maximum = elementwise("maximum", ufunc=np.maximum, c={"f": "({x} > {y} || {x} != {x}) ? {x} : {y}", "*": "{x} > {y} ? {x} : {y}"})
minimum = elementwise("minimum", ufunc=np.minimum, c={"f": "({x} < {y} || {x} != {x}) ? {x} : {y}", "*": "{x} < {y} ? {x} : {y}"})
exp = elementwise("exp", ufunc=np.exp, c="exp{f}({x})", ulp=4)
tanh = elementwise("tanh", ufunc=np.tanh, c="tanh{f}({x})", ulp=4)
less = elementwise("less", ufunc=np.less, c="{x} < {y}")
less_equal = elementwise("less_equal", ufunc=np.less_equal, c="{x} <= {y}")

# ---- choice -----------------------------------------------------------------------------------------


def _where_dtypes(c: Any, x: Any, y: Any) -> tuple[DType, ...]:
    dtype = np.result_type(*(k(0) if isinstance(k, type) else k for k in (x, y)))
    return BOOL, dtype, dtype, dtype


where = elementwise("where", reference=np.where, dtypes=_where_dtypes, arity=3, c="{x} ? {y} : {z}", numpy=(np.where,))
