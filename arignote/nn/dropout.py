"""Dropout (Srivastava and others 2014), drawn from the caller's generator."""

from __future__ import annotations

from typing import Any

import numpy as np

from .operands import network, nodes, wrap


@network
def dropout(x: Any, rate: Any, rng: Any) -> Any:
    """x with each element 0 with probability `rate`, the others divided by 1 - rate.

    rng: a np.random.Generator; it draws one uniform number an element.
    """
    (n,) = nodes(x)
    x = wrap(n)
    kept = rng.random(x.shape) >= rate
    return np.where(kept, x / (1.0 - rate), 0).astype(x.dtype)


__all__ = ["dropout"]
