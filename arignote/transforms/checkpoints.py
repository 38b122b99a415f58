"""checkpoint: reverse mode repeats a function in place of keeping what it computed.

What is repeated is the function's own graph, between its arguments (and what it reads of enclosing
functions) and its results, behind points that keep it from being merged with the first run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..autograd_sym.activity import carries_derivative
from ..autograd_sym.reverse import vjp as cotangents_of
from ..fxgraph.constants import fresh_uid, project
from ..fxgraph.graph import substitute
from ..fxgraph.node import Node, Op, make
from ..fxgraph.ops.barriers import recompute_point
from ..trace.proxy import wrap
from ..trace.session import is_tracing
from .tracing import Inside, answer_of, filled, nodes_of, transformed


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, of which reverse mode keeps what it reads only: the rest is computed again.

    Values and derivatives are the same to the bit.  Worth it where a function computes much more
    data than it reads: the memory of a step of a loop becomes that of its arguments.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_tracing():
            return compiled(*args, **kwargs)
        return traced(*args, **kwargs)

    def traced(*args: Any, **kwargs: Any) -> Any:
        inside = Inside.of((args, kwargs))
        args, kwargs = inside.args
        outs, tree = nodes_of(answer_of(function, args, kwargs))
        captured = inside.captured(outs)
        about = Repeated(tuple(outs), tuple(inside.points), tuple(captured))
        operands = (*outs, *inside.given, *captured)
        n = make(checkpoint_op, operands, (("repeated", about), ("uid", fresh_uid())))
        return tree.unflatten(wrap(project(n, k)) for k in range(len(outs)))

    compiled = transformed(traced, function)
    call.__arignote_traced__ = True  # type: ignore[attr-defined]
    functools.update_wrapper(call, function)
    return call


@dataclass(frozen=True, eq=False)
class Repeated:
    """outputs, as nodes over points (which stand for arguments) and captured values."""

    outputs: tuple[Node, ...]
    points: tuple[Node, ...]
    captured: tuple[Node, ...]


def _types(*operands: Node, repeated: Repeated, uid: int) -> tuple[Any, ...]:
    return tuple(x.type for x in operands[: len(repeated.outputs)])


def _values(*values: Any, repeated: Repeated, uid: int) -> tuple[Any, ...]:
    return tuple(values[: len(repeated.outputs)])


def _pulled(
    g: Sequence[Node | None], out: Node, *operands: Node, repeated: Repeated, uid: int
) -> tuple[Node | None, ...]:
    """The function once more over points of its operands, and its derivative."""
    read = operands[len(repeated.outputs) :]
    points = [recompute_point(x) if carries_derivative(x) else x for x in read]
    old = (*repeated.points, *repeated.captured)
    again = substitute(repeated.outputs, dict(zip(old, points, strict=True)))
    found = cotangents_of(again, filled(tuple(g), again), points)
    return (*(None,) * len(repeated.outputs), *found)


def _pushed(
    tangents: Sequence[Node | None], out: Node, *operands: Node, repeated: Repeated, uid: int
) -> tuple[Node | None, ...]:
    """Forward mode keeps nothing anyway: the outputs' own tangents."""
    return tuple(tangents[: len(repeated.outputs)])


#: (outputs, arguments, captured): the outputs
checkpoint_op = Op(
    "checkpoint",
    infer=_types,
    reference=_values,
    vjp=_pulled,
    jvp=_pushed,
    traits=frozenset({"passes"}),
)
