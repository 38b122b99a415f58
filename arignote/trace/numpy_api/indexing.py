"""take, nonzero, compress, choose, put and their like: gathers and scatters along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import DTypeError
from ...fxgraph.affine import dim, minus, size_node
from ...fxgraph.constants import const, is_const, lit, value_of
from ...fxgraph.node import Node, make
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import sets
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import partial, required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_all
from ...fxgraph.ops.structure import gather, iota, reshape, scatter_set
from ...fxgraph.prove import region
from ...fxgraph.types import BOOL, I64, DType, Shape
from ..registry import hooks, implements
from .arguments import (
    array,
    axis_of,
    finish,
    integer,
    known_equal,
    node,
    only,
    position_room,
    proxy,
    require_room,
    shape_of,
    size_of,
)
from .emptiness import checked_positions, may_be_empty, repeated, require_source
from .grids import lower
from .reductions import start_of
from .shaping import expand_dims


# ---- reading at positions ------------------------------------------------------------------------
def positions(x: Any) -> Node:
    """An index array as int64; raises IndexError for floats, as NumPy."""
    n = array(x)
    if n.dtype.kind not in "iub" and not (n.shape and n.shape[0] == 0):
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    return cast_to(n, I64)


def gathered(
    x: Node, index: Sequence[Node], axes: tuple[int, ...], at: int, mode: str = "raise"
) -> Node:
    """A gather; mode "raise" takes its region's token and is recorded."""
    index, mode = checked_positions(x, index, axes, mode)
    attrs = (("at", at), ("axes", axes), ("mode", mode))
    if mode == "raise":
        return partial(make(gather, (x, *index, *region()), attrs))
    return make(gather, (x, *index), attrs)


def scattered(
    x: Node, value: Node, index: Sequence[Node], axes: tuple[int, ...], at: int, mode: str = "raise"
) -> Node:
    """x with `value` (cast and repeated to the gather's shape) written at positions."""
    index, mode = checked_positions(x, index, axes, mode)
    attrs = (("at", at), ("axes", axes), ("mode", mode))
    rest = [d for k, d in enumerate(x.shape) if k not in axes]
    shape = (*rest[:at], *index[0].shape, *rest[at:])
    value = sh.spread(cast_to(value, x.dtype), shape)
    if mode == "raise":
        return partial(make(scatter_set, (x, value, *index, *region()), attrs))
    return make(scatter_set, (x, value, *index), attrs)


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    x = array(a)
    index = array(indices)
    if index.dtype.kind not in "iub":
        raise DTypeError(
            f"Cannot cast array data from {index.dtype!r} to dtype('int64') according to "
            "the rule 'safe'"
        )
    index = cast_to(index, I64)
    if axis is None or (not x.rank and axis in (0, -1)):
        x, axis = sh.ravel(x), 0
    k = axis_of(axis, x.rank)
    if only(out) is not None:  # asked before any position is looked at
        shape = (*x.shape[:k], *index.shape, *x.shape[k + 1 :])
        require_room(shape, hooks.node_of(only(out)).shape, False)
    require_source(
        x.shape[k],
        dim(sh.count(index.shape)),
        "cannot do a non-empty take from an empty axes.",
    )
    return _taken_into(gathered(x, [index], (k,), k, mode), out, "np.take")


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    x, index, k = _along(arr, indices, axis)
    others, _ = _along_positions(x, index, k)
    return hooks.wrap(gathered(x, others, tuple(range(x.rank)), 0))


