"""Forms that keep their digits where the direct ones overflow, underflow or cancel."""

from __future__ import annotations

from ...fxgraph.constants import const
from ...fxgraph.node import Node, make
from ...fxgraph.ops.barriers import stop_gradient_op
from ...fxgraph.ops.elementwise import (
    absolute,
    add,
    divide,
    erf,
    erfc,
    exp,
    expit,
    expm1,
    isfinite,
    log,
    log1p,
    log_expit,
    logaddexp,
    multiply,
    negative,
    reciprocal,
    softplus,
    sqrt,
    square,
    subtract,
    where,
)
from ...fxgraph.ops.reduce import reduce_max, reduce_sum
from ...fxgraph.ops.shaping import spread_axes
from ...fxgraph.ops.structure import gather, view, view_op
from ...fxgraph.window import window_of
from ..rule import rule, var
from .reductions import positive, reduced

x, y = var("x"), var("y")

# ---- logistic ------------------------------------------------------------------------------------


@rule(divide(1.0, add(1.0, exp(negative(x)))), phase="stabilize", keeps="reals", kinds="f")
def sigmoid_form(x: Node) -> Node:
    """1 / (1 + exp(-x)) -> expit(x)"""
    return expit(x)


@rule(divide(1.0, add(1.0, exp(x))), phase="stabilize", keeps="reals", kinds="f")
def sigmoid_negative_form(x: Node) -> Node:
    """1 / (1 + exp(x)) -> expit(-x)"""
    return expit(negative(x))


@rule(reciprocal(add(1.0, exp(x))), phase="stabilize", keeps="reals", kinds="f")
def sigmoid_reciprocal_form(x: Node) -> Node:
    """reciprocal(1 + exp(x)) -> expit(-x)"""
    return expit(negative(x))


@rule(divide(exp(x), add(1.0, exp(x))), phase="stabilize", keeps="reals", kinds="f")
def sigmoid_exp_form(x: Node) -> Node:
    """exp(x) / (1 + exp(x)) -> expit(x)"""
    return expit(x)


@rule(subtract(1.0, expit(x)), phase="stabilize", keeps="reals", kinds="f")
def one_minus_sigmoid(x: Node) -> Node:
    """1 - expit(x) -> expit(-x)"""
    return expit(negative(x))


@rule(log(expit(x)), phase="stabilize", keeps="reals", kinds="f")
def log_sigmoid(x: Node) -> Node:
    """log(expit(x)) -> log_expit(x), finite where expit underflows"""
    return log_expit(x)


@rule(log1p(negative(expit(x))), phase="stabilize", keeps="reals", kinds="f")
def log_one_minus_sigmoid(x: Node) -> Node:
    """log(1 - expit(x)) -> log_expit(-x)"""
    return log_expit(negative(x))


@rule(log(add(1.0, exp(x))), phase="stabilize", keeps="reals", kinds="f")
def softplus_form(x: Node) -> Node:
    """log(1 + exp(x)) -> softplus(x), finite where exp overflows"""
    return softplus(x)


@rule(log1p(exp(x)), phase="stabilize", keeps="reals", kinds="f")
def softplus_log1p_form(x: Node) -> Node:
    """log1p(exp(x)) -> softplus(x)"""
    return softplus(x)


# ---- logarithms and exponentials -----------------------------------------------------------------
@rule(log(add(1.0, x)), phase="stabilize", keeps="reals", kinds="f")
def log_one_plus(x: Node) -> Node:
    """log(1 + x) -> log1p(x)"""
    return log1p(x)


@rule(log(subtract(1.0, x)), phase="stabilize", keeps="reals", kinds="f")
def log_one_minus(x: Node) -> Node:
    """log(1 - x) -> log1p(-x)"""
    return log1p(negative(x))


@rule(subtract(exp(x), 1.0), phase="stabilize", keeps="reals", kinds="f")
def exp_minus_one(x: Node) -> Node:
    """exp(x) - 1 -> expm1(x)"""
    return expm1(x)


@rule(subtract(1.0, exp(x)), phase="stabilize", keeps="reals", kinds="f")
def one_minus_exp(x: Node) -> Node:
    """1 - exp(x) -> -expm1(x)"""
    return negative(expm1(x))


@rule(log(exp(x)), phase="stabilize", keeps="reals", kinds="f")
def log_exp(x: Node) -> Node:
    """log(exp(x)) -> x"""
    return x


@rule(log(sqrt(x)), phase="stabilize", keeps="reals", kinds="f")
def log_sqrt(x: Node) -> Node:
    """log(sqrt(x)) -> log(x) * 0.5"""
    return multiply(log(x), 0.5)


@rule(log(add(exp(x), exp(y))), phase="stabilize", keeps="reals", kinds="f")
def log_add_exp(x: Node, y: Node) -> Node:
    """log(exp(x) + exp(y)) -> logaddexp(x, y)"""
    return logaddexp(x, y)


