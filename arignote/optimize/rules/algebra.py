"""Identities of sums, products, comparisons and choices that hold to the bit.

x + 0.0 turns -0.0 into 0.0, and x * 0 is nan for an infinite x: what is only true of finite
numbers, or of numbers up to rounding, is in `fast_math.py`.
"""

from __future__ import annotations

import numpy as np

from ...fxgraph.constants import array_of, is_value
from ...fxgraph.node import Node
from ...fxgraph.ops.elementwise import (
    absolute,
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    conjugate,
    divide,
    equal,
    fmax,
    fmin,
    greater,
    greater_equal,
    invert,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    positive,
    power,
    square,
    subtract,
    where,
)
from ...fxgraph.ops.shaping import filled
from ..rule import cst, rule, var

x, y, c, d = var("x"), var("y"), cst("c"), cst("d")
a, b, p, q = var("a"), var("b"), var("p", "?"), var("q", "?")
i, h, j, k = var("x", "i8"), var("y", "i8"), cst("c", "i8"), cst("d", "i8")

# ---- zero and one --------------------------------------------------------------------------------


@rule(add(x, c), phase="useless", keeps="bits", kinds="biuf")
def add_zero(x: Node, c: Node) -> Node | None:
    """x + 0 -> x for integers, x + -0.0 -> x for floats"""
    return x if _nothing_added(c) else None


def _nothing_added(c: Node) -> bool:
    values = array_of(c)
    if values.dtype.kind == "f":
        return bool(np.all(values == 0) and np.all(np.signbit(values)) and values.size)
    return is_value(c, 0)


@rule(subtract(x, c), phase="useless", keeps="bits", kinds="iuf")
def subtract_zero(x: Node, c: Node) -> Node | None:
    """x - 0 -> x"""
    return x if is_value(c, 0) else None


@rule(multiply(x, 1.0), phase="useless", keeps="bits", kinds="biuf")
def multiply_one(x: Node) -> Node:
    """x * 1 -> x"""
    return x


@rule(divide(x, 1.0), phase="useless", keeps="bits", kinds="f")
def divide_one(x: Node) -> Node:
    """x / 1 -> x"""
    return x


@rule(power(x, 1.0), phase="useless", keeps="bits", kinds="iuf")
def power_one(x: Node) -> Node:
    """x ** 1 -> x"""
    return x


@rule(power(x, 0.0), phase="useless", keeps="bits", kinds="iuf")
def power_zero(x: Node, root: Node) -> Node:
    """x ** 0 -> 1, nan ** 0 included"""
    return filled(1, root.dtype, root.shape)


@rule(positive(x), phase="useless", keeps="bits")
def positive_nothing(x: Node) -> Node:
    """+x -> x"""
    return x


@rule(multiply(x, c), phase="useless", keeps="bits", kinds="biu")
def multiply_zero(c: Node, root: Node, x: Node) -> Node | None:
    """x * 0 -> 0 for integers"""
    return filled(0, root.dtype, root.shape) if is_value(c, 0) else None


@rule(subtract(x, x), phase="useless", keeps="bits", kinds="iu")
def subtract_self(x: Node) -> Node:
    """x - x -> 0 for integers"""
    return filled(0, x.dtype, x.shape)


@rule(subtract(add(i, h), h), keeps="bits", kinds="iu")
def subtract_integer_sum(x: Node, y: Node) -> Node:
    """x + y - y -> x for integers, which wrap"""
    return x


@rule(add(add(i, j), k), keeps="bits", kinds="iu")
def add_constants(x: Node, c: Node, d: Node) -> Node:
    """(x + c) + d -> x + (c + d) for integers"""
    return add(x, add(c, d))


@rule(multiply(multiply(i, j), k), keeps="bits", kinds="iu")
def multiply_constants(x: Node, c: Node, d: Node) -> Node:
    """(x * c) * d -> x * (c * d) for integers"""
    return multiply(x, multiply(c, d))


# ---- signs ---------------------------------------------------------------------------------------


@rule(negative(negative(x)), phase="useless", keeps="bits")
def negative_negative(x: Node) -> Node:
    """-(-x) -> x"""
    return x


@rule(add(x, negative(y)), keeps="bits", kinds="iuf")
def add_negative(x: Node, y: Node) -> Node:
    """x + (-y) -> x - y"""
    return subtract(x, y)


@rule(subtract(x, negative(y)), keeps="bits", kinds="iuf")
def subtract_negative(x: Node, y: Node) -> Node:
    """x - (-y) -> x + y"""
    return add(x, y)


@rule(multiply(x, -1.0), keeps="bits", kinds="if")
def multiply_minus_one(x: Node) -> Node:
    """x * -1 -> -x"""
    return negative(x)


@rule(divide(x, -1.0), keeps="bits", kinds="f")
def divide_minus_one(x: Node) -> Node:
    """x / -1 -> -x"""
    return negative(x)


@rule(subtract(0, i), keeps="bits", kinds="iu")
def zero_minus(x: Node) -> Node:
    """0 - x -> -x for integers"""
    return negative(x)


@rule(multiply(negative(x), negative(y)), keeps="bits", kinds="iuf")
def multiply_negatives(x: Node, y: Node) -> Node:
    """(-x) * (-y) -> x * y"""
    return multiply(x, y)


@rule(divide(negative(x), negative(y)), keeps="bits", kinds="f")
def divide_negatives(x: Node, y: Node) -> Node:
    """(-x) / (-y) -> x / y"""
    return divide(x, y)


