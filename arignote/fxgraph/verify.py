"""The verifier: what must be true of every graph after every pass."""

from __future__ import annotations

from ..errors import VerifyError
from .graph import Graph, bodies, captures, order_of
from .node import Node, dependencies


def verify(graph: Graph, after: str) -> None:
    """Raise VerifyError when an invariant is broken; `after` names the pass to blame."""
    known = set(graph.inputs)
    for n in order_of((*graph.roots, *graph.guards), inside=True):
        _typed(n, after)
        if n.op.name == "input" and n not in known:
            raise VerifyError(f"after {after!r}: input {n.attr('name')!r} is used but not declared")
        if "body" in n.op.traits:
            _closed(n, after)
    for n in (*graph.outputs, *graph.effects):
        if n.free:
            raise VerifyError(
                f"after {after!r}: {n} leaves the body that binds {next(iter(n.free))}"
            )


def _typed(n: Node, after: str) -> None:
    want = n.op.infer(*n.inputs, **n.kwargs)
    if want != n.type:
        raise VerifyError(f"after {after!r}: {n.op} is typed {n.type} but its rule gives {want}")


def _closed(n: Node, after: str) -> None:
    listed = set(n.inputs)
    for body in bodies(n):
        for c in captures(body.roots, body.own):
            if c not in listed:
                raise VerifyError(
                    f"after {after!r}: the body of {n.op} uses {c}, which is not among its inputs"
                )
        if not body.stacks and body.params and len(body.params) != len(body.results):
            raise VerifyError(
                f"after {after!r}: {n.op} has {len(body.params)} params and "
                f"{len(body.results)} results"
            )


def used(graph: Graph) -> dict[Node, int]:
    """How many operands (and outputs) each node serves."""
    count: dict[Node, int] = {}
    for n in graph.order:
        for d in dependencies(n):
            count[d] = count.get(d, 0) + 1
    for r in graph.roots:
        count[r] = count.get(r, 0) + 1
    return count
