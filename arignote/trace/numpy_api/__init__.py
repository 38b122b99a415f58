"""NumPy's functions over traced values, one file a subject; importing this package registers them."""

from . import (
    attributes,
    creation,
    einsum,
    grids,
    indexing,
    joining,
    linalg,
    padding,
    products,
    ranges,
    reductions,
    shaping,
    splitting,
    statistics,
)

__all__ = [
    "attributes",
    "creation",
    "einsum",
    "grids",
    "indexing",
    "joining",
    "linalg",
    "padding",
    "products",
    "ranges",
    "reductions",
    "shaping",
    "splitting",
    "statistics",
]
