"""zeros, ones, full, empty, their likes, and copies of arguments; sizes may be traced."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import structure
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.shaping import expand, filled, spread
from ...fxgraph.types import DType, Shape
from ..registry import hooks, implements
from .arguments import array, node, shape_of, supported


# ---- one value -----------------------------------------------------------------------------------
@implements(np.zeros)
def zeros_(
    shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None, like: Any = None
) -> Any:
    return hooks.fresh(filled(0, supported(dtype), shape_of(shape)))


@implements(np.ones)
def ones(
    shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None, like: Any = None
) -> Any:
    return hooks.fresh(filled(1, supported(dtype or float), shape_of(shape)))


@implements(np.empty)
def empty(
    shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None, like: Any = None
) -> Any:
    return hooks.fresh(structure.empty(supported(dtype), shape_of(shape)))


@implements(np.full)
def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> Any:
    kind = supported(dtype) if dtype is not None else array(fill_value).dtype
    sizes = shape_of(shape)  # whose errors come first
    return hooks.fresh(spread(_filling(fill_value, kind), sizes))


def _filling(value: Any, dtype: DType) -> Node:
    """A Python integer must fit; whatever else is cast.  Raises OverflowError."""
    n = node(value)
    return cast_to(n if n.type.weak and n.dtype.kind == "i" else array(value), dtype)


def _like(a: Any, dtype: Any, shape: Any) -> tuple[DType, Shape]:
    x = array(a)
    return supported(
        dtype
    ) if dtype is not None else x.dtype, x.shape if shape is None else shape_of(shape)


@implements(np.zeros_like)
def zeros_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    return hooks.fresh(filled(0, *_like(a, dtype, shape)))


@implements(np.ones_like)
def ones_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    return hooks.fresh(filled(1, *_like(a, dtype, shape)))


@implements(np.empty_like)
def empty_like(
    prototype: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    return hooks.fresh(structure.empty(*_like(prototype, dtype, shape)))


@implements(np.full_like)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    d, sizes = _like(a, dtype, shape)
    return hooks.fresh(spread(_filling(fill_value, d), sizes))


# ---- copies of arguments -------------------------------------------------------------------------
@implements(np.array)
def array_(
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: str = "K",
    subok: bool = False,
    ndmin: int = 0,
    ndmax: int = 0,
    like: Any = None,
) -> Any:
    x = array(object)
    x = cast_to(x, supported(dtype)) if dtype is not None else x
    x = expand(x, tuple(range(ndmin - x.rank))) if ndmin > x.rank else x
    return hooks.fresh(x)


@implements(np.asarray_chkfinite)
def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """Raises ValueError, when the compiled function runs, where an element is not finite."""
    out = asarray(a, dtype, order)
    n = hooks.node_of(out)
    if n.dtype.kind in "fc":
        finite = red.reduce_all(ew.isfinite(n), axes=tuple(range(n.rank)))
        required(finite, "ValueError", "array must not contain infs or NaNs")
    return out


@implements(np.asarray, np.asanyarray)
def asarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Any:
    """The argument itself where it is a traced array of that dtype already."""
    if not hooks.is_proxy(a):
        return array_(a, dtype)
    x = hooks.node_of(a)
    if x.type.weak or (dtype is not None and supported(dtype) != x.dtype):
        return array_(a, dtype)
    return a
