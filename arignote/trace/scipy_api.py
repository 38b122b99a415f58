"""SciPy's plain functions over traced values; imported when the first of them is asked for.

scipy.special's ufuncs are ops of their own and need nothing here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.fft
import scipy.linalg
import scipy.special

from ..fxgraph.affine import dim, plus, size_node
from ..fxgraph.constants import const, project
from ..fxgraph.node import Node
from ..fxgraph.ops import elementwise as ew
from ..fxgraph.ops import linalg, triangular
from ..fxgraph.ops import reduce as red
from ..fxgraph.ops import shaping as sh
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.matrices import adjoint, tril, triu
from ..fxgraph.ops.structure import gather, iota, set_item
from ..fxgraph.types import F64
from ..fxgraph.window import Window
from .numpy_api import fft as fft_api
from .numpy_api import linalg as api
from .numpy_api import norms
from .numpy_api.arguments import array, axes_of, integer, keep_dims
from .numpy_api.products import product
from .numpy_api.ufunc_methods import log_sum_exp
from .registry import IMPLEMENTED, hooks, implements


# ---- scipy.special -------------------------------------------------------------------------------
def _inexact(x: Node) -> Node:
    return cast_to(x, F64) if x.dtype.kind in "biu" else x


@implements(scipy.special.logsumexp)
def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    x = _inexact(array(a))
    weights = None
    if b is not None:
        x, weights = sh.spread_together("logsumexp", [x, array(b)])[0]
        weights = cast_to(weights, np.result_type(weights.dtype, x.dtype))
        x = ew.where(ew.equal(weights, 0), const(-np.inf, x.dtype), x)
    axes = axes_of(axis, x.rank)
    if not return_sign:
        return hooks.wrap(keep_dims(log_sum_exp(x, axes, weights), axes, keepdims))
    if x.dtype.kind == "c":
        raise NotImplementedError("logsumexp(return_sign=True) of complex numbers")
    top = red.reduce_max(x, axes=axes) if axes else x
    top = ew.where(ew.isfinite(top), top, const(0, top.dtype))
    terms = ew.exp(ew.subtract(x, keep_dims(top, axes, True)))
    terms = terms if weights is None else ew.multiply(weights, terms)
    total = red.reduce_sum(terms, axes=axes) if axes else terms
    out = ew.add(ew.log(ew.absolute(total)), top)
    sign = ew.sign(total)
    return hooks.wrap(keep_dims(out, axes, keepdims)), hooks.wrap(keep_dims(sign, axes, keepdims))


def _shifted(x: Node, axes: tuple[int, ...]) -> Node:
    top = red.reduce_max(x, axes=axes) if axes else x
    return ew.subtract(x, keep_dims(top, axes, True))


@implements(scipy.special.softmax)
def softmax(x: Any, axis: Any = None) -> Any:
    n = _inexact(array(x))
    axes = axes_of(axis, n.rank)
    terms = ew.exp(_shifted(n, axes))
    total = red.reduce_sum(terms, axes=axes) if axes else terms
    return hooks.wrap(ew.divide(terms, keep_dims(total, axes, True)))


@implements(scipy.special.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    n = _inexact(array(x))
    axes = axes_of(axis, n.rank)
    moved = _shifted(n, axes)
    terms = ew.exp(moved)
    total = red.reduce_sum(terms, axes=axes) if axes else terms
    return hooks.wrap(ew.subtract(moved, ew.log(keep_dims(total, axes, True))))


# ---- scipy.linalg --------------------------------------------------------------------------------
def _plain(name: str, function: Any, *allowed: str) -> Any:
    """An implementation of NumPy's under SciPy's name: options about copies and checks are
    dropped."""

    def implementation(*args: Any, **options: Any) -> Any:
        for key in ("overwrite_a", "overwrite_b", "check_finite"):
            options.pop(key, None)
        wrong = set(options) - set(allowed)
        if wrong:
            raise NotImplementedError(
                f"scipy.linalg.{name}: option {sorted(wrong)[0]} is not supported"
            )
        return function(*args, **options)

    return implementation


IMPLEMENTED[scipy.linalg.inv] = _plain("inv", api.inv)
IMPLEMENTED[scipy.linalg.det] = _plain("det", api.det)
IMPLEMENTED[scipy.linalg.norm] = _plain("norm", norms.norm, "ord", "axis", "keepdims")
IMPLEMENTED[scipy.linalg.pinv] = _plain("pinv", api.pinv, "rtol")
IMPLEMENTED[scipy.linalg.svd] = _plain("svd", api.svd, "full_matrices", "compute_uv")
IMPLEMENTED[scipy.linalg.svdvals] = _plain("svdvals", api.svdvals)
IMPLEMENTED[scipy.linalg.eigvals] = _plain("eigvals", api.eigvals)


@implements(scipy.linalg.solve)
def solve(a: Any, b: Any, lower: bool = False, **options: Any) -> Any:
    """Every `assume_a` is solved as a general matrix but 'pos', which goes by Cholesky."""
    kind = options.get("assume_a")
    x, y = api.square(a), array(b)
    if options.get("transposed"):
        x = sh.swap_last(x)
    if kind in ("pos", "positive definite"):
        return cho_solve(cho_factor(hooks.wrap(x), lower), hooks.wrap(y))
    return hooks.wrap(api.solved(x, y))


@implements(scipy.linalg.solve_triangular)
def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    x, y = api.square(a), array(b)
    if unit_diagonal:
        strict = tril(x, -1) if lower else triu(x, 1)
        ones = sh.filled(1, x.dtype, x.shape[:-1])
        x = set_item(strict, sh.diagonal_window(x.shape, 0, x.shape[-1]), ones)
    turn = {0: "N", 1: "T", 2: "C"}.get(trans, trans)
    if turn == "T" and x.dtype.kind == "c":
        x = ew.conjugate(x)
    return hooks.wrap(triangular_solved(x, y, lower, turn != "N"))


def triangular_solved(x: Node, y: Node, lower: bool, adjoint_: bool) -> Node:
    """x (square) against a vector or a stack of matrices."""
    kind = api.linalg_dtype(x, y)
    x, y = cast_to(x, kind), cast_to(y, kind)
    vector = y.rank == 1
    y = sh.expand(y, (1,)) if vector else y
    x, y = api.stacked("solve_triangular", x, y)
    out = triangular.solve_triangular(x, y, lower=bool(lower), adjoint=adjoint_)
    return sh.squeeze(out, (out.rank - 1,)) if vector else out


@implements(scipy.linalg.cholesky)
def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    x = api.square(a)
    out = triangular.cholesky(x if lower else adjoint(x))
    return hooks.wrap(out if lower else adjoint(out))


@implements(scipy.linalg.cho_factor)
def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """(c, lower); the other triangle of c has what `a` has there."""
    x = api.square(a)
    out = triangular.cholesky(x if lower else adjoint(x))
    c = ew.add(out, triu(x, 1)) if lower else ew.add(adjoint(out), tril(x, -1))
    return hooks.wrap(c), bool(lower)


@implements(scipy.linalg.cho_solve)
def cho_solve(
    c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    c, lower = c_and_lower
    x, y = api.square(c), array(b)
    first = triangular_solved(x, y, lower, not lower)
    return hooks.wrap(triangular_solved(x, first, lower, bool(lower)))


@implements(scipy.linalg.lu_factor)
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Square matrices."""
    both = triangular.lu_factor(api.square(a))
    return hooks.wrap(project(both, 0)), hooks.wrap(project(both, 1))


