"""Carries that a branch replaces: the branch itself writes them, in their memory.

    p' = p if c else f(p)    ->    if not c: p[...] = f(p)

So a check behind the new value, in the branch, leaves it to be seen, and the branch that keeps the
array copies nothing.  Done when a loop is lowered: the rules would take the write off again.
"""

from __future__ import annotations

from ...fxgraph.constants import project
from ...fxgraph.graph import Body, Rebuild, bodies
from ...fxgraph.node import Node, at_origin, origin
from ...fxgraph.ops.structure import set_item
from ...fxgraph.window import whole
from ...scanloop.cond import branch, cond_node
from .versions import chain, chain_root

#: Branches that are looked at in one body; each costs a walk over it.
_MOST = 8


def write_in_branches(body: Body) -> Body:
    """The body with such carries written where they are made."""
    for _ in range(_MOST):
        found = next(
            (
                (p, at)
                for p, r in zip(body.params, body.results, strict=True)
                if p.shape and (at := _replaced(p, r)) is not None
            ),
            None,
        )
        if found is None:
            break
        body = _written(body, *found)
    return body


def _replaced(p: Node, r: Node) -> Node | None:
    """The innermost result of a branch on r's line that is p on one side and new on the other."""
    root = chain_root(r)
    for _ in range(_MOST):
        if root is p or root.op.name != "proj" or root.inputs[0].op.name != "cond":
            return None
        k = root.attr("k")
        roots = [chain_root(b.results[k]) for b in bodies(root.inputs[0])]
        inner = [x for x in roots if x.op.name == "proj" and x.inputs[0].op.name == "cond"]
        if not inner:
            return root if p in roots else None
        root = inner[0]
    return None


def _written(body: Body, p: Node, at: Node) -> Body:
    """The body in which `at`, the result of a branch, is p written by it."""
    n, k = at.inputs[0], at.attr("k")
    before = next(_before(b, k) for b in bodies(n) if chain_root(b.results[k]) is p)
    sides = []
    for b in bodies(n):
        results = list(b.results)
        value = results[k]
        if chain_root(value) is not p:
            with at_origin(origin.get(value), value):  # it stands where the value stood
                results[k] = set_item(before, whole(p.shape), value)
        sides.append(branch(results, b.token, b.effects))
    here = [x for x in n.inputs[1:] if x.op.name == "token"]
    with at_origin(origin.get(n), n):
        new = cond_node(n.inputs[0], sides[0], sides[1], here)
    rebuild = Rebuild({n: new} | {project(n, j): project(new, j) for j in range(len(n.type))})
    count, stacks = len(body.results), len(body.stacks)
    cond = (body.cond,) if body.cond is not None else ()
    roots = rebuild((*body.results, *body.stacks, *body.effects, *cond))
    return Body(
        body.index,
        body.params,
        roots[-1] if cond else None,
        roots[:count],
        body.token,
        roots[count + stacks : count + stacks + len(body.effects)],
        roots[count : count + stacks],
    )


def _before(b: Body, k: int) -> Node:
    """The version of a result that the branch starts from."""
    return next(m for m in chain(b.results[k]) if not m.free & b.own)
