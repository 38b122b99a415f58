"""Where elements stand: windows read and written, filled arrays, counters, gathers and scatters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..affine import dim, size_node
from ..constants import array_of, const, is_const, lit
from ..graph import normal_form
from ..node import Node, Op, make
from ..types import I64, DType, Shape, Size, TensorType
from ..window import Window, compose, is_whole, window_attrs, window_inputs, window_of


# ---- windows
# --------------------------------------------------------------------------------------
def _grid(
    starts: Sequence[Any], steps: tuple[int, ...], axes: tuple[int, ...], shape: Sequence[Any]
) -> Any:
    """Index arrays that read a window of a NumPy array."""
    rank = len(shape)
    out: list[Any] = []
    for start, step, axis in zip(starts, steps, axes, strict=True):
        if axis < 0:
            out.append(np.intp(start))
        else:
            line = int(start) + step * np.arange(int(shape[axis]), dtype=np.intp)
            out.append(line.reshape([-1 if k == axis else 1 for k in range(rank)]))
    return tuple(out)


def _read(base: Any, *operands: Any, axes: tuple[int, ...], steps: tuple[int, ...]) -> Any:
    k = len(axes)
    shape = [int(d) for d in operands[k:]]
    base = np.asarray(base)
    if 0 in shape:
        return np.empty(shape, base.dtype)
    return np.broadcast_to(base[_grid(operands[:k], steps, axes, shape)], shape)[()]


def _write(
    base: Any, *operands: Any, axes: tuple[int, ...], steps: tuple[int, ...], lasting: bool = False
) -> Any:
    k = len(axes)
    shape = [int(d) for d in operands[k:-1]]
    out = np.array(base)
    if 0 not in shape:
        value = operands[-1] if any(a >= 0 for a in axes) else np.reshape(operands[-1], ())
        out[_grid(operands[:k], steps, axes, shape)] = value
    return out


def _accumulate(base: Any, *operands: Any, axes: tuple[int, ...], steps: tuple[int, ...]) -> Any:
    k = len(axes)
    shape = [int(d) for d in operands[k:-1]]
    out = np.array(base)
    if 0 not in shape:
        where = np.broadcast_arrays(*_grid(operands[:k], steps, axes, shape), np.empty(shape, "b"))[
            :-1
        ]
        with np.errstate(all="ignore"):
            np.add.at(out, tuple(where), np.broadcast_to(operands[-1], shape).astype(out.dtype))
    return out


#: (base, starts..., sizes...): a read through a window
view_op = Op(
    "view",
    infer=lambda base, *operands, axes, steps: TensorType(
        base.dtype, tuple(dim(x) for x in operands[len(axes) :])
    ),
    reference=_read,
    traits=frozenset({"view"}),
)
#: (base, starts..., sizes..., value): base with a window replaced; the value is broadcast to it
set_item_op = Op(
    "set_item",
    infer=lambda base, *operands, axes, steps, lasting=False: base.type,
    reference=_write,
    traits=frozenset({"write"}),
)
#: (base, starts..., sizes..., value): base with the value added to a window, repeats accumulated
add_at_op = Op(
    "add_at",
    infer=lambda base, *operands, axes, steps: base.type,
    reference=_accumulate,
    traits=frozenset({"write", "accumulate"}),
)


def view(base: Node, w: Window) -> Node:
    """A read through a window; identities vanish, windows of windows and of fills fold."""
    if is_whole(w, base.shape):
        return base
    if base.op is view_op:
        return view(base.inputs[0], compose(window_of(base), w))
    if base.op is full_op:
        return full(base.inputs[0], w.shape) if w.shape else base.inputs[0]
    if is_const(base) and all(isinstance(d, int) for d in w.shape) and all(map(is_const, w.starts)):
        value = _read(
            array_of(base), *(array_of(x) for x in window_inputs(w)), axes=w.axes, steps=w.steps
        )
        if np.size(value) <= 64:
            return const(value, base.dtype)
    return make(view_op, (base, *window_inputs(w)), window_attrs(w))


def set_item(base: Node, w: Window, value: Node, lasting: bool = False) -> Node:
    """base with the elements of the window replaced by `value` (same dtype, fits the window).

    lasting: an error may leave what is overwritten to be seen, so that it must have been written.
    """
    if not base.shape and not value.shape and not w.shape:
        return value
    attrs = (*window_attrs(w), ("lasting", True)) if lasting else window_attrs(w)
    return make(set_item_op, (base, *window_inputs(w), value), attrs)


def is_lasting(n: Node) -> bool:
    """Is n a `set_item` over what an error may leave to be seen?"""
    return n.op is set_item_op and len(n.attrs) > 2


def add_at(base: Node, w: Window, value: Node) -> Node:
    """base with `value` added at the window."""
    return make(add_at_op, (base, *window_inputs(w), value), window_attrs(w))


@normal_form("view")
def _view_again(op: Op, inputs: tuple[Node, ...], attrs: tuple[tuple[str, Any], ...]) -> Node:
    at = dict(attrs)
    k = len(at["axes"])
    shape = tuple(dim(x) for x in inputs[1 + k :])
    return view(inputs[0], Window(inputs[1 : 1 + k], at["steps"], at["axes"], shape))


# ---- fills and counters
# ---------------------------------------------------------------------------
def _fill(value: Any, *sizes: Any) -> Any:
    return np.full([int(d) for d in sizes], value, np.asarray(value).dtype)


#: (value, sizes...): every element is the scalar `value`
full_op = Op(
    "full",
    infer=lambda value, *sizes: TensorType(value.dtype, tuple(dim(d) for d in sizes)),
    reference=_fill,
)
#: (sizes...): contents do not matter
empty_op = Op(
    "empty",
    infer=lambda *sizes, dtype: TensorType(dtype, tuple(dim(d) for d in sizes)),
    reference=lambda *sizes, dtype: np.zeros([int(d) for d in sizes], dtype),
)
#: (size): 0, 1, 2, ...
iota_op = Op(
    "iota",
    infer=lambda n, *, dtype: TensorType(dtype, (dim(n),)),
    reference=lambda n, *, dtype: np.arange(int(n)).astype(dtype),
)


def full(value: Node, shape: Shape) -> Node:
    """An array of one (strong, rank 0) value."""
    return make(full_op, (value, *(size_node(d) for d in shape)))


def empty(dtype: DType, shape: Shape) -> Node:
    return make(empty_op, tuple(size_node(d) for d in shape), (("dtype", np.dtype(dtype)),))


def iota(n: Size, dtype: DType = I64) -> Node:
    return make(iota_op, (size_node(n),), (("dtype", np.dtype(dtype)),))


# ---- reshape: the same elements in C order under other sizes
# -----------------------------------------
#: (x, sizes...): the product of the sizes is x's (checked where the op is made)
reshape_op = Op(
    "reshape",
    infer=lambda x, *sizes: TensorType(x.dtype, tuple(dim(d) for d in sizes)),
    reference=lambda x, *sizes: np.reshape(x, [int(d) for d in sizes]),
    traits=frozenset({"reshape"}),
)


def reshape(x: Node, shape: Shape) -> Node:
    """x under other sizes; the caller has checked that the counts agree."""
    if len(shape) == x.rank and all(
        size_node(a) is size_node(b) for a, b in zip(shape, x.shape, strict=True)
    ):
        return x
    if x.op is reshape_op:
        return reshape(x.inputs[0], shape)
    if not x.rank:  # of a number, which is in no memory
        return full(x, shape)
    if not shape:
        return view(x, Window((lit(0),) * x.rank, (1,) * x.rank, (-1,) * x.rank, ()))
    return make(reshape_op, (x, *(size_node(d) for d in shape)))


# ---- gathers and scatters by integer arrays
# ----------------------------------------------------------
def _positions(base: Any, index: Sequence[Any], axes: tuple[int, ...], mode: str) -> Any:
    """(index arrays, in range): what a gather reads along `axes`."""
    out = []
    for i, axis in zip(index, axes, strict=True):
        n = np.shape(base)[axis]
        i = np.asarray(i).astype(np.int64)
        if mode == "clip":
            i = np.clip(i, 0, n - 1)
        elif mode == "wrap":
            i = i % n
        elif i.size and (int(i.min()) < -n or int(i.max()) >= n):
            bad = i[(i < -n) | (i >= n)].reshape(-1)[0]
            raise IndexError(f"index {bad} is out of bounds for axis {axis} with size {n}")
        out.append(i)
    return out


def _selector(
    base: Any, index: Sequence[Any], axes: tuple[int, ...], at: int, mode: str
) -> tuple[Any, Any]:
    """(base with `axes` moved to `at`, key) so that base[key] is the gather."""
    moved = np.moveaxis(base, axes, range(at, at + len(axes)))
    return moved, (slice(None),) * at + tuple(_positions(base, index, axes, mode))


def _gather(base: Any, *operands: Any, axes: tuple[int, ...], at: int, mode: str) -> Any:
    moved, key = _selector(base, operands[: len(axes)], axes, at, mode)
    return np.array(moved[key])[()]


def _scatter(
    base: Any, value: Any, *operands: Any, axes: tuple[int, ...], at: int, mode: str
) -> Any:
    out = np.array(base)
    moved, key = _selector(out, operands[: len(axes)], axes, at, mode)
    moved[key] = value
    return out


def _scatter_add(
    base: Any, value: Any, *operands: Any, axes: tuple[int, ...], at: int, mode: str
) -> Any:
    out = np.array(base)
    moved, key = _selector(out, operands[: len(axes)], axes, at, mode)
    with np.errstate(all="ignore"):
        np.add.at(moved, key, value)
    return out


def _gather_type(
    base: Node, *operands: Node, axes: tuple[int, ...], at: int, mode: str
) -> TensorType:
    rest = [d for k, d in enumerate(base.shape) if k not in axes]
    return TensorType(base.dtype, (*rest[:at], *operands[0].shape, *rest[at:]))


#: (base, index..., token): base read at int64 index arrays of one shape along `axes`; the index
#: axes
#: stand at position `at` of the result.  mode "raise" wraps negative ones and checks.
gather = Op(
    "gather", infer=_gather_type, reference=_gather, traits=frozenset({"partial", "gather"})
)
#: (base, value, index..., token): the last of repeated positions wins
scatter_set = Op(
    "scatter_set",
    infer=lambda base, *_, axes, at, mode: base.type,
    reference=_scatter,
    traits=frozenset({"partial", "scatter"}),
)
#: (base, value, index..., token): repeated positions accumulate
scatter_add = Op(
    "scatter_add",
    infer=lambda base, *_, axes, at, mode: base.type,
    reference=_scatter_add,
    traits=frozenset({"partial", "scatter", "accumulate"}),
)
