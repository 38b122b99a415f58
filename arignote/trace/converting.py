"""Which functions are rewritten before they are traced, and into calls of which operators.

Importing this module also registers the implementations of NumPy's functions.
"""

from __future__ import annotations

import inspect
from types import FunctionType, MethodType
from typing import Any

from . import elementwise_api, numpy_api, operators
from .convert import converted as rewritten

__all__ = ["converted", "elementwise_api", "numpy_api"]


def converted(function: Any) -> Any:
    """`function` with its control flow rewritten; callables without Python source as they are, and
    what this package made to run on traced values.
    """
    if getattr(function, "__arignote_traced__", False):
        return function
    if isinstance(function, FunctionType | MethodType):
        return rewritten(function, operators)
    call = inspect.getattr_static(type(function), "__call__", None)
    if isinstance(call, FunctionType):
        return rewritten(MethodType(call, function), operators)
    return function
