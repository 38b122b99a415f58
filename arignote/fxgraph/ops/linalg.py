"""Linear systems as a whole: solve, inv, determinants, least squares, pseudo-inverse, expm.

Operands are stacks of matrices with equal batch axes and one inexact dtype.  Derivatives follow
Giles, "Collected matrix derivative results" (2008); for complex values a cotangent pairs with a
tangent without conjugation, as in JAX.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..affine import dim, size_node
from ..constants import project
from ..node import Node
from ..types import I64, TensorType
from .elementwise import add, imag, multiply, negative, real, subtract
from .family import cast_to
from .library import library
from .matrices import adjoint, conj, diagonal, real_dtype, scale, subtract_from_eye, total
from .products import matmul
from .reduce import reduce_sum
from .shaping import concatenate, sliced, swap_last, zeros

Tangents = Sequence[Node | None]


# ---- systems and determinants --------------------------------------------------------------------
def _solve_vjp(g: Node, out: Node, a: Node, b: Node) -> tuple[Node, Node]:
    gb = solve(swap_last(a), g)
    return negative(matmul(gb, swap_last(out))), gb


def _solve_jvp(tangents: Tangents, out: Node, a: Node, b: Node) -> Node | None:
    ta, tb = tangents
    moved = negative(matmul(ta, out)) if ta is not None else None
    right = total(tb, moved)
    return None if right is None else solve(a, right)


#: (a[..., n, n], b[..., n, k]): x with a @ x = b; LinAlgError where a is singular
solve = library(
    "solve",
    reference=np.linalg.solve,
    infer=lambda a, b: b.type,
    vjp=_solve_vjp,
    jvp=_solve_jvp,
    partial=True,
)


def _inv_vjp(g: Node, out: Node, a: Node) -> tuple[Node]:
    t = swap_last(out)
    return (negative(matmul(matmul(t, g), t)),)


def _inv_jvp(tangents: Tangents, out: Node, a: Node) -> Node | None:
    t = tangents[0]
    return None if t is None else negative(matmul(matmul(out, t), out))


#: (a[..., n, n]); LinAlgError where a is singular
inv = library(
    "inv",
    reference=np.linalg.inv,
    infer=lambda a: a.type,
    vjp=_inv_vjp,
    jvp=_inv_jvp,
    partial=True,
)


def _det_vjp(g: Node, out: Node, a: Node) -> tuple[Node]:
    return (multiply(scale(multiply(g, out)), swap_last(inv(a))),)


def _trace_of(a: Node, t: Node) -> Node:
    """trace(inv(a) @ t)"""
    return reduce_sum(diagonal(solve(a, t)), axes=(a.rank - 2,))


#: (a[..., n, n])
det = library(
    "det",
    reference=np.linalg.det,
    infer=lambda a: TensorType(a.dtype, a.shape[:-2]),
    vjp=_det_vjp,
    jvp=lambda ts, out, a: None if ts[0] is None else multiply(out, _trace_of(a, ts[0])),
)


def _slogdet_vjp(g: Sequence[Node | None], out: Node, a: Node) -> tuple[Node | None]:
    """The sign of real matrices is flat; that of complex ones is exp(i * Im log det)."""
    glog, gsign = g[1], g[0]
    slope: Node | None = None
    if glog is not None:
        slope = cast_to(glog, a.dtype)
    if gsign is not None and a.dtype.kind == "c":
        turn = multiply(gsign, project(out, 0))
        slope = total(slope, multiply(-1j, cast_to(real(multiply(1j, turn)), a.dtype)))
    return (None if slope is None else multiply(scale(slope), swap_last(inv(a))),)


def _slogdet_jvp(tangents: Tangents, out: Node, a: Node) -> tuple[Node | None, Node | None]:
    t = tangents[0]
    if t is None:
        return None, None
    change = _trace_of(a, t)
    if a.dtype.kind != "c":
        return zeros(a.dtype, a.shape[:-2]), change
    turn = multiply(cast_to(imag(change), a.dtype), 1j)
    return multiply(project(out, 0), turn), real(change)


#: (a[..., n, n]): sign and logarithm of |det|
slogdet = library(
    "slogdet",
    reference=lambda a: tuple(np.linalg.slogdet(a)),
    infer=lambda a: (
        TensorType(a.dtype, a.shape[:-2]),
        TensorType(real_dtype(a.dtype), a.shape[:-2]),
    ),
    vjp=_slogdet_vjp,
    jvp=_slogdet_jvp,
)


# ---- least squares and pseudo-inverse ------------------------------------------------------------
def _lstsq(a: Any, b: Any, rcond: Any, k: Any) -> tuple[Any, ...]:
    x, residuals, rank, s = np.linalg.lstsq(a, b, float(rcond))
    full = np.zeros(b.shape[1], real_dtype(b.dtype))
    full[: residuals.shape[0]] = residuals
    return x, full, int(residuals.shape[0]), int(rank), s


def _lstsq_vjp(
    g: Sequence[Node | None], out: Node, a: Node, b: Node, rcond: Node, k: Node
) -> tuple[Node | None, ...]:
    """The cotangent of x, for matrices of full column rank."""
    if g[0] is None:
        return None, None, None, None
    x = project(out, 0)
    z = solve(matmul(adjoint(a), a), conj(g[0]))
    gb = matmul(a, z)
    rest = subtract(b, matmul(a, x))
    ga = subtract(matmul(rest, adjoint(z)), matmul(gb, adjoint(x)))
    return conj(ga), conj(gb), None, None


#: (a[m, n], b[m, k], rcond, min(m, n)): x, residuals (a buffer of k), how many of them, rank,
#: singular values
lstsq = library(
    "lstsq",
    reference=_lstsq,
    infer=lambda a, b, rcond, k: (
        TensorType(a.dtype, (a.shape[1], b.shape[1])),
        TensorType(real_dtype(a.dtype), (b.shape[1],)),
        TensorType(I64, (), True),
        TensorType(I64, (), True),
        TensorType(real_dtype(a.dtype), (dim(k),)),
    ),
    vjp=_lstsq_vjp,
    partial=True,
)


def _pinv_type(a: Node, rcond: Node, *, hermitian: bool) -> TensorType:
    return TensorType(a.dtype, (*a.shape[:-2], a.shape[-1], a.shape[-2]))


def _pinv_vjp(g: Node, out: Node, a: Node, rcond: Node, *, hermitian: bool) -> tuple[Node, None]:
    """Golub and Pereyra, "The differentiation of pseudo-inverses" (1973), rank constant."""
    p, ph, gh = out, adjoint(out), conj(g)
    one = negative(matmul(matmul(ph, gh), ph))
    rest_left = matmul(subtract_from_eye(matmul(a, p)), adjoint(gh))
    two = matmul(rest_left, matmul(p, ph))
    three = matmul(matmul(ph, p), matmul(adjoint(gh), subtract_from_eye(matmul(p, a))))
    return conj(add(add(one, two), three)), None


def _pinv_jvp(
    tangents: Tangents, out: Node, a: Node, rcond: Node, *, hermitian: bool
) -> Node | None:
    t = tangents[0]
    if t is None:
        return None
    p, th = out, adjoint(t)
    one = negative(matmul(matmul(p, t), p))
    two = matmul(matmul(matmul(p, adjoint(p)), th), subtract_from_eye(matmul(a, p)))
    three = matmul(matmul(subtract_from_eye(matmul(p, a)), th), matmul(adjoint(p), p))
    return add(add(one, two), three)


#: (a[..., m, n], rcond[...]): the Moore-Penrose inverse; small singular values count as zero
pinv = library(
    "pinv",
    reference=lambda a, rcond, *, hermitian: np.linalg.pinv(a, rcond, hermitian=hermitian),
    infer=_pinv_type,
    vjp=_pinv_vjp,
    jvp=_pinv_jvp,
    partial=True,
)


# ---- exponential ---------------------------------------------------------------------------------
def _block(a: Node, e: Node) -> Node:
    """expm of [[a, e], [0, a]] has the derivative at a along e in its corner (Higham 2008)."""
    k, n = a.rank, a.shape[-1]
    up = concatenate([a, e], k - 1)
    down = concatenate([zeros(a.dtype, a.shape), a], k - 1)
    both = expm(concatenate([up, down], k - 2))
    first = sliced(both, k - 2, 0, n)
    return sliced(first, k - 1, size_node(n), n)


#: (a[..., n, n]): the matrix exponential
expm = library(
    "expm",
    reference=lambda a: importlib.import_module("scipy.linalg").expm(a).astype(a.dtype),
    infer=lambda a: a.type,
    vjp=lambda g, out, a: (_block(swap_last(a), g),),
    jvp=lambda ts, out, a: None if ts[0] is None else _block(a, ts[0]),
)
