"""`ag.OpFromGraph`: a function as one op, with derivatives of its own where it has them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..autograd_sym.activity import Activity, carries_derivative
from ..autograd_sym.reverse import vjp as cotangents_of
from ..errors import TraceError, UnsupportedError
from ..fxgraph.constants import fresh_uid, project
from ..fxgraph.node import Node, Op, make
from ..fxgraph.ops.barriers import grad_point
from ..fxgraph.ops.family import cast_to
from ..trace.converting import converted
from ..trace.numpy_api.arguments import array
from ..trace.proxy import node_of, wrap


class OpFromGraph:
    """A function of arrays that is differentiated by its own rules, operand by operand.

    OpFromGraph(f) is f, traced where it is called (its body always joins the graph around it).
    grad_overrides: a function (operands, cotangents) that gives one cotangent an operand; or a list
    with one such function an operand, None for the derivative of f itself, "zero" for none.
    Cotangents and results are single values where f gives one, else lists.

    Raises TraceError where an override's answer does not fit.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        grad_overrides: Any = None,
        name: str | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = name or function.__name__
        self.overrides = grad_overrides

    def __call__(self, *operands: Any) -> Any:
        if self.overrides is None:
            return converted(self.function)(*operands)
        if not any(hasattr(x, "node") for x in operands):
            return self.function(*operands)
        given = [grad_point(n) if n.dtype.kind in "fc" else n for n in map(array, operands)]
        answer = converted(self.function)(*map(wrap, given))
        several = isinstance(answer, tuple | list)
        outs = [node_of(v) for v in (answer if several else (answer,))]
        about = _About(self, len(outs), several)
        n = make(composite_op, (*outs, *given), (("about", about), ("uid", fresh_uid())))
        made = [wrap(project(n, k)) for k in range(len(outs))]
        return type(answer)(made) if several else made[0]


@dataclass(frozen=True, eq=False)
class _About:
    op: OpFromGraph
    results: int
    several: bool


def _pulled(g: Any, out: Node, *nodes: Node, about: _About, uid: int) -> tuple[Any, ...]:
    outs, given = nodes[: about.results], nodes[about.results :]
    shown = [None if c is None else wrap(c) for c in g]
    cotangents = shown if about.several else shown[0]
    operands = list(map(wrap, given))
    overrides = about.op.overrides
    if callable(overrides):
        found = _listed(converted(overrides)(operands, cotangents))
    else:
        own = _own(outs, g, given) if any(f is None for f in overrides) else [None] * len(given)
        found = [
            o if f is None else None if f == "zero" else converted(f)(operands, cotangents)
            for f, o in zip(_listed(overrides), own, strict=True)
        ]
    if len(found) != len(given):
        raise TraceError(
            f"{about.op.name}: {len(found)} cotangents by grad_overrides for {len(given)} operands"
        )
    parts = [None if c is None else cast_to(array(c), x.dtype) for c, x in zip(found, given)]
    return (*(None,) * about.results, *parts)


def _own(outs: Sequence[Node], g: Any, given: Sequence[Node]) -> list[Any]:
    """The derivatives of the function itself."""
    pairs = [(o, c) for o, c in zip(outs, g, strict=True) if c is not None]
    found = cotangents_of([o for o, _ in pairs], [c for _, c in pairs], list(given))
    return [None if c is None else wrap(c) for c in found]


def _listed(answer: Any) -> list[Any]:
    return list(answer) if isinstance(answer, tuple | list) else [answer]


def _flow(n: Node, active: Activity) -> tuple[bool, ...]:
    about: _About = n.attr("about")
    moved = any(active(x) for x in n.inputs[about.results :])
    return tuple(moved and carries_derivative(x) for x in n.inputs[: about.results])


def _no_tangent(tangents: Any, out: Node, *nodes: Node, about: _About, uid: int) -> Any:
    raise UnsupportedError(
        f"{about.op.name} has rules for reverse mode only (grad_overrides): use ag.grad or ag.vjp"
    )


#: (results, operands): the results; cotangents go to the operands by the overrides
composite_op = Op(
    "op_from_graph",
    infer=lambda *nodes, about, uid: tuple(x.type for x in nodes[: about.results]),
    reference=lambda *values, about, uid: tuple(values[: about.results]),
    vjp=_pulled,
    jvp=_no_tangent,
    traits=frozenset({"passes"}),
    extra={"activity": _flow},
)

__all__ = ["OpFromGraph"]
