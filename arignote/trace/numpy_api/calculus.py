"""diff, gradient, trapezoid, convolve, correlate, polynomials, sums over windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, minus, plus, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.library import library
from ...fxgraph.ops.matrices import conj
from ...fxgraph.ops.scalar import clip0, greatest, least
from ...fxgraph.ops.structure import set_item
from ...fxgraph.prove import ge0, hinted
from ...fxgraph.types import F64, TensorType
from ..registry import hooks, implements
from .arguments import NO_VALUE, array, axes_of, axis_of, given, integer, node
from .emptiness import may_be_empty
from .joining import joined


# ---- differences ---------------------------------------------------------------------------------
def _ends(x: Node, k: int, shorter: bool = False) -> tuple[Node, Node]:
    """All but the last, all but the first.  shorter: nothing may be left of the axis."""
    last = sh.last(x.shape[k])
    shorter = shorter or may_be_empty(x.shape[k])
    m = 0 if x.shape[k] == 0 else dim(clip0(last) if shorter else last)
    return sh.sliced(x, k, 0, m), sh.sliced(x, k, 1, m)


@implements(np.diff)
def diff(
    a: Any, n: Any = 1, axis: Any = -1, prepend: Any = NO_VALUE, append: Any = NO_VALUE
) -> Any:
    times = integer(n)
    if times == 0:
        return a
    if times < 0:
        raise ValueError(f"order must be non-negative but got {times!r}")
    x = array(a)
    if not x.rank:
        raise ValueError("diff requires input that is at least one dimensional")
    k = axis_of(axis, x.rank)
    parts = [x]
    for value, first in ((prepend, True), (append, False)):
        if given(value):
            p = array(value)
            p = sh.spread(p, (*x.shape[:k], 1, *x.shape[k + 1 :])) if not p.rank else p
            parts = [p, *parts] if first else [*parts, p]
    x = joined(parts, k) if len(parts) > 1 else x
    for done in range(times):
        low, high = _ends(x, k, done > 0)
        x = ew.not_equal(high, low) if x.dtype.kind == "b" else ew.subtract(high, low)
    return hooks.wrap(x)


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    x = sh.ravel(array(ary))
    low, high = _ends(x, 0)
    parts = [ew.subtract(high, low)]
    if to_begin is not None:
        parts.insert(0, cast_to(sh.ravel(array(to_begin)), x.dtype))
    if to_end is not None:
        parts.append(cast_to(sh.ravel(array(to_end)), x.dtype))
    return hooks.wrap(sh.concatenate(parts, 0))


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """Second-order differences inside, first or second order at the edges."""
    x = array(f)
    axes = axes_of(axis, x.rank)
    spacing = _spacing(varargs, len(axes))
    order = integer(edge_order)
    if order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    x = cast_to(x, F64) if x.dtype.kind in "biu" else x
    out = []
    for k, h in zip(axes, spacing, strict=True):
        known = hinted(size_node(x.shape[k]))
        if known is not None and known < order + 1:
            raise ValueError(_TOO_SMALL)
        spare = minus(size_node(x.shape[k]), lit(order + 1))
        if known is None and not ge0(spare):
            required(ew.greater_equal(spare, 0), "ValueError", _TOO_SMALL)
        out.append(hooks.wrap(_slope(x, k, h, order)))
    return out[0] if len(out) == 1 else tuple(out)


_TOO_SMALL = (
    "Shape of array too small to calculate a numerical gradient, "
    "at least (edge_order + 1) elements are required."
)


def _spacing(varargs: tuple[Any, ...], count: int) -> list[Node]:
    if not varargs:
        return [node(1.0)] * count
    if len(varargs) == 1 and not node(varargs[0]).rank:
        return [node(varargs[0])] * count
    if len(varargs) == count:
        return [node(v) for v in varargs]
    raise TypeError("invalid number of arguments")


def _slope(x: Node, k: int, h: Node, order: int) -> Node:
    n = size_node(x.shape[k])
    inner = dim(minus(n, lit(2)))

    def at(start: Node | int) -> Node:
        return sh.sliced(x, k, start, inner)

    def one(position: Node | int) -> Node:
        return sh.sliced(x, k, position, 1)

    last = minus(n, lit(1))
    if not h.rank:
        middle = ew.divide(ew.subtract(at(2), at(0)), ew.multiply(2.0, h, weak=h.type.weak))
        if order == 1:
            first = ew.divide(ew.subtract(one(1), one(0)), h)
            final = ew.divide(ew.subtract(one(last), one(minus(n, lit(2)))), h)
        else:
            first = _three(one(0), one(1), one(2), -1.5, 2.0, -0.5, h)
            final = _three(
                one(minus(n, lit(3))), one(minus(n, lit(2))), one(last), 0.5, -2.0, 1.5, h
            )
    else:
        if h.rank != 1:
            raise ValueError("distances must be either scalars or 1d")
        low, high = _ends(cast_to(h, F64) if h.dtype.kind in "biu" else h, 0)
        step = ew.subtract(high, low)
        middle, first, final = _uneven(at, one, step, n, k, x.rank, order)
    shape = x.shape
    kind = x.dtype
    middle = cast_to(middle, kind)
    out = set_item(sh.zeros(kind, shape), sh.slice_window(shape, k, lit(1), inner), middle)
    out = set_item(out, sh.slice_window(shape, k, lit(0), 1), cast_to(first, kind))
    return set_item(out, sh.slice_window(shape, k, last, 1), cast_to(final, kind))


def _three(a: Node, b: Node, c: Node, p: float, q: float, r: float, h: Node) -> Node:
    parts = [ew.multiply(ew.divide(w, h, weak=h.type.weak), v) for v, w in ((a, p), (b, q), (c, r))]
    return ew.add(ew.add(parts[0], parts[1]), parts[2])


def _uneven(
    at: Any, one: Any, step: Node, n: Node, k: int, rank: int, order: int
) -> tuple[Node, Node, Node]:
    """Quarteroni, Sacco and Saleri, "Numerical Mathematics" (2007), as NumPy cites."""
    m = dim(minus(n, lit(2)))
    line = [j for j in range(rank) if j != k]

    def lay(d: Node) -> Node:
        return sh.expand(d, line) if line else d

    d1, d2 = lay(sh.sliced(step, 0, 0, m)), lay(sh.sliced(step, 0, 1, m))
    a = ew.divide(ew.negative(d2), ew.multiply(d1, ew.add(d1, d2)))
    b = ew.divide(ew.subtract(d2, d1), ew.multiply(d1, d2))
    c = ew.divide(d1, ew.multiply(d2, ew.add(d1, d2)))
    middle = ew.add(ew.add(ew.multiply(a, at(0)), ew.multiply(b, at(1))), ew.multiply(c, at(2)))
    end = minus(n, lit(2))
    last = minus(n, lit(1))
    e1, e2 = sh.select(step, 0, 0), sh.select(step, 0, end)
    if order == 1:
        first = ew.divide(ew.subtract(one(1), one(0)), e1)
        return middle, first, ew.divide(ew.subtract(one(last), one(end)), e2)
    f1, f2 = e1, sh.select(step, 0, 1)
    a = ew.divide(ew.negative(ew.add(ew.multiply(2.0, f1), f2)), ew.multiply(f1, ew.add(f1, f2)))
    b = ew.divide(ew.add(f1, f2), ew.multiply(f1, f2))
    c = ew.divide(ew.negative(f1), ew.multiply(f2, ew.add(f1, f2)))
    first = ew.add(ew.add(ew.multiply(a, one(0)), ew.multiply(b, one(1))), ew.multiply(c, one(2)))
    g1, g2 = sh.select(step, 0, minus(n, lit(3))), e2
    a = ew.divide(g2, ew.multiply(g1, ew.add(g1, g2)))
    b = ew.divide(ew.negative(ew.add(g2, g1)), ew.multiply(g1, g2))
    c = ew.divide(ew.add(ew.multiply(2.0, g2), g1), ew.multiply(g2, ew.add(g1, g2)))
    final = ew.add(
        ew.add(ew.multiply(a, one(minus(n, lit(3)))), ew.multiply(b, one(end))),
        ew.multiply(c, one(last)),
    )
    return middle, first, final


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    f = array(y)
    k = axis_of(axis, f.rank)
    if x is None:
        d = node(dx)
    else:
        points = array(x)
        if points.rank == 1:
            low, high = _ends(points, 0)
            d = ew.subtract(high, low)
            line = [j for j in range(f.rank) if j != k]
            d = sh.expand(d, line) if line else d
        else:
            low, high = _ends(points, axis_of(axis, points.rank))
            d = ew.subtract(high, low)
    low, high = _ends(f, k)
    terms = ew.divide(ew.multiply(d, ew.add(high, low)), 2.0)
    return hooks.wrap(red.reduce_sum(terms, axes=(k,)))


# ---- convolutions --------------------------------------------------------------------------------
def _conv_vjp(g: Node, out: Node, a: Node, v: Node) -> tuple[Node, Node]:
    """Correlations of the cotangent with the other signal, cut to the place of each operand."""
    return _cut(g, v, a), _cut(g, a, v)


def _cut(g: Node, other: Node, mine: Node) -> Node:
    whole = convolve_op(g, sh.flip(other, (0,)))
    return sh.sliced(whole, 0, sh.last(other.shape[0]), mine.shape[0])


def _conv_jvp(tangents: Any, out: Node, a: Node, v: Node) -> Node | None:
    ta, tv = tangents
    parts = [convolve_op(ta, v)] if ta is not None else []
    parts += [convolve_op(a, tv)] if tv is not None else []
    return None if not parts else parts[0] if len(parts) == 1 else ew.add(*parts)


#: (a[m], v[n]): the full convolution, of length m + n - 1
convolve_op = library(
    "convolve",
    reference=np.convolve,
    infer=lambda a, v: TensorType(
        a.dtype, (dim(minus(plus(size_node(a.shape[0]), size_node(v.shape[0])), lit(1))),)
    ),
    vjp=_conv_vjp,
    jvp=_conv_jvp,
)


def _signals(a: Any, v: Any, what: str) -> tuple[Node, Node]:
    x, y = array(a), array(v)
    x, y = (sh.spread(n, (1,)) if not n.rank else n for n in (x, y))
    if x.rank != 1 or y.rank != 1:
        raise ValueError("object too deep for desired array")
    for n, name in ((x, "a" if what == "convolve" else "first array argument"), (y, "v")):
        if n.shape[0] == 0:
            raise ValueError(f"{name} cannot be empty")
    kind = np.result_type(x.dtype, y.dtype)
    return cast_to(x, kind), cast_to(y, kind)


def _part(full: Node, m: Node, n: Node, mode: Any, after: bool) -> Node:
    """The part of a full convolution of lengths m and n that `mode` asks for."""
    if mode in ("full", 2):
        return full
    long, short = greatest(m, n), least(m, n)
    if mode in ("valid", 0):
        return sh.sliced(full, 0, minus(short, lit(1)), dim(plus(minus(long, short), lit(1))))
    if mode in ("same", 1):
        extra = minus(short, lit(1))
        start = ew.floor_divide(plus(extra, lit(1)) if after else extra, lit(2), weak=True)
        return sh.sliced(full, 0, start, dim(long))
    raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got '{mode}')")


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    x, y = _signals(a, v, "convolve")
    m, n = size_node(x.shape[0]), size_node(y.shape[0])
    return hooks.wrap(_part(convolve_op(x, y), m, n, mode, False))


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    x, y = _signals(a, v, "correlate")
    m, n = size_node(x.shape[0]), size_node(y.shape[0])
    full = convolve_op(x, sh.flip(conj(y), (0,)))
    longer = (hinted(minus(n, m)) or 0) > 0  # `same` keeps the other half then
    return hooks.wrap(_part(full, m, n, mode, longer))


# ---- polynomials ---------------------------------------------------------------------------------
@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Horner's rule; the number of coefficients must be known while tracing."""
    c = array(p)
    if isinstance(x, np.poly1d):
        raise NotImplementedError("polyval at a poly1d")
    at = array(x)
    n = integer(hooks.wrap(size_node(c.shape[0])))
    y: Node = sh.zeros(at.dtype, at.shape)
    for k in range(n):
        y = ew.add(ew.multiply(y, at), sh.select(c, 0, k))
    return hooks.wrap(sh.strong(y))
