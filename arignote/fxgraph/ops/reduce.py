"""Reductions along axes, and running ones.

A reduction drops its axes (`keepdims` is a view the caller adds) and computes in its operand's dtype:
the caller casts first, as NumPy does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..node import Node, Op
from ..types import BOOL, I64, DType, TensorType


def reduction(name: str, meaning: Callable[..., Any], *, c: str, start: Any, dtype: DType | None = None) -> Op:
    """Declare a reduction `op(x, axes=...)`.

    c: how a value {x} joins the accumulator {a}; start: the value for an empty axis (a function of
    the dtype), None where NumPy raises.
    """

    def infer(x: Node, *, axes: tuple[int, ...]) -> TensorType:
        shape = tuple(d for k, d in enumerate(x.shape) if k not in axes)
        return TensorType(dtype if dtype is not None else x.dtype, shape)

    def evaluate(x: Any, *, axes: tuple[int, ...]) -> Any:
        with np.errstate(all="ignore"):
            out = meaning(np.asarray(x), axes)
        return np.asarray(out, dtype if dtype is not None else np.asarray(x).dtype)[()]

    return Op(
        name,
        infer=infer,
        reference=evaluate,
        scalar_c=c,
        traits=frozenset({"reduction"}),
        extra={"start": start},
    )


def _extreme(dtype: DType, lowest: bool) -> Any:
    if dtype.kind == "b":
        return not lowest
    if dtype.kind in "iu":
        return np.iinfo(dtype).min if lowest else np.iinfo(dtype).max
    return -np.inf if lowest else np.inf


reduce_sum = reduction("reduce_sum", lambda x, a: np.sum(x, axis=a, dtype=x.dtype), c="{a} + {x}", start=lambda d: 0)
reduce_prod = reduction("reduce_prod", lambda x, a: np.prod(x, axis=a, dtype=x.dtype), c="{a} * {x}", start=lambda d: 1)
reduce_max = reduction("reduce_max", lambda x, a: np.max(x, axis=a), c="maximum", start=lambda d: _extreme(d, True))
reduce_min = reduction("reduce_min", lambda x, a: np.min(x, axis=a), c="minimum", start=lambda d: _extreme(d, False))
reduce_all = reduction("reduce_all", lambda x, a: np.all(x, axis=a), c="{a} && {x}", start=lambda d: True, dtype=BOOL)
reduce_any = reduction("reduce_any", lambda x, a: np.any(x, axis=a), c="{a} || {x}", start=lambda d: False, dtype=BOOL)


def _arg(name: str, meaning: Callable[..., Any]) -> Op:
    """The position of an extreme along one axis: the first of equals, the first NaN if there is one."""

    def infer(x: Node, *, axis: int) -> TensorType:
        return TensorType(I64, tuple(d for k, d in enumerate(x.shape) if k != axis))

    return Op(
        name,
        infer=infer,
        reference=lambda x, *, axis: meaning(x, axis=axis),
        traits=frozenset({"arg_reduction"}),
    )


reduce_argmax = _arg("reduce_argmax", np.argmax)
reduce_argmin = _arg("reduce_argmin", np.argmin)


def _running(name: str, meaning: Callable[..., Any], c: str) -> Op:
    def evaluate(x: Any, *, axis: int) -> Any:
        with np.errstate(all="ignore"):
            return meaning(x, axis=axis, dtype=x.dtype)

    return Op(
        name,
        infer=lambda x, *, axis: x.type,
        reference=evaluate,
        scalar_c=c,
        traits=frozenset({"running"}),
    )


cumulate_sum = _running("cumulate_sum", np.add.accumulate, "{a} + {x}")
cumulate_prod = _running("cumulate_prod", np.multiply.accumulate, "{a} * {x}")
cumulate_max = _running("cumulate_max", np.maximum.accumulate, "maximum")
cumulate_min = _running("cumulate_min", np.minimum.accumulate, "minimum")
