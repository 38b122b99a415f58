"""`pow(x, y, m)` of Python integers by squaring, traced like a loop of the user's.

Raises ValueError for a modulus of 0 and OverflowError where a product of remainders does not fit
into 64 bits (a modulus beyond 3e9).
"""

from __future__ import annotations

from typing import Any

from . import arithmetic
from .callables import OPERATORS
from .convert import converted


def _power(x: Any, y: Any, modulus: Any) -> Any:
    if modulus == 0:
        raise ValueError("pow() 3rd argument cannot be 0")
    if y < 0:
        raise ValueError("pow() with a negative exponent and a modulus: not supported")
    out = 1 % modulus
    factor = x % modulus
    while y > 0:
        if y & 1:
            out = out * factor % modulus
        y >>= 1
        if y > 0:
            factor = factor * factor % modulus
    return out


def power_modulo(x: Any, y: Any, modulus: Any) -> Any:
    """pow(x, y, modulus)"""
    kinds = [type(v) if not hasattr(v, "node") else v.node.dtype.kind for v in (x, y, modulus)]
    if any(k not in (int, bool, "i", "b") for k in kinds):
        raise TypeError("pow() 3rd argument not allowed unless all arguments are integers")
    return converted(_power, OPERATORS[0])(x, y, modulus)


arithmetic.MODULAR[:] = [power_modulo]
