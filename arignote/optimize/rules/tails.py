"""The logarithm of erfc and its derivative where erfc underflows: the asymptotic series of
Abramowitz and Stegun, 7.1.23, with five terms.
"""

from __future__ import annotations

import math

import numpy as np

from ...fxgraph.constants import const, is_value
from ...fxgraph.node import Node
from ...fxgraph.ops.elementwise import (
    add,
    divide,
    erfc,
    exp,
    less,
    log,
    maximum,
    minimum,
    multiply,
    negative,
    square,
    subtract,
    where,
)
from ..rule import cst, rule, var

x, y, c = var("x"), var("y"), cst("c")
#: from where on the series is exact to rounding, and erfc is about to underflow
_FROM = {np.dtype("f8"): 25.0, np.dtype("f4"): 8.5}


@rule(log(erfc(x)), phase="stabilize", keeps="reals", kinds="f")
def log_erfc(x: Node) -> Node | None:
    """log(erfc(x)) -> -x**2 - log(x * sqrt(pi)) + log(series) for large x, where erfc is 0"""
    if x.dtype not in _FROM or _is_near(x):
        return None
    start = const(_FROM[x.dtype])
    far = maximum(x, start)
    series = log(divide(_series(far), multiply(far, const(math.sqrt(math.pi)))))
    return where(less(start, x), subtract(series, square(far)), log(erfc(minimum(x, start))))


@rule(divide(exp(negative(square(x))), erfc(x)), phase="stabilize", keeps="reals", kinds="f")
def bell_over_erfc(x: Node) -> Node | None:
    """exp(-x**2) / erfc(x) -> x * sqrt(pi) / series for large x, where it is 0 / 0"""
    return _ratio(x)


@rule(
    multiply(divide(y, erfc(x)), multiply(exp(negative(square(x))), c)),
    phase="stabilize", keeps="reals", kinds="f",
)  # fmt: skip
def scaled_bell_over_erfc(x: Node, y: Node, c: Node) -> Node | None:
    """y / erfc(x) * (exp(-x**2) * c) -> y * c * (exp(-x**2) / erfc(x)), a derivative"""
    ratio = _ratio(x)
    return None if ratio is None else multiply(multiply(y, c), ratio)


def _ratio(x: Node) -> Node | None:
    if x.dtype not in _FROM or _is_near(x):
        return None
    start = const(_FROM[x.dtype])
    far, near = maximum(x, start), minimum(x, start)
    large = divide(multiply(far, const(math.sqrt(math.pi))), _series(far))
    return where(less(start, x), large, divide(exp(negative(square(near))), erfc(near)))


def _is_near(x: Node) -> bool:
    """Is it bounded by one of these rules already?"""
    bound = _FROM[x.dtype]
    return x.op is minimum and any(is_value(n, bound) for n in x.inputs)


def _series(x: Node) -> Node:
    """1 - t + 3 t**2 - 15 t**3 + 105 t**4 with t = 1 / (2 x**2)"""
    t = divide(0.5, square(x))
    total = const(105.0)
    for term in (-15.0, 3.0, -1.0, 1.0):
        total = add(multiply(total, t), const(term))
    return total
