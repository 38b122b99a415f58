"""Special functions, named as in scipy.special and with its dtype rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..node import Node, Op
from .arithmetic import add, divide, multiply, negative, square, subtract
from .choice import where
from .compare import equal
from .exponential import exp, expit, log
from .family import elementwise
from .from_scipy import scipy_dtypes, scipy_special
from .trigonometric import sin

#: names that SciPy's ufuncs give themselves, where others
_ALIASES = {"digamma": ("psi",)}


def _special(
    name: str,
    slope: Callable[[Node, Node], Node] | None,
    c: str | None = None,
    domain: tuple[float, float] = (-3.0, 3.0),
    ulp: float = 16,
) -> Op:
    """A function of one real number; slope(out, x) is its derivative."""
    return elementwise(
        name,
        reference=scipy_special(name),
        dtypes=scipy_dtypes(name),
        arity=1,
        c=c or f"an_{name}_{{t}}({{x}})",
        numpy=tuple(f"scipy.special.{n}" for n in (name, *_ALIASES.get(name, ()))),
        domain=domain,
        ulp=ulp,
        vjp=None if slope is None else lambda g, out, x: (multiply(g, slope(out, x)),),
    )


# ---- the error function ---------------------------------------------------------------------
_BELL = 2 / math.sqrt(math.pi)

erf: Op = _special("erf", lambda out, x: _bell(x, _BELL), "erf{f}({x})", ulp=6)
# SciPy loses x**2 units in the last place on the way to exp(-x**2); libm does not.
erfc: Op = _special("erfc", lambda out, x: _bell(x, -_BELL), "erfc{f}({x})", ulp=700)
erfinv: Op = _special(
    "erfinv", lambda out, x: multiply(exp(square(out)), 1 / _BELL), domain=(-0.9, 0.9), ulp=32
)


def _bell(x: Node, scale: float) -> Node:
    return multiply(exp(negative(square(x))), scale)


# ---- gamma ----------------------------------------------------------------------------------
gammaln: Op = _special("gammaln", lambda out, x: digamma(x), domain=(0.3, 5.0), ulp=32)
digamma: Op = _special("digamma", lambda out, x: trigamma(x), domain=(0.3, 5.0), ulp=32)
#: the derivative of digamma, polygamma(1, x)
trigamma: Op = elementwise(
    "trigamma",
    reference=lambda x: _trigamma(x),  # noqa: PLW0108 (defined below)
    dtypes=scipy_dtypes("digamma"),
    arity=1,
    c="an_trigamma_{t}({x})",
    domain=(0.3, 5.0),
    ulp=64,
)


def _trigamma(x: Any) -> Any:
    zeta, at = scipy_special("zeta"), np.asarray(x, np.float64)
    rest = np.sin(math.pi * (at - np.rint(at)))  # exactly 0 at the poles
    reflected = np.where(rest == 0, np.inf, math.pi**2 / rest**2 - zeta(2, 1 - np.minimum(at, 0)))
    return np.where(at > 0, zeta(2, np.maximum(at, 0)), reflected).astype(np.asarray(x).dtype)[()]


# ---- logistic -------------------------------------------------------------------------------
logit: Op = _special(
    "logit", lambda out, x: divide(1.0, multiply(x, subtract(1.0, x))), domain=(0.1, 0.9)
)
log_expit: Op = _special("log_expit", lambda out, x: expit(negative(x)))
#: log(1 + exp(x))
softplus: Op = elementwise(
    "softplus",
    reference=lambda x: np.logaddexp(x, np.asarray(x).dtype.type(0)),
    dtypes=scipy_dtypes("log_expit"),
    arity=1,
    c="an_softplus_{t}({x})",
    ulp=8,
    vjp=lambda g, out, x: (multiply(g, expit(x)),),
)


# ---- x log y --------------------------------------------------------------------------------
xlogy: Op = elementwise(
    "xlogy",
    reference=scipy_special("xlogy"),
    dtypes=scipy_dtypes("xlogy"),
    arity=2,
    c="an_xlogy_{t}({x}, {y})",
    numpy=("scipy.special.xlogy",),
    domain=(0.3, 3.0),
    ulp=8,
    vjp=lambda g, out, x, y: (multiply(g, log(y)), multiply(g, divide(x, y))),
)
xlog1py: Op = elementwise(
    "xlog1py",
    reference=scipy_special("xlog1py"),
    dtypes=scipy_dtypes("xlog1py"),
    arity=2,
    c="an_xlog1py_{t}({x}, {y})",
    numpy=("scipy.special.xlog1py",),
    domain=(0.3, 3.0),
    ulp=8,
    vjp=lambda g, out, x, y: (multiply(g, log(add(y, 1.0))), multiply(g, divide(x, add(y, 1.0)))),
)
entr: Op = _special(
    "entr", lambda out, x: negative(add(log(x), 1.0)), domain=(0.2, 3.0), ulp=8
)

# ---- Bessel ---------------------------------------------------------------------------------
i0: Op = _special("i0", lambda out, x: i1(x), ulp=16)
i1: Op = _special(
    "i1",
    lambda out, x: subtract(i0(x), divide(out, where(equal(x, 0), 1, x))),
    domain=(0.2, 4.0),
    ulp=16,
)


def sinc(x: Any) -> Node:
    """np.sinc: sin(pi x) / (pi x), with NumPy's 1e-20 in place of 0."""
    y = multiply(math.pi, where(equal(x, 0), 1.0e-20, x))
    return divide(sin(y), y)
