"""np.lib.stride_tricks.sliding_window_view: a view, so that later writes of the array are seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import lit
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.elementwise import less_equal
from ...fxgraph.prove import hinted, sure
from ...fxgraph.types import Size
from ..registry import hooks, implements
from .arguments import axis_of, dynamic_size, proxy, size_of
from .shaping import shape_of_array


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Shape: that of x, each axis less the windows' sizes along it minus 1, then the windows'.

    Raises ValueError where a window is larger than its axis, now or at run time, and
    UnsupportedError for windows that can be written.
    """
    if writeable:
        raise UnsupportedError(
            "sliding_window_view(..., writeable=True) is not supported in compiled code: windows "
            "share elements; write to the array itself"
        )
    a = proxy(x)
    shape = list(shape_of_array(a))
    sizes = _sizes(window_shape)
    axes = _axes(axis, len(shape), len(sizes))
    for k, size in zip(axes, sizes, strict=True):
        shape[k] = _places(shape[k], size)
    return hooks.rolling(a, axes, (*shape, *sizes))


def _sizes(window_shape: Any) -> tuple[Size, ...]:
    many = np.iterable(window_shape) and not _is_number(window_shape)
    words = "`window_shape` cannot contain negative values"
    return tuple(size_of(w, words) for w in (window_shape if many else (window_shape,)))


def _is_number(x: Any) -> bool:
    return hooks.is_proxy(x) and not hooks.node_of(x).rank


def _axes(axis: Any, rank: int, windows: int) -> tuple[int, ...]:
    """The axis of each window; one may be named twice."""
    if axis is None:
        if windows != rank:
            raise ValueError(
                f"Since axis is `None`, must provide window_shape for all dimensions of `x`; got "
                f"{windows} window_shape elements and `x.ndim` is {rank}."
            )
        return tuple(range(rank))
    given = tuple(axis) if np.iterable(axis) and not _is_number(axis) else (axis,)
    axes = tuple(axis_of(k, rank) for k in given)
    if windows != len(axes):
        raise ValueError(
            f"Must provide matching length window_shape and axis; got {windows} window_shape "
            f"elements and {len(axes)} axes elements."
        )
    return axes


def _places(n: Size, size: Size) -> Size:
    """How many windows of a size there are along an axis of n."""
    words = "window shape cannot be larger than input array shape"
    rest = minus(size_node(n), size_node(size))
    value = hinted(rest)
    if value is not None and value < 0:
        raise ValueError(words)
    if not sure(rest):
        required(less_equal(size_node(size), size_node(n)), "ValueError", words)
    return dynamic_size(plus(rest, lit(1)))
