"""histogram and its bin edges: equal bins by arithmetic, given bins by search."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, plus, size_node
from ...fxgraph.constants import const, is_const, lit, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import sets
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops import sort as sorts
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.structure import gather, reshape
from ...fxgraph.types import F64, I64, Size
from ..registry import hooks, implements
from .arguments import array, known_equal, node, size_of
from .emptiness import may_be_empty
from .ranges import evenly_spaced


def ends_of(x: Node, range_: Any) -> tuple[Node, Node]:
    """The outermost edges; equal ends are moved apart by one half."""
    if range_ is not None:
        low, high = (node(r) for r in range_)
        ok = ew.less_equal(low, high)
        if is_const(ok) and not value_of(ok):
            raise ValueError("max must be larger than min in range parameter.")
        if not is_const(ok):
            required(ok, "ValueError", "max must be larger than min in range parameter.")
        _finite(low, high, "supplied")
    elif x.shape[0] == 0:
        low, high = const(0.0), const(1.0)
    else:
        low, high = red.reduce_min(x, axes=(0,)), red.reduce_max(x, axes=(0,))
        if may_be_empty(x.shape[0]):
            none = ew.equal(size_node(x.shape[0]), 0)
            low, high = (ew.where(none, const(v, x.dtype), w) for v, w in ((0, low), (1, high)))
        _finite(low, high, "autodetected")
    weak = low.type.weak and high.type.weak
    plain = range_ is None or weak
    kind = x.dtype if plain and x.dtype.kind == "f" else np.result_type(low.dtype, high.dtype, F64)
    low, high = cast_to(low, kind), cast_to(high, kind)
    equal = ew.equal(low, high)
    return ew.where(equal, ew.subtract(low, 0.5), low), ew.where(equal, ew.add(high, 0.5), high)


def _finite(low: Node, high: Node, whose: str) -> None:
    """Raises ValueError, now or at the call, where an end is nan or infinite."""
    for end in (low, high):
        if end.dtype.kind != "f":
            continue
        ok, message = ew.isfinite(end), f"{whose} range of [min, max] is not finite"
        if not is_const(ok):
            required(ok, "ValueError", message)
        elif not value_of(ok):
            raise ValueError(message)


def edges_of(x: Node, bins: Any, range_: Any) -> tuple[Node, Size | None]:
    """(edges, how many equal bins or None).  Names of estimators raise NotImplementedError."""
    if isinstance(bins, str):
        raise NotImplementedError(f"histogram(bins={bins!r}): the number of bins must be given")
    given = node(bins)
    if given.rank == 0:
        n = size_of(bins, "`bins` must be positive, when an integer")
        if n == 0:
            raise ValueError("`bins` must be positive, when an integer")
        low, high = ends_of(x, range_)
        kind = np.result_type(low.dtype, high.dtype, x.dtype if x.dtype.kind == "f" else F64)
        edges, _ = evenly_spaced(low, high, hooks.wrap(plus(size_node(n), lit(1))), True, kind)
        return edges, n
    if given.rank != 1:
        raise ValueError("`bins` must be 1d, when an array")
    edges = sh.strong(given)
    m = dim(sh.last(edges.shape[0]))
    rising = ew.less_equal(sh.sliced(edges, 0, 0, m), sh.sliced(edges, 0, 1, m))
    message = "`bins` must increase monotonically, when an array"
    required(red.reduce_all(rising, axes=(0,)), "ValueError", message)
    return edges, None


@implements(np.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    return hooks.wrap(edges_of(sh.ravel(array(a)), bins, range)[0])


@implements(np.histogram)
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """Values on the last edge count for the last bin, values outside for none."""
    x = array(a)
    w = None
    if weights is not None:
        w = array(weights)
        if w.rank != x.rank or any(
            known_equal(d, e) is False for d, e in zip(w.shape, x.shape, strict=True)
        ):
            raise ValueError("weights should have the same shape as a.")
        w = sh.ravel(w)
    x = sh.ravel(x)
    x = cast_to(x, np.dtype("u1")) if x.dtype.kind == "b" else x
    edges, equal = edges_of(x, bins, range)
    counts = _counts(x, edges, w) if equal is None else _equal_counts(x, edges, equal, w)
    if density:
        m = counts.shape[0]
        widths = ew.subtract(sh.sliced(edges, 0, 1, m), sh.sliced(edges, 0, 0, m))
        total = red.reduce_sum(counts, axes=(0,))
        counts = ew.divide(ew.divide(counts, cast_to(widths, F64)), total)
    return hooks.wrap(counts), hooks.wrap(edges)


def _equal_counts(x: Node, edges: Node, n: Size, w: Node | None) -> Node:
    """Equal bins: the bin by arithmetic, put right where rounding moved a value over an edge."""
    many = size_node(n)
    kind = np.result_type(x.dtype, edges.dtype)
    x, bounds = cast_to(x, kind), cast_to(edges, kind)
    low, high = sh.select(bounds, 0, 0), sh.select(bounds, 0, many)
    inside = ew.logical_and(ew.less_equal(low, x), ew.less_equal(x, high))
    scaled = ew.multiply(ew.divide(ew.subtract(x, low), ew.subtract(high, low)), many)
    at = cast_to(ew.where(inside, scaled, 0.0), I64)
    top = ew.subtract(many, 1)
    at = ew.minimum(at, top)

    def edge(k: Node) -> Node:
        return gather(bounds, k, axes=(0,), at=0, mode="clip")

    at = ew.where(ew.less(x, edge(at)), ew.subtract(at, 1), at)
    over = ew.logical_and(ew.greater_equal(x, edge(ew.add(at, 1))), ew.not_equal(at, top))
    at = ew.where(over, ew.add(at, 1), at)
    at = ew.where(inside, at, many)  # one bin more, which is dropped
    extra = () if w is None else (cast_to(w, F64),)
    counts = sets.tally(at, plus(many, lit(1)), *extra)
    out = sh.sliced(counts, 0, 0, n)
    return out if w is None else cast_to(out, w.dtype)


def _counts(x: Node, edges: Node, w: Node | None) -> Node:
    """How many values (or how much weight) lie below each edge, and the differences."""
    kind = np.result_type(x.dtype, edges.dtype)
    x, bounds = cast_to(x, kind), cast_to(edges, kind)
    if w is None:
        ordered = sorts.sort(x, axis=0, kind="quicksort")
        below: Node = sets.searchsorted(ordered, bounds, side="left")
    else:
        order = sorts.argsort(x, axis=0, kind="stable")
        ordered = gather(x, order, axes=(0,), at=0, mode="clip")
        below = sets.searchsorted(ordered, bounds, side="left")
    m = sh.last(edges.shape[0])
    top = sets.searchsorted(ordered, sh.sliced(bounds, 0, m, 1), side="right")
    places = sh.concatenate([sh.sliced(below, 0, 0, dim(m)), top], 0)
    if w is not None:
        sums = red.cumulate_sum(gather(w, order, axes=(0,), at=0, mode="clip"), axis=0)
        sums = sh.concatenate([sh.zeros(w.dtype, (1,)), sums], 0)
        places = gather(sums, places, axes=(0,), at=0, mode="clip")
    out = ew.subtract(sh.sliced(places, 0, 1, dim(m)), sh.sliced(places, 0, 0, dim(m)))
    return out if w is not None else cast_to(out, I64)


@implements(np.histogram2d)
def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    one, two = sh.ravel(array(x)), sh.ravel(array(y))
    if known_equal(one.shape[0], two.shape[0]) is False:
        raise ValueError("x and y must have the same length.")
    many = list(bins) if isinstance(bins, list | tuple) and len(bins) == 2 else [bins, bins]
    ranges = [None, None] if range is None else list(range)
    edges = [edges_of(v, b, r)[0] for v, b, r in zip((one, two), many, ranges, strict=True)]
    cells = [_cell(v, e) for v, e in zip((one, two), edges, strict=True)]
    m, n = (dim(sh.last(e.shape[0])) for e in edges)
    inside = ew.logical_and(cells[0][1], cells[1][1])
    flat = ew.add(ew.multiply(cells[0][0], size_node(n)), cells[1][0])
    total = sh.count((m, n))
    flat = ew.where(inside, flat, total)  # one bin more, which is dropped
    extra = () if weights is None else (cast_to(sh.ravel(array(weights)), F64),)
    counts = sets.tally(flat, plus(total, lit(1)), *extra)
    out = cast_to(reshape(sh.sliced(counts, 0, 0, dim(total)), (m, n)), F64)
    if density:
        for k, e in enumerate(edges):
            width = ew.subtract(sh.sliced(e, 0, 1, out.shape[k]), sh.sliced(e, 0, 0, out.shape[k]))
            out = ew.divide(out, sh.expand(width, (1 - k,)))
        out = ew.divide(out, red.reduce_sum(cast_to(counts, F64), axes=(0,)))
    return hooks.wrap(out), hooks.wrap(edges[0]), hooks.wrap(edges[1])


def _cell(x: Node, edges: Node) -> tuple[Node, Node]:
    """(bin number, is it inside the edges?)"""
    m = sh.last(edges.shape[0])
    kind = np.result_type(x.dtype, edges.dtype)
    x, edges = cast_to(x, kind), cast_to(edges, kind)
    at = ew.subtract(sets.searchsorted(edges, x, side="right"), 1)
    top = ew.equal(x, sh.select(edges, 0, m))
    at = ew.where(top, ew.subtract(m, 1), at)
    inside = ew.logical_and(ew.less_equal(0, at), ew.less(at, m))
    return ew.clip(at, 0, ew.subtract(m, 1)), inside
