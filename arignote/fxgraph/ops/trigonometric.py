"""Trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

import math

import numpy as np

from ..node import Node, Op
from .arithmetic import add, divide, multiply, negative, square, subtract
from .exponential import sqrt
from .family import elementwise


def _function(
    name: str,
    ufunc: np.ufunc,
    libm: str,
    slope: object,
    domain: tuple[float, float] = (-3.0, 3.0),
    own: bool = False,
) -> Op:
    """A function of one number; slope(out, x) is its derivative; own: its C is ours, not libm's."""
    real_c = f"an_{name}_{{t}}({{x}})" if own else f"{libm}{{f}}({{x}})"
    return elementwise(
        name,
        ufunc=ufunc,
        c={"c": f"c{libm}{{f}}({{x}})", "*": real_c},
        ulp=5,
        domain=domain,
        vjp=lambda g, out, x: (multiply(g, slope(out, x)),),  # type: ignore[operator]
    )


def _of_square(sign: float, x: Node) -> Node:
    """1 + sign * x**2"""
    return add(1.0, square(x)) if sign > 0 else subtract(1.0, square(x))


_UNIT = (-0.9, 0.9)

sin: Op = _function("sin", np.sin, "sin", lambda out, x: cos(x))
cos: Op = _function("cos", np.cos, "cos", lambda out, x: negative(sin(x)))
tan: Op = _function("tan", np.tan, "tan", lambda out, x: _of_square(1, out), (-1.4, 1.4))
arcsin: Op = _function(
    "arcsin", np.arcsin, "asin", lambda out, x: divide(1.0, sqrt(_of_square(-1, x))), _UNIT
)
arccos: Op = _function(
    "arccos", np.arccos, "acos", lambda out, x: divide(-1.0, sqrt(_of_square(-1, x))), _UNIT
)
arctan: Op = _function("arctan", np.arctan, "atan", lambda out, x: divide(1.0, _of_square(1, x)))
sinh: Op = _function("sinh", np.sinh, "sinh", lambda out, x: cosh(x))
cosh: Op = _function("cosh", np.cosh, "cosh", lambda out, x: sinh(x))
tanh: Op = _function("tanh", np.tanh, "tanh", lambda out, x: _of_square(-1, out), own=True)
arcsinh: Op = _function(
    "arcsinh", np.arcsinh, "asinh", lambda out, x: divide(1.0, sqrt(_of_square(1, x)))
)
arccosh: Op = _function(
    "arccosh",
    np.arccosh,
    "acosh",
    # two roots, not one of the product: the right branch for complex numbers
    lambda out, x: divide(1.0, multiply(sqrt(subtract(x, 1.0)), sqrt(add(x, 1.0)))),
    (1.1, 4.0),
)
arctanh: Op = _function(
    "arctanh", np.arctanh, "atanh", lambda out, x: divide(1.0, _of_square(-1, x)), _UNIT
)


def _arctan2_vjp(g: Node, out: Node, y: Node, x: Node) -> tuple[Node, Node]:
    over = divide(g, add(square(x), square(y)))
    return multiply(over, x), negative(multiply(over, y))


arctan2: Op = elementwise(
    "arctan2", ufunc=np.arctan2, c="atan2{f}({x}, {y})", ulp=5, domain=(0.3, 3.0), vjp=_arctan2_vjp
)
deg2rad: Op = elementwise(
    "deg2rad",
    ufunc=np.deg2rad,
    numpy=(np.radians,),
    c="{x} * (({T})3.14159265358979323846 / ({T})180)",
    vjp=lambda g, out, x: (multiply(g, math.pi / 180),),
)
rad2deg: Op = elementwise(
    "rad2deg",
    ufunc=np.rad2deg,
    numpy=(np.degrees,),
    c="{x} * (({T})180 / ({T})3.14159265358979323846)",
    vjp=lambda g, out, x: (multiply(g, 180 / math.pi),),
)
