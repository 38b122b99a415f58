"""Quotients and remainders of integers by numbers that the text has.

C compilers divide by these with the upper half of a product, which vectors of 64-bit integers do
not have; `an_each_floor_divide_i8` of preamble/integer.h makes it of halves.
"""

from __future__ import annotations

from ...fxgraph.constants import is_const, value_of
from ...fxgraph.node import Node
from ..scalar_code import ScalarFunction, code


def by_known_divisor(n: Node) -> bool:
    """Is it a quotient or a remainder of int64 by a constant that takes more than a shift?"""
    if n.op.name not in ("floor_divide", "remainder") or not is_const(n.inputs[1]):
        return False
    if any(code(x.dtype) != "i8" for x in n.inputs):
        return False
    y = value_of(n.inputs[1])
    return bool(y > 1 and y & (y - 1))


def in_vectors(n: Node) -> ScalarFunction:
    """The function of such a node for loops that will be vectors."""
    return ScalarFunction(f"an_each_{n.op.name}_i8", "", ("i8", "i8"), "i8")
