"""Bitwise ops of integers and bools.  A shift by the width or more (or by a negative count) gives
what is left when every bit has gone: 0, or -1 for a negative number shifted right."""

from __future__ import annotations

import numpy as np

from ..node import Op
from .family import elementwise

bitwise_and: Op = elementwise("bitwise_and", ufunc=np.bitwise_and, c="{x} & {y}")
bitwise_or: Op = elementwise("bitwise_or", ufunc=np.bitwise_or, c="{x} | {y}")
bitwise_xor: Op = elementwise("bitwise_xor", ufunc=np.bitwise_xor, c="{x} ^ {y}")
invert: Op = elementwise("invert", ufunc=np.invert, c={"b": "!{x}", "*": "~{x}"})
left_shift: Op = elementwise(
    "left_shift", ufunc=np.left_shift, c="an_shift_left_{t}({x}, {y}, {bits})"
)
right_shift: Op = elementwise(
    "right_shift", ufunc=np.right_shift, c="an_shift_right_{t}({x}, {y}, {bits})"
)
bitwise_count: Op = elementwise(
    "bitwise_count",
    ufunc=np.bitwise_count,
    c={"i": "an_bitwise_count_u8({x} < 0 ? -(an_u8){x} : {x})", "u": "an_bitwise_count_u8({x})"},
)
