"""Matrix products: one op, kept whole until a rule raises it to BLAS or the lowering expands it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..node import Node, Op
from ..types import TensorType
from .elementwise import add
from .shaping import swap_last


def _infer(a: Node, b: Node) -> TensorType:
    batch = a.shape[:-2] if a.rank >= b.rank else b.shape[:-2]
    return TensorType(a.dtype, (*batch, a.shape[-2], b.shape[-1]))


def _meaning(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.matmul(a, b)


def _vjp(g: Node, out: Node, a: Node, b: Node) -> tuple[Node, Node | None]:
    if a is swap_last(b) and a is not b:  # both lead to one array: (G + G') A for A A'
        return matmul(add(g, swap_last(g)), a), None
    return matmul(g, swap_last(b)), matmul(swap_last(a), g)


def _jvp(tangents: Sequence[Node | None], out: Node, a: Node, b: Node) -> Node | None:
    ta, tb = tangents
    left = matmul(ta, b) if ta is not None else None
    right = matmul(a, tb) if tb is not None else None
    return right if left is None else left if right is None else add(left, right)


#: (a[..., m, k], b[..., k, n]): equal dtypes, batch axes equal (the caller broadcasts), rank >= 2
matmul = Op(
    "matmul", infer=_infer, reference=_meaning, vjp=_vjp, jvp=_jvp, traits=frozenset({"product"})
)
