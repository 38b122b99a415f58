"""`ag.grad` of random programs against difference quotients of the plain function.

Along a random direction the derivative is one number.  Two quotients of different steps tell how
exact it is known; where they differ, a condition changes in between, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import arignote as ag
from arignote.config import config
from arignote.errors import TraceError, UnsupportedError
from tests.corpus.cases import copied

STEPS = (2e-4, 1e-4)


def verdict(function: Callable[..., Any], args: tuple[Any, ...], seed: int) -> str:
    """ "", "refused: ...", or how the derivative along a random direction differs."""
    numbers = tuple(k for k, x in enumerate(args) if np.asarray(x).dtype.kind == "f")
    rng = np.random.default_rng(seed)
    along = {k: rng.standard_normal(np.shape(args[k])) for k in numbers}

    def value(step: float) -> float:
        given = list(copied(args))
        for k in numbers:
            given[k] = given[k] + step * along[k]
        with np.errstate(all="ignore"):
            return float(function(*given))

    try:
        rough, fine = ((value(h) - value(-h)) / (2 * h) for h in STEPS)
    except (ValueError, IndexError) as error:
        return f"refused: plain Python raises {error}"
    scale = max(abs(fine), abs(value(0.0)), 1.0)
    if not np.isfinite(fine) or abs(rough - fine) > 1e-5 * scale:
        return "refused: the quotients do not agree"
    try:
        with config(mode="FAST_COMPILE"):
            parts = ag.grad(function, argnums=numbers)(*copied(args))
    except (TraceError, UnsupportedError) as error:
        return f"refused: {str(error).splitlines()[-1]}"
    except Exception as error:
        return f"gradient: {type(error).__name__}: {error}"[:300]
    got = sum(float(np.sum(part * along[k])) for k, part in zip(numbers, parts, strict=True))
    # Richardson's extrapolation of the two quotients
    want = fine + (fine - rough) / 3
    if abs(got - want) > 1e-5 * scale:
        return f"gradient: {want!r} became {got!r}"
    return ""
