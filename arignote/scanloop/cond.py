"""cond: a branch.  Two bodies without params over the same outer nodes; only the taken one runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..errors import VerifyError
from ..fxgraph.constants import projections
from ..fxgraph.graph import Body, captures, normal_form
from ..fxgraph.node import Node, Op, make
from ..fxgraph.types import TensorType


def _infer(pred: Node, *inputs: Node, bodies: tuple[Body, Body]) -> tuple[TensorType, ...]:
    then, other = bodies
    for a, b in zip(then.results, other.results, strict=True):
        if a.type != b.type:
            raise VerifyError(f"cond: its branches give {a.type} and {b.type}")
    return tuple(r.type for r in then.results)


def _meaning(
    node: Node, env: dict[Node, Any], evaluate: Callable[..., tuple[Any, ...]]
) -> tuple[Any, ...]:
    then, other = node.attr("bodies")
    body = then if env[node.inputs[0]] else other
    values = evaluate((*body.effects, *body.results), {**env, body.token: 0})
    return values[len(body.effects) :]


cond_op = Op(
    "cond",
    infer=_infer,
    traits=frozenset({"body"}),
    extra={"meaning": _meaning, "strict": lambda node: 1},
)


def branch(results: Sequence[Node], token: Node, effects: Sequence[Node] = ()) -> Body:
    """One branch of a cond."""
    return Body(None, (), None, tuple(results), token, tuple(effects))


def cond_node(pred: Node, then: Body, other: Body, here: Iterable[Node] = ()) -> Node:
    """A cond as one node; its values are `results_of` it.

    here: the token of the region the branch stands in.
    """
    found = captures((*then.roots, *other.roots, *here), then.own | other.own)
    return make(cond_op, (pred, *found), (("bodies", (then, other)),))


def results_of(node: Node) -> tuple[Node, ...]:
    """One node a result."""
    return projections(node)


def cond(pred: Node, then: Body, other: Body, here: Iterable[Node] = ()) -> tuple[Node, ...]:
    """The results of the branch that the boolean scalar `pred` chooses; both give equal types."""
    return results_of(cond_node(pred, then, other, here))


@normal_form("cond")
def _again(op: Op, inputs: tuple[Node, ...], attrs: tuple[tuple[str, Any], ...]) -> Node:
    then, other = dict(attrs)["bodies"]
    here = [x for x in inputs[1:] if x.op.name == "token"]
    found = captures((*then.roots, *other.roots, *here), then.own | other.own)
    return make(op, (inputs[0], *found), attrs)
