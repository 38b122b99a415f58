"""Every op, declared once: NumPy meaning, type rule, derivative, scalar C, samples.

Importing the package declares them all, so that pickled graphs find their ops by name.
"""

from . import (
    as_numpy,
    convolution,
    elementwise,
    factor,
    fft,
    linalg,
    pooling,
    products,
    random,
    reduce,
    reduce_rules,
    sets,
    sort,
    sparse,
    structure,
    structure_rules,
    triangular,
)

__all__ = [
    "as_numpy",
    "convolution",
    "elementwise",
    "factor",
    "fft",
    "linalg",
    "pooling",
    "products",
    "random",
    "reduce",
    "reduce_rules",
    "sets",
    "sort",
    "sparse",
    "structure",
    "structure_rules",
    "triangular",
]
