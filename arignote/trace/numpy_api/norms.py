"""Norms, condition numbers and ranks: reductions, and singular values where they are needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import const
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import factor, linalg
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.matrices import real_dtype
from ...fxgraph.ops.structure import reshape
from ...fxgraph.types import BOOL, F64, I64
from ..registry import hooks, implements
from .arguments import array, axes_of, axis_of, keep_dims, node, require_nonempty
from .emptiness import may_be_empty
from .linalg import linalg_dtype, matrix, smaller, square


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    n = array(x)
    n = cast_to(n, F64) if n.dtype.kind in "biu" else n
    if axis is None and (
        ord is None or (ord in ("f", "fro") and n.rank == 2) or (ord == 2 and n.rank == 1)
    ):
        flat = sh.ravel(n)
        out = ew.sqrt(red.reduce_sum(_squared(flat), axes=(0,)))
        return hooks.wrap(sh.spread(out, (1,) * n.rank) if keepdims else out)
    axes = axes_of(axis, n.rank)
    if len(axes) == 1:
        return hooks.wrap(keep_dims(vector_norm(n, axes[0], ord), axes, keepdims))
    if len(axes) == 2:
        if axis is not None:
            row, column = (axis_of(a, n.rank) for a in axis)
        else:
            row, column = axes
        if row == column:
            raise ValueError("Duplicate axes given.")
        out = matrix_norm_of(n, row, column, ord)
        return hooks.wrap(keep_dims(out, tuple(sorted((row, column))), keepdims))
    raise ValueError("Improper number of dimensions to norm.")


def _squared(x: Node) -> Node:
    """|x|**2"""
    if x.dtype.kind == "c":
        return ew.add(ew.square(ew.real(x)), ew.square(ew.imag(x)))
    return ew.multiply(x, x)


def vector_norm(x: Node, axis: int, ord: Any) -> Node:
    """Along one axis, the axis dropped.  Raises ValueError for an unknown order."""
    axes = (axis,)
    if ord in (np.inf, -np.inf):
        return _outermost(ew.absolute(x), axis, ord > 0)
    if ord == 0:
        return red.reduce_sum(cast_to(ew.not_equal(x, 0), real_dtype(x.dtype)), axes=axes)
    if ord == 1:
        return red.reduce_sum(ew.absolute(x), axes=axes)
    if ord is None or ord == 2:
        return ew.sqrt(red.reduce_sum(_squared(x), axes=axes))
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    total = red.reduce_sum(ew.power(ew.absolute(x), node(ord)), axes=axes)
    return ew.power(total, ew.divide(1.0, cast_to(node(ord), total.dtype)))


def matrix_norm_of(x: Node, row: int, column: int, ord: Any) -> Node:
    """Over two axes, both dropped.  Raises ValueError for an unknown order."""
    if ord is None or ord in ("f", "fro"):
        return ew.sqrt(red.reduce_sum(_squared(x), axes=(row, column)))
    if ord in (2, -2, "nuc"):
        turned = sh.transpose(
            x, [k for k in range(x.rank) if k not in (row, column)] + [row, column]
        )
        turned = cast_to(turned, linalg_dtype(turned))
        s = factor.svdvals(turned, smaller(turned))
        if ord == "nuc":
            return red.reduce_sum(s, axes=(s.rank - 1,))
        return _outermost(s, s.rank - 1, ord == 2)
    if ord in (1, -1, np.inf, -np.inf):
        first = row if abs(ord) == 1 else column
        other = column if first == row else row
        sums = red.reduce_sum(ew.absolute(x), axes=(first,))
        return _outermost(sums, other - (first < other), ord > 0)
    raise ValueError("Invalid norm order for matrices.")


def _outermost(x: Node, axis: int, largest: bool) -> Node:
    """The largest or least of numbers that are not negative: 0, or ValueError, where none are."""
    if x.shape[axis] == 0 and largest:
        return sh.filled(0, x.dtype, (*x.shape[:axis], *x.shape[axis + 1 :]))
    if largest:
        top = red.reduce_max(x, axes=(axis,))
        return ew.maximum(top, const(0, x.dtype)) if may_be_empty(x.shape[axis]) else top
    require_nonempty(
        x.shape, (axis,), "zero-size array to reduction operation minimum which has no identity"
    )
    return red.reduce_min(x, axes=(axis,))


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return norm(x, ord, (-2, -1), keepdims)


@implements(np.linalg.vector_norm)
def vector_norm_(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    n = array(x)
    if isinstance(axis, int):
        return norm(x, ord, axis, keepdims)
    axes = axes_of(axis, n.rank)
    kept = [k for k in range(n.rank) if k not in axes]
    turned = sh.transpose(n, [*kept, *axes])
    flat = reshape(turned, (*turned.shape[: len(kept)], dim(sh.count(turned.shape[len(kept) :]))))
    flat = cast_to(flat, F64) if flat.dtype.kind in "biu" else flat
    return hooks.wrap(keep_dims(vector_norm(flat, len(kept), ord), axes, keepdims))


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    n = matrix(x)
    if p in (None, 2, -2):
        s = factor.svdvals(n, smaller(n))
        large, small = sh.select(s, s.rank - 1, 0), sh.select(s, s.rank - 1, sh.last(s.shape[-1]))
        return hooks.wrap(ew.divide(small, large) if p == -2 else ew.divide(large, small))
    n = square(x)
    other = linalg.inv(n)
    axes = (n.rank - 2, n.rank - 1)
    return hooks.wrap(ew.multiply(matrix_norm_of(n, *axes, p), matrix_norm_of(other, *axes, p)))


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    x = array(A)
    if x.rank < 2:
        some = red.reduce_any(cast_to(sh.ravel(x), BOOL), axes=(0,))
        return hooks.wrap(cast_to(some, I64))
    x = matrix(A)
    s = (
        ew.absolute(factor.eigvalsh(square(A), upper=False))
        if hermitian
        else factor.svdvals(x, smaller(x))
    )
    if tol is None:
        if rtol is None:
            longest = ew.maximum(*(size_node(d) for d in x.shape[-2:]), weak=True)
            rtol_node = ew.multiply(cast_to(longest, F64, True), float(np.finfo(s.dtype).eps))
        else:
            rtol_node = node(rtol)
        top = red.reduce_max(s, axes=(s.rank - 1,))
        limit = sh.expand(ew.multiply(top, rtol_node), (s.rank - 1,))
    else:
        limit = node(tol)
        limit = sh.expand(limit, (limit.rank,)) if limit.rank else limit
    counted = cast_to(ew.greater(s, limit), I64)
    return hooks.wrap(red.reduce_sum(counted, axes=(s.rank - 1,)))
