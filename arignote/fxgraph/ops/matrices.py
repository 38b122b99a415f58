"""What rules of linear algebra are written in: triangles, diagonals, adjoints of matrices."""

from __future__ import annotations

import numpy as np

from ..constants import const
from ..node import Node
from ..types import DType
from .elementwise import add, conjugate, less_equal, multiply, real, subtract, where
from .family import cast_to
from .shaping import diagonal_window, expand, spread_axes, swap_last, zeros
from .structure import iota, set_item, view


def adjoint(x: Node) -> Node:
    """The conjugate transpose."""
    return conj(swap_last(x))


def conj(x: Node) -> Node:
    return conjugate(x) if x.dtype.kind == "c" else x


def lower_mask(n: Node, k: int = 0) -> Node:
    """True at and below the k-th diagonal of n's matrices."""
    r, c = n.shape[-2:]
    rows, columns = spread_axes(iota(r), (r, c), (1,)), spread_axes(iota(c), (r, c), (0,))
    return less_equal(columns, add(rows, k))


def tril(x: Node, k: int = 0) -> Node:
    return where(lower_mask(x, k), x, const(0, x.dtype))


def triu(x: Node, k: int = 0) -> Node:
    return where(lower_mask(x, k - 1), const(0, x.dtype), x)


def diagonal(x: Node) -> Node:
    """The main diagonals of square matrices."""
    return view(x, diagonal_window(x.shape, 0, x.shape[-1]))


def diagonal_matrix(d: Node) -> Node:
    shape = (*d.shape, d.shape[-1])
    return set_item(zeros(d.dtype, shape), diagonal_window(shape, 0, d.shape[-1]), d)


def real_part(x: Node) -> Node:
    """The real part in x's dtype."""
    return cast_to(real(x), x.dtype) if x.dtype.kind == "c" else x


def real_diagonal(x: Node) -> Node:
    """The real part of the diagonals, as matrices."""
    return diagonal_matrix(real_part(diagonal(x)))


def half_diagonal(x: Node) -> Node:
    """The lower triangle with half the (real) diagonal."""
    return add(tril(x, -1), multiply(0.5, real_diagonal(x)))


def of_lower(p: Node) -> Node:
    """The cotangent of a Hermitian matrix that is read from its lower triangle."""
    return add(tril(add(p, adjoint(p)), -1), real_diagonal(p))


def hermitian(x: Node) -> Node:
    """The Hermitian matrix whose lower triangle x has."""
    low = tril(x, -1)
    return add(add(low, adjoint(low)), real_diagonal(x))


def total(*parts: Node | None) -> Node | None:
    """The sum of what is there."""
    out: Node | None = None
    for p in parts:
        if p is not None:
            out = p if out is None else add(out, p)
    return out


def real_dtype(d: DType) -> DType:
    return np.dtype(d.type(0).real.dtype) if d.kind == "c" else d


def scale(s: Node) -> Node:
    """A factor for each matrix of a stack."""
    return expand(s, (s.rank, s.rank + 1))


def subtract_from_eye(x: Node) -> Node:
    """I - x"""
    ones = spread_axes(const(1, x.dtype), x.shape[:-1], range(x.rank - 1))
    return subtract(diagonal_matrix(ones), x)
