"""Rounding to integers and to decimals.  Integers and bools pass through unchanged."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from ..node import Node, Op
from ..types import F64
from .arithmetic import divide, multiply
from .complex_parts import imag, make_complex, real
from .family import as_node, cast_to, elementwise, zero_gradient

#: Floats from here on have no digits behind the point.
_WHOLE = 2.0**52


def _rounding(name: str, ufunc: np.ufunc) -> Op:
    c = {"f": f"{name}{{f}}({{x}})", "c": f"an_{name}_{{t}}({{x}})", "*": "{x}"}
    return elementwise(name, ufunc=ufunc, c=c, vjp=zero_gradient)


rint: Op = _rounding("rint", np.rint)
floor: Op = _rounding("floor", np.floor)
ceil: Op = _rounding("ceil", np.ceil)
trunc: Op = _rounding("trunc", np.trunc)


def _digits(x: Any, scale: Any) -> float:
    at = float(np.multiply(x, scale))
    if not abs(at) < _WHOLE:
        return float(x)
    whole = round(Fraction(float(x)) * Fraction(float(scale)))
    return math.copysign(float(np.divide(float(whole), scale)), at)


def _tens(x: Any, scale: Any) -> float:
    at = float(np.divide(x, scale))
    if not abs(at) < _WHOLE:
        return float(x)
    if math.isinf(scale):
        return math.nan
    whole = round(Fraction(float(x)) / Fraction(float(scale)))
    return math.copysign(float(whole) * float(scale), x)


def _python_rounding(name: str, of: Callable[[Any, Any], float], sign: float) -> Op:
    """round(x, digits) of Python's floats: right for the number that x is, with all its digits."""
    return elementwise(
        name,
        reference=np.vectorize(of, otypes=[F64]),
        dtypes=lambda *_: (F64, F64, F64),
        arity=2,
        c=f"an_{name}_f8({{x}}, {{y}})",
        vjp=lambda g, out, x, scale: (None, multiply(g, divide(multiply(out, sign), scale))),
    )


#: (x, scale): x in whole multiples of 1 / scale, of scale
round_digits: Op = _python_rounding("round_digits", _digits, -1.0)
round_tens: Op = _python_rounding("round_tens", _tens, 1.0)


def round_(x: Any, decimals: int = 0) -> Node:
    """np.round: half to even; by way of x * 10**decimals, as NumPy does it."""
    n = as_node(x)
    if n.dtype.kind in "iu" and decimals >= 0:
        return n
    if n.dtype.kind == "b" or decimals == 0:
        return rint(n)
    if n.dtype.kind == "c":
        return make_complex(round_(real(n), decimals), round_(imag(n), decimals))
    scale = 10.0 ** abs(decimals)
    if decimals > 0:
        return divide(rint(multiply(n, scale)), scale)
    return cast_to(multiply(rint(divide(n, scale)), scale), n.dtype)
