"""ravel, flatten and reshape in the orders "A" and "K", which ask how an array lies in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import UnsupportedError
from . import reshaping
from .layout import wrap_like
from .numpy_api import shaping
from .registry import implements
from .reshaping import is_contiguous, transpose
from .values import Array
from .where import place


def reshape(x: Array, shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    """ndarray.reshape.  Raises ValueError for the order "K", as NumPy does."""
    if order == "K":
        raise ValueError("order 'K' is not permitted for reshaping")
    return reshaping.reshape(x, shape, _known(x, order), copy)


@implements(np.reshape)
def reshape_call(
    a: Any, /, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None
) -> Any:
    """np.reshape: as the method for arrays."""
    if isinstance(a, Array) and order == "A":
        order = _known(a, order)
    return shaping.reshape(a, shape, order, copy=copy)


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """A view where NumPy gives one."""
    if not isinstance(a, Array):
        return shaping.ravel(a, order)
    if order == "K" and not _simple(a):
        return reshaping.ravel(_sorted(a))
    return reshaping.ravel(a, _known(a, order))


def flatten(x: Array, order: str = "C") -> Any:
    """Always a copy."""
    if order == "K" and not _simple(x):
        return reshaping.flatten(_sorted(x))
    return reshaping.flatten(x, _known(x, order))


def _known(x: Array, order: str) -> str:
    """ "A" and "K" of a contiguous array as "C" or "F"."""
    if order not in ("A", "K"):
        return order
    return "F" if not is_contiguous(x) and is_contiguous(transpose(x)) else "C"


def _simple(x: Array) -> bool:
    return len(x.sizes) < 2 or is_contiguous(x) or is_contiguous(transpose(x))


def _sorted(x: Array) -> Array:
    """The axes of x from the longest step in memory to the shortest."""
    if x.cell.strides is not None:
        raise UnsupportedError(
            f"order='K' of an argument with gaps depends on its strides: write order='C' or 'F', "
            f"at {place()}"
        )
    like = wrap_like(x.node, (x,))
    window = like.window
    return transpose(x, tuple(window.axes.index(k) for k in range(window.rank)))
