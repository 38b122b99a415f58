"""Comparison, logic and tests of numbers: the elementwise ops that answer True or False.

A Python integer compares by its value, whatever the dtype beside it (`uint8_array == 300` is False,
not an overflow), so integers that may not fit are compared as int64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..constants import is_const, value_of
from ..node import Node, Op
from ..types import I64
from .family import elementwise, kind_of, zero_gradient


def _by_value(operands: Sequence[Node]) -> list[Any]:
    """Operand kinds; int64 for a Python integer that the other operand's dtype may not hold."""
    kinds = [kind_of(n) for n in operands]
    out = []
    for n, kind, other in zip(operands, kinds, reversed(kinds), strict=True):
        narrow = kind is int and isinstance(other, np.dtype) and other.kind in "iu"
        both = kind is int and other is int  # NumPy would compare these as objects
        out.append(n.dtype if both or (narrow and not _holds(other, n)) else kind)
    return out


def _holds(dtype: Any, n: Node) -> bool:
    info = np.iinfo(dtype)
    if is_const(n):
        return bool(info.min <= int(value_of(n)) <= info.max)
    return bool(dtype == I64)


def _comparison(name: str, sign: str, ufunc: np.ufunc) -> Op:
    templates: dict[str, str] = {
        "c": f"an_{name}_{{t}}({{x}}, {{y}})",
        "i8u8": f"an_{name}_i8_u8({{x}}, {{y}})",
        "u8i8": f"an_{name}_u8_i8({{x}}, {{y}})",
        "*": f"{{x}} {sign} {{y}}",
    }
    return elementwise(name, ufunc=ufunc, c=templates, kinds=_by_value, vjp=zero_gradient)


less: Op = _comparison("less", "<", np.less)
less_equal: Op = _comparison("less_equal", "<=", np.less_equal)
greater: Op = _comparison("greater", ">", np.greater)
greater_equal: Op = _comparison("greater_equal", ">=", np.greater_equal)
equal: Op = _comparison("equal", "==", np.equal)
not_equal: Op = _comparison("not_equal", "!=", np.not_equal)

# ---- logic ----------------------------------------------------------------------------------
_TRUTH = {"c": "an_truth_{t}({x})", "*": "({x} != 0)"}


def _logic(name: str, ufunc: np.ufunc, template: str) -> Op:
    """`template` in terms of the truths {p} and {q} of the operands."""
    c = {
        kind: template.format(p=truth, q=truth.replace("{x}", "{y}"))
        for kind, truth in _TRUTH.items()
    }
    return elementwise(name, ufunc=ufunc, c=c, vjp=zero_gradient)


logical_and: Op = _logic("logical_and", np.logical_and, "{p} & {q}")
logical_or: Op = _logic("logical_or", np.logical_or, "{p} | {q}")
logical_xor: Op = _logic("logical_xor", np.logical_xor, "{p} ^ {q}")
logical_not: Op = _logic("logical_not", np.logical_not, "!{p}")

# ---- tests of floats ------------------------------------------------------------------------
isnan: Op = elementwise(
    "isnan",
    ufunc=np.isnan,
    c={"f": "{x} != {x}", "c": "an_isnan_{t}({x})", "*": "0"},
    vjp=zero_gradient,
)
isinf: Op = elementwise(
    "isinf",
    ufunc=np.isinf,
    c={"f": "fabs{f}({x}) == ({T})INFINITY", "c": "an_isinf_{t}({x})", "*": "0"},
    vjp=zero_gradient,
)
isfinite: Op = elementwise(
    "isfinite",
    ufunc=np.isfinite,
    c={"f": "fabs{f}({x}) < ({T})INFINITY", "c": "an_isfinite_{t}({x})", "*": "1"},
    vjp=zero_gradient,
)
signbit: Op = elementwise(
    "signbit", ufunc=np.signbit, c="copysign{f}(({T})1, {x}) < 0", vjp=zero_gradient
)
