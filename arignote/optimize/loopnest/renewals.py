"""Carries that a step replaces by an expression of what they held: the expression is written there.

    p' = loop2(loop1(p) + t)    ->    v = loop1(p); v[...] = v + t; p' = loop2(v)

Both loops then work in the memory of p, which nothing is copied into or out of.  Done when a loop
is lowered: the rules would take the write off again.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...fxgraph.graph import Body, Rebuild
from ...fxgraph.node import Node, at_origin, origin
from ...fxgraph.ops.structure import set_item
from ...fxgraph.window import whole
from .versions import chain_root

#: Carries of one body that are looked at (each costs a walk over it); operands of one expression.
_CARRIES, _OPERANDS = 8, 32


def write_renewals(body: Body) -> Body:
    """The body with such carries written where they are computed."""
    for _ in range(_CARRIES):
        found = next(_renewed(body), None)
        if found is None:
            break
        body = _written(body, *found)
    return body


def _renewed(body: Body) -> Iterator[tuple[Node, Node]]:
    """(expression, version of the carry that it is to be written over)"""
    for p, r in zip(body.params, body.results, strict=True):
        root = chain_root(r) if p.shape else p
        if root is not p and root.type == p.type:
            before = _held(root, p)
            if before is not None:
                yield root, before


def _written(body: Body, root: Node, before: Node) -> Body:
    with at_origin(origin.get(root), root):
        written = set_item(before, whole(root.shape), root)
    return Rebuild({root: written}).body(body)


def _held(n: Node, p: Node) -> Node | None:
    """The newest version of p that the expression n reads element by element."""
    found = []
    todo, met = [n], {n}
    while todo and len(met) < _OPERANDS:
        m = todo.pop()
        if "elementwise" not in m.op.traits:
            continue
        for x in m.inputs:
            if x.shape == n.shape and x not in met:
                met.add(x)
                todo.append(x)
                if x.type == p.type and x is not p and chain_root(x) is p:
                    found.append(x)
    return max(found, key=lambda x: x.serial, default=None)
