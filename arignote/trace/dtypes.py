"""Which dtypes graphs know."""

from __future__ import annotations

from typing import Any

from ..errors import DTypeError


def checked_dtype(x: Any) -> Any:
    """x, if its dtype is a number or bool that graphs know; raises DTypeError."""
    d = x.dtype
    if d.kind not in "?biufc" or d.char in "gG":
        raise DTypeError(
            f"dtype {d} is not supported: arrays hold bool, int8-64, uint8-64, float16/32/64 or "
            f"complex64/128. Convert with x.astype(float) before the call."
        )
    return x
