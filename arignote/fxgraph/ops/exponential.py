"""Exponentials, logarithms, roots and powers.

Derivatives read the result where they can (exp, sqrt, tanh), so the backward pass computes nothing
twice.  Accuracy is at most 4 ulp, that of vector math libraries, NumPy's own among them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..constants import is_const, value_of
from ..node import Node, Op
from .arithmetic import add, divide, multiply, negative, square, subtract
from .choice import where
from .compare import equal
from .family import elementwise
from .from_scipy import scipy_dtypes, scipy_special

LN2 = math.log(2.0)
LN10 = math.log(10.0)

exp: Op = elementwise(
    "exp",
    ufunc=np.exp,
    c={"c": "cexp{f}({x})", "*": "an_exp_{t}({x})"},
    ulp=5,
    vjp=lambda g, out, x: (multiply(g, out),),
)
exp2: Op = elementwise(
    "exp2",
    ufunc=np.exp2,
    c={"c": "an_exp2_{t}({x})", "*": "exp2{f}({x})"},
    ulp=4,
    vjp=lambda g, out, x: (multiply(g, multiply(out, LN2)),),
)
expm1: Op = elementwise(
    "expm1",
    ufunc=np.expm1,
    c="an_expm1_{t}({x})",
    ulp=4,
    vjp=lambda g, out, x: (multiply(g, add(out, 1.0)),),
)
log: Op = elementwise(
    "log",
    ufunc=np.log,
    c={"c": "clog{f}({x})", "*": "an_log_{t}({x})"},
    ulp=6,
    domain=(0.2, 4.0),
    vjp=lambda g, out, x: (divide(g, x),),
)
log2: Op = elementwise(
    "log2",
    ufunc=np.log2,
    c={"c": "an_log2_{t}({x})", "*": "log2{f}({x})"},
    ulp=4,
    domain=(0.2, 4.0),
    vjp=lambda g, out, x: (divide(g, multiply(x, LN2)),),
)
log10: Op = elementwise(
    "log10",
    ufunc=np.log10,
    c={"c": "an_log10_{t}({x})", "*": "log10{f}({x})"},
    ulp=4,
    domain=(0.2, 4.0),
    vjp=lambda g, out, x: (divide(g, multiply(x, LN10)),),
)
log1p: Op = elementwise(
    "log1p",
    ufunc=np.log1p,
    c="an_log1p_{t}({x})",
    ulp=4,
    domain=(-0.7, 4.0),
    vjp=lambda g, out, x: (divide(g, add(x, 1.0)),),
)
expit: Op = elementwise(
    "expit",
    reference=scipy_special("expit"),
    dtypes=scipy_dtypes("expit"),
    arity=1,
    c="an_expit_{t}({x})",
    ulp=6,
    numpy=("scipy.special.expit",),
    vjp=lambda g, out, x: (multiply(g, multiply(out, subtract(1.0, out))),),
)

# ---- roots ----------------------------------------------------------------------------------
sqrt: Op = elementwise(
    "sqrt",
    ufunc=np.sqrt,
    c={"c": "csqrt{f}({x})", "*": "sqrt{f}({x})"},
    ulp=2,
    domain=(0.2, 4.0),
    vjp=lambda g, out, x: (divide(multiply(g, 0.5), out),),
)
cbrt: Op = elementwise(
    "cbrt",
    ufunc=np.cbrt,
    c="cbrt{f}({x})",
    ulp=4,
    domain=(0.2, 4.0),
    vjp=lambda g, out, x: (divide(g, multiply(square(out), 3.0)),),
)
hypot: Op = elementwise(
    "hypot",
    ufunc=np.hypot,
    c="hypot{f}({x}, {y})",
    ulp=4,
    vjp=lambda g, out, x, y: (
        multiply(g, divide(x, _not_zero(out))),
        multiply(g, divide(y, _not_zero(out))),
    ),
)


def _not_zero(x: Node) -> Node:
    return where(equal(x, 0), 1, x)


# ---- sums of exponentials -------------------------------------------------------------------
def _share(g: Node, x: Node, y: Node, scale: float) -> tuple[Node, Node]:
    """g times the softmax of (x, y): 1/2 each where equal, equal infinities included"""
    difference = multiply(subtract(x, y), scale)
    part = where(equal(x, y), 0.5, expit(difference))
    other = where(equal(x, y), 0.5, expit(negative(difference)))
    return multiply(g, part), multiply(g, other)


logaddexp: Op = elementwise(
    "logaddexp",
    ufunc=np.logaddexp,
    c="an_logaddexp_{t}({x}, {y})",
    ulp=8,
    vjp=lambda g, out, x, y: _share(g, x, y, 1.0),
)
logaddexp2: Op = elementwise(
    "logaddexp2",
    ufunc=np.logaddexp2,
    c="an_logaddexp2_{t}({x}, {y})",
    ulp=8,
    vjp=lambda g, out, x, y: _share(g, x, y, LN2),
)


# ---- powers ---------------------------------------------------------------------------------
def _power_vjp(g: Node, out: Node, x: Node, y: Node) -> tuple[Node, Node]:
    """The exponent 0 and the base 0 leave no nan behind: d(x**0) = 0, and log(0) counts as 0."""
    if is_const(y) and not y.rank:
        exponent = value_of(y)
        slope = multiply(y, power(x, subtract(y, 1))) if exponent != 0 else where(equal(x, x), 0, x)
    else:
        zero = equal(y, 0)
        slope = where(zero, 0, multiply(y, power(x, where(zero, 1, subtract(y, 1)))))
    growth = multiply(out, log(_not_zero(x)))
    return multiply(g, slope), multiply(g, growth)


def _power(x: Any, y: Any) -> Any:
    """np.power, total: integers to negative powers are the truncated reciprocals."""
    if np.asarray(y).dtype.kind != "i" or not np.any(np.less(y, 0)):
        return np.power(x, y)
    powers = np.power(x, np.maximum(y, 0))
    units = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), np.where(y % 2, -1, 1), 0))
    return np.where(np.less(y, 0), units, powers).astype(np.asarray(powers).dtype)[()]


#: Total: where NumPy refuses a negative integer exponent, the tracer adds a check.
power: Op = elementwise(
    "power",
    ufunc=np.power,
    reference=_power,
    c={"f": "pow{f}({x}, {y})", "*": "an_power_{t}({x}, {y})"},
    ulp=4,
    domain=(0.3, 3.0),
    vjp=_power_vjp,
)
float_power: Op = elementwise(
    "float_power",
    ufunc=np.float_power,
    c={"f": "pow({x}, {y})", "c": "an_power_{t}({x}, {y})"},
    ulp=4,
    domain=(0.3, 3.0),
    vjp=_power_vjp,
)
