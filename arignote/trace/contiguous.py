"""Copies in a memory order: np.ascontiguousarray, np.asfortranarray, np.copy and x.copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fxgraph.ops.shaping import expand
from .layout import in_order, wrap_like
from .numpy_api.arguments import array
from .numpy_api.creation import asarray
from .registry import implements
from .reshaping import is_contiguous, transpose
from .values import Array, fresh


@implements(np.ascontiguousarray)
def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """The argument itself where it is in C order already."""
    made = _axed(asarray(a, dtype))
    return made if not _has_order(made) or is_contiguous(made) else fresh(made.node)


@implements(np.asfortranarray)
def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """The argument itself where it is in Fortran order already."""
    made = _axed(asarray(a, dtype))
    return made if not _has_order(made) or _is_fortran(made) else copied(made, "F")


@implements(np.asarray, np.asanyarray)
def in_asked_order(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Any:
    """The argument itself where it has that dtype and order already."""
    made = asarray(a, dtype)
    if not _has_order(made):
        return made
    if order == "C" and not is_contiguous(made):
        return fresh(made.node)
    return copied(made, "F") if order == "F" and not _is_fortran(made) else made


@implements(np.copy)
def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """np.copy: a number gives an array of rank 0."""
    return copied(a, order) if isinstance(a, Array) else fresh(array(a))


def copied(x: Array, order: str) -> Array:
    """A copy in this order, as NumPy's `order` says."""
    n = x.node
    if n.rank < 2 or order not in "KAF":
        return fresh(n)
    if order == "K":
        made: Array = wrap_like(n, (x,))
        return made
    if order == "F" or (_is_fortran(x) and not is_contiguous(x)):
        return in_order(n, range(n.rank)[::-1])
    return fresh(n)


def _axed(x: Any) -> Any:
    """These two functions give a number an axis."""
    n = array(x)
    return x if n.rank else fresh(expand(n, (0,)))


def _has_order(x: Any) -> bool:
    return isinstance(x, Array) and x.node.rank > 0


def _is_fortran(x: Array) -> bool:
    return is_contiguous(transpose(x))
