"""Library ops: routines that a graph calls as a whole (LAPACK, sorting, transforms, tables).

The reference is what runs: it gets NumPy arrays and the attributes.  An op that may raise at run
time is declared with `partial=True` and made with `call`, which gives it the token of its region.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..node import OPS, Node, NodeType, Op, make
from ..prove import region
from .checks import partial as record


def library(
    name: str,
    *,
    reference: Callable[..., Any],
    infer: Callable[..., NodeType],
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    partial: bool = False,
    samples: Any = None,
    into: Callable[..., Any] | None = None,
) -> Op:
    """Declare a library op.  Several results are tuples of values and of types.

    into: what compiled code calls instead of the reference, with an array for the result behind
    the operands.

    reference, infer, vjp and jvp see the operands without the token of a partial op, but vjp
    returns one cotangent more (None) for it: that is added here.
    """

    def evaluate(*values: Any, **attrs: Any) -> Any:
        if partial:
            values = _without_token(values, attrs)
        with np.errstate(all="ignore"):
            return reference(*values, **{k: v for k, v in attrs.items() if k != "operands"})

    def types(*operands: Node, **attrs: Any) -> NodeType:
        if partial:
            operands = _without_token(operands, attrs)
        return infer(*operands, **{k: v for k, v in attrs.items() if k != "operands"})

    def backward(g: Any, out: Node, *operands: Node, **attrs: Any) -> tuple[Node | None, ...]:
        plain = _without_token(operands, attrs)
        kept = {k: v for k, v in attrs.items() if k != "operands"}
        found: tuple[Node | None, ...] = vjp(g, out, *plain, **kept)  # type: ignore[misc]
        return (*found, *(None,) * (len(operands) - len(plain)))

    def forward(tangents: Any, out: Node, *operands: Node, **attrs: Any) -> Any:
        plain = _without_token(operands, attrs)
        kept = {k: v for k, v in attrs.items() if k != "operands"}
        return jvp(tangents[: len(plain)], out, *plain, **kept)  # type: ignore[misc]

    return Op(
        name,
        infer=types,
        reference=evaluate,
        build=lambda *operands, **attrs: call(name, operands, attrs, partial),
        vjp=(backward if partial else vjp) if vjp is not None else None,
        jvp=(forward if partial else jvp) if jvp is not None else None,
        traits=frozenset({"library", "partial"} if partial else {"library"}),
        samples=samples,
        extra={} if into is None else {"into": into},
    )


def _without_token(values: tuple[Any, ...], attrs: dict[str, Any]) -> tuple[Any, ...]:
    """The operands proper: a partial op stores how many there are."""
    return values[: attrs["operands"]]


def call(name: str, operands: tuple[Node, ...], attrs: dict[str, Any], partial: bool) -> Node:
    """The node of a library op; a partial one is recorded among its region's effects."""
    if not partial:
        return make(OPS[name], operands, tuple(sorted(attrs.items())))
    attrs = {**attrs, "operands": len(operands)}
    return record(make(OPS[name], (*operands, *region()), tuple(sorted(attrs.items()))))
