"""apply_along_axis and its like, and small questions that answer with plain Python values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...fxgraph.affine import size_node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_all
from ...fxgraph.ops.structure import iota, reshape
from ...fxgraph.types import BOOL
from ..registry import hooks, implements
from .arguments import array, axis_of, integer, proxy, supported


@implements(np.apply_along_axis)
def apply_along_axis(
    func1d: Callable[..., Any], axis: Any, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """The function is called for every line, so the other lengths must be known while tracing."""
    x = array(arr)
    k = axis_of(axis, x.rank)
    others = [j for j in range(x.rank) if j != k]
    sizes = [integer(hooks.wrap(size_node(x.shape[j]))) for j in others]
    if 0 in sizes:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    lines = sh.transpose(x, [*others, k])
    out = []
    for place in np.ndindex(*sizes):
        line = lines
        for i in place:
            line = sh.select(line, 0, i)
        out.append(array(func1d(hooks.wrap(line), *args, **kwargs)))
    rank = out[0].rank
    whole = sh.stack(out)
    whole = reshape(whole, (*sizes, *out[0].shape))
    order = list(range(len(others)))
    for j in range(rank):
        order.insert(k + j, len(others) + j)
    return hooks.fresh(sh.transpose(whole, order))


@implements(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    value = proxy(a)
    rank = array(value).rank
    for k in axes if isinstance(axes, tuple | list) else (axes,):
        axis_of(k, max(rank, 1))
        result = func(value, k)
        if rank and array(result).rank == rank - 1:
            result = hooks.wrap(sh.expand(array(result), (axis_of(k, rank),)))
        if array(result).rank != rank:
            raise ValueError("function is not returning an array of the correct shape")
        value = result
    return value


@implements(np.astype)
def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return hooks.fresh(cast_to(array(x), supported(dtype)))


@implements(np.isscalar)
def isscalar(element: Any) -> bool:
    return array(element).rank == 0 if hooks.is_proxy(element) else np.isscalar(element)


@implements(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> Any:
    try:
        same = ew.equal(array(a1), array(a2))
    except ValueError:
        return False
    same = reduce_all(same, axes=tuple(range(same.rank))) if same.rank else same
    return hooks.wrap(cast_to(same, BOOL, True))


@implements(np.diag_indices_from)
def diag_indices_from(arr: Any) -> Any:
    x = array(arr)
    if x.rank < 2:
        raise ValueError("input array must be at least 2-d")
    line = hooks.fresh(iota(x.shape[0]))
    return (line,) * x.rank


@implements(np.real_if_close)
def real_if_close(a: Any, tol: Any = 100) -> Any:
    """Of real arrays only: the dtype of the answer for complex ones depends on the values."""
    x = array(a)
    if x.dtype.kind == "c":
        raise NotImplementedError("real_if_close of complex numbers: take the real part")
    return a
