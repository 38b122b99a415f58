"""Sums that keep what rounding left out, by Neumaier's rule, as Python's `sum` of floats does."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..node import Op
from ..types import F64
from .family import elementwise, zero_gradient


def _error(x: Any, y: Any) -> Any:
    total = np.add(x, y)
    return np.where(np.abs(x) >= np.abs(y), (x - total) + y, (y - total) + x)


#: What is missing in the rounded x + y.  One op, so that no rewrite finds x - (x + y) + y in it.
addition_error: Op = elementwise(
    "addition_error",
    reference=_error,
    dtypes=lambda *_: (F64, F64, F64),
    arity=2,
    c="an_addition_error_f8({x}, {y})",
    vjp=zero_gradient,
)


def _joined(x: Any, y: Any) -> Any:
    return np.where(np.isfinite(y) & (np.asarray(y) != 0), np.add(x, y), x)


#: x + y, where y is finite and not zero: an infinite sum stays infinite, and -0.0 what it is.
join_error: Op = elementwise(
    "join_error",
    reference=_joined,
    dtypes=lambda *_: (F64, F64, F64),
    arity=2,
    c="an_join_error_f8({x}, {y})",
    vjp=lambda g, out, x, y: (g, g),
)
