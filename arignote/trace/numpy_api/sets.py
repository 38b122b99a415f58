"""unique and the operations of sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import project
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import sets
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops import sort as sorts
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.structure import gather, reshape
from ...fxgraph.types import BOOL
from ..registry import hooks, implements
from .arguments import array, axis_of, moved_axis

# NumPy's own classes of named results
UniqueAllResult, UniqueCountsResult, UniqueInverseResult = (
    type(f(np.zeros(1))) for f in (np.unique_all, np.unique_counts, np.unique_inverse)
)


@implements(np.unique)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    x = array(ar)
    if axis is not None and x.rank != 1:
        wanted = (True, return_index, return_inverse, return_counts)
        made = _along(x, moved_axis(axis, x.rank), equal_nan)
        chosen = [m for m, w in zip(made, wanted, strict=True) if w]
        return tuple(chosen) if len(chosen) > 1 else chosen[0]
    if axis is not None:
        axis_of(axis, x.rank)
    if not (return_index or return_inverse):
        found, many = unique_sorted(x, equal_nan, bool(return_counts))
        return (hooks.wrap(found), hooks.wrap(many)) if return_counts else hooks.wrap(found)
    values, index, inverse, counts = unique_parts(x, equal_nan)
    out = [hooks.wrap(values)]
    if return_index:
        out.append(hooks.wrap(index))
    if return_inverse:
        out.append(hooks.fresh(reshape(inverse, x.shape)))
    if return_counts:
        out.append(hooks.wrap(counts))
    return tuple(out)


def _along(x: Node, axis: int, equal_nan: bool) -> tuple[Any, ...]:
    """What differs along an axis: values, first positions, inverse and counts."""
    rows = sh.move_axis(x, axis, 0)
    parts = sets.unique_rows(rows, equal_nan=equal_nan)
    index, inverse, counts, many = (project(parts, k) for k in range(1, 5))
    n = dim(many)
    first = sh.sliced(index, 0, 0, n)
    values = sh.move_axis(gather(rows, first, axes=(0,), at=0, mode="clip"), 0, axis)
    made = (values, first, inverse, sh.sliced(counts, 0, 0, n))
    return tuple(hooks.wrap(m) for m in made)


def unique_sorted(
    x: Node, equal_nan: bool = True, counts: bool = False
) -> tuple[Node, Node]:
    """Sorted values, and how often each stands there (zeros, where `counts` are not asked for)."""
    parts = sets.unique_values(sh.ravel(x), equal_nan=equal_nan, counts=counts)
    values, many, n = (project(parts, k) for k in range(3))
    return sh.sliced(values, 0, 0, dim(n)), sh.sliced(many, 0, 0, dim(n))


def unique_parts(x: Node, equal_nan: bool = True) -> tuple[Node, Node, Node, Node]:
    """Sorted values, first positions, inverse (flat) and counts.

    Values are read at the first positions, so they have derivatives.
    """
    flat = sh.ravel(x)
    parts = sets.unique(flat, equal_nan=equal_nan)
    index, inverse, counts, many = (project(parts, k) for k in range(1, 5))
    n = dim(many)
    first = sh.sliced(index, 0, 0, n)
    values = gather(flat, first, axes=(0,), at=0, mode="clip")
    return values, first, inverse, sh.sliced(counts, 0, 0, n)


@implements(np.unique_values)
def unique_values(x: Any, /) -> Any:
    return unique(x, equal_nan=False)


@implements(np.unique_counts)
def unique_counts(x: Any, /) -> Any:
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


@implements(np.unique_inverse)
def unique_inverse(x: Any, /) -> Any:
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


@implements(np.unique_all)
def unique_all(x: Any, /) -> Any:
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False))


def member(x: Node, values: Node) -> Node:
    """Is each element of x among `values`?"""
    if values.shape == (0,):
        return sh.filled(False, BOOL, x.shape)
    kind = np.result_type(x.dtype, values.dtype)
    table = sorts.sort(cast_to(values, kind), axis=0, kind="quicksort")
    x = cast_to(x, kind)
    at = sets.searchsorted(table, x, side="left")
    padded = sh.concatenate([table, sh.zeros(kind, (1,))], 0)  # a place behind the last
    found = gather(padded, at, axes=(0,), at=0, mode="clip")
    return ew.logical_and(ew.equal(found, x), ew.less(at, size_node(values.shape[0])))


@implements(np.isin)
def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Any = None,
) -> Any:
    found = member(array(element), sh.ravel(array(test_elements)))
    return hooks.fresh(ew.logical_not(found) if invert else found)


@implements(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    one, two = sh.ravel(array(ar1)), sh.ravel(array(ar2))
    kind = np.result_type(one.dtype, two.dtype)
    both = sh.concatenate([cast_to(one, kind), cast_to(two, kind)], 0)
    return hooks.wrap(unique_sorted(both)[0])


def _picked(ar1: Any, ar2: Any, assume_unique: bool, wanted: bool) -> Any:
    one, two = sh.ravel(array(ar1)), sh.ravel(array(ar2))
    one = one if assume_unique else unique_sorted(one)[0]
    mask = member(one, two)
    mask = mask if wanted else ew.logical_not(mask)
    found = sets.true_positions(mask)
    return hooks.wrap(gather(one, found, axes=(0,), at=0, mode="clip"))


@implements(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    return _picked(ar1, ar2, assume_unique, False)


@implements(np.intersect1d)
def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """Raises NotImplementedError for return_indices."""
    if return_indices:
        raise NotImplementedError("intersect1d(return_indices=True): use isin and nonzero")
    kind = np.result_type(array(ar1).dtype, array(ar2).dtype)
    one = hooks.wrap(cast_to(array(ar1), kind))
    common = _picked(one, ar2, assume_unique, True)
    return (
        hooks.wrap(sorts.sort(array(common), axis=0, kind="quicksort")) if assume_unique else common
    )


@implements(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    one, two = (unique_sorted(sh.ravel(array(a)))[0] for a in (ar1, ar2))
    kind = np.result_type(one.dtype, two.dtype)
    both = sh.concatenate([cast_to(one, kind), cast_to(two, kind)], 0)
    alone = ew.logical_not(ew.logical_and(member(both, one), member(both, two)))
    found = sets.true_positions(alone)
    picked = gather(both, found, axes=(0,), at=0, mode="clip")
    return hooks.wrap(sorts.sort(picked, axis=0, kind="quicksort"))
