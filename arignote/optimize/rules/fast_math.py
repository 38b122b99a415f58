"""Identities of finite numbers, or of numbers without rounding: the tag "fast_math".

They run only when they are included, by that tag or by name: each says what it loses.
"""

from __future__ import annotations

from ...fxgraph.constants import is_value
from ...fxgraph.node import Node
from ...fxgraph.ops.elementwise import (
    add,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    cos,
    cosh,
    deg2rad,
    divide,
    exp,
    log,
    multiply,
    rad2deg,
    reciprocal,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    where,
)
from ...fxgraph.ops.shaping import filled
from ..rule import cst, rule, var

x, y, a, c, d = var("x"), var("y"), var("a"), cst("c"), cst("d")
p = var("p", "?")


@rule(add(x, 0.0), keeps="reals", tags=("fast_math",), kinds="fc")
def add_float_zero(x: Node) -> Node:
    """x + 0.0 -> x; loses that -0.0 + 0.0 is 0.0"""
    return x


@rule(multiply(x, c), keeps="reals", tags=("fast_math",), kinds="fc")
def multiply_float_zero(c: Node, root: Node, x: Node) -> Node | None:
    """x * 0.0 -> 0.0; loses the nan of an infinite x"""
    return filled(0, root.dtype, root.shape) if is_value(c, 0) else None


@rule(subtract(x, x), keeps="reals", tags=("fast_math",), kinds="fc")
def subtract_float_self(x: Node) -> Node:
    """x - x -> 0.0; loses the nan of an infinite x"""
    return filled(0, x.dtype, x.shape)


@rule(divide(x, x), keeps="reals", tags=("fast_math",), kinds="fc")
def divide_self(x: Node) -> Node:
    """x / x -> 1; loses the nan of zero and of infinity"""
    return filled(1, x.dtype, x.shape)


@rule(divide(multiply(x, y), y), keeps="reals", tags=("fast_math",), kinds="fc")
def divide_product(x: Node, y: Node) -> Node:
    """x * y / y -> x; loses the nan of a zero or infinite y"""
    return x


@rule(subtract(add(x, y), y), keeps="reals", tags=("fast_math",), kinds="fc")
def subtract_sum(x: Node, y: Node) -> Node:
    """x + y - y -> x; loses the rounding"""
    return x


@rule(add(add(x, c), d), keeps="reals", tags=("fast_math",), kinds="fc")
def add_float_constants(x: Node, c: Node, d: Node) -> Node:
    """(x + c) + d -> x + (c + d); loses the rounding"""
    return add(x, add(c, d))


@rule(multiply(multiply(x, c), d), keeps="reals", tags=("fast_math",), kinds="fc")
def multiply_float_constants(x: Node, c: Node, d: Node) -> Node:
    """(x * c) * d -> x * (c * d); loses the rounding"""
    return multiply(x, multiply(c, d))


@rule(exp(log(x)), keeps="reals", tags=("fast_math",), kinds="fc")
def exp_log(x: Node) -> Node:
    """exp(log(x)) -> x; loses the nan of a negative x"""
    return x


@rule(square(sqrt(x)), keeps="reals", tags=("fast_math",), kinds="fc")
def square_sqrt(x: Node) -> Node:
    """sqrt(x)**2 -> x; loses the nan of a negative x"""
    return x


@rule(multiply(x, where(p, 0.0, y)), keeps="reals", tags=("fast_math",), kinds="fc")
def multiply_where_zero(x: Node, p: Node, y: Node) -> Node:
    """x * where(p, 0, y) -> where(p, 0, x * y); loses the nan of an infinite x"""
    return where(p, 0, multiply(x, y))


@rule(divide(where(p, 0.0, y), x), keeps="reals", tags=("fast_math",), kinds="fc")
def divide_where_zero(x: Node, p: Node, y: Node) -> Node:
    """where(p, 0, y) / x -> where(p, 0, y / x); loses the nan of a zero x"""
    return where(p, 0, divide(y, x))


@rule(multiply(add(divide(a, x), y), x), keeps="reals", tags=("fast_math",), kinds="fc")
def product_of_quotient_sum(a: Node, x: Node, y: Node) -> Node:
    """(a / x + y) * x -> a + y * x; loses the nan of a zero or infinite x"""
    return add(a, multiply(y, x))


@rule(
    sin(arcsin(x)), cos(arccos(x)), tan(arctan(x)), sinh(arcsinh(x)), cosh(arccosh(x)),
    tanh(arctanh(x)), deg2rad(rad2deg(x)), rad2deg(deg2rad(x)), reciprocal(reciprocal(x)),
    keeps="reals", tags=("fast_math",), kinds="f",
)  # fmt: skip
def inverse_function(x: Node) -> Node:
    """sin(arcsin(x)) -> x, and so for other functions and their inverses; loses the nan of an x
    outside of the domain"""
    return x


@rule(multiply(exp(x), exp(y)), keeps="reals", tags=("fast_math",), kinds="fc")
def multiply_exp(x: Node, y: Node) -> Node:
    """exp(x) * exp(y) -> exp(x + y); may overflow later, or earlier"""
    return exp(add(x, y))


@rule(divide(divide(x, y), a), keeps="reals", tags=("fast_math",), kinds="fc")
def divide_quotient(x: Node, y: Node, a: Node) -> Node:
    """x / y / a -> x / (y * a)"""
    return divide(x, multiply(y, a))


@rule(divide(x, divide(y, a)), keeps="reals", tags=("fast_math",), kinds="fc")
def divide_by_quotient(x: Node, y: Node, a: Node) -> Node:
    """x / (y / a) -> x * a / y"""
    return divide(multiply(x, a), y)
