"""Tangents of the ops that move elements: they are linear, so they apply to tangents as well.

Their cotangents are in `autograd_sym.places`, where reads of one array are gathered in one buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..node import Node, Op, derivatives, make
from ..window import window_of
from . import structure as st
from .shaping import zeros

Tangents = Sequence[Node | None]


def _first_operand(op: Op) -> Callable[..., Node | None]:
    """Linear in the first operand only: view, reshape, gather, full."""

    def rule(tangents: Tangents, out: Node, *operands: Node, **attrs: Any) -> Node | None:
        t = tangents[0]
        if t is None:
            return None
        return make(op, (t, *operands[1:]), tuple(sorted(attrs.items())))

    return rule


def _view(tangents: Tangents, out: Node, *operands: Node, **attrs: Any) -> Node | None:
    t = tangents[0]
    return None if t is None else st.view(t, window_of(out))


def _base_and_value(op: Op, value: int) -> Callable[..., Node | None]:
    """Linear in the base and the value (operand `value`) together: set_item, add_at, scatters."""

    def rule(tangents: Tangents, out: Node, *operands: Node, **attrs: Any) -> Node | None:
        base, put = tangents[0], tangents[value]
        if base is None and put is None:
            return None
        new = list(operands)
        new[0] = base if base is not None else zeros(out.dtype, operands[0].shape)
        new[value] = put if put is not None else zeros(out.dtype, operands[value].shape)
        return make(op, new, tuple(sorted(attrs.items())))

    return rule


def _nothing(tangents: Tangents, out: Node, *operands: Node, **attrs: Any) -> None:
    return None


derivatives(st.view_op, jvp=_view)
derivatives(st.reshape_op, jvp=_first_operand(st.reshape_op))
derivatives(st.full_op, jvp=_first_operand(st.full_op))
derivatives(st.gather, jvp=_first_operand(st.gather))
derivatives(st.set_item_op, jvp=_base_and_value(st.set_item_op, -1))
derivatives(st.add_at_op, jvp=_base_and_value(st.add_at_op, -1))
derivatives(st.scatter_set, jvp=_base_and_value(st.scatter_set, 1))
derivatives(st.scatter_add, jvp=_base_and_value(st.scatter_add, 1))
derivatives(st.empty_op, jvp=_nothing)
derivatives(st.iota_op, jvp=_nothing)
