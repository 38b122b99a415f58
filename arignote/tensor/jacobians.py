"""Whole matrices of derivatives, and the check of gradients by differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .compiled import function
from .creation import arange
from .gradients import Rop, grad
from .scanning import scan
from .sharing import shared
from .variables import as_tensor_variable


class GradientError(Exception):
    """A gradient that differs from the difference quotient."""


def jacobian(
    expression: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise"
) -> Any:
    """d expression[i] / d wrt, stacked over i.  Raises ValueError where the rank is not 1 or 0."""
    y = as_tensor_variable(expression)
    if y.ndim > 1:
        raise ValueError("jacobian: the expression must be a vector; use flatten")
    if y.ndim == 0:
        return grad(y, wrt, consider_constant, disconnected_inputs)
    single = not isinstance(wrt, list | tuple)
    targets = [wrt] if single else list(wrt)
    outs, updates = scan(
        lambda k: grad(y[k], targets, consider_constant, disconnected_inputs),
        arange(y.shape[0]), return_list=True,
    )  # fmt: skip
    assert not updates
    return outs[0] if single else (tuple(outs) if isinstance(wrt, tuple) else outs)


def hessian(
    cost: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise"
) -> Any:
    """The matrix of second derivatives of a scalar by a vector, or a list of them."""
    cost = as_tensor_variable(cost)
    if cost.ndim:
        raise TypeError(f"cost must be a scalar, this one is {cost.type}")
    single = not isinstance(wrt, list | tuple)
    out = []
    for v in [wrt] if single else wrt:
        if v.ndim != 1:
            raise ValueError(f"hessian: {v} must be a vector, it is {v.type}")
        slope = grad(cost, v, consider_constant, disconnected_inputs)
        out.append(jacobian(slope, v, consider_constant, "ignore"))
    return out[0] if single else (tuple(out) if isinstance(wrt, tuple) else out)


def hessian_vector_product(cost: Any, wrt: Any, p: Any) -> Any:
    """The hessian of a scalar times a vector, without the matrix."""
    single = not isinstance(wrt, list | tuple)
    targets, points = ([wrt], [p]) if single else (list(wrt), list(p))
    slopes = grad(cost, targets)
    found = Rop(slopes, targets, points, disconnected_outputs="ignore")
    return found[0] if single else found


# ---- checks --------------------------------------------------------------------------------------
class numeric_grad:
    """Difference quotients of f(*points), a scalar function of arrays; `gf` holds them."""

    def __init__(self, f: Callable[..., Any], points: Any, eps: float | None = None) -> None:
        arrays = [np.array(x) for x in (points if isinstance(points, list | tuple) else [points])]
        self.gf: Any = []
        for k, x in enumerate(arrays):
            step = eps if eps is not None else (1e-3 if x.dtype == np.float32 else 1e-7)
            gradient = np.zeros_like(x)
            for at in np.ndindex(*x.shape):
                ends = []
                for sign in (1, -1):
                    moved = [np.array(a) for a in arrays]
                    moved[k][at] += sign * step
                    ends.append(np.asarray(f(*moved), dtype=float))
                gradient[at] = (ends[0] - ends[1]) / (2 * step)
            self.gf.append(gradient)
        if not isinstance(points, list | tuple):
            self.gf = self.gf[0]


def verify_grad(
    fun: Callable[..., Any],
    pt: Sequence[Any],
    n_tests: int = 2,
    rng: Any = None,
    eps: float | None = None,
    out_type: Any = None,
    abs_tol: float | None = None,
    rel_tol: float | None = None,
    mode: Any = None,
    cast_to_output_type: bool = False,
    no_debug_ref: bool = True,
) -> None:
    """Compare the gradient of `fun` at the arrays `pt` with difference quotients.

    The result is projected on random directions.  Raises GradientError with the largest difference.
    """
    rng = np.random.RandomState(0) if rng is None else rng
    points = [np.array(p) for p in pt]
    single = any(p.dtype == np.float32 for p in points)
    tolerance = 1e-2 if single else 1e-4
    absolute = tolerance if abs_tol is None else abs_tol
    relative = tolerance if rel_tol is None else rel_tol
    variables = [shared(p, name=f"input {k}") for k, p in enumerate(points)]
    inputs = [v.type(f"input {k}") for k, v in enumerate(variables)]
    out = fun(*inputs)
    if isinstance(out, list | tuple):
        raise TypeError("verify_grad: the function must have one output")
    value = function(inputs, out, mode=mode)(*points)
    for _ in range(n_tests):
        direction = np.asarray(rng.uniform(size=value.shape) + 0.5, dtype=out.dtype)
        cost = (as_tensor_variable(direction) * out).sum()
        f = function(inputs, cost, mode=mode)
        slopes = function(inputs, grad(cost, inputs, disconnected_inputs="ignore"), mode=mode)
        numeric = numeric_grad(f, points, eps).gf
        for k, (a, b) in enumerate(zip(slopes(*points), numeric, strict=True)):
            difference = np.abs(a - b)
            bad = (difference > absolute) & (difference > relative * np.maximum(abs(a), abs(b)))
            if bad.any():
                at = np.unravel_index(np.argmax(difference), difference.shape)
                raise GradientError(
                    f"input {k}, element {tuple(map(int, at))}: the gradient is {a[at]:g}, "
                    f"difference quotients give {b[at]:g} (tolerances {absolute:g} absolute, "
                    f"{relative:g} relative)"
                )
