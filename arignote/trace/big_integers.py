"""Python integers beyond 64 bits beside traced numbers: what can be known of the result is.

    x & 0xFFFFFFFFFFFFFFFF     x, where it is not negative (else an OverflowError at run time)
    x % 2**64, x // 2**64      the same way
    x < 2**70, x == 2**70      decided, for an int x
    f * factorial(30)          in floats, as Python does

All other results would not fit into 64 bits themselves: OverflowError.
"""

from __future__ import annotations

import math
from typing import Any

from ..fxgraph.constants import const, lit
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.prove import ge0
from ..fxgraph.types import BOOL, F64, I64
from .values import node_of, wrap

_GREATER = ("gt", "ge")


def is_big(x: Any) -> bool:
    """A Python int that does not fit into int64."""
    return type(x) is int and not -(2**63) <= x < 2**63


def binary(name: str, x: Any, y: Any) -> Any:
    """x <op> y of Python numbers, one of which is big and the other traced; None where another
    function of the operator may do with `as_float`."""
    big, other, left = (x, y, True) if is_big(x) else (y, x, False)
    n = node_of(other)
    if n.dtype.kind in "iub":
        n = cast_to(n, I64, True)
        if name == "and":
            return _within(n, 1, OPS["bitwise_and"](n, lit(big % 2**63), weak=True))
        if name in ("mod", "floordiv") and not left:
            sign = 1 if big > 0 else -1
            if name == "mod":
                return _within(n, sign, n)
            outside = OPS["less" if big > 0 else "greater"](n, lit(0), weak=True)
            return wrap(OPS["where"](outside, lit(-1), lit(0), weak=True))
        if name != "truediv":
            raise OverflowError(f"a result with the Python integer {_short(big)}: {_ADVICE}")
    return None


_ADVICE = "integers have 64 bits in compiled functions; float(...) of it may do"


def _within(n: Node, sign: int, value: Node) -> Any:
    """The value for the numbers of a sign, or 0; others have results beyond 64 bits."""
    if not ge0(n if sign > 0 else OPS["negative"](n, weak=True)):
        fine = OPS["greater_equal" if sign > 0 else "less_equal"](n, lit(0), weak=True)
        required(fine, "OverflowError", "a Python integer does not fit in 64 bits")
    return wrap(value)


def _short(big: int) -> str:
    return str(big) if abs(big) < 10**40 else f"of {abs(big).bit_length()} bits"


def compare(name: str, x: Any, y: Any) -> Any:
    """A comparison of Python numbers, one of which is big and the other traced."""
    big, other, left = (x, y, True) if is_big(x) else (y, x, False)
    if left:
        name = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}.get(name, name)
    n = node_of(other)
    if n.dtype.kind in "iub":
        if name in ("eq", "ne"):
            return name == "ne"
        return (big < 0) == (name in _GREATER)
    below, above = _neighbours(big)
    if below == above:
        return wrap(OPS[_OPS[name]](n, const(below, F64, True), weak=True))
    if name in ("eq", "ne"):
        return wrap(const(name == "ne", BOOL, True))
    if name in _GREATER:
        return wrap(OPS["greater_equal"](n, const(above, F64, True), weak=True))
    return wrap(OPS["less_equal"](n, const(below, F64, True), weak=True))


_OPS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
    "ne": "not_equal",
}  # fmt: skip


def _neighbours(big: int) -> tuple[float, float]:
    """The greatest float that is at most `big`, and the least that is at least that."""
    try:
        near = float(big)
    except OverflowError:
        most = math.nextafter(math.inf, 0.0)
        return (most, math.inf) if big > 0 else (-math.inf, -most)
    if near == big:
        return near, near
    if near < big:
        return near, math.nextafter(near, math.inf)
    return math.nextafter(near, -math.inf), near


def as_float(x: Any) -> Any:
    """A big integer as a float, as Python's and NumPy's operators with floats take it.

    Raises OverflowError.
    """
    return float(x) if is_big(x) else x


def beside_array(x: Any, dtype_kind: str, compared: bool) -> Any:
    """A big integer beside an array (or NumPy's scalar) of a kind of numbers."""
    if not is_big(x) or (dtype_kind == "u" and 0 < x < 2**64):
        return x
    if dtype_kind in "fc":
        return float(x)
    return math.copysign(math.inf, x) if compared else x
