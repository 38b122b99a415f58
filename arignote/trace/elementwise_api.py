"""NumPy's elementwise functions that are no ufuncs: clip, round, isclose and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fxgraph.affine import size_node
from ..fxgraph.constants import const
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops import elementwise as ops
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import F64
from . import methods
from .python_numbers import compare
from .registry import implements
from .slicing import literal
from .truth import known
from .ufuncs import apply, for_loop, stored_into, value_node
from .values import Proxy, fresh, is_proxy, wrap

_GIVEN: Any = object()
#: The ufunc of three operands behind np.clip; it has no name of its own in NumPy.
_CLIP: Any = np._core.umath.clip  # type: ignore[attr-defined]


def _finished(n: Node, out: Any, name: str) -> Any:
    return wrap(n) if out is None else stored_into(name, n, out, True, "same_kind")


@implements(np.clip)
def clip(
    a: Any, a_min: Any = _GIVEN, a_max: Any = _GIVEN, out: Any = None, *, min: Any = None,
    max: Any = None, **options: Any,
) -> Any:  # fmt: skip
    if a_min is _GIVEN and a_max is _GIVEN:
        low, high = min, max
    else:
        low, high = (None if b is _GIVEN else b for b in (a_min, a_max))
    x = value_node(a)
    if x.dtype.kind in "iu":
        low, high = (
            _telling(low, np.iinfo(x.dtype).min, -1),
            _telling(high, np.iinfo(x.dtype).max, 1),
        )
    if low is None and high is None:
        return apply(np.positive, (x,), out=out, **options)
    if low is None:
        return apply(np.minimum, (x, value_node(high)), out=out, **options)
    if high is None:
        return apply(np.maximum, (x, value_node(low)), out=out, **options)
    nodes = [x, value_node(low), value_node(high)]
    if options.get("dtype") is not None:
        casting = options.get("casting", "same_kind")
        nodes = for_loop(_CLIP, nodes, options["dtype"], None, casting)
    n = ops.clip(*nodes)
    return _finished(n, out, "clip")


def _telling(bound: Any, end: int, side: int) -> Any:
    """None for a Python integer beyond all numbers of the dtype, which bounds nothing."""
    plain = isinstance(bound, int) and not isinstance(bound, bool)
    return None if plain and (bound - end) * side > 0 else bound


@implements(np.round, np.around)
def round_(a: Any, decimals: Any = 0, out: Any = None) -> Any:
    x = value_node(a)
    places = literal(decimals, "the number of decimals")
    if x.dtype.kind == "b" and places:
        raise TypeError(
            "Cannot cast ufunc 'multiply' output from dtype('float64') to dtype('bool') with "
            "casting rule 'same_kind'"
        )
    if x.dtype.kind == "c":
        n = ops.make_complex(ops.round_(ops.real(x), places), ops.round_(ops.imag(x), places))
        n = cast_to(n, x.dtype)
    else:
        n = ops.round_(x, places)
    return _finished(n, out, "round")


@implements(np.fix)
def fix(x: Any, out: Any = None) -> Any:
    return _finished(ops.trunc(value_node(x)), out, "fix")


@implements(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    n = value_node(x)
    if n.dtype.kind == "c":
        parts = [ops.nan_to_num(f(n), nan, posinf, neginf) for f in (ops.real, ops.imag)]
        out = cast_to(ops.make_complex(*parts), n.dtype)
    else:
        out = ops.nan_to_num(n, nan, posinf, neginf)
    return (
        wrap(out) if copy or not is_proxy(x) else stored_into("nan_to_num", out, x, True, "unsafe")
    )


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    x = value_node(z)
    n = ops.angle(cast_to(x, F64) if x.dtype.kind == "b" else x)
    return wrap(ops.rad2deg(n) if deg else n)


@implements(np.real)
def real(val: Any) -> Any:
    return methods.real(val) if isinstance(val, Proxy) else np.real(val)


@implements(np.imag)
def imag(val: Any) -> Any:
    return methods.imag(val) if isinstance(val, Proxy) else np.imag(val)


@implements(np.sinc)
def sinc(x: Any) -> Any:
    return wrap(ops.sinc(value_node(x)))


@implements(np.i0)
def i0(x: Any) -> Any:
    n = value_node(x)
    out = OPS["i0"](n)
    return fresh(cast_to(out, n.dtype) if n.dtype.kind == "f" else out)  # an array of no axes


# ---- comparisons ---------------------------------------------------------------------------------
def _close(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: bool) -> Node:
    x, y = value_node(a), value_node(b)
    if y.dtype.kind in "biu":  # differences of integers may wrap
        y = cast_to(y, F64, y.type.weak)
    gap = ops.absolute(ops.subtract(x, y))
    margin = ops.add(value_node(atol), ops.multiply(value_node(rtol), ops.absolute(y)))
    out = ops.logical_and(ops.less_equal(gap, margin), ops.isfinite(y))
    out = ops.logical_or(out, ops.equal(x, y))
    if equal_nan:
        out = ops.logical_or(out, ops.logical_and(ops.isnan(x), ops.isnan(y)))
    return out


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    return wrap(_close(a, b, rtol, atol, equal_nan))


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    return _everywhere(_close(a, b, rtol, atol, equal_nan))


def _everywhere(n: Node) -> Any:
    """all() as a Python bool."""
    if n.rank:
        n = OPS["reduce_all"](n, axes=tuple(range(n.rank)))
    return wrap(cast_to(n, bool, True))


@implements(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    x, y = value_node(a1), value_node(a2)
    if not _same_shape(x, y):
        return False
    out = ops.equal(x, y)
    if equal_nan:
        out = ops.logical_or(out, ops.logical_and(ops.isnan(x), ops.isnan(y)))
    return _everywhere(out)


def _same_shape(x: Node, y: Node) -> bool:
    """Decided from the sizes of this call, under guards."""
    if x.rank != y.rank:
        return False
    pairs = zip(x.shape, y.shape, strict=True)
    return all(bool(known(compare("equal", size_node(a), size_node(b)))) for a, b in pairs)


@implements(np.isreal)
def isreal(x: Any) -> Any:
    n = value_node(x)
    return wrap(ops.equal(ops.imag(n), 0) if n.dtype.kind == "c" else _truths(n, True))


@implements(np.iscomplex)
def iscomplex(x: Any) -> Any:
    n = value_node(x)
    return wrap(ops.not_equal(ops.imag(n), 0) if n.dtype.kind == "c" else _truths(n, False))


def _truths(n: Node, value: bool) -> Node:
    return ops.logical_or(ops.isnan(n), const(True)) if value else ops.logical_and(
        ops.equal(n, n), const(False)
    )  # fmt: skip


@implements(np.isposinf)
def isposinf(x: Any, out: Any = None) -> Any:
    return _finished(ops.equal(value_node(x), np.inf), out, "isposinf")


@implements(np.isneginf)
def isneginf(x: Any, out: Any = None) -> Any:
    return _finished(ops.equal(value_node(x), -np.inf), out, "isneginf")
