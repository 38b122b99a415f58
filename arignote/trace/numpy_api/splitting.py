"""split, array_split and their like: views between cuts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ...fxgraph.affine import minus, plus, size_node, times
from ...fxgraph.constants import is_const, lit, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.scalar import clip0, greatest, least, quotient
from ...fxgraph.ops.shaping import select_window, slice_window
from ...fxgraph.prove import ge0, hinted
from ..registry import hooks, implements, implements_newer
from .arguments import axis_of, dynamic_size, index_node, integer, moved_axis, proxy
from .shaping import shape_of_array


@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    x = proxy(ary)
    shape = shape_of_array(x)
    k = axis_of(axis, len(shape))
    if isinstance(indices_or_sections, tuple | list | np.ndarray):
        return _cut(x, k, [index_node(i) for i in indices_or_sections])
    sections = integer(indices_or_sections)
    if sections <= 0:
        raise ValueError("number sections must be larger than 0.")
    n = size_node(shape[k])
    each = quotient(n, sections)
    extra = minus(n, times(each, sections))
    cuts = [plus(times(each, i), least(lit(i), extra)) for i in range(1, sections)]
    return _cut(x, k, cuts)


def _cut(x: Any, axis: int, cuts: list[Node]) -> list[Any]:
    """Views between cuts, which are read as slice bounds are."""
    shape = shape_of_array(x)
    n = size_node(shape[axis])
    bounds = [lit(0), *(slice_bound(c, n) for c in cuts), n]
    out = []
    for lo, hi in pairwise(bounds):
        size = minus(hi, lo)
        size = size if is_const(size) and int(value_of(size)) >= 0 else clip0(size)
        out.append(hooks.view(x, slice_window(shape, axis, lo, dynamic_size(size))))
    return out


def slice_bound(i: Node, n: Node) -> Node:
    """A slice bound in [0, n]: negative ones count from the end."""
    if is_const(i):
        k = int(value_of(i))
        return least(i, n) if k >= 0 else clip0(plus(n, i))
    if ge0(i):
        return least(i, n)
    wrapped = ew.where(ew.less(i, 0), plus(i, n), i, weak=True)
    return greatest(least(wrapped, n), lit(0))


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    x = proxy(ary)
    if not isinstance(indices_or_sections, tuple | list | np.ndarray):
        sections = integer(indices_or_sections)
        shape = shape_of_array(x)
        n = size_node(shape[axis_of(axis, len(shape))])
        message = "array split does not result in an equal division"
        if is_const(n):
            if int(value_of(n)) % sections:
                raise ValueError(message)
        else:
            value = hinted(n)
            if value is not None and value % sections:
                raise ValueError(message)
            required(ew.equal(ew.remainder(n, lit(sections), weak=True), 0), "ValueError", message)
    return array_split(x, indices_or_sections, axis)


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    rank = len(shape_of_array(proxy(ary)))
    if rank == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if rank > 1 else 0)


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    if len(shape_of_array(proxy(ary))) < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    if len(shape_of_array(proxy(ary))) < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


@implements_newer("unstack")
def unstack(x: Any, /, *, axis: Any = 0) -> Any:
    """Raises NeedStatic (a retrace) where the length of the axis is traced."""
    p = proxy(x)
    shape = shape_of_array(p)
    if not shape:
        raise ValueError("Input array must be at least 1-d.")
    k = moved_axis(axis, len(shape))
    n = shape[k] if isinstance(shape[k], int) else integer(hooks.wrap(size_node(shape[k])))
    rows = (hooks.view(p, select_window(shape, k, lit(i))) for i in range(int(n)))  # type: ignore[arg-type]
    # one axis: its elements are numbers, as in NumPy
    return tuple(hooks.wrap(hooks.node_of(r)) if len(shape) == 1 else r for r in rows)
