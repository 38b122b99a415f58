"""Orthogonal factorisations: QR, singular values, eigenvalues.

Derivatives: QR after Walter and Lehmann, "On evaluating higher-order derivatives of the QR
decomposition" (2012) and Roberts and Roberts, "QR and LQ decomposition matrix backpropagation
algorithms for square, wide, and deep matrices" (2020); the others after Giles (2008), Townsend,
"Differentiating the singular value decomposition" (2016) and Boeddeker et al., "On the computation
of complex-valued gradients with application to statistically optimum beamforming" (2017).  They
are defined where the values differ from each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ..affine import dim, minus, size_node
from ..constants import const, project
from ..node import Node
from ..types import DType, TensorType
from .elementwise import add, divide, equal, multiply, real, subtract, where
from .family import cast_to
from .library import library
from .linalg import solve
from .matrices import (
    adjoint,
    conj,
    diagonal,
    diagonal_matrix,
    hermitian,
    of_lower,
    real_dtype,
    real_part,
    subtract_from_eye,
    total,
    triu,
)
from .products import matmul
from .shaping import concatenate, expand, sliced
from .triangular import solve_triangular

Parts = Sequence[Node | None]


# ---- QR ------------------------------------------------------------------------------------------
def _qr_type(a: Node, k: Node, *, complete: bool) -> tuple[TensorType, TensorType]:
    batch, (m, n) = a.shape[:-2], a.shape[-2:]
    inner = m if complete else dim(k)
    return TensorType(a.dtype, (*batch, m, inner)), TensorType(a.dtype, (*batch, inner, n))


def _qr_vjp(g: Parts, out: Node, a: Node, k: Node, *, complete: bool) -> tuple[Node | None, None]:
    """Tall: (gQ + Q copyltu(R gR^H - gQ^H Q)) R^-H; wide: and the columns beyond the square."""
    q, r = project(out, 0), project(out, 1)
    gq = conj(g[0]) if g[0] is not None else _zeros_like(q)
    gr = conj(triu(g[1])) if g[1] is not None else _zeros_like(r)
    m, n = a.shape[-2:]
    if size_node(n) is k or complete:
        if complete and size_node(m) is not size_node(n):
            raise UnsupportedError(
                "no derivative of qr with mode='complete' for matrices that are not square"
            )
        return conj(_tall(q, r, gq, gr)), None
    c = a.rank - 1
    rest = dim(minus(size_node(n), k))
    gr_left, gr_right = sliced(gr, c, 0, dim(k)), sliced(gr, c, k, rest)
    r_left, beyond = sliced(r, c, 0, dim(k)), sliced(a, c, k, rest)
    gq = add(gq, matmul(beyond, adjoint(gr_right)))
    left = _tall(q, r_left, gq, gr_left)
    return conj(concatenate([left, matmul(q, gr_right)], c)), None


def _tall(q: Node, r: Node, gq: Node, gr: Node) -> Node:
    inner = subtract(matmul(r, adjoint(gr)), matmul(adjoint(gq), q))
    right = add(gq, matmul(q, hermitian(inner)))
    return adjoint(solve_triangular(r, adjoint(right), lower=False, adjoint=False))


def _zeros_like(x: Node) -> Node:
    return multiply(0, x)


#: (a[..., m, n], min(m, n)): Q with orthonormal columns and R upper triangular
qr = library(
    "qr",
    reference=lambda a, k, *, complete: tuple(
        np.linalg.qr(a, "complete" if complete else "reduced")
    ),
    infer=_qr_type,
    vjp=_qr_vjp,
)


# ---- singular values -----------------------------------------------------------------------------
def _svd_type(a: Node, k: Node, *, full: bool) -> tuple[TensorType, ...]:
    batch, (m, n) = a.shape[:-2], a.shape[-2:]
    u, v = (m, n) if full else (dim(k), dim(k))
    return (
        TensorType(a.dtype, (*batch, m, u)),
        TensorType(real_dtype(a.dtype), (*batch, dim(k))),
        TensorType(a.dtype, (*batch, v, n)),
    )


def inverse_gaps(x: Node) -> Node:
    """1 / (x[j] - x[i]), 0 on the diagonal and where values are equal."""
    gaps = subtract(expand(x, (x.rank - 1,)), expand(x, (x.rank,)))
    same = equal(gaps, 0)
    return where(same, const(0, x.dtype), divide(1, where(same, const(1, x.dtype), gaps)))


def _svd_vjp(g: Parts, out: Node, a: Node, k: Node, *, full: bool) -> tuple[Node | None, None]:
    u, s, vh = (project(out, i) for i in range(3))
    if full and (g[0] is not None or g[2] is not None):
        raise UnsupportedError(
            "no derivative of the vectors of svd(full_matrices=True): use full_matrices=False"
        )
    if full:
        u = sliced(u, u.rank - 1, 0, dim(k))
        vh = sliced(vh, vh.rank - 2, 0, dim(k))
    v, sc = adjoint(vh), cast_to(s, a.dtype)
    inner = None if g[1] is None else diagonal_matrix(cast_to(g[1], a.dtype))
    f = cast_to(inverse_gaps(multiply(s, s)), a.dtype)
    columns, rows = expand(sc, (sc.rank - 1,)), expand(sc, (sc.rank,))
    edge = None
    if g[0] is not None:
        gu = conj(g[0])
        j = multiply(f, matmul(adjoint(u), gu))
        inner = total(inner, multiply(add(j, adjoint(j)), columns))
        beyond = matmul(subtract_from_eye(matmul(u, adjoint(u))), divide(gu, columns))
        edge = matmul(beyond, vh)
    if g[2] is not None:
        gv = adjoint(conj(g[2]))
        j = multiply(f, matmul(vh, gv))
        inner = total(inner, multiply(rows, add(j, adjoint(j))))
        beyond = matmul(subtract_from_eye(matmul(v, vh)), divide(gv, columns))
        edge = total(edge, matmul(u, adjoint(beyond)))
    if inner is None:
        return None, None
    ga = total(matmul(matmul(u, inner), vh), edge)
    return (None if ga is None else conj(ga)), None


#: (a[..., m, n], min(m, n)): u, s, vh
svd = library(
    "svd",
    reference=lambda a, k, *, full: tuple(np.linalg.svd(a, full_matrices=full)),
    infer=_svd_type,
    vjp=_svd_vjp,
    partial=True,
)


def _svdvals_vjp(g: Node, out: Node, a: Node, k: Node) -> tuple[Node, None]:
    both = svd(a, k, full=False)
    u, vh = project(both, 0), project(both, 2)
    middle = expand(cast_to(g, a.dtype), (g.rank - 1,))
    return conj(matmul(multiply(u, middle), vh)), None


def _svdvals_jvp(tangents: Parts, out: Node, a: Node, k: Node) -> Node | None:
    t = tangents[0]
    if t is None:
        return None
    both = svd(a, k, full=False)
    u, vh = project(both, 0), project(both, 2)
    change = diagonal(matmul(matmul(adjoint(u), t), adjoint(vh)))
    return real(change) if change.dtype.kind == "c" else change


#: (a[..., m, n], min(m, n)): singular values only
svdvals = library(
    "svdvals",
    reference=lambda a, k: np.linalg.svd(a, compute_uv=False),
    infer=lambda a, k: TensorType(real_dtype(a.dtype), (*a.shape[:-2], dim(k))),
    vjp=_svdvals_vjp,
    jvp=_svdvals_jvp,
    partial=True,
)


# ---- eigenvalues of Hermitian matrices -----------------------------------------------------------
def _eigh_vjp(g: Parts, out: Node, a: Node, *, upper: bool) -> tuple[Node | None]:
    w, v = project(out, 0), project(out, 1)
    inner = None if g[0] is None else diagonal_matrix(cast_to(g[0], a.dtype))
    if g[1] is not None:
        f = cast_to(inverse_gaps(w), a.dtype)
        inner = total(inner, multiply(f, matmul(adjoint(v), conj(g[1]))))
    if inner is None:
        return (None,)
    p = matmul(matmul(v, inner), adjoint(v))
    read = of_lower(multiply(0.5, add(p, adjoint(p))))
    return (conj(adjoint(read) if upper else read),)


def _eigh_jvp(
    tangents: Parts, out: Node, a: Node, *, upper: bool
) -> tuple[Node | None, Node | None]:
    t = tangents[0]
    if t is None:
        return None, None
    w, v = project(out, 0), project(out, 1)
    inner = matmul(matmul(adjoint(v), hermitian(adjoint(t) if upper else t)), v)
    dw = diagonal(inner)
    f = cast_to(inverse_gaps(w), a.dtype)
    return (real(dw) if dw.dtype.kind == "c" else dw), matmul(v, multiply(f, inner))


def _side(upper: bool) -> Any:
    return "U" if upper else "L"


#: (a[..., n, n]): ascending eigenvalues and vectors, from one triangle
eigh = library(
    "eigh",
    reference=lambda a, *, upper: tuple(np.linalg.eigh(a, _side(upper))),
    infer=lambda a, *, upper: (TensorType(real_dtype(a.dtype), a.shape[:-1]), a.type),
    vjp=_eigh_vjp,
    jvp=_eigh_jvp,
    partial=True,
)


def _eigvalsh_vjp(g: Node, out: Node, a: Node, *, upper: bool) -> tuple[Node | None]:
    return _eigh_vjp((g, None), eigh(a, upper=upper), a, upper=upper)


#: (a[..., n, n]): ascending eigenvalues only
eigvalsh = library(
    "eigvalsh",
    reference=lambda a, *, upper: np.linalg.eigvalsh(a, _side(upper)),
    infer=lambda a, *, upper: TensorType(real_dtype(a.dtype), a.shape[:-1]),
    vjp=_eigvalsh_vjp,
    jvp=lambda ts, out, a, *, upper: _eigh_jvp(ts, eigh(a, upper=upper), a, upper=upper)[0],
    partial=True,
)


# ---- eigenvalues of general matrices -------------------------------------------------------------
def complex_dtype(d: DType) -> DType:
    return np.dtype(np.result_type(d, np.complex64))


def _eig(a: Any) -> tuple[Any, Any]:
    w, v = np.linalg.eig(a)
    kind = complex_dtype(a.dtype)
    return w.astype(kind), v.astype(kind)


def _eig_vjp(g: Parts, out: Node, a: Node) -> tuple[Node | None]:
    """V^-H (diag(gw) + F * (V^H gV - V^H V Re(diag(V^H gV)))) V^H: vectors have length 1."""
    w, v = project(out, 0), project(out, 1)
    inner = None if g[0] is None else diagonal_matrix(conj(g[0]))
    if g[1] is not None:
        vg = matmul(adjoint(v), conj(g[1]))
        lengths = expand(real_part(diagonal(vg)), (vg.rank - 2,))
        turned = subtract(vg, multiply(matmul(adjoint(v), v), lengths))
        inner = total(inner, multiply(conj(inverse_gaps(w)), turned))
    if inner is None:
        return (None,)
    ga = conj(solve(adjoint(v), matmul(inner, adjoint(v))))
    return (ga if a.dtype.kind == "c" else cast_to(real(ga), a.dtype),)


#: (a[..., n, n]): eigenvalues and vectors, always complex (NumPy gives real ones if all are)
eig = library(
    "eig",
    reference=_eig,
    infer=lambda a: (
        TensorType(complex_dtype(a.dtype), a.shape[:-1]),
        TensorType(complex_dtype(a.dtype), a.shape),
    ),
    vjp=_eig_vjp,
    partial=True,
)
