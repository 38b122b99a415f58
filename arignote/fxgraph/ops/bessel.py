"""Bessel functions of orders 0 and 1, named as in scipy.special."""

from __future__ import annotations

from ..node import Node, Op
from .arithmetic import divide, multiply, negative, subtract
from .choice import where
from .compare import equal
from .complex_parts import sign
from .special import special_function


def _over(out: Node, x: Node) -> Node:
    """out / x, with 0 for 0 / 0."""
    return divide(out, where(equal(x, 0), 1, x))


i0: Op = special_function("i0", lambda out, x: i1(x), ulp=16)
i1: Op = special_function(
    "i1", lambda out, x: subtract(i0(x), _over(out, x)), domain=(0.2, 4.0), ulp=16
)
i0e: Op = special_function(
    "i0e", lambda out, x: subtract(i1e(x), multiply(sign(x), out)), domain=(0.2, 4.0), ulp=16
)
i1e: Op = special_function(
    "i1e",
    lambda out, x: subtract(subtract(i0e(x), _over(out, x)), multiply(sign(x), out)),
    domain=(0.2, 4.0),
    ulp=16,
)
# Where they oscillate, units are those of 1.
j0: Op = special_function("j0", lambda out, x: negative(j1(x)), ulp=64)
j1: Op = special_function(
    "j1", lambda out, x: subtract(j0(x), _over(out, x)), domain=(0.2, 4.0), ulp=64
)
y0: Op = special_function("y0", lambda out, x: negative(y1(x)), domain=(0.2, 4.0), ulp=64)
y1: Op = special_function(
    "y1", lambda out, x: subtract(y0(x), divide(out, x)), domain=(0.2, 4.0), ulp=64
)
