"""How `set(x)` of values that are known at run time only is made."""

from __future__ import annotations

from typing import Any

from .callables import DISTINCT, OPERATORS
from .convert import converted
from .distinct import Distinct
from .generators import LISTED
from .growing import growing


def _distinct(values: Any) -> Any:
    out = []
    ordered = sorted(values)
    for k in range(len(ordered)):
        if k == 0 or ordered[k] != ordered[k - 1]:
            out.append(ordered[k])
    return out


def distinct_of(x: Any) -> Distinct:
    """set(x) of an array with one axis, or of a list of numbers"""
    values = x if growing(x) is not None else LISTED[0](x)
    return Distinct(converted(_distinct, OPERATORS[0])(values))


DISTINCT[:] = [distinct_of]
