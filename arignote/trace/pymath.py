"""`math` on traced values: elementwise ops in float64, with Python's domain and range errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import divisor, required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import F64, I64
from .branches import ifexp
from .proxy import wrap
from .pybuiltins import BUILTINS, answers, float_, single, truncated


def _math(
    name: str,
    op: str,
    domain: Callable[[Node], Node] | None = None,
    error: str = "math domain error",
) -> None:
    """math.<name> through an elementwise op, in float64, with Python's domain errors."""

    def f(*args: Any) -> Any:
        nodes = [cast_to(single(x), F64, True) for x in args]
        if domain is not None:
            required(domain(*nodes), "ValueError", error)
        return wrap(OPS[op](*nodes, weak=True))

    BUILTINS[getattr(math, name)] = f


def _inside(low: float, high: float) -> Callable[[Node], Node]:
    return lambda x: OPS["logical_not"](
        OPS["logical_or"](OPS["less"](x, low), OPS["greater"](x, high))
    )


def _positive(x: Node) -> Node:
    return OPS["logical_not"](OPS["less_equal"](x, 0.0))


def _finite(x: Node) -> Node:
    return OPS["less"](OPS["absolute"](x), float("inf"))


def _not_infinite(x: Node) -> Node:
    return OPS["logical_not"](OPS["equal"](OPS["absolute"](x), float("inf")))


_INF = float("inf")
for _name, _op, _domain in (
    ("sqrt", "sqrt", _inside(-0.0, _INF)),
    ("sin", "sin", _not_infinite),
    ("cos", "cos", _not_infinite),
    ("tan", "tan", _not_infinite),
    ("asin", "arcsin", _inside(-1.0, 1.0)),
    ("acos", "arccos", _inside(-1.0, 1.0)),
    ("atan", "arctan", None),
    ("atan2", "arctan2", None),
    ("sinh", "sinh", None),
    ("cosh", "cosh", None),
    ("tanh", "tanh", None),
    ("asinh", "arcsinh", None),
    ("acosh", "arccosh", _inside(1.0, _INF)),
    ("atanh", "arctanh", _inside(-1.0, 1.0)),
    ("log1p", "log1p", None),
    ("log2", "log2", _positive),
    ("log10", "log10", _positive),
    ("fabs", "absolute", None),
    ("hypot", "hypot", None),
    ("copysign", "copysign", None),
    ("degrees", "rad2deg", None),
    ("radians", "deg2rad", None),
    ("erf", "erf", None),
    ("erfc", "erfc", None),
    ("lgamma", "gammaln", None),
):
    _math(_name, _op, _domain)


def _without_overflow(name: str, op: str) -> None:
    """exp and its kind: Python raises OverflowError where a finite argument gives infinity."""

    def f(x: Any) -> Any:
        n = cast_to(single(x), F64, True)
        out = OPS[op](n, weak=True)
        fine = OPS["logical_or"](_finite(out), OPS["logical_not"](_finite(n)))
        required(fine, "OverflowError", "math range error")
        return wrap(out)

    BUILTINS[getattr(math, name)] = f


for _name in ("exp", "expm1"):
    _without_overflow(_name, _name)


@answers(math.log)
def log(x: Any, base: Any = None) -> Any:
    n = cast_to(single(x), F64, True)
    required(_positive(n), "ValueError", "expected a positive input")
    out = OPS["log"](n, weak=True)
    if base is None:
        return wrap(out)
    b = cast_to(single(base), F64, True)
    required(_positive(b), "ValueError", "expected a positive input")
    return wrap(OPS["divide"](out, divisor(OPS["log"](b, weak=True)), weak=True))


def _rounded(name: str, op: str) -> None:
    def f(x: Any) -> Any:
        n = single(x)
        if n.dtype.kind in "biu":
            return wrap(cast_to(n, I64, True))
        return wrap(truncated(n, OPS[op](n)))

    BUILTINS[getattr(math, name)] = f


for _name in ("floor", "ceil", "trunc"):
    _rounded(_name, _name)


def _predicate(name: str, op: str) -> None:
    BUILTINS[getattr(math, name)] = lambda x: wrap(
        cast_to(OPS[op](cast_to(single(x), F64, True)), np.dtype("?"), True)
    )


for _name in ("isnan", "isinf", "isfinite"):
    _predicate(_name, _name)


@answers(math.ldexp)
def ldexp(x: Any, i: Any) -> Any:
    n = cast_to(single(x), F64, True)
    out = OPS["ldexp"](n, cast_to(single(i), I64, True), weak=True)
    fine = OPS["logical_or"](_finite(out), OPS["logical_not"](_finite(n)))
    required(fine, "OverflowError", "math range error")
    return wrap(out)


@answers(math.pow)
def pow_float(x: Any, y: Any) -> Any:
    return float_(x) ** float_(y)


@answers(math.gcd)
def gcd(*args: Any) -> Any:
    nodes = [cast_to(single(x), I64, True) for x in args]
    return wrap(reduce(lambda a, b: OPS["gcd"](a, b, weak=True), nodes))


@answers(math.fmod)
def fmod(x: Any, y: Any) -> Any:
    a, b = (cast_to(single(v), F64, True) for v in (x, y))
    required(OPS["not_equal"](b, 0.0), "ValueError", "math domain error")
    return wrap(OPS["fmod"](a, b, weak=True))


@answers(math.isqrt)
def isqrt(x: Any) -> Any:
    n = cast_to(single(x), I64, True)
    required(OPS["greater_equal"](n, 0), "ValueError", "isqrt() argument must be nonnegative")
    root = cast_to(
        OPS["floor"](OPS["sqrt"](cast_to(n, F64, True), weak=True), weak=True), I64, True
    )
    r = wrap(root)
    v = wrap(n)
    r = ifexp(r * r > v, lambda: r - 1, lambda: r, None)
    return ifexp((r + 1) * (r + 1) <= v, lambda: r + 1, lambda: r, None)