@rule(square(negative(x)), keeps="bits", kinds="iuf")
def square_negative(x: Node) -> Node:
    """(-x)**2 -> x**2"""
    return square(x)


@rule(absolute(negative(x)), keeps="bits", kinds="if")
def absolute_negative(x: Node) -> Node:
    """|-x| -> |x|"""
    return absolute(x)


@rule(absolute(absolute(x)), phase="useless", keeps="bits", kinds="iuf")
def absolute_absolute(x: Node) -> Node:
    """| |x| | -> |x|"""
    return absolute(x)


@rule(absolute(square(x)), phase="useless", keeps="bits", kinds="f")
def absolute_square(x: Node) -> Node:
    """|x**2| -> x**2"""
    return square(x)


@rule(conjugate(conjugate(x)), phase="useless", keeps="bits")
def conjugate_conjugate(x: Node) -> Node:
    """conj(conj(x)) -> x"""
    return x


# ---- the same twice ------------------------------------------------------------------------------
@rule(maximum, minimum, fmax, fmin, bitwise_and, bitwise_or, phase="useless", keeps="bits")
def same_twice(n: Node) -> Node | None:
    """maximum(x, x) -> x, and so for minimum, fmax, fmin, bitwise and, bitwise or"""
    return n.inputs[0] if n.inputs[0] is n.inputs[1] else None


@rule(bitwise_xor(p, p), phase="useless", keeps="bits")
def xor_self(p: Node) -> Node:
    """x ^ x -> 0"""
    return filled(0, p.dtype, p.shape)


@rule(less, greater, not_equal, equal, less_equal, greater_equal, phase="useless", keeps="bits")
def compare_self(n: Node) -> Node | None:
    """x < x, x > x -> False; x == x, x <= x, x >= x -> True and x != x -> False where nan cannot
    be"""
    first, second = n.inputs
    if first is not second:
        return None
    if n.op in (less, greater):
        return filled(False, n.dtype, n.shape)
    if first.dtype.kind not in "biu":
        return None
    return filled(n.op is not not_equal, n.dtype, n.shape)


# ---- logic ---------------------------------------------------------------------------------------
@rule(logical_not(logical_not(p)), phase="useless", keeps="bits")
def not_not(p: Node) -> Node | None:
    """not not p -> p for booleans"""
    return p if p.dtype.kind == "b" else None


@rule(invert(invert(p)), phase="useless", keeps="bits")
def invert_invert(p: Node) -> Node:
    """~~p -> p"""
    return p


@rule(logical_and, logical_or, bitwise_and, bitwise_or, phase="useless", keeps="bits", kinds="b")
def logic_with_constant(n: Node) -> Node | None:
    """p and True -> p; p and False -> False; p or False -> p; p or True -> True"""
    conjunction = n.op in (logical_and, bitwise_and)
    for one, other in (n.inputs, n.inputs[::-1]):
        if one.dtype.kind != "b" or other.dtype.kind != "b":
            return None
        if is_value(one, conjunction):
            return other
        if is_value(one, not conjunction):
            return filled(not conjunction, n.dtype, n.shape)
    return n.inputs[0] if n.inputs[0] is n.inputs[1] else None


#: Comparisons whose negation is a comparison for every operand, or (False) for integers only.
_OPPOSITE = {
    equal: (not_equal, True),
    not_equal: (equal, True),
    less: (greater_equal, False),
    greater_equal: (less, False),
    greater: (less_equal, False),
    less_equal: (greater, False),
}


@rule(logical_not, invert, keeps="bits", kinds="b", first=tuple(_OPPOSITE))
def not_comparison(n: Node) -> Node | None:
    """not (x == y) -> x != y; not (x < y) -> x >= y where nan cannot be; and so on"""
    inner = n.inputs[0]
    opposite = _OPPOSITE.get(inner.op)
    if opposite is None:
        return None
    op, always = opposite
    if not always and any(z.dtype.kind not in "biu" for z in inner.inputs):
        return None
    return op(*inner.inputs)


# ---- choice --------------------------------------------------------------------------------------
@rule(where(p, x, x), phase="useless", keeps="bits")
def where_same(x: Node, p: Node) -> Node:
    """where(p, x, x) -> x"""
    return x


@rule(where, phase="useless", keeps="bits")
def where_constant(n: Node) -> Node | None:
    """where(True, x, y) -> x; where(False, x, y) -> y"""
    p, x, y = n.inputs
    if is_value(p, True):
        return x
    return y if is_value(p, False) else None


@rule(where(logical_not(p), x, y), keeps="bits")
def where_not(p: Node, x: Node, y: Node) -> Node:
    """where(not p, x, y) -> where(p, y, x)"""
    return where(p, y, x)


@rule(where(p, where(p, x, y), a), keeps="bits")
def where_where_first(p: Node, x: Node, y: Node, a: Node) -> Node:
    """where(p, where(p, x, y), a) -> where(p, x, a)"""
    return where(p, x, a)


@rule(where(p, a, where(p, x, y)), keeps="bits")
def where_where_second(p: Node, x: Node, y: Node, a: Node) -> Node:
    """where(p, a, where(p, x, y)) -> where(p, a, y)"""
    return where(p, a, y)


@rule(add(where(p, x, y), where(p, a, b)), keeps="bits")
def add_where(p: Node, x: Node, y: Node, a: Node, b: Node) -> Node:
    """where(p, x, y) + where(p, a, b) -> where(p, x + a, y + b)"""
    return where(p, add(x, a), add(y, b))
