"""Triangular systems and the factorisations that lead to them: Cholesky and LU.

Derivatives follow Murray, "Differentiation of the Cholesky decomposition" (2016), and Giles (2008).
Where LAPACK reads one triangle of its operand, only that triangle gets a cotangent.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..constants import const, project
from ..node import Node
from ..types import I64, DType, TensorType
from .elementwise import add, equal, negative
from .family import cast_to
from .library import library
from .matrices import adjoint as adjoint_of
from .matrices import conj, diagonal_matrix, half_diagonal, hermitian, of_lower, total, tril, triu
from .products import matmul
from .shaping import expand, spread_axes, swap_last
from .structure import iota

Tangents = Sequence[Node | None]


def scipy_linalg() -> Any:
    """scipy.linalg, imported when it is first used: programs without it do not pay for it."""
    return importlib.import_module("scipy.linalg")


# ---- Cholesky ------------------------------------------------------------------------------------
def _cholesky_vjp(g: Node, out: Node, a: Node) -> tuple[Node]:
    if a.dtype.kind != "c":
        return (cholesky_adjoint(out, g),)
    return (conj(of_lower(_closed(out, conj(g))[-1])),)


def _closed(low: Node, g: Node) -> tuple[Node, Node, Node]:
    """half(L' g), that after L'^-1, and after L^-1 from the right, transposed, too."""
    inner = half_diagonal(matmul(adjoint_of(low), tril(g)))
    left = solve_triangular(low, inner, lower=True, adjoint=True)
    both = solve_triangular(low, adjoint_of(left), lower=True, adjoint=True)
    return inner, left, adjoint_of(both)


def _cholesky_jvp(tangents: Tangents, out: Node, a: Node) -> Node | None:
    t = tangents[0]
    if t is None:
        return None
    left = solve_triangular(out, hermitian(t), lower=True, adjoint=False)
    inner = adjoint_of(solve_triangular(out, adjoint_of(left), lower=True, adjoint=False))
    return matmul(out, half_diagonal(inner))


#: (a[..., n, n]): the lower factor, from the lower triangle; LinAlgError where a is not positive
cholesky = library(
    "cholesky",
    reference=np.linalg.cholesky,
    infer=lambda a: a.type,
    vjp=_cholesky_vjp,
    jvp=_cholesky_jvp,
    partial=True,
)


#: Columns of a block of the adjoint.
_BLOCK = 64


def _adjoint(factor: Any, g: Any) -> Any:
    """Blocked, from the last columns to the first: a few products more than the factorisation.

    Murray, section 4.3.  The blocks on the diagonal take the closed form.
    """
    out, low = np.tril(g), np.tril(factor)
    for k in np.ndindex(*factor.shape[:-2]):
        _adjoint_of_one(low[k], out[k])
    return out


def _adjoint_of_one(low: Any, bar: Any) -> None:
    solve = scipy_linalg().solve_triangular
    n = len(low)
    for start in reversed(range(0, n, _BLOCK)):
        rows, below, left = slice(start, start + _BLOCK), slice(start + _BLOCK, n), slice(start)
        corner, r = low[rows, rows], low[rows, left]
        if start + _BLOCK < n:
            column = bar[below, rows]
            column[:] = solve(corner, column.T, trans="T", lower=True, check_finite=False).T
            bar[below, left] -= column @ r
            bar[rows, rows] -= np.tril(column.T @ low[below, rows])
            bar[rows, left] -= column.T @ low[below, left]
        bar[rows, rows] = _closed_form(solve, corner, bar[rows, rows])
        own = bar[rows, rows]
        bar[rows, left] -= (own + own.T) @ r


def _closed_form(solve: Callable[..., Any], low: Any, bar: Any) -> Any:
    """The lower triangle's cotangent: P + P', its diagonal once, of P = L'^-1 half(L' bar) L^-1."""
    inner = np.tril(low.T @ bar)
    inner[np.diag_indices(len(low))] *= 0.5
    p = solve(low, inner, trans="T", lower=True, check_finite=False)
    p = solve(low, p.T, trans="T", lower=True, check_finite=False).T
    p = p + p.T
    p[np.diag_indices(len(low))] *= 0.5
    return np.tril(p)


def _cholesky_adjoint_vjp(h: Node, out: Node, low: Node, g: Node) -> tuple[Node, Node]:
    """Backwards through the closed form."""
    inner, left, both = _closed(low, g)
    first, turned = _triangular_vjp(
        hermitian(h), swap_last(both), low, swap_last(left), lower=True, adjoint=True
    )
    second, to_inner = _triangular_vjp(
        swap_last(turned), left, low, inner, lower=True, adjoint=True
    )
    to_inner = half_diagonal(to_inner)
    third = tril(matmul(tril(g), swap_last(to_inner)))
    return add(add(first, second), third), tril(matmul(tril(low), to_inner))


#: (factor, g): the cotangent of the lower triangle whose real Cholesky factor has cotangent g
cholesky_adjoint = library(
    "cholesky_adjoint",
    reference=_adjoint,
    infer=lambda low, g: g.type,
    vjp=_cholesky_adjoint_vjp,
)


# ---- triangular systems --------------------------------------------------------------------------
def _triangular(a: Any, b: Any, *, lower: bool, adjoint: bool) -> Any:
    trans = "C" if adjoint else "N"
    out = np.empty(b.shape, b.dtype)
    for k in np.ndindex(*a.shape[:-2]):
        out[k] = scipy_linalg().solve_triangular(
            a[k], b[k], trans=trans, lower=lower, check_finite=False
        )
    return out


def _triangular_vjp(
    g: Node, out: Node, a: Node, b: Node, *, lower: bool, adjoint: bool
) -> tuple[Node, Node]:
    gb = conj(solve_triangular(a, conj(g), lower=lower, adjoint=not adjoint))
    both = conj(matmul(out, swap_last(gb))) if adjoint else matmul(gb, swap_last(out))
    return negative(tril(both) if lower else triu(both)), gb


def _triangular_jvp(
    tangents: Tangents, out: Node, a: Node, b: Node, *, lower: bool, adjoint: bool
) -> Node | None:
    ta, tb = tangents
    moved = None
    if ta is not None:
        read = tril(ta) if lower else triu(ta)
        read = conj(swap_last(read)) if adjoint else read
        moved = negative(matmul(read, out))
    right = total(tb, moved)
    return None if right is None else solve_triangular(a, right, lower=lower, adjoint=adjoint)


#: (a[..., n, n], b[..., n, k]): one triangle of a is read, taken as its adjoint if `adjoint`;
#: LinAlgError where the diagonal has a zero
solve_triangular = library(
    "solve_triangular",
    reference=_triangular,
    infer=lambda a, b, *, lower, adjoint: b.type,
    vjp=_triangular_vjp,
    jvp=_triangular_jvp,
    partial=True,
)


# ---- LU ------------------------------------------------------------------------------------------
def _lu(a: Any) -> tuple[Any, Any]:
    lu, piv = np.empty(a.shape, a.dtype), np.empty((*a.shape[:-2], min(a.shape[-2:])), np.int32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy warns of exact zeros on the diagonal
        for k in np.ndindex(*a.shape[:-2]):
            lu[k], piv[k] = scipy_linalg().lu_factor(a[k], check_finite=False)
    return lu, piv


def _permutation(piv: Any) -> Any:
    out = np.empty(piv.shape, np.int64)
    for k in np.ndindex(*piv.shape[:-1]):
        order = np.arange(piv.shape[-1])
        for i, p in enumerate(piv[k]):
            order[i], order[p] = order[p], order[i]
        out[k] = order
    return out


def unit_lower(lu: Node) -> Node:
    """The factor L of a packed LU."""
    n = lu.shape[-1]
    eye = diagonal_matrix(spread_axes(const(1, lu.dtype), (*lu.shape[:-2], n), range(lu.rank - 1)))
    return add(tril(lu, -1), eye)


def permutation_matrix(order: Node, dtype: DType) -> Node:
    """P with P[i, order[i]] = 1, so that P @ a is a[order]."""
    n = order.shape[-1]
    shape = (*order.shape, n)
    columns = spread_axes(iota(n), shape, range(order.rank))
    return cast_to(equal(columns, expand(order, (order.rank,))), dtype)


def _lu_vjp(g: Sequence[Node | None], out: Node, a: Node) -> tuple[Node | None]:
    """Square matrices: P^T L^-H (tril(L^H gL, -1) + triu(gU U^H)) U^-H."""
    if g[0] is None:
        return (None,)
    lu = project(out, 0)
    low, up, gh = unit_lower(lu), triu(lu), conj(g[0])
    inner = add(
        tril(matmul(adjoint_of(low), tril(gh, -1)), -1), triu(matmul(triu(gh), adjoint_of(up)))
    )
    left = solve_triangular(low, inner, lower=True, adjoint=True)
    full = adjoint_of(solve_triangular(up, adjoint_of(left), lower=False, adjoint=False))
    p = permutation_matrix(permutation(project(out, 1)), a.dtype)
    return (conj(matmul(swap_last(p), full)),)


def _lu_jvp(tangents: Tangents, out: Node, a: Node) -> tuple[Node | None, None]:
    t = tangents[0]
    if t is None:
        return None, None
    lu = project(out, 0)
    low, up = unit_lower(lu), triu(lu)
    p = permutation_matrix(permutation(project(out, 1)), a.dtype)
    left = solve_triangular(low, matmul(p, t), lower=True, adjoint=False)
    inner = adjoint_of(solve_triangular(up, adjoint_of(left), lower=False, adjoint=True))
    return add(matmul(low, tril(inner, -1)), matmul(triu(inner), up)), None


#: (a[..., n, n]): L and U packed in one matrix, and the rows swapped at each step
lu_factor = library(
    "lu_factor",
    reference=_lu,
    infer=lambda a: (a.type, TensorType(np.dtype("i4"), a.shape[:-1])),
    vjp=_lu_vjp,
    jvp=_lu_jvp,
)
#: (pivots[..., n]): the order of rows that the swaps lead to
permutation = library(
    "lu_permutation",
    reference=_permutation,
    infer=lambda piv: TensorType(I64, piv.shape),
)