@implements(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    x, index, k = _along(arr, indices, axis)
    others, shape = _along_positions(x, index, k)
    new = scattered(x, sh.spread(node(values), shape), others, tuple(range(x.rank)), 0)
    hooks.assign(arr, new if axis is not None else reshape(new, node(arr).shape))


def _along(arr: Any, indices: Any, axis: Any) -> tuple[Node, Node, int]:
    x, index = array(arr), array(indices)
    if index.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if axis is None:
        if index.rank != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        return sh.ravel(x), cast_to(index, I64), 0
    k = axis_of(axis, x.rank)
    if index.rank != x.rank:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    return x, cast_to(index, I64), k


def _along_positions(x: Node, index: Node, axis: int) -> tuple[list[Node], Shape]:
    """One index array an axis: `index` along `axis`, its own position along the others."""
    lines = []
    for j, d in enumerate(x.shape):
        if j == axis:
            lines.append(index)
        else:
            lines.append(sh.expand(iota(d), [i for i in range(x.rank) if i != j]))
    return sh.spread_together("take_along_axis", lines)


# ---- positions of true elements ------------------------------------------------------------------
def unravelled(flat: Node, shape: Shape) -> list[Node]:
    """Positions along each axis from positions in C order."""
    out: list[Node] = []
    for k in range(len(shape) - 1, -1, -1):
        if k == 0:
            out.append(flat)
        else:
            n = sh.strong(size_node(shape[k]))
            out.append(ew.remainder(flat, n))
            flat = ew.floor_divide(flat, n)
    return out[::-1]


def nonzero_of(x: Node) -> list[Node]:
    mask = cast_to(x, BOOL)
    return unravelled(sets.true_positions(sh.ravel(mask)), x.shape)


@implements(np.nonzero)
def nonzero(a: Any) -> Any:
    """Arrays of a size that only the run knows.  Raises ValueError for rank 0."""
    x = array(a)
    if not x.rank:
        raise ValueError(
            "Calling nonzero on 0d arrays is not allowed. Use "
            "np.atleast_1d(scalar).nonzero() instead."
        )
    return tuple(hooks.wrap(p) for p in nonzero_of(x))


@implements(np.flatnonzero)
def flatnonzero(a: Any) -> Any:
    return hooks.wrap(sets.true_positions(sh.ravel(cast_to(array(a), BOOL))))


@implements(np.argwhere)
def argwhere(a: Any) -> Any:
    x = array(a)
    if not x.rank:
        n = sets.count_true(sh.spread(cast_to(x, BOOL), (1,)))
        return hooks.wrap(sh.zeros(I64, (dim(n), 0)))
    return hooks.wrap(sh.stack(nonzero_of(x), 1))


#: Before NumPy 2.5: np.where wraps a Python integer that does not fit, as nothing else does, and
#: np.take asks that what is in `out=` fits into the result.
_BEFORE_25 = np.lib.NumpyVersion(np.__version__) < "2.5.0"


def _taken_into(result: Node, out: Any, name: str) -> Any:
    if _BEFORE_25 or only(out) is None:
        return position_room(result, out, name)
    require_room(result.shape, hooks.node_of(only(out)).shape, False)
    return finish(result, out, casting="unsafe")


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """A choice between numbers is a NumPy scalar here, where NumPy makes a 0-d array."""
    if x is None and y is None:
        return nonzero(condition)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    chosen = [node(x), node(y)]
    kind = chosen[0].dtype if chosen[1].type.weak else chosen[1].dtype
    if _BEFORE_25 and kind.kind in "iu" and sum(n.type.weak for n in chosen) == 1:
        chosen = [const(value_of(n).astype(kind)) if _fixed(n) else n for n in chosen]
    return hooks.wrap(ew.where(cast_to(array(condition), BOOL), *chosen))


def _fixed(n: Node) -> bool:
    return bool(n.type.weak and n.dtype.kind == "i" and is_const(n))


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    mask, x = cast_to(array(condition), BOOL), array(a)
    if mask.rank != 1:
        raise ValueError("condition must be a 1-d array")
    if axis is None:
        x, axis = sh.ravel(x), 0
    k = axis_of(axis, x.rank)
    found = sets.true_positions(mask)
    same = known_equal(mask.shape[0], x.shape[k]) is True
    return finish(gathered(x, [found], (k,), k, "wrap" if same else "raise"), out)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    found = sets.true_positions(sh.ravel(cast_to(array(condition), BOOL)))
    return hooks.wrap(gathered(sh.ravel(array(arr)), [found], (0,), 0))


# ---- writing -------------------------------------------------------------------------------------
@implements(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """`a.flat[ind] = v`, v repeated as needed."""
    x = hooks.node_of(a)
    index, value = sh.ravel(positions(ind)), sh.ravel(sh.strong(start_of(v, x.dtype)))
    old = sh.ravel(x)
    require_source(old.shape[0], index.shape[0], "cannot replace elements of an empty array")
    if value.shape[0] == 0 or index.shape[0] == 0:
        return
    some = ew.not_equal(size_node(value.shape[0]), 0) if may_be_empty(value.shape[0]) else None
    if value.shape[0] != 1 and known_equal(value.shape[0], index.shape[0]) is not True:
        value, places = repeated(value, iota(index.shape[0]))
        value = gathered(value, [places], (0,), 0, "wrap")
    if some is not None:  # without values nothing is written
        value = ew.where(some, value, gathered(old, [index], (0,), 0, mode))
    new = scattered(old, value, [index], (0,), 0, mode)
    hooks.assign(a, reshape(new, x.shape))


@implements(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    x = hooks.node_of(a)
    value, chosen = _safely(values, x.dtype), cast_to(array(mask), BOOL)
    if value.rank and known_equal(dim(sh.count(value.shape)), dim(sh.count(x.shape))) is not True:
        flat = sh.ravel(value)
        if flat.shape[0] == 0:
            return
        if may_be_empty(flat.shape[0]):  # without values nothing is written
            chosen = ew.logical_and(chosen, ew.not_equal(size_node(flat.shape[0]), 0))
        flat, places = repeated(flat, iota(dim(sh.count(x.shape))))
        value = reshape(gathered(flat, [places], (0,), 0, "wrap"), x.shape)
    elif value.rank:
        value = reshape(value, x.shape)
    hooks.assign(a, ew.where(chosen, cast_to(value, x.dtype), x))


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """The k-th true position gets vals[k], repeated as needed."""
    x = hooks.node_of(arr)
    found = sets.true_positions(sh.ravel(cast_to(array(mask), BOOL)))
    value = sh.ravel(_safely(vals, x.dtype))
    if value.shape[0] == 0:
        none = ew.equal(size_node(found.shape[0]), 0)
        required(none, "ValueError", "Cannot insert from an empty array!")
        return
    require_source(
        value.shape[0], found.shape[0], "Cannot insert from an empty array!", "ValueError"
    )
    value, places = repeated(value, iota(found.shape[0]))
    value = gathered(value, [places], (0,), 0, "wrap")
    new = scattered(sh.ravel(x), value, [found], (0,), 0, "wrap")
    hooks.assign(arr, reshape(new, x.shape))


def _safely(values: Any, dtype: DType) -> Node:
    """Values in a dtype that must hold all of an array's.  Raises TypeError."""
    n0, n = node(values), array(values)
    listed = isinstance(values, list | tuple)
    if not n0.type.weak and not listed and not np.can_cast(n.dtype, dtype, "safe"):
        raise DTypeError(
            f"Cannot cast array data from {n.dtype!r} to {dtype!r} according to the rule 'safe'"
        )
    return start_of(values, dtype) if n0.type.weak else cast_to(n, dtype)


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    x, value = hooks.node_of(dst), node(src)
    source = (
        value.dtype if not value.type.weak else np.result_type(x.dtype, value.dtype.type(0).item())
    )
    if not np.can_cast(source, x.dtype, casting):  # type: ignore[arg-type]
        raise DTypeError(
            f"Cannot cast array data from {value.dtype!r} to {x.dtype!r} according to "
            f"the rule '{casting}'"
        )
    new = sh.spread_together("copyto", [cast_to(value, x.dtype), x])[0][0]
    hooks.assign(dst, new if where is True else ew.where(cast_to(array(where), BOOL), new, x))


# ---- positions by formula ------------------------------------------------------------------------
@implements(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> Any:
    sizes = shape_of(shape)
    flat = positions(indices)
    total = sh.count(sizes)
    fits = ew.logical_and(ew.less_equal(0, flat), ew.less(flat, total))
    fits = reduce_all(fits, axes=tuple(range(flat.rank))) if flat.rank else fits
    required(fits, "ValueError", "index is out of bounds for array of that size")
    out = unravelled(flat, sizes if order == "C" else sizes[::-1])
    return tuple(hooks.wrap(p) for p in (out if order == "C" else out[::-1]))


@implements(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    sizes = shape_of(dims)
    index = [positions(i) for i in multi_index]
    if len(index) != len(sizes):
        raise ValueError(f"parameter multi_index must be a sequence of length {len(sizes)}")
    modes = mode if isinstance(mode, tuple) else (mode,) * len(index)
    out: Node = lit(0)
    pairs = list(zip(index, sizes, modes, strict=True))
    for i, d, m in pairs if order == "C" else reversed(pairs):
        n = size_node(d)
        if m == "wrap":
            i = ew.remainder(i, n)
        elif m == "clip":
            i = ew.clip(i, 0, minus(n, lit(1)))
        else:
            fits = ew.logical_and(ew.less_equal(0, i), ew.less(i, n))
            fits = reduce_all(fits, axes=tuple(range(i.rank))) if i.rank else fits
            required(fits, "ValueError", "invalid entry in coordinates array")
        out = ew.add(ew.multiply(out, n), i)
    return hooks.wrap(out)


@implements(np.ix_)
def ix_(*args: Any) -> Any:
    out = []
    for k, a in enumerate(args):
        x = array(a)
        if x.rank != 1:
            raise ValueError("Cross index must be 1 dimensional")
        line = hooks.fresh(sets.true_positions(x)) if x.dtype == BOOL else proxy(a)
        others = tuple(j for j in range(len(args)) if j != k)
        out.append(expand_dims(line, others) if others else line)
    return tuple(out)


@implements(np.tril_indices)
def tril_indices(n: Any, k: Any = 0, m: Any = None) -> Any:
    mask = lower(size_of(n), size_of(n if m is None else m), k)
    return tuple(hooks.wrap(p) for p in nonzero_of(mask))


@implements(np.triu_indices)
def triu_indices(n: Any, k: Any = 0, m: Any = None) -> Any:
    mask = lower(size_of(n), size_of(n if m is None else m), hooks.wrap(ew.subtract(node(k), 1)))
    return tuple(hooks.wrap(p) for p in nonzero_of(ew.logical_not(mask)))


@implements(np.tril_indices_from)
def tril_indices_from(arr: Any, k: Any = 0) -> Any:
    x = array(arr)
    return tuple(hooks.wrap(p) for p in nonzero_of(lower(x.shape[-2], x.shape[-1], k)))


@implements(np.triu_indices_from)
def triu_indices_from(arr: Any, k: Any = 0) -> Any:
    x = array(arr)
    mask = lower(x.shape[-2], x.shape[-1], hooks.wrap(ew.subtract(node(k), 1)))
    return tuple(hooks.wrap(p) for p in nonzero_of(ew.logical_not(mask)))


@implements(np.diag_indices)
def diag_indices(n: Any, ndim: Any = 2) -> Any:
    line = hooks.fresh(iota(size_of(n)))
    return (line,) * integer(ndim)
