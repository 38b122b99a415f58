"""median, quantile, percentile: reads of a sorted axis, interpolated as NumPy does."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, minus, size_node, times
from ...fxgraph.constants import const, is_const, lit, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops import sort as sorts
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.scalar import clip0, quotient
from ...fxgraph.ops.structure import gather, iota, reshape
from ...fxgraph.types import F64, I64, DType
from ..registry import hooks, implements
from .arguments import (
    NO_VALUE,
    array,
    axes_of,
    finish,
    given,
    keep_dims,
    node,
    only,
)
from .emptiness import may_be_empty, require_source, with_one_more
from .nan_statistics import require_inexact


# ---- median and quantiles ------------------------------------------------------------------------
def _last_axis(x: Node, axis: Any) -> tuple[Node, tuple[int, ...]]:
    """The axes to be reduced, merged into the last one."""
    axes = axes_of(axis, x.rank)
    kept = [k for k in range(x.rank) if k not in axes]
    if axis is None:
        return sh.ravel(x), axes
    turned = sh.transpose(x, [*kept, *axes])
    shape = (*turned.shape[: len(kept)], dim(sh.count(turned.shape[len(kept) :])))
    return reshape(turned, shape), axes


def _with_nan(x: Node, result: Node) -> Node:
    """nan where a line of x has one; its last axis is the line."""
    if x.dtype.kind not in "fc":
        return result
    bad = red.reduce_any(ew.isnan(x), axes=(x.rank - 1,))
    lead = result.rank - bad.rank
    return ew.where(
        sh.expand(bad, tuple(range(lead))) if lead else bad, const(np.nan, result.dtype), result
    )


@implements(np.median)
def median(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    x = array(a)
    line, axes = _last_axis(x, axis)
    return _finished(keep_dims(_middle(line), axes, keepdims), out, keepdims, "unsafe")


def _middle(line: Node) -> Node:
    """The mean of the two middle elements of the sorted last axis (odd lengths: the same one)."""
    k = line.rank - 1
    n = size_node(line.shape[k])
    kind = np.result_type(line.dtype, F64) if line.dtype.kind in "biu" else line.dtype
    if line.shape[k] == 0:
        return sh.filled(np.nan, kind, line.shape[:k])
    middle = [clip0(quotient(minus(n, lit(1)), 2)), quotient(n, 2)]
    places = sh.concatenate([sh.expand(cast_to(m, I64), (0,)) for m in middle], 0)
    found = sorts.order_statistics(with_one_more(line, k, _behind(line.dtype)), places)
    low, high = sh.select(found, k, 0), sh.select(found, k, 1)
    odd = ew.equal(ew.remainder(n, lit(2), weak=True), 1)
    a, b = cast_to(low, kind), cast_to(high, kind)
    wide = np.dtype("f4") if kind == np.dtype("f2") else kind
    half = ew.divide(ew.add(cast_to(a, wide), cast_to(b, wide)), 2)
    result = _with_nan(line, ew.where(odd, b, cast_to(half, kind)))
    if may_be_empty(line.shape[k]):
        result = ew.where(ew.equal(n, 0), const(np.nan, kind), result)
    return result


def _behind(dtype: DType) -> Any:
    """What sorts behind all numbers of a dtype."""
    return np.nan if dtype.kind in "fc" else red.highest(dtype)


#: The alpha and beta of the continuous methods of Hyndman and Fan, "Sample quantiles in statistical
#: packages" (1996); linear, lower, higher, midpoint and nearest place a quantile at (n - 1) * q.
_CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3.0, 1 / 3.0),
    "normal_unbiased": (3 / 8.0, 3 / 8.0),
}
_PLACED = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile_of(
    x: Node, q: Node, axis: Any, method: str, keepdims: Any, keep: bool = False
) -> Node:
    """Quantiles along axes; q's axes stand first.  Raises ValueError for an unknown method."""
    if method not in _CONTINUOUS and method not in _PLACED:
        raise ValueError(
            f"{method!r} is not a valid method. Use one of: {', '.join([*_CONTINUOUS, *_PLACED])}"
        )
    if x.dtype.kind == "c":
        raise TypeError("a must be an array of real numbers")
    line, axes = _last_axis(x, axis)
    k = line.rank - 1
    message = "index -1 is out of bounds for axis 0 with size 0"
    require_source(line.shape[k], 1, message)
    n = size_node(line.shape[k])
    where_ = _place(q, n, method)
    out = _read_between(line, where_, n, method, keep and x.dtype.kind == "f")
    out = _with_nan(line, out)
    if keepdims and keepdims is not NO_VALUE:
        out = sh.expand(out, tuple(q.rank + a for a in axes)) if axes else out
    return out


