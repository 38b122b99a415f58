"""The normal distribution and the error function's relatives, named as in scipy.special."""

from __future__ import annotations

import math

from ..node import Node, Op
from .arithmetic import divide, multiply, negative, square, subtract
from .exponential import exp
from .special import BELL, special_function

_ROOT_TAU, _ROOT_HALF = math.sqrt(2 * math.pi), math.sqrt(0.5)


def _density(x: Node) -> Node:
    """The standard normal distribution's."""
    return multiply(exp(multiply(square(x), -0.5)), 1 / _ROOT_TAU)


# SciPy loses x**2 units in the last place on the way to exp(x**2) and exp(-x**2), as does this.
erfcx: Op = special_function(
    "erfcx", lambda out, x: subtract(multiply(multiply(x, out), 2.0), BELL), ulp=700
)
erfinv: Op = special_function(
    "erfinv", lambda out, x: multiply(exp(square(out)), 1 / BELL), domain=(-0.9, 0.9), ulp=32
)
erfcinv: Op = special_function(
    "erfcinv", lambda out, x: multiply(exp(square(out)), -1 / BELL), domain=(0.1, 1.9), ulp=32
)
ndtr: Op = special_function("ndtr", lambda out, x: _density(x), ulp=700)
ndtri: Op = special_function(
    "ndtri", lambda out, x: divide(1.0, _density(out)), domain=(0.05, 0.95), ulp=32
)
#: its slope is the density over the distribution, both times exp(x**2 / 2), as that underflows
log_ndtr: Op = special_function(
    "log_ndtr",
    lambda out, x: divide(2 / _ROOT_TAU, erfcx(multiply(negative(x), _ROOT_HALF))),
    ulp=700,
)

__all__ = ["erfcinv", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri"]
