"""Rounding to integers and to decimals.  Integers and bools pass through unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..node import Node, Op
from .arithmetic import divide, multiply
from .complex_parts import imag, make_complex, real
from .family import as_node, cast_to, elementwise, zero_gradient


def _rounding(name: str, ufunc: np.ufunc) -> Op:
    c = {"f": f"{name}{{f}}({{x}})", "c": f"an_{name}_{{t}}({{x}})", "*": "{x}"}
    return elementwise(name, ufunc=ufunc, c=c, vjp=zero_gradient)


rint: Op = _rounding("rint", np.rint)
floor: Op = _rounding("floor", np.floor)
ceil: Op = _rounding("ceil", np.ceil)
trunc: Op = _rounding("trunc", np.trunc)


def round_(x: Any, decimals: int = 0) -> Node:
    """np.round: half to even; by way of x * 10**decimals, as NumPy does it."""
    n = as_node(x)
    if n.dtype.kind in "iu" and decimals >= 0:
        return n
    if n.dtype.kind == "b" or decimals == 0:
        return rint(n)
    if n.dtype.kind == "c":
        return make_complex(round_(real(n), decimals), round_(imag(n), decimals))
    scale = 10.0 ** abs(decimals)
    if decimals > 0:
        return divide(rint(multiply(n, scale)), scale)
    return cast_to(multiply(rint(divide(n, scale)), scale), n.dtype)
