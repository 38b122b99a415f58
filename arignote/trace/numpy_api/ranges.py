"""arange, linspace, logspace, geomspace: NumPy's formulas, so its bits; counts may be traced."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...fxgraph.affine import minus, size_node, times
from ...fxgraph.constants import const, is_const, lit, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops.checks import divisor, required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_any
from ...fxgraph.ops.scalar import ceil_quotient, clip0
from ...fxgraph.ops.shaping import filled, move_axis, spread, spread_axes, spread_together
from ...fxgraph.ops.structure import iota
from ...fxgraph.types import BOOL, F64, I64, DType, Size
from ..registry import hooks, implements
from .arguments import array, axis_of, dynamic_size, moved_axis, node, size_of, supported


@implements(np.arange)
def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
    like: Any = None,
) -> Any:
    """Element i is `start + i * delta` in the result's dtype, delta = (start + step) - start.

    Raises ZeroDivisionError for step 0, ValueError for a traced step whose count no size can tell.
    """
    if stop is None:
        start, stop = 0, start
    lo = node(0 if start is None else start)
    return hooks.fresh(progression(lo, node(stop), node(1 if step is None else step), dtype))


def progression(lo: Node, hi: Node, by: Node, dtype: Any) -> Node:
    """arange on nodes."""
    found = np.result_type(I64, lo.dtype, hi.dtype, by.dtype)
    kind = supported(dtype) if dtype is not None else found
    if found.kind in "iu":
        size = _integer_count(lo, hi, by)
    else:
        size = _real_count(lo, hi, by)
    if size == 0:
        return filled(0, kind, (0,))
    return _from_first_two(lo, by, size, kind)


def _integer_count(lo: Node, hi: Node, by: Node) -> Size:
    lo, hi, by = (cast_to(n, I64, True) for n in (lo, hi, by))
    span = minus(hi, lo)
    if is_const(by):
        k = int(value_of(by))
        if k == 0:
            raise ZeroDivisionError("division by zero")
        n = ceil_quotient(span if k > 0 else times(span, -1), abs(k))
        if is_const(n):
            return max(int(value_of(n)), 0)
        return dynamic_size(clip0(n))
    n = times(ew.floor_divide(times(span, -1), divisor(by), weak=True), -1)
    return dynamic_size(clip0(n))


def _real_count(lo: Node, hi: Node, by: Node) -> Size:
    if all(is_const(n) for n in (lo, hi, by)):
        python = all(n.type.weak for n in (lo, hi, by))
        return _counted(value_of(lo), value_of(hi), value_of(by), python)
    steps = ew.ceil(ew.divide(ew.subtract(hi, lo), by))
    if steps.dtype.kind == "f":
        required(ew.less(steps, 2.0**63), "ValueError", _TOO_MANY)
    return dynamic_size(clip0(cast_to(cast_to(steps, F64), I64, True)))


_TOO_MANY = "Maximum allowed size exceeded"


def _counted(lo: Any, hi: Any, by: Any, python: bool) -> int:
    """How many numbers there are; python: does a step of zero raise as Python's division does?"""
    lo, hi, by = lo + 0, hi + 0, by + 0  # truths are numbers here
    if by == 0 and python:
        raise ZeroDivisionError("division by zero")
    with np.errstate(all="ignore"):
        n = np.divide(hi - lo, by)
    n = min(n.real, n.imag) if isinstance(n, complex | np.complexfloating) else n
    if n == 0 and hi != lo:  # a step of inf, or a quotient too small for a float
        return 0 if np.signbit(n) else 1
    if np.isnan(n):
        raise ValueError("arange: cannot compute length")
    if np.isinf(n) or abs(n) >= 2.0**63:
        raise ValueError(_TOO_MANY)
    return max(math.ceil(float(n)), 0)


def _known_step(lo: Node, by: Node, first: Node) -> Node:
    """The first two numbers must fit; the step between them need not: -2 among uint8 is 254."""
    kind, value = first.dtype, int(value_of(by))
    known = is_const(lo) and lo.type.weak and by.type.weak
    second = cast_to(lit(int(value_of(lo)) + value) if known else ew.add(lo, by), kind)
    info = np.iinfo(kind)
    return cast_to(by, kind) if info.min <= value <= info.max else ew.subtract(second, first)


