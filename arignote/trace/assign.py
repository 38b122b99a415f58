"""Writing values into views: casts, broadcasting to the target, read-only targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..fxgraph.affine import dim, minus, size_node
from ..fxgraph.constants import is_const, lit, value_of
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required, same
from ..fxgraph.ops.family import cast_to, resized
from ..fxgraph.ops.structure import view
from ..fxgraph.prove import ge0, hinted
from ..fxgraph.types import Shape, Size, TensorType
from ..fxgraph.window import Window
from .aliasing import check_dtype, wrote
from .midway import next_version
from .values import Array


def store(target: Array, value: Node) -> None:
    """Write a value (of the target's dtype, fitting it) into a view."""
    check_dtype(target.cell)
    if target.cell.ties:
        wrote(target.cell)
    target.cell.version = next_version(target.cell, target.path, value)
    if target.cell.through is not None:
        target.cell.through(target.cell.version)


def check_writeable(target: Array) -> None:
    if not target.writeable:
        raise ValueError("assignment destination is read-only")


def converted(n: Node, dtype: Any) -> Node:
    """A value as it is stored in an array of `dtype`: NumPy's unsafe cast.

    A Python integer that the dtype cannot hold raises OverflowError, at run time if it is traced.
    """
    t: TensorType = n.type
    dtype = np.dtype(dtype)
    if t.weak and t.dtype.kind == "i" and dtype.kind in "iu" and not is_const(n):
        info = np.iinfo(dtype)
        for bound, gap in ((info.min, minus(n, lit(_clip(info.min)))), (info.max, None)):
            if dtype.itemsize == 8 and (dtype.kind == "i" or gap is None):
                continue
            if gap is None:
                gap = minus(lit(_clip(info.max)), n)
            if not ge0(gap):
                op = "greater_equal" if bound == info.min else "less_equal"
                ok = OPS[op](n, lit(_clip(bound)))
                required(ok, "OverflowError", f"Python integer out of bounds for {dtype}")
    if t.weak and t.dtype.kind == "f" and dtype.kind in "iu" and is_const(n):
        whole = int(value_of(n))  # nan and inf: Python's own errors
        info = np.iinfo(dtype)
        if not info.min <= whole <= info.max:
            raise OverflowError(f"Python integer {whole} out of bounds for {dtype}")
    if t.weak and t.dtype.kind == "c" and dtype.kind in "fiu":
        name = "float" if dtype.kind == "f" else "int"
        raise TypeError(f"{name}() argument must be a real number, not 'complex'")
    return cast_to(n, dtype)


def _clip(value: int) -> int:
    return int(max(min(value, 2**63 - 1), -(2**63)))


def fitted(n: Node, target: Shape, out: bool = False) -> Node:
    """n ready to be broadcast into `target`: axes aligned, sizes proved or checked.

    The result has the target's shape, or rank 0.  Raises ShapeError where the sizes are known not
    to fit; `out` picks the words of `out=`.
    """
    if not n.shape:
        return n
    shape = n.shape
    extra = len(shape) - len(target)
    if extra > 0:
        if out or any(d != 1 for d in shape[:extra]):
            raise _misfit(shape, target, out)
    axes: list[int] = []
    sizes = list(target)
    changed = False
    for k, d in enumerate(shape):
        a = k - extra
        if a < 0 or (d == 1 and target[a] != 1):
            axes.append(-1)
            changed = True
        else:
            if _differ(d, target[a]) or (target[a] == 1 and isinstance(d, int) and d != 1):
                raise _misfit(shape, target, out)
            if size_node(d) is not size_node(target[a]):
                sizes[a] = dim(same(size_node(target[a]), size_node(d)))
            axes.append(a)
    rank = len(shape)
    if not changed and extra == 0:
        return resized(n, {k - rank: s for k, s in enumerate(sizes)})
    return view(n, Window((lit(0),) * rank, (1,) * rank, tuple(axes), tuple(sizes)))


def _differ(a: Size, b: Size) -> bool:
    x, y = hinted(size_node(a)), hinted(size_node(b))
    return x is not None and y is not None and x != y


def _misfit(shape: Shape, target: Shape, out: bool) -> ShapeError:
    a, b = shape_text(shape), shape_text(target)
    if out:
        return ShapeError(
            f"non-broadcastable output operand with shape {b} doesn't match the broadcast shape {a}"
        )
    return ShapeError(f"could not broadcast input array from shape {a} into shape {b}")


def shape_text(shape: Shape) -> str:
    """A shape as NumPy prints it, sizes of this call where they are symbols."""
    words = []
    for d in shape:
        value = hinted(size_node(d))
        words.append(str(value) if value is not None else "?")
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"
