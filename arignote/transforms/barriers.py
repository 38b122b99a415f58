"""What changes derivatives and nothing else: stop_gradient, zero_gradient, grad_clip,
grad_scale."""

from __future__ import annotations

from typing import Any

from ..fxgraph.node import Op
from ..fxgraph.ops.barriers import (
    barrier,
    clip_gradient_op,
    scale_gradient_op,
    stop_gradient_op,
    zero_gradient_op,
)
from ..trace.proxy import node_of, wrap
from ..trace.pytree import flatten
from ..trace.values import is_proxy


def stop_gradient(x: Any) -> Any:
    """x (a pytree), taken as a constant by derivatives (Theano's `disconnected_grad`)."""
    return _over(x, stop_gradient_op)


def zero_gradient(x: Any) -> Any:
    """x, with a derivative of zero: connected, unlike `stop_gradient` (Theano's `zero_grad`)."""
    return _over(x, zero_gradient_op)


def grad_clip(x: Any, lower: float, upper: float) -> Any:
    """x; the cotangent that flows back is clipped to [lower, upper]."""
    return _over(x, clip_gradient_op, lo=float(lower), hi=float(upper))


def grad_scale(x: Any, factor: float) -> Any:
    """x; the cotangent that flows back is multiplied by `factor`."""
    return _over(x, scale_gradient_op, factor=float(factor))


def _over(x: Any, op: Op, **attrs: float) -> Any:
    leaves, tree = flatten(x)
    if not any(is_proxy(v) for v in leaves):
        return x  # nothing that is differentiated
    return tree.unflatten(wrap(barrier(op, node_of(v), **attrs)) for v in leaves)
