"""Matrix products: one op, kept whole until a rule raises it to BLAS or the lowering expands it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..node import Node, Op
from ..types import TensorType


def _infer(a: Node, b: Node) -> TensorType:
    batch = a.shape[:-2] if a.rank >= b.rank else b.shape[:-2]
    return TensorType(a.dtype, (*batch, a.shape[-2], b.shape[-1]))


def _meaning(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.matmul(a, b)


#: (a[..., m, k], b[..., k, n]): equal dtypes, batch axes equal (the caller broadcasts), rank >= 2
matmul = Op("matmul", infer=_infer, reference=_meaning, traits=frozenset({"product"}))
