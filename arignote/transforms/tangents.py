"""Forward mode: jvp, linearize, hvp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd_sym.forward import jvp as tangents_of
from ..fxgraph.node import Node
from ..optimize.before_gradients import stabilized
from ..trace.derived import Derived
from ..trace.proxy import wrap
from .gradients import Argnums, grad
from .kept import kept
from .tracing import Variables, answer_of, filled, nodes_of, paired, transformed


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """(result, tangent of the result) for one tangent an argument, of its structure and shapes.

    Tangents of integer arguments are not looked at.  Raises ShapeError or TraceError for tangents
    that do not fit the arguments.
    """

    def pushed(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        variables = Variables.of(tuple(primals), range(len(primals)), True, "jvp")
        answer = answer_of(function, variables.args, {})
        outputs, tree = nodes_of(answer)
        found = _tangents(variables, outputs, tangents, "jvp")
        return answer, tree.unflatten(wrap(t) for t in found)

    push = kept("push", function, lambda: transformed(pushed, function))
    return push(tuple(primals), tuple(tangents))


def linearize(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """(result, push) where push(*tangents) gives the tangent of the result at these arguments."""

    def result(*inner: Any) -> Any:
        return answer_of(function, Variables.of(inner, (), True, "linearize").args, {})

    value = kept("value", function, lambda: transformed(result, function))(*primals)
    return value, lambda *tangents: jvp(function, primals, tangents)[1]


def hvp(function: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The Hessian of a scalar function times a vector: hvp(f)(x, ..., v); v comes last.

    Forward mode over reverse mode: about twice the cost of a gradient.
    """
    gradient = grad(function, argnums)
    position = argnums if isinstance(argnums, int) else next(iter(argnums))

    def hessian_vector(*args: Any) -> Any:
        *primals, v = args

        def along(x: Any) -> Any:
            return answer_of(gradient, (*primals[:position], x, *primals[position + 1 :]), {})

        return jvp_inside(along, (primals[position],), (v,))

    made = Derived(hvp, function, {"argnums": argnums})
    return transformed(hessian_vector, function, made=made)


def jvp_inside(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> Any:
    """The tangent alone, inside a trace, for a function that needs no conversion."""
    variables = Variables.of(tuple(primals), range(len(primals)), True, "hvp")
    outputs, tree = nodes_of(function(*variables.args))
    return tree.unflatten(wrap(t) for t in _tangents(variables, outputs, tangents, "hvp"))


def _tangents(
    variables: Variables, outputs: Sequence[Node], tangents: Sequence[Any], what: str
) -> list[Node]:
    """The tangents of outputs for tangents of the variables; those of integers do not matter."""
    given = paired(tuple(tangents), variables.leaves, variables.tree, f"{what}: the tangent")
    pairs = [(p, t) for p, t in zip(variables.points, given, strict=True) if p is not None]
    points = [p for p, _ in pairs]
    stable = stabilized(outputs, points)
    return filled(tangents_of(stable, points, [t for _, t in pairs]), outputs)