def _from_first_two(lo: Node, by: Node, size: Size, kind: DType) -> Node:
    """NumPy fills from the first two values, both in the result's dtype."""
    position = iota(size)
    if kind == BOOL:
        if size not in (0, 1, 2):
            raise TypeError(
                "arange() is only supported for booleans when the result has at most length 2."
            )
        return cast_to(ew.add(lo, ew.multiply(position, by)), BOOL)
    first = cast_to(lo, kind)
    if size == 1:  # the step may be infinite
        return spread(first, (1,))
    if kind.kind in "iu" and lo.dtype.kind in "biu" and by.dtype.kind in "biu":
        step = cast_to(by, kind) if not is_const(by) else _known_step(lo, by, first)
        return ew.add(first, ew.multiply(cast_to(position, kind), step))
    second = cast_to(ew.add(lo, by), kind)
    if kind == np.dtype("f2"):
        wide = np.dtype("f4")
        first, second = cast_to(first, wide), cast_to(second, wide)
        return cast_to(
            ew.add(first, ew.multiply(cast_to(position, wide), ew.subtract(second, first))), kind
        )
    delta = ew.subtract(second, first)
    return ew.add(first, ew.multiply(cast_to(position, kind), delta))


@implements(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: Any = 0,
    *,
    device: Any = None,
) -> Any:
    values, step = evenly_spaced(node(start), node(stop), num, endpoint, dtype)
    values = hooks.fresh(move_axis(values, 0, moved_axis(axis, values.rank)))
    return (values, hooks.wrap(step)) if retstep else values


def evenly_spaced(
    start: Node, stop: Node, num: Any, endpoint: bool, dtype: Any
) -> tuple[Node, Node]:
    """linspace along axis 0, and its step.  Raises ValueError for a negative count."""
    said = "" if hooks.is_proxy(num) else f", {num},"
    n = size_of(num, f"Number of samples{said} must be non-negative.")
    parts = minus(size_node(n), lit(1)) if endpoint else size_node(n)
    kind = np.result_type(
        *((0j if x.dtype.kind == "c" else 0.0) if x.type.weak else x.dtype for x in (start, stop)),
        0.0,
    )
    result = supported(dtype) if dtype is not None else kind
    (a, b), shape = spread_together("linspace", [cast_to(x, kind) for x in (start, stop)])
    delta = ew.subtract(b, a)
    number = spread_axes(iota(n), (n, *shape), range(1, 1 + len(shape)))
    line = cast_to(number, kind)
    if is_const(parts) and int(value_of(parts)) <= 0:
        step = const(np.nan, F64, True)
        y = ew.multiply(line, delta)
    else:
        step = ew.divide(delta, parts)
        # NumPy takes the first formula for all elements as soon as one step is zero
        zero = (
            reduce_any(ew.equal(step, 0), axes=tuple(range(len(shape))))
            if shape
            else ew.equal(step, 0)
        )
        y = ew.where(zero, ew.multiply(ew.divide(line, parts), delta), ew.multiply(line, step))
    y = ew.add(y, a)
    if endpoint and n not in (0, 1):
        y = ew.where(ew.equal(number, minus(size_node(n), lit(1))), b, y)
    if result.kind in "iu":
        y = ew.floor(y)
    return cast_to(y, result), step


@implements(np.logspace)
def logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: Any = 0,
) -> Any:
    y, _ = evenly_spaced(node(start), node(stop), num, endpoint, None)
    b = node(base)
    out = ew.power(b, move_axis(y, 0, axis_of(axis, y.rank)))
    return hooks.fresh(cast_to(out, supported(dtype)) if dtype is not None else out)


@implements(np.geomspace)
def geomspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: Any = 0
) -> Any:
    """sign * 10 ** linspace(log10), the ends exact.  Raises ValueError for literal zeros.

    Raises NotImplementedError for complex ends.
    """
    ends = [cast_to(x, np.result_type(x.dtype, 0.0)) for x in (array(start), array(stop))]
    if any(is_const(x) and (value_of(x) == 0).any() for x in ends):
        raise ValueError("Geometric sequence cannot include zero")
    if any(x.dtype.kind == "c" for x in ends):
        raise NotImplementedError("geomspace of complex ends: use exp(linspace(log(a), log(b)))")
    (a, b), _ = spread_together("geomspace", ends)
    kind = supported(dtype) if dtype is not None else np.result_type(a.dtype, b.dtype)
    sign = ew.sign(a)
    a, b = ew.divide(a, sign), ew.divide(b, sign)
    logs, _ = evenly_spaced(ew.log10(a), ew.log10(b), num, endpoint, None)
    out = ew.power(10.0, logs)
    n = out.shape[0]
    number = spread_axes(iota(n), out.shape, range(1, out.rank))
    out = ew.where(ew.equal(number, 0), a, out)
    if endpoint and n != 1:
        out = ew.where(ew.equal(number, minus(size_node(n), lit(1))), b, out)
    out = cast_to(ew.multiply(out, sign), kind)
    return hooks.fresh(move_axis(out, 0, axis_of(axis, out.rank)))
