"""Every op, declared once: NumPy meaning, type rule, derivative, scalar C, samples.

Importing the package declares them all, so that pickled graphs find their ops by name.
"""

from . import elementwise, products, reduce, reduce_rules, sets, structure, structure_rules

__all__ = [
    "elementwise",
    "products",
    "reduce",
    "reduce_rules",
    "sets",
    "structure",
    "structure_rules",
]
