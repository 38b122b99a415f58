"""Computing what is known: constants, filled arrays, and casts that change nothing."""

from __future__ import annotations

import numpy as np

from ...fxgraph.constants import array_of, const, constant, is_const
from ...fxgraph.node import Node, make
from ...fxgraph.ops.family import cast, cast_to
from ...fxgraph.ops.reduce import (
    reduce_all,
    reduce_any,
    reduce_argmax,
    reduce_argmin,
    reduce_max,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from ...fxgraph.ops.structure import full, full_op, reshape_op, set_item_op
from ...fxgraph.types import DType
from ..rule import rule

#: Results larger than this many elements are left to the kernel.
SMALL = 256


@rule(
    "elementwise",
    reduce_sum,
    reduce_prod,
    reduce_max,
    reduce_min,
    reduce_all,
    reduce_any,
    reduce_argmax,
    reduce_argmin,
    reshape_op,
    set_item_op,
    phase="useless",
    keeps="bits",
    first=(constant,),
)
def constant_folding(n: Node) -> Node | None:
    """op(constants) -> its value, when that is small"""
    if not all(map(is_const, n.inputs)):
        return None
    size = 1
    for d in n.shape:
        if not isinstance(d, int):
            return None
        size *= d
    operands = [array_of(x)[()] for x in n.inputs]
    if size > SMALL or (size and any(np.size(x) == 0 for x in operands)):
        return None
    value = n.op.reference(*operands, **n.kwargs)  # type: ignore[misc]
    return const(np.asarray(value).astype(n.dtype), n.dtype, n.type.weak)


@rule("elementwise", keeps="bits", among=(full_op,))
def fill_sink(n: Node) -> Node | None:
    """op(full(v), x) -> op(v, x): the other operand has the shape"""
    if not any(x.op is full_op for x in n.inputs):
        return None
    operands = list(n.inputs)
    for position, z in enumerate(operands):
        if z.op is full_op:
            trial = [*operands]
            trial[position] = z.inputs[0]
            if _shaped(trial, n):
                operands = trial
    return make(n.op, operands, n.attrs) if operands != list(n.inputs) else None


def _shaped(operands: list[Node], n: Node) -> bool:
    """Do these operands broadcast to n's shape?"""
    rank = n.rank
    for axis in range(-rank, 0):
        want = n.shape[axis]
        sizes = [z.shape[axis] for z in operands if z.rank >= -axis]
        if want != 1 and want not in sizes:
            return False
        if not sizes:
            return False
    return True


@rule("elementwise", keeps="bits", among=(full_op,))
def fill_of_elementwise(n: Node) -> Node | None:
    """op(full(v)) -> full(op(v)), when every operand is filled or a scalar"""
    if not n.rank or not any(x.op is full_op for x in n.inputs):
        return None
    if not all(x.op is full_op or not x.rank for x in n.inputs):
        return None
    scalars = [x.inputs[0] if x.op is full_op else x for x in n.inputs]
    value = make(n.op, scalars, n.attrs)
    return full(value, n.shape) if value.dtype == n.dtype else None


# ---- casts ---------------------------------------------------------------------------------------
@rule(cast, phase="useless", keeps="bits", first=(cast,))
def cast_cast(n: Node) -> Node | None:
    """cast(cast(x, wide), t) -> cast(x, t), when the first cast loses nothing"""
    inner = n.inputs[0]
    if inner.op is not cast:
        return None
    x = inner.inputs[0]
    if not lossless(x.dtype, inner.dtype) or (n.dtype.kind in "iu" and x.dtype.kind not in "biu"):
        return None
    return cast_to(x, n.dtype, n.type.weak)


def lossless(a: DType, b: DType) -> bool:
    """Does every value of dtype a survive in dtype b, whatever it is cast to next?"""
    if a == b or a.kind == "b":
        return True
    if a.kind in "iu":
        if b.kind in "iu":
            return bool(np.can_cast(a, b, "safe"))
        bits = a.itemsize * 8 - (a.kind == "i")
        return b.kind in "fc" and np.finfo(b).nmant + 1 >= bits
    return b.kind in "fc" and bool(np.can_cast(a, b, "safe"))
