"""Identities that change only the gradient, of symbolic variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..transforms import barriers
from .deferred import apply_op, deferred
from .graph import Apply, Op
from .variables import as_tensor_variable

_stop = deferred(barriers.stop_gradient, "disconnected_grad", lambda x: x.type, silent=(0,))
_constant = deferred(barriers.zero_gradient, "consider_constant", lambda x: x.type)
_zero = deferred(barriers.zero_gradient, "zero_grad", lambda x: x.type)
_clip = deferred(barriers.grad_clip, "grad_clip", lambda x, lo, hi: x.type)
_scale = deferred(barriers.grad_scale, "grad_scale", lambda x, m: x.type)


def disconnected_grad(x: Any) -> Any:
    """x; not connected for gradients."""
    return _stop(as_tensor_variable(x))


def consider_constant(x: Any) -> Any:
    """x, taken as a constant by gradients: zeros flow back."""
    return _constant(as_tensor_variable(x))


def zero_grad(x: Any) -> Any:
    """x; zeros flow back."""
    return _zero(as_tensor_variable(x))


def grad_clip(x: Any, lower_bound: float, upper_bound: float) -> Any:
    """x; what flows back is clipped."""
    return _clip(as_tensor_variable(x), float(lower_bound), float(upper_bound))


def grad_scale(x: Any, multiplier: float) -> Any:
    """x; what flows back is scaled."""
    return _scale(as_tensor_variable(x), float(multiplier))


def _undefined_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    return (values[0],)


_undefined = Op("undefined_grad", _undefined_run, "undefined")


def undefined_grad(x: Any) -> Any:
    """x; a gradient through it raises NullTypeGradError."""
    x = as_tensor_variable(x)
    return apply_op(_undefined, (x,), (x.type,), {})[0]
