"""The rewrites, by subject.  Importing this package declares them all, in the order they are
tried."""

from . import checks, constants, algebra, shape, reductions, linalg, stabilize, specialize, loops  # isort: skip

__all__ = [
    "algebra",
    "checks",
    "constants",
    "linalg",
    "loops",
    "reductions",
    "shape",
    "specialize",
    "stabilize",
]
