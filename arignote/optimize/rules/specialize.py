"""Cheaper ops for what canonicalization left."""

from __future__ import annotations

import numpy as np

from ...fxgraph.constants import array_of, const
from ...fxgraph.node import Node
from ...fxgraph.ops.elementwise import (
    absolute,
    divide,
    multiply,
    power,
    reciprocal,
    sqrt,
    square,
)
from ..rule import cst, rule, var

x, c = var("x"), cst("c")


@rule(power(x, 2.0), phase="specialize", keeps="reals", kinds="iufc")
def power_two(x: Node) -> Node:
    """x ** 2 -> square(x)"""
    return square(x)


@rule(power(x, 3.0), phase="specialize", keeps="reals", kinds="iuf")
def power_three(x: Node) -> Node:
    """x ** 3 -> square(x) * x"""
    return multiply(square(x), x)


@rule(power(x, 4.0), phase="specialize", keeps="reals", kinds="iuf")
def power_four(x: Node) -> Node:
    """x ** 4 -> square(square(x))"""
    return square(square(x))


#: the largest power that is multiplied out: each doubling of it doubles the units of error
_LONGEST = 7


@rule(power(x, c), phase="specialize", keeps="reals", kinds="iuf")
def power_by_multiplication(x: Node, c: Node) -> Node | None:
    """x ** n -> squares and products, n a whole constant from 5 to 7"""
    values = array_of(c)
    if values.size != 1 or c.rank or not 5 <= values.item() <= _LONGEST or values.item() % 1:
        return None
    found, factor, n = None, x, int(values.item())
    while n:
        if n & 1:
            found = factor if found is None else multiply(found, factor)
        factor, n = square(factor), n >> 1
    return found


@rule(power(x, 1.5), phase="specialize", keeps="reals", kinds="f")
def power_three_halves(x: Node) -> Node:
    """x ** 1.5 -> x * sqrt(x); -inf gives nan"""
    return multiply(x, sqrt(x))


@rule(power(x, 2.5), phase="specialize", keeps="reals", kinds="f")
def power_five_halves(x: Node) -> Node:
    """x ** 2.5 -> square(x) * sqrt(x); -inf gives nan"""
    return multiply(square(x), sqrt(x))


@rule(power(x, 0.5), phase="specialize", keeps="reals", kinds="f")
def power_half(x: Node) -> Node:
    """x ** 0.5 -> sqrt(x), as NumPy does; -inf gives nan"""
    return sqrt(x)


@rule(power(x, -1.0), phase="specialize", keeps="reals", kinds="f")
def power_minus_one(x: Node) -> Node:
    """x ** -1 -> 1 / x"""
    return divide(const(1, x.dtype), x)


@rule(power(x, -2.0), phase="specialize", keeps="reals", kinds="f")
def power_minus_two(x: Node) -> Node:
    """x ** -2 -> square(1 / x), which is right for subnormal results too"""
    return square(divide(const(1, x.dtype), x))


@rule(power(x, -3.0), phase="specialize", keeps="reals", kinds="f")
def power_minus_three(x: Node) -> Node:
    """x ** -3 -> square(1 / x) * (1 / x)"""
    inverse = divide(const(1, x.dtype), x)
    return multiply(square(inverse), inverse)


@rule(power(x, -0.5), phase="specialize", keeps="reals", kinds="f")
def power_minus_half(x: Node) -> Node:
    """x ** -0.5 -> abs(1 / sqrt(x)), which is inf for -0 too"""
    return absolute(divide(const(1, x.dtype), sqrt(x)))


@rule(power(x, -1.5), phase="specialize", keeps="reals", kinds="f")
def power_minus_three_halves(x: Node) -> Node:
    """x ** -1.5 -> 1 / x / sqrt(x), right for subnormal results too; -inf gives nan"""
    return divide(divide(const(1, x.dtype), x), sqrt(x))


@rule(power(x, -2.5), phase="specialize", keeps="reals", kinds="f")
def power_minus_five_halves(x: Node) -> Node:
    """x ** -2.5 -> 1 / x / (abs(x) * sqrt(x)), which is inf for -0 too; -inf gives nan"""
    return divide(divide(const(1, x.dtype), x), multiply(absolute(x), sqrt(x)))


@rule(multiply(x, x), phase="specialize", keeps="bits", kinds="iuf")
def multiply_self(x: Node) -> Node:
    """x * x -> square(x)"""
    return square(x)


@rule(reciprocal(x), phase="specialize", keeps="bits", kinds="f")
def reciprocal_as_quotient(x: Node) -> Node:
    """reciprocal(x) -> 1 / x"""
    return divide(const(1, x.dtype), x)


@rule(divide(x, c), phase="specialize", keeps="bits", kinds="f")
def divide_power_of_two(x: Node, c: Node) -> Node | None:
    """x / 2**k -> x * 2**-k, which is exact"""
    values = array_of(c)
    if values.size != 1:
        return None
    with np.errstate(all="ignore"):
        inverse = values.dtype.type(1) / values
    info = np.finfo(values.dtype)
    mantissa = np.frexp(np.abs(values))[0]
    exact = np.all(mantissa == 0.5) and np.all(np.abs(inverse) >= info.tiny)
    return multiply(x, const(inverse)) if exact and np.all(np.isfinite(inverse)) else None
