"""Special functions, named as in scipy.special and with its dtype rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..node import Node, Op
from ..types import I64
from .arithmetic import add, divide, multiply, negative, square, subtract
from .choice import clip, maximum, where
from .compare import equal
from .complex_parts import absolute
from .exponential import exp, expit, log, sqrt
from .family import elementwise
from .from_scipy import scipy_dtypes, scipy_special
from .trigonometric import sin

#: names that SciPy's ufuncs give themselves, where others
_ALIASES = {"digamma": ("psi",)}


def special_function(
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


def special_pair(
    name: str,
    slopes: Callable[[Node, Node, Node], tuple[Node, Node]],
    domain: tuple[float, float],
    ulp: float = 16,
) -> Op:
    """A function of two real numbers; slopes(out, x, y) are its derivatives."""

    def vjp(g: Node, out: Node, x: Node, y: Node) -> tuple[Node, Node]:
        by_x, by_y = slopes(out, x, y)
        return multiply(g, by_x), multiply(g, by_y)

    return elementwise(
        name,
        reference=scipy_special(name),
        dtypes=scipy_dtypes(name),
        arity=2,
        c=f"an_{name}_{{t}}({{x}}, {{y}})",
        numpy=(f"scipy.special.{name}",),
        domain=domain,
        ulp=ulp,
        vjp=vjp,
    )


# ---- the error function ---------------------------------------------------------------------
BELL = 2 / math.sqrt(math.pi)

erf: Op = special_function("erf", lambda out, x: _bell(x, BELL), "erf{f}({x})", ulp=6)
# SciPy loses x**2 units in the last place on the way to exp(-x**2); libm does not.
erfc: Op = special_function("erfc", lambda out, x: _bell(x, -BELL), "erfc{f}({x})", ulp=700)


def _bell(x: Node, scale: float) -> Node:
    return multiply(exp(negative(square(x))), scale)


# ---- gamma ----------------------------------------------------------------------------------
gammaln: Op = special_function("gammaln", lambda out, x: digamma(x), domain=(0.3, 5.0), ulp=32)
digamma: Op = special_function("digamma", lambda out, x: trigamma(x), domain=(0.3, 5.0), ulp=32)
#: the derivative of digamma, polygamma(1, x)
trigamma: Op = elementwise(
    "trigamma",
    reference=lambda x: _trigamma(x),  # noqa: PLW0108 (defined below)
    dtypes=scipy_dtypes("digamma"),
    arity=1,
    c="an_trigamma_{t}({x})",
    domain=(0.3, 5.0),
    ulp=64,
    vjp=lambda g, out, x: (multiply(g, polygamma(x, 2)),),
)
#: (x, n): the derivative of order n of digamma, for an integer n
polygamma: Op = elementwise(
    "polygamma",
    reference=lambda x, n: _polygamma(x, n),  # noqa: PLW0108 (defined below)
    dtypes=lambda x, n: (*scipy_dtypes("digamma")(x)[:1], I64, *scipy_dtypes("digamma")(x)[1:]),
    arity=2,
    c="an_polygamma_{t}({x}, {y})",
    domain=(0.5, 4.0),
    ulp=64,
    vjp=lambda g, out, x, n: (multiply(g, polygamma(x, add(n, 1))), None),
)


def _polygamma(x: Any, n: Any) -> Any:
    at = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        found = scipy_special("polygamma")(n, at)
    return found.astype(np.asarray(x).dtype)[()]


def _trigamma(x: Any) -> Any:
    zeta, at = scipy_special("zeta"), np.asarray(x, np.float64)
    rest = np.sin(math.pi * (at - np.rint(at)))  # exactly 0 at the poles
    reflected = np.where(rest == 0, np.inf, math.pi**2 / rest**2 - zeta(2, 1 - np.minimum(at, 0)))
    return np.where(at > 0, zeta(2, np.maximum(at, 0)), reflected).astype(np.asarray(x).dtype)[()]


# ---- logistic -------------------------------------------------------------------------------
logit: Op = special_function(
    "logit", lambda out, x: divide(1.0, multiply(x, subtract(1.0, x))), domain=(0.1, 0.9)
)
log_expit: Op = special_function("log_expit", lambda out, x: expit(negative(x)))
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
entr: Op = special_function(
    "entr", lambda out, x: negative(add(log(x), 1.0)), domain=(0.2, 3.0), ulp=8
)

# ---- divergences and losses -----------------------------------------------------------------
rel_entr: Op = special_pair(
    "rel_entr",
    lambda out, x, y: (add(log(divide(x, y)), 1.0), negative(divide(x, y))),
    domain=(0.3, 3.0),
)
kl_div: Op = special_pair(
    "kl_div",
    lambda out, x, y: (log(divide(x, y)), subtract(1.0, divide(x, y))),
    domain=(0.3, 3.0),
)
huber: Op = special_pair(
    "huber",
    lambda out, delta, r: (
        maximum(subtract(absolute(r), delta), 0.0), clip(r, negative(delta), delta),
    ),
    domain=(0.3, 3.0),
)  # fmt: skip


def _pseudo_huber_slopes(out: Node, delta: Node, r: Node) -> tuple[Node, Node]:
    u = divide(r, delta)
    root = sqrt(add(square(u), 1.0))
    return subtract(divide(multiply(out, 2.0), delta), divide(square(u), divide(root, delta))), (
        divide(r, root)
    )


pseudo_huber: Op = special_pair("pseudo_huber", _pseudo_huber_slopes, domain=(0.3, 3.0))

# ---- exponentials ---------------------------------------------------------------------------
exp10: Op = special_function("exp10", lambda out, x: multiply(out, math.log(10.0)))
exprel: Op = special_function(
    "exprel", lambda out, x: divide(subtract(exp(x), out), x), domain=(0.3, 3.0)
)


def sinc(x: Any) -> Node:
    """np.sinc: sin(pi x) / (pi x), with a small number that float16 has, too, in place of 0."""
    small = 1e-4 if isinstance(x, Node) and x.dtype.char == "e" else 1e-20
    y = multiply(math.pi, where(equal(x, 0), small, x))
    return divide(sin(y), y)
