"""scipy.special's ufuncs, found when one is first needed.

Importing them costs 0.15 s, more than this package; a program that uses them has done so already.
Ops name the ufuncs they stand for as text, "scipy.special.erf".
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DTypeError
from ..types import F64, DType
from .family import resolve_ufunc

_REAL = (np.dtype(np.float32), F64)


def scipy_special(name: str) -> Callable[..., Any]:
    """The function of that name."""

    def call(*values: Any) -> Any:
        return _found(name)(*values)

    return call


def scipy_dtypes(name: str) -> Callable[..., tuple[DType, ...]]:
    """The dtype rule of that ufunc's real loops; raises DTypeError for complex operands."""

    def resolve(*kinds: Any) -> tuple[DType, ...]:
        if len(set(kinds)) == 1 and kinds[0] in _REAL:
            return (kinds[0],) * (len(kinds) + 1)
        dtypes = resolve_ufunc(_found(name), kinds)
        if dtypes[0].kind == "c":
            names = ", ".join(map(str, kinds))
            raise DTypeError(f"scipy.special.{name} is known for real numbers only, not ({names})")
        return dtypes

    return resolve


def _found(name: str) -> Any:
    return getattr(importlib.import_module("scipy.special"), name)
