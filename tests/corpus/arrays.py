"""Small arguments for the programs of the corpus."""

from __future__ import annotations

import numpy as np


def V(n=6, dtype=float):
    """A vector 1, 2, ..., n."""
    return np.arange(1, n + 1).astype(dtype)


def M(n=4, m=5, dtype=float):
    """A matrix of small whole numbers."""
    return (np.arange(n * m).reshape(n, m) % 7 + 1).astype(dtype)


def T3():
    """An array of rank three."""
    return np.arange(24.0).reshape(2, 3, 4)
