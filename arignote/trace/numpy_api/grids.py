"""eye, tri, diag, vander, meshgrid, indices: arrays made from their own positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...fxgraph.affine import dim, plus, size_node
from ...fxgraph.constants import const, lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import cumulate_prod
from ...fxgraph.ops.scalar import clip0, least
from ...fxgraph.ops.shaping import (
    concatenate,
    diagonal_window,
    filled,
    flip,
    ravel,
    spread,
    spread_axes,
    stack,
    zeros,
)
from ...fxgraph.ops.structure import iota, set_item
from ...fxgraph.types import I64, Shape, Size
from ...fxgraph.window import Window
from ..registry import SUBSCRIPTED, hooks, implements
from .arguments import (
    array,
    axis_of,
    integer,
    known_equal,
    node,
    proxy,
    shape_of,
    size_of,
    supported,
)
from .ranges import evenly_spaced, progression
from .reductions import start_of


# ---- matrices of a pattern -----------------------------------------------------------------------
def row_and_column(n: Size, m: Size) -> tuple[Node, Node]:
    """Row and column numbers of an n x m matrix."""
    return spread_axes(iota(n), (n, m), (1,)), spread_axes(iota(m), (n, m), (0,))


@implements(np.eye)
def eye(
    N: Any,
    M: Any = None,
    k: Any = 0,
    dtype: Any = float,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> Any:
    rows, columns = row_and_column(size_of(N), size_of(N if M is None else M))
    return hooks.fresh(cast_to(ew.equal(ew.add(rows, node(k)), columns), supported(dtype)))


@implements(np.identity)
def identity(n: Any, dtype: Any = None, *, like: Any = None) -> Any:
    return eye(n, dtype=dtype or float)


def lower(n: Size, m: Size, k: Any) -> Node:
    """True at and below the k-th diagonal."""
    rows, columns = row_and_column(n, m)
    return ew.less_equal(columns, ew.add(rows, node(k)))


@implements(np.tri)
def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = float, *, like: Any = None) -> Any:
    sizes = [0 if isinstance(n, int) and n < 0 else n for n in (N, N if M is None else M)]
    mask = lower(size_of(sizes[0]), size_of(sizes[1]), k)
    return hooks.fresh(cast_to(mask, supported(dtype)))


def _triangle(m: Any, k: Any, upper: bool) -> Node:
    x = array(m)
    if x.rank == 1:
        x = spread(x, (x.shape[0], x.shape[0]))
    if not x.rank:
        raise TypeError("tri() missing 1 required positional argument: 'N'")
    mask = lower(x.shape[-2], x.shape[-1], ew.subtract(node(k), 1) if upper else node(k))
    zero = const(0, x.dtype)
    return ew.where(mask, zero, x) if upper else ew.where(mask, x, zero)


@implements(np.tril)
def tril(m: Any, k: Any = 0) -> Any:
    return hooks.wrap(_triangle(m, k, False))


@implements(np.triu)
def triu(m: Any, k: Any = 0) -> Any:
    return hooks.wrap(_triangle(m, k, True))


# ---- diagonals -----------------------------------------------------------------------------------
def diagonal_size(rows: Size, columns: Size, offset: int) -> Size:
    """How many elements the diagonal of a matrix has."""
    n = plus(size_node(rows), lit(min(offset, 0)))
    m = plus(size_node(columns), lit(-max(offset, 0)))
    return dim(clip0(least(n, m)))


def with_diagonal(base: Node, offset: int, value: Node) -> Node:
    """base with the diagonals of its last two axes replaced by `value`."""
    size = diagonal_size(base.shape[-2], base.shape[-1], offset)
    return set_item(base, diagonal_window(base.shape, offset, size), value)


@implements(np.diagonal)
def diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """A view, which NumPy makes read-only."""
    x = proxy(a)
    return hooks.read_only(x, diagonal_of(hooks.node_of(x).shape, integer(offset), axis1, axis2))


def diagonal_of(shape: Shape, offset: int, axis1: Any, axis2: Any) -> Window:
    rank = len(shape)
    if rank < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    one, two = axis_of(axis1, rank), axis_of(axis2, rank)
    if one == two:
        raise ValueError("axis1 and axis2 cannot be the same")
    rest = [k for k in range(rank) if k not in (one, two)]
    size = diagonal_size(shape[one], shape[two], offset)
    starts = [lit(0)] * rank
    starts[one], starts[two] = lit(max(-offset, 0)), lit(max(offset, 0))
    axes = tuple(rank - 2 if k in (one, two) else rest.index(k) for k in range(rank))
    return Window(tuple(starts), (1,) * rank, axes, (*(shape[k] for k in rest), size))


@implements(np.diag)
def diag(v: Any, k: Any = 0) -> Any:
    x = proxy(v)
    n = hooks.node_of(x)
    offset = integer(k)
    if n.rank == 2:
        return diagonal(x, offset)
    if n.rank != 1:
        raise ValueError("Input must be 1- or 2-d.")
    return hooks.wrap(diagonal_matrix(n, offset))


def diagonal_matrix(v: Node, offset: int = 0) -> Node:
    size = dim(plus(size_node(v.shape[0]), lit(abs(offset))))
    return set_item(
        zeros(v.dtype, (size, size)), diagonal_window((size, size), offset, v.shape[0]), v
    )


@implements(np.diagflat)
def diagflat(v: Any, k: Any = 0) -> Any:
    return hooks.wrap(diagonal_matrix(ravel(array(v)), integer(k)))


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """In place.  Raises ValueError for axes of different sizes; `wrap` is not supported."""
    x = hooks.node_of(a)
    if x.rank < 2:
        raise ValueError("array must be at least 2-d")
    if wrap:
        raise NotImplementedError("fill_diagonal(wrap=True): write the wrapped rows by an index")
    if x.rank > 2 and any(known_equal(d, x.shape[0]) is False for d in x.shape):
        raise ValueError("All dimensions of input must be of equal length")
    size = diagonal_size(x.shape[0], x.shape[1], 0) if x.rank == 2 else x.shape[0]
    w = Window((lit(0),) * x.rank, (1,) * x.rank, (0,) * x.rank, (size,))
    hooks.assign(a, set_item(x, w, start_of(val, x.dtype)))


@implements(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    v = array(x)
    if v.rank != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n = v.shape[0] if N is None else size_of(N)
    kind = np.promote_types(v.dtype, I64)
    v = cast_to(v, kind)
    column = filled(1, kind, (v.shape[0], 1))
    if n == 0:
        return hooks.wrap(zeros(kind, (v.shape[0], 0)))
    rest = dim(plus(size_node(n), lit(-1)))
    powers = cumulate_prod(spread_axes(v, (v.shape[0], rest), (1,)), axis=1)
    out = concatenate([column, powers], 1)
    return hooks.wrap(out if increasing else flip(out, (1,)))


# ---- grids ---------------------------------------------------------------------------------------
@implements(np.indices)
def indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    shape = shape_of(dimensions)
    kind = supported(dtype)
    lines = [cast_to(iota(d), kind) for d in shape]
    rank = len(shape)
    if sparse:
        alone = [tuple(d if j == k else 1 for j in range(rank)) for k, d in enumerate(shape)]
        return tuple(
            hooks.wrap(_along(x, s, k)) for k, (x, s) in enumerate(zip(lines, alone, strict=True))
        )
    if not shape:
        return hooks.fresh(zeros(kind, (0,)))
    return hooks.fresh(stack([_along(x, shape, k) for k, x in enumerate(lines)]))


def _along(line: Node, shape: Shape, axis: int) -> Node:
    """A line repeated along every other axis."""
    return spread_axes(line, shape, [k for k in range(len(shape)) if k != axis])


@implements(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    lines = [ravel(array(x)) if node(x).rank else spread(array(x), (1,)) for x in xi]
    rank = len(lines)
    place = list(range(rank))
    if indexing == "xy" and rank > 1:
        place[0], place[1] = 1, 0
    full = [x.shape[0] for x in lines]
    if rank > 1 and indexing == "xy":
        full[0], full[1] = full[1], full[0]
    out = []
    for x, k in zip(lines, place, strict=True):
        shape = tuple(full[j] if j == k or not sparse else 1 for j in range(rank))
        out.append(hooks.wrap(_along(x, shape, k)))
    return tuple(out)


@implements(np.fromfunction)
def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: Any = float, like: Any = None, **kwargs: Any
) -> Any:
    sizes = shape_of(shape)
    kind = supported(dtype)
    grids = (_along(cast_to(iota(d), kind), sizes, k) for k, d in enumerate(sizes))
    return function(*(hooks.wrap(g) for g in grids), **kwargs)


def _grid(key: Any, sparse: bool) -> Any:
    """`np.mgrid[key]`: a slice with an imaginary step is a linspace."""
    slices = key if isinstance(key, tuple) else (key,)
    lines = [grid_line(s) for s in slices]
    kind = np.result_type(*(x.dtype for x in lines))
    lines = [cast_to(x, kind) for x in lines]
    shape = tuple(x.shape[0] for x in lines)
    rank = len(shape)
    if not isinstance(key, tuple):
        return hooks.fresh(lines[0])
    if sparse:
        alone = [tuple(d if j == k else 1 for j in range(rank)) for k, d in enumerate(shape)]
        return tuple(hooks.fresh(_along(x, alone[k], k)) for k, x in enumerate(lines))
    return hooks.fresh(stack([_along(x, shape, k) for k, x in enumerate(lines)]))


def grid_line(s: Any) -> Node:
    """The numbers that a slice in brackets stands for."""
    start = 0 if s.start is None else s.start
    if isinstance(s.step, complex):
        return evenly_spaced(node(start), node(s.stop), int(abs(s.step)), True, None)[0]
    return progression(node(start), node(s.stop), node(1 if s.step is None else s.step), None)


SUBSCRIPTED[np.mgrid] = lambda key: _grid(key, False)
SUBSCRIPTED[np.ogrid] = lambda key: _grid(key, True)