@rule(log(divide(exp(x), y)), phase="stabilize", keeps="reals", kinds="f")
def log_softmax(x: Node, y: Node) -> Node:
    """log(exp(x) / y) -> x - log(y): the logarithm of a softmax"""
    return subtract(x, log(y))


@rule(log(multiply(exp(x), y)), phase="stabilize", keeps="reals", kinds="f")
def log_exp_times(x: Node, y: Node) -> Node:
    """log(exp(x) * y) -> x + log(y)"""
    return add(x, log(y))


@rule(log, phase="stabilize", keeps="reals", kinds="f", first=(gather, view_op))
def log_of_window(n: Node) -> Node | None:
    """log((exp(x) / y)[w]) -> log(exp(x) / y)[w], so that the logarithm meets its softmax; the same
    of exp(x)[w] and of sum(exp(x))[w]"""
    v = n.inputs[0]
    if v.op is gather:
        p = v.inputs[0]
        return make(gather, (log(p), *v.inputs[1:]), v.attrs) if _is_softmax(p) else None
    if v.op is not view_op:
        return None
    p = v.inputs[0]
    picked = p.op is gather and _is_softmax(p.inputs[0])
    if p.op is exp or picked or _is_softmax(p) or _sums_exponentials(p):
        return view(log(p), window_of(v))
    return None


def _is_softmax(p: Node) -> bool:
    return p.op is divide and p.inputs[0].op is exp


def _sums_exponentials(s: Node) -> bool:
    return s.op is reduce_sum and s.inputs[0].op is exp


@rule(log, phase="stabilize", keeps="reals", kinds="f", first=(reduce_sum,))
def log_sum_exp(n: Node) -> Node | None:
    """log(sum(exp(x))) -> m + log(sum(exp(x - m))), m the maximum of x where it is finite"""
    s = n.inputs[0]
    if not _sums_exponentials(s):
        return None
    x, axes = s.inputs[0].inputs[0], s.attr("axes")
    m = _shift(x, axes)
    if m is None:
        return None
    shifted = subtract(x, spread_axes(m, x.shape, axes))
    return add(m, log(reduced(reduce_sum, exp(shifted), axes)))


@rule(divide, phase="stabilize", keeps="reals", kinds="f", first=(exp,))
def softmax_shift(n: Node) -> Node | None:
    """exp(x) / sum(exp(x)) -> the same of x - m, m the maximum of x where it is finite"""
    top, bottom = n.inputs
    if top.op is not exp:
        return None
    s = bottom.inputs[0] if bottom.op is view_op else bottom
    if not _sums_exponentials(s) or s.inputs[0] is not top:
        return None
    x, axes = top.inputs[0], s.attr("axes")
    m = _shift(x, axes)
    if m is None:
        return None
    e = exp(subtract(x, spread_axes(m, x.shape, axes)))
    total = reduced(reduce_sum, e, axes)
    return divide(e, view(total, window_of(bottom)) if bottom.op is view_op else total)


def _shift(x: Node, axes: tuple[int, ...]) -> Node | None:
    """The largest x along the axes, 0 where it is not finite; None where x is shifted already."""
    if _is_shifted(x) or not all(positive(x.shape[k]) for k in axes):
        return None
    m = reduced(reduce_max, x, axes)
    return stop_gradient_op(where(isfinite(m), m, const(0, m.dtype)))  # no result depends on it


def _is_shifted(x: Node) -> bool:
    """Is x something minus its own maximum?"""
    if x.op is not subtract:
        return False
    m = x.inputs[1]
    while m.op in (view_op, where, stop_gradient_op) or m.op.name in ("full", "reshape"):
        m = m.inputs[1] if m.op is where else m.inputs[0]
    return m.op is reduce_max


# ---- roots and the error function ----------------------------------------------------------------
@rule(sqrt(square(x)), phase="stabilize", keeps="reals", kinds="f")
def sqrt_square(x: Node) -> Node:
    """sqrt(x**2) -> |x|"""
    return absolute(x)


@rule(sqrt(multiply(x, x)), phase="stabilize", keeps="reals", kinds="f")
def sqrt_product(x: Node) -> Node:
    """sqrt(x * x) -> |x|"""
    return absolute(x)


@rule(subtract(1.0, erf(x)), phase="stabilize", keeps="reals", kinds="f")
def one_minus_erf(x: Node) -> Node:
    """1 - erf(x) -> erfc(x)"""
    return erfc(x)


@rule(subtract(1.0, erfc(x)), phase="stabilize", keeps="reals", kinds="f")
def one_minus_erfc(x: Node) -> Node:
    """1 - erfc(x) -> erf(x)"""
    return erf(x)


@rule(add(1.0, erf(negative(x))), phase="stabilize", keeps="reals", kinds="f")
def one_plus_erf_negative(x: Node) -> Node:
    """1 + erf(-x) -> erfc(x)"""
    return erfc(x)
