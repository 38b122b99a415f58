"""Reductions along axes, and running ones.

A reduction drops its axes (`keepdims` is a view the caller adds) and computes in its operand's
dtype: the caller casts first, as NumPy does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..node import Node, Op, make
from ..types import BOOL, I64, DType, TensorType


def reduction(
    name: str,
    meaning: Callable[..., Any],
    *,
    c: str,
    join: str,
    start: Any,
    dtype: DType | None = None,
) -> Op:
    """Declare a reduction `op(x, axes=...)`; nodes hold their axes in rising order.

    c: how a value {x} joins the accumulator {a}; start: the value for an empty axis (a function of
    the dtype), None where NumPy raises.  join: the elementwise op of two partial results.
    """

    def infer(x: Node, *, axes: tuple[int, ...]) -> TensorType:
        shape = tuple(d for k, d in enumerate(x.shape) if k not in axes)
        return TensorType(dtype if dtype is not None else x.dtype, shape)

    def build(x: Node, *, axes: tuple[int, ...]) -> Node:
        return make(op, (x,), (("axes", tuple(sorted(axes))),))

    def evaluate(x: Any, *, axes: tuple[int, ...]) -> Any:
        with np.errstate(all="ignore"):
            out = meaning(np.asarray(x), axes)
        return np.asarray(out, dtype if dtype is not None else np.asarray(x).dtype)[()]

    op = Op(
        name,
        infer=infer,
        build=build,
        reference=evaluate,
        scalar_c=c,
        traits=frozenset({"reduction"}),
        extra={"start": start, "join": join},
    )
    return op


def lowest(dtype: DType) -> Any:
    """The unit of max: nothing of the dtype is below it."""
    if dtype.kind == "b":
        return False
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return complex(-np.inf, -np.inf) if dtype.kind == "c" else -np.inf


def highest(dtype: DType) -> Any:
    """The unit of min: nothing of the dtype is above it."""
    if dtype.kind == "b":
        return True
    if dtype.kind in "iu":
        return np.iinfo(dtype).max
    return complex(np.inf, np.inf) if dtype.kind == "c" else np.inf


def _total(meaning: Callable[..., Any], unit: Callable[[DType], Any]) -> Callable[..., Any]:
    """max and min with their unit for empty axes: NumPy raises there, which the tracer checks."""

    def evaluate(x: Any, axes: tuple[int, ...]) -> Any:
        if all(x.shape[a] for a in axes):
            return meaning(x, axis=axes)
        return np.full([d for k, d in enumerate(x.shape) if k not in axes], unit(x.dtype), x.dtype)

    return evaluate


reduce_sum = reduction(
    "reduce_sum",
    lambda x, a: np.sum(x, axis=a, dtype=x.dtype),
    c="{a} + {x}",
    join="add",
    start=lambda d: 0,
)
reduce_prod = reduction(
    "reduce_prod",
    lambda x, a: np.prod(x, axis=a, dtype=x.dtype),
    c="{a} * {x}",
    join="multiply",
    start=lambda d: 1,
)
reduce_max = reduction(
    "reduce_max", _total(np.max, lowest), c="maximum", join="maximum", start=lowest
)
reduce_min = reduction(
    "reduce_min", _total(np.min, highest), c="minimum", join="minimum", start=highest
)
reduce_all = reduction(
    "reduce_all",
    lambda x, a: np.all(x, axis=a),
    c="{a} && {x}",
    join="logical_and",
    start=lambda d: True,
    dtype=BOOL,
)
reduce_any = reduction(
    "reduce_any",
    lambda x, a: np.any(x, axis=a),
    c="{a} || {x}",
    join="logical_or",
    start=lambda d: False,
    dtype=BOOL,
)
reduce_and = reduction(
    "reduce_and",
    lambda x, a: np.bitwise_and.reduce(x, axis=a),
    c="{a} & {x}",
    join="bitwise_and",
    start=lambda d: ~d.type(0),
)
reduce_or = reduction(
    "reduce_or",
    lambda x, a: np.bitwise_or.reduce(x, axis=a),
    c="{a} | {x}",
    join="bitwise_or",
    start=lambda d: 0,
)
reduce_xor = reduction(
    "reduce_xor",
    lambda x, a: np.bitwise_xor.reduce(x, axis=a),
    c="{a} ^ {x}",
    join="bitwise_xor",
    start=lambda d: 0,
)


def _arg(name: str, meaning: Callable[..., Any], better: str) -> Op:
    """The position of an extreme along one axis: the first of equals, the first NaN if there is
    one.
    """

    def infer(x: Node, *, axis: int) -> TensorType:
        return TensorType(I64, tuple(d for k, d in enumerate(x.shape) if k != axis))

    return Op(
        name,
        infer=infer,
        reference=lambda x, *, axis: meaning(x, axis=axis),
        traits=frozenset({"arg_reduction"}),
        extra={"better": better},
    )


reduce_argmax = _arg("reduce_argmax", np.argmax, "greater")
reduce_argmin = _arg("reduce_argmin", np.argmin, "less")


def _running(name: str, meaning: Callable[..., Any], c: str, join: str, start: Any) -> Op:
    def evaluate(x: Any, *, axis: int) -> Any:
        with np.errstate(all="ignore"):
            return meaning(x, axis=axis, dtype=x.dtype)

    return Op(
        name,
        infer=lambda x, *, axis: x.type,
        reference=evaluate,
        scalar_c=c,
        traits=frozenset({"running"}),
        extra={"join": join, "start": start},
    )


cumulate_sum = _running("cumulate_sum", np.add.accumulate, "{a} + {x}", "add", lambda d: 0)
cumulate_prod = _running(
    "cumulate_prod", np.multiply.accumulate, "{a} * {x}", "multiply", lambda d: 1
)
cumulate_max = _running("cumulate_max", np.maximum.accumulate, "maximum", "maximum", lowest)
cumulate_min = _running("cumulate_min", np.minimum.accumulate, "minimum", "minimum", highest)