def _place(q: Node, n: Node, method: str) -> Node:
    """Where in the sorted line a quantile stands, clipped to it."""
    last_ = minus(n, lit(1))
    if method in _CONTINUOUS:
        alpha, beta = _CONTINUOUS[method]
        rest = ew.add(alpha, ew.multiply(q, 1 - alpha - beta))
        at = ew.subtract(ew.add(ew.multiply(cast_to(n, F64, True), q), rest), 1)
        return ew.minimum(ew.maximum(at, 0.0), cast_to(last_, F64, True))
    return ew.multiply(cast_to(last_, F64, True), q)


def _read_between(line: Node, at: Node, n: Node, method: str, keep: bool) -> Node:
    """Values at fractional places of the sorted last axis; `keep`: in the dtype of the values."""
    if method in ("lower", "higher", "nearest"):
        step = {"lower": ew.floor, "higher": ew.ceil, "nearest": ew.rint}[method]
        return _read(line, [step(at)])[0]
    below = ew.floor(at)
    above = ew.minimum(ew.add(below, 1), cast_to(minus(n, lit(1)), F64, True))
    gap = ew.subtract(at, below)
    if method == "midpoint":
        gap = ew.where(ew.equal(gap, 0), 0.0, 0.5)
    kind = line.dtype if keep else np.result_type(line.dtype, at.dtype)
    narrow = line.dtype if line.dtype.kind in "fb" else kind  # as NumPy subtracts
    low, high = (cast_to(v, narrow) for v in _read(line, [below, above]))
    rest = list(range(gap.rank, low.rank))
    t = sh.expand(gap, rest) if rest else gap
    t = cast_to(t, kind)
    return lerp(low, high, t)


def _read(line: Node, places: list[Node]) -> list[Node]:
    """The elements that would stand at each of some arrays of places; their axes stand first."""
    k, shape = line.rank - 1, places[0].shape
    flat = sh.concatenate([sh.ravel(cast_to(p, I64)) for p in places], 0)
    found = sorts.order_statistics(line, flat)
    many = dim(sh.count(shape))
    out = []
    for j in range(len(places)):
        part = sh.sliced(found, k, times(size_node(many), j), many)
        part = reshape(part, (*part.shape[:-1], *shape))
        lead = list(range(k, k + len(shape)))
        out.append(sh.transpose(part, [*lead, *range(k)]) if lead else part)
    return out


def lerp(a: Node, b: Node, t: Node) -> Node:
    """NumPy's: from the nearer end, so that it is monotonic."""
    d = ew.subtract(b, a)
    up = ew.add(a, ew.multiply(d, t))
    down = ew.subtract(b, ew.multiply(d, ew.subtract(1, t)))
    return ew.where(ew.greater_equal(t, 0.5), down, up)


def _quantile(
    a: Any,
    q: Any,
    scale: float | None,
    axis: Any,
    out: Any,
    method: str,
    keepdims: Any,
    weights: Any,
) -> Any:
    if given(weights):
        raise NotImplementedError("quantiles with weights: sort and accumulate the weights")
    x = array(a)
    level = node(q)
    keep = level.type.weak  # a Python number as q does not widen the result
    level = cast_to(level, F64) if level.dtype.kind != "f" else sh.strong(level)
    level = level if scale is None else ew.divide(level, scale)
    _require_fraction(level, "Quantiles" if scale is None else "Percentiles")
    return _finished(quantile_of(x, level, axis, method, keepdims, keep), out, keepdims)


def _require_fraction(level: Node, name: str) -> None:
    """Raise ValueError, now or at run time, for quantiles that are not from 0 to 1."""
    fits = ew.logical_and(ew.less_equal(0, level), ew.less_equal(level, 1))
    fits = red.reduce_all(fits, axes=tuple(range(fits.rank))) if fits.rank else fits
    what = f"{name} must be in the range [0, {1 if name == 'Quantiles' else 100}]"
    if is_const(fits) and not value_of(fits):
        raise ValueError(what)
    if not is_const(fits):
        required(fits, "ValueError", what)


def _finished(result: Node, out: Any, keepdims: Any, casting: str = "same_kind") -> Any:
    """With keepdims, quantiles of a number are arrays of no axes."""
    if not result.rank and not given(only(out)) and keepdims and keepdims is not NO_VALUE:
        return hooks.fresh(result)
    return finish(result, out, casting=casting)


@implements(np.quantile)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    return _quantile(a, q, None, axis, out, method, keepdims, weights)


