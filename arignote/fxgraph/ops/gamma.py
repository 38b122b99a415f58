"""The gamma function and its relatives, named as in scipy.special."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..node import Node, Op
from .arithmetic import add, multiply, negative, subtract
from .exponential import exp, log
from .family import elementwise
from .from_scipy import scipy_dtypes, scipy_special
from .special import digamma, gammaln, special_function, special_pair, xlogy

gamma: Op = special_function(
    "gamma", lambda out, x: multiply(out, digamma(x)), domain=(0.3, 5.0), ulp=64
)


# ---- beta -----------------------------------------------------------------------------------
def _beta_slopes(out: Node, a: Node, b: Node) -> tuple[Node, Node]:
    whole = digamma(add(a, b))
    return multiply(out, subtract(digamma(a), whole)), multiply(out, subtract(digamma(b), whole))


def _betaln_slopes(out: Node, a: Node, b: Node) -> tuple[Node, Node]:
    whole = digamma(add(a, b))
    return subtract(digamma(a), whole), subtract(digamma(b), whole)


beta: Op = special_pair("beta", _beta_slopes, domain=(0.3, 5.0), ulp=64)
betaln: Op = special_pair("betaln", _betaln_slopes, domain=(0.3, 5.0), ulp=64)


# ---- the incomplete gamma functions ---------------------------------------------------------
def _share_slopes(out: Node, a: Node, x: Node) -> tuple[Node, Node]:
    density = exp(subtract(subtract(xlogy(subtract(a, 1.0), x), x), gammaln(a)))
    return gammainc_shape(a, x), density


def _rest_slopes(out: Node, a: Node, x: Node) -> tuple[Node, Node]:
    by_a, by_x = _share_slopes(out, a, x)
    return negative(by_a), negative(by_x)


gammainc: Op = special_pair("gammainc", _share_slopes, domain=(0.3, 5.0), ulp=1024)
gammaincc: Op = special_pair("gammaincc", _rest_slopes, domain=(0.3, 5.0), ulp=1024)


def _by_series(a: Any, x: Any, order: int = 1) -> Any:
    """The first or second derivative of gammainc by its first argument: of the series of Abramowitz
    and Stegun 6.5.29, term by term."""
    wide = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    p, y = (np.where(np.isfinite(v), v, 1.0) for v in wide)
    far = y > 2 * p + 200
    y = np.where(far | (y <= 0), 1.0, y)
    p = np.where(p <= 0, 1.0, p)
    term, slope, curve = np.ones_like(y), np.zeros_like(y), np.zeros_like(y)
    total, slopes, curves = term, slope, curve
    for n in range(1, 100_000):
        by = p + n
        curve = (curve - 2 * (slope - term / by) / by) * (y / by)
        slope = (slope - term / by) * (y / by)
        term = term * (y / by)
        total, slopes, curves = total + term, slopes + slope, curves + curve
        last, least = (slope, slopes) if order == 1 else (curve, curves)
        if np.all((by > y) & (np.abs(last) <= 1e-17 * np.abs(least))):
            break
    front = np.exp(p * np.log(y) - y - scipy_special("gammaln")(p + 1))
    turn = np.log(y) - scipy_special("digamma")(p + 1)
    if order == 1:
        found = front * (slopes + total * turn)
    else:
        bend = turn * turn - scipy_special("polygamma")(1, p + 1)
        found = front * (curves + 2 * slopes * turn + total * bend)
    found = np.where(far | (wide[1] == 0), 0.0, found)
    known = (wide[0] > 0) & (wide[1] >= 0)
    return np.where(known, found, math.nan).astype(np.result_type(a, x))[()]


def _slope_slopes(g: Node, out: Node, a: Node, x: Node) -> tuple[Node, Node]:
    density = exp(subtract(subtract(xlogy(subtract(a, 1.0), x), x), gammaln(a)))
    by_x = multiply(density, subtract(log(x), digamma(a)))
    return multiply(g, gammainc_curve(a, x)), multiply(g, by_x)


#: the derivative of gammainc by its first argument
gammainc_shape: Op = elementwise(
    "gammainc_shape",
    reference=_by_series,
    dtypes=scipy_dtypes("gammainc"),
    arity=2,
    c="an_gammainc_shape_{t}({x}, {y})",
    domain=(0.3, 5.0),
    ulp=1e5,
    vjp=_slope_slopes,
)
#: the second one; it has no derivative itself
gammainc_curve: Op = elementwise(
    "gammainc_curve",
    reference=lambda a, x: _by_series(a, x, 2),
    dtypes=scipy_dtypes("gammainc"),
    arity=2,
    c="an_gammainc_curve_{t}({x}, {y})",
    domain=(0.3, 5.0),
    ulp=1e6,
)