@implements(scipy.linalg.lu_solve)
def lu_solve(
    lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    lu, piv = lu_and_piv
    x, y = api.square(lu), array(b)
    low = triangular.unit_lower(x)
    p = triangular.permutation_matrix(triangular.permutation(array(piv)), x.dtype)
    if integer(trans) == 0:
        first = triangular_solved(low, _rows(p, y), True, False)
        return hooks.wrap(triangular_solved(x, first, False, False))
    plain = integer(trans) == 1 and x.dtype.kind == "c"
    x, low = (ew.conjugate(x), ew.conjugate(low)) if plain else (x, low)
    first = triangular_solved(low, triangular_solved(x, y, False, True), True, True)
    return hooks.wrap(_rows(sh.swap_last(p), first))


def _rows(p: Node, y: Node) -> Node:
    """Rows of y in another order."""
    order = red.reduce_argmax(p, axis=p.rank - 1)
    if order.rank == 1:
        return gather(y, order, axes=(0,), at=0, mode="clip")
    return product(p, cast_to(y, p.dtype))


@implements(scipy.linalg.lu)
def lu(
    a: Any,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
    p_indices: bool = False,
) -> Any:
    x = api.square(a)
    both = triangular.lu_factor(x)
    packed = project(both, 0)
    low, up = triangular.unit_lower(packed), triu(packed)
    p = sh.swap_last(
        triangular.permutation_matrix(triangular.permutation(project(both, 1)), x.dtype)
    )
    if permute_l:
        return hooks.wrap(product(p, low)), hooks.wrap(up)
    first = red.reduce_argmax(p, axis=p.rank - 1) if p_indices else p
    return hooks.wrap(first), hooks.wrap(low), hooks.wrap(up)


@implements(scipy.linalg.expm)
def expm(A: Any) -> Any:
    return hooks.wrap(linalg.expm(api.square(A)))


class _Eigh(NamedTuple):
    eigenvalues: Any
    eigenvectors: Any


@implements(scipy.linalg.eigh)
def eigh(
    a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, **options: Any
) -> Any:
    """Raises NotImplementedError for generalised problems and for subsets."""
    for key in ("overwrite_a", "overwrite_b", "check_finite", "driver", "turbo", "type"):
        options.pop(key, None)
    if b is not None or any(v is not None for v in options.values()):
        raise NotImplementedError("scipy.linalg.eigh: only eigh(a, lower=, eigvals_only=)")
    side = "L" if lower else "U"
    if eigvals_only:
        return api.eigvalsh(a, side)
    return tuple(api.eigh(a, side))


@implements(scipy.linalg.eigvalsh)
def eigvalsh(a: Any, b: Any = None, *, lower: bool = True, **options: Any) -> Any:
    return eigh(a, b, lower=lower, eigvals_only=True, **options)


@implements(scipy.linalg.qr)
def qr(a: Any, mode: str = "full", pivoting: bool = False, **options: Any) -> Any:
    """Raises NotImplementedError for pivoting and for mode 'raw'."""
    if pivoting or mode == "raw":
        raise NotImplementedError("scipy.linalg.qr: pivoting and mode='raw' are not supported")
    if mode == "r":
        both = api.qr(a, "complete")
        return (both[1],)
    return tuple(api.qr(a, "complete" if mode == "full" else "reduced"))


@implements(scipy.linalg.block_diag)
def block_diag(*arrs: Any) -> Any:
    parts = [array(a) for a in arrs] or [sh.zeros(F64, (1, 0))]
    parts = [sh.expand(p, tuple(range(2 - p.rank))) if p.rank < 2 else p for p in parts]
    kind = np.result_type(*(p.dtype for p in parts))
    rows, columns = size_node(0), size_node(0)
    places = []
    for p in parts:
        places.append((rows, columns))
        rows, columns = plus(rows, size_node(p.shape[-2])), plus(columns, size_node(p.shape[-1]))
    out = sh.zeros(kind, (dim(rows), dim(columns)))
    for p, (r, c) in zip(parts, places, strict=True):
        if 0 not in p.shape:
            out = set_item(out, Window((r, c), (1, 1), (0, 1), p.shape), cast_to(p, kind))
    return hooks.wrap(out)


@implements(scipy.linalg.toeplitz)
def toeplitz(c: Any, r: Any = None) -> Any:
    first = sh.ravel(array(c))
    row = (
        (ew.conjugate(first) if first.dtype.kind == "c" else first)
        if r is None
        else sh.ravel(array(r))
    )
    kind = np.result_type(first.dtype, row.dtype)
    first, row = cast_to(first, kind), cast_to(row, kind)
    m, n = first.shape[0], row.shape[0]
    i = sh.spread_axes(iota(m), (m, n), (1,))
    j = sh.spread_axes(iota(n), (m, n), (0,))
    d = ew.subtract(i, j)
    below = gather(first, ew.maximum(d, 0), axes=(0,), at=0, mode="clip")
    above = gather(row, ew.maximum(ew.negative(d), 0), axes=(0,), at=0, mode="clip")
    return hooks.wrap(ew.where(ew.less_equal(0, d), below, above))


# ---- scipy.fft -----------------------------------------------------------------------------------
for _name in (
    "fft", "ifft", "rfft", "irfft", "fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn",
    "irfftn", "fftshift", "ifftshift", "fftfreq", "rfftfreq",
):  # fmt: skip
    IMPLEMENTED[getattr(scipy.fft, _name)] = getattr(fft_api, _name)
