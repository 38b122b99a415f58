"""Identities that only changed derivatives go: derivatives are taken when a function is traced."""

from __future__ import annotations

from ...fxgraph.constants import proj
from ...fxgraph.node import Node
from ...fxgraph.ops.barriers import (
    clip_gradient_op,
    grad_point_op,
    scale_gradient_op,
    stop_gradient_op,
    zero_gradient_op,
)
from ..rule import rule


@rule(
    grad_point_op,
    stop_gradient_op,
    zero_gradient_op,
    clip_gradient_op,
    scale_gradient_op,
    keeps="bits",
    tags=("gradient",),
)
def remove_gradient_barrier(n: Node) -> Node:
    """grad_point(x), stop_gradient(x), ... -> x"""
    return n.inputs[0]


@rule(proj, phase="useless", keeps="bits", tags=("gradient",))
def pass_custom_derivative(n: Node) -> Node | None:
    """custom_vjp(outputs..., ...)[k] -> outputs[k]"""
    (source,) = n.inputs
    return source.inputs[n.attr("k")] if "passes" in source.op.traits else None
