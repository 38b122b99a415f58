"""The rewrites, by subject.  Importing this package declares them all, in the order they are
tried."""

from . import (
    algebra,
    barriers,
    checks,
    constants,
    fast_math,
    linalg,
    loops,
    masks,
    reductions,
    shape,
    specialize,
    stabilize,
    tails,
)  # isort: skip

__all__ = [
    "algebra",
    "barriers",
    "checks",
    "constants",
    "fast_math",
    "linalg",
    "loops",
    "masks",
    "reductions",
    "shape",
    "specialize",
    "stabilize",
    "tails",
]