@implements(np.percentile)
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    return _quantile(a, q, 100, axis, out, method, keepdims, weights)


@implements(np.nanmedian)
def nanmedian(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    """The k valid elements of a line are its first k when sorted."""
    x = array(a)
    if x.dtype.kind not in "fc":
        return median(a, axis, out, overwrite_input, keepdims)
    if 0 in x.shape:  # NumPy takes the mean there
        require_inexact(x, None, out)
    line, axes = _last_axis(x, axis)
    k = line.rank - 1
    many = red.reduce_sum(cast_to(ew.logical_not(ew.isnan(line)), I64), axes=(k,))
    ordered = sorts.sort(line, axis=k, kind="quicksort")
    ordered = with_one_more(ordered, k, np.nan)
    if line.shape[k] == 0:  # nothing to pick from
        ordered = sh.filled(np.nan, x.dtype, (*line.shape[:k], 1))
    low = _pick(ordered, ew.floor_divide(ew.subtract(many, 1), 2))
    high = _pick(ordered, ew.floor_divide(many, 2))
    odd = ew.equal(ew.remainder(many, 2), 1)
    half = ew.where(odd, high, ew.divide(ew.add(low, high), 2))
    result = ew.where(ew.equal(many, 0), const(np.nan, x.dtype), half)
    return _finished(keep_dims(result, axes, keepdims), out, keepdims, "unsafe")


def _pick(ordered: Node, at: Node) -> Node:
    """One element of each line: at `at` of the last axis."""
    k = ordered.rank - 1
    index = [
        sh.spread_axes(iota(d), at.shape, [i for i in range(at.rank) if i != j])
        for j, d in enumerate(at.shape)
    ]
    return gather(ordered, *index, at, axes=tuple(range(k + 1)), at=0, mode="clip")


@implements(np.nanquantile)
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Raises NotImplementedError for methods other than 'linear' of inexact arrays."""
    return _nan_quantile(a, q, axis, out, method, keepdims, weights, "Quantiles")


def _nan_quantile(
    a: Any, q: Any, axis: Any, out: Any, method: str, keepdims: Any, weights: Any, name: str
) -> Any:
    x = array(a)
    if x.dtype.kind not in "fc":
        return quantile(a, q, axis, out, False, method, keepdims, weights=weights)
    if method != "linear" or given(weights):
        raise NotImplementedError("nanquantile: only method='linear' without weights")
    level = node(q)
    kind = x.dtype if level.type.weak else np.result_type(x.dtype, level.dtype)
    level = cast_to(level, F64)
    _require_fraction(level, name)
    line, axes = _last_axis(x, axis)
    k = line.rank - 1
    many = red.reduce_sum(cast_to(ew.logical_not(ew.isnan(line)), I64), axes=(k,))
    ordered = sorts.sort(line, axis=k, kind="quicksort")
    ordered = with_one_more(ordered, k, np.nan)
    if line.shape[k] == 0:  # nothing to pick from
        ordered = sh.filled(np.nan, x.dtype, (*line.shape[:k], 1))
    tall = (
        sh.expand(level, tuple(range(level.rank, level.rank + many.rank))) if many.rank else level
    )
    at = ew.multiply(ew.subtract(many, 1), tall)
    below = ew.floor(at)
    above = ew.minimum(ew.add(below, 1), ew.subtract(many, 1))
    below, above = ew.maximum(below, 0), ew.maximum(above, 0)
    low, high = (cast_to(_pick_each(ordered, p), kind) for p in (below, above))
    value = lerp(low, high, cast_to(ew.subtract(at, below), kind))
    value = ew.where(ew.equal(many, 0), const(np.nan, kind), value)
    if keepdims and keepdims is not NO_VALUE:
        value = sh.expand(value, tuple(level.rank + a for a in axes)) if axes else value
    return _finished(value, out, keepdims)


def _pick_each(ordered: Node, at: Node) -> Node:
    """Elements of each line at positions whose last axes are the lines'."""
    k = ordered.rank - 1
    first = at.rank - k
    lines = [
        sh.spread_axes(iota(d), at.shape, [i for i in range(at.rank) if i != first + j])
        for j, d in enumerate(ordered.shape[:k])
    ]
    index = [*lines, cast_to(at, I64)]
    return gather(ordered, *index, axes=tuple(range(k + 1)), at=0, mode="clip")


@implements(np.nanpercentile)
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    level = node(q)
    scaled = ew.divide(level, 100.0, weak=True) if level.type.weak else ew.divide(level, 100)
    return _nan_quantile(a, hooks.wrap(scaled), axis, out, method, keepdims, weights, "Percentiles")
