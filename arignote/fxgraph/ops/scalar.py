"""Integer scalars of sizes and windows: minimum, maximum and quotients that know their bounds."""

from __future__ import annotations

from ..affine import from_linear, linear, minus, plus, times
from ..constants import is_const, lit, value_of
from ..node import Node
from ..prove import ge0, sure
from .elementwise import floor_divide, maximum, minimum, multiply


def least(a: Node, b: Node) -> Node:
    """min of two Python integers; decided where it can be"""
    if sure(minus(b, a)):
        return a
    if sure(minus(a, b)):
        return b
    return minimum(a, b, weak=True)


def greatest(a: Node, b: Node) -> Node:
    """max of two Python integers; decided where it can be"""
    if sure(minus(a, b)):
        return a
    if sure(minus(b, a)):
        return b
    return maximum(a, b, weak=True)


def clip0(n: Node) -> Node:
    """max(n, 0)"""
    return greatest(n, lit(0))


def quotient(n: Node, k: int) -> Node:
    """floor(n / k) for a literal k >= 1, exact terms taken out"""
    coefs, const = linear(n)
    if k == 1:
        return n
    if is_const(n):
        return lit(int(value_of(n)) // k)
    if all(c % k == 0 for c in coefs.values()):
        return from_linear({a: c // k for a, c in coefs.items()}, const // k)
    return floor_divide(n, lit(k), weak=True)


def ceil_quotient(n: Node, k: int) -> Node:
    """ceil(n / k) for a literal k >= 1"""
    return quotient(plus(n, lit(k - 1)), k) if k != 1 else n


def product(sizes: list[Node]) -> Node:
    """The product of sizes, 1 for none."""
    out = lit(1)
    for d in sizes:
        out = scaled(out, d)
    return out


def scaled(a: Node, b: Node) -> Node:
    """a * b, affine when one is a literal"""
    if is_const(b):
        return times(a, int(value_of(b)))
    if is_const(a):
        return times(b, int(value_of(a)))
    return multiply(a, b, weak=True)


def is_positive(n: Node) -> bool:
    return ge0(minus(n, lit(1)))
