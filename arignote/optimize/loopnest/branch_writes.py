"""Arrays that a branch replaces: the branch itself writes them, in their memory.

    p' = p if c else f(p)    ->    if not c: p[...] = f(p)

So a check behind the new value, in the branch, leaves it to be seen, and the branch that keeps the
array copies nothing.  Done when a function or a loop is lowered: the rules would take the write off
again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ...fxgraph.constants import project
from ...fxgraph.graph import Body, Rebuild, bodies, order_of
from ...fxgraph.node import Node, at_origin, dependencies, origin
from ...fxgraph.ops.structure import set_item, set_item_op
from ...fxgraph.window import whole, window_of
from ...scanloop.cond import branch, cond_node
from .observable import line_of
from .versions import chain, chain_root

#: Branches that are looked at in one body; each costs a walk over it.
_MOST = 8


def write_in_branches(body: Body) -> Body:
    """The body of a loop with carries written where they are made."""
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
        body = Rebuild(_written(*found)).body(body)
    return body


def written_in_branches(
    roots: Sequence[Node], line: Sequence[Node | int]
) -> tuple[Node, ...]:
    """`roots` with the versions of an argument written in the branches that make them.

    line: the versions that errors leave to be seen, as places in `roots`, behind the argument.
    """
    out = tuple(roots)
    left = _MOST
    for before, after in itertools.pairwise(line):
        while left:
            p = out[before] if isinstance(before, int) else before
            assert isinstance(after, int)
            at = _replaced(p, out[after])
            if at is None:
                break
            beside = chain_root(at) is line[0]  # rules took a write away that p is
            if not (beside or any(b.effects for b in bodies(at.inputs[0]))):
                break
            out = Rebuild(_written(p, at))(out)
            left -= 1
    return out


def written_again(newest: Node, value: Node) -> dict[Node, Node]:
    """What makes a version of `value`, of another line, go on from `newest`: the oldest write that
    leads to it and replaces what the last writes to `newest` put into the same window (rules skip
    the writes that nothing reads), and the same over `newest`.  Nothing where there is none.
    """
    for first in reversed([m for m in line_of(value) if m.op is set_item_op]):
        m, w = newest, window_of(first)
        while m is not first.inputs[0] and m.op is set_item_op and window_of(m) == w:
            m = m.inputs[0]
        if m is first.inputs[0] and m is not newest and first not in order_of((newest,)):
            with at_origin(origin.get(first), first):
                return {first: set_item(newest, w, first.inputs[-1])}
    return {}


def _replaced(p: Node, r: Node) -> Node | None:
    """The innermost result of a branch on r's line that is new on one side and p on the other, or
    new on both where checks are among them."""
    stop = lambda m: m is p
    root = chain_root(r, stop)
    for _ in range(_MOST):
        if root is p or not _is_chosen(root):
            return None
        k = root.attr("k")
        sides = bodies(root.inputs[0])
        roots = [chain_root(b.results[k], stop) for b in sides]
        inner = [x for x in roots if x is not p and _is_chosen(x)]
        if not inner:
            return root if p in roots or any(b.effects for b in sides) else None
        root = inner[0]
    return None


def _is_chosen(n: Node) -> bool:
    return n.op.name == "proj" and n.inputs[0].op.name == "cond"


def _written(p: Node, at: Node) -> dict[Node, Node]:
    """What is what once `at`, the result of a branch, is p written by it."""
    n, k = at.inputs[0], at.attr("k")
    lines = [b for b in bodies(n) if chain_root(b.results[k], lambda m: m is p) is p]
    others = [x for b in bodies(n) if b not in lines for x in b.roots]
    before = _before(p, lines[0], k, [n.inputs[0], *others]) if lines else p
    sides = []
    for b in bodies(n):
        results = list(b.results)
        value = results[k]
        if b not in lines:
            again = written_again(before, value)
            with at_origin(origin.get(value), value):  # it stands where the value stood
                results[k] = (
                    Rebuild(again)((value,))[0] if again
                    else set_item(before, whole(p.shape), value)
                )  # fmt: skip
        sides.append(branch(results, b.token, b.effects))
    here = [x for x in n.inputs[1:] if x.op.name == "token"]
    with at_origin(origin.get(n), n):
        new = cond_node(n.inputs[0], sides[0], sides[1], here)
    return {n: new} | {project(n, j): project(new, j) for j in range(len(n.type))}


def _before(p: Node, b: Body, k: int, others: Sequence[Node]) -> Node:
    """The version of a result, p or a later one, that the branch starts from.

    What branches inside it choose is one only where `others` read it, too: else it is computed
    in this branch alone, with its checks.
    """
    own = set(b.own)
    for m in chain(b.results[k]):
        if m is p or (m.free.isdisjoint(own) and (not _is_chosen(m) or _is_read(m, others))):
            return m
        if _is_chosen(m):
            own.update(*(inner.own for inner in bodies(m.inputs[0])))
    return p


def _is_read(m: Node, roots: Sequence[Node]) -> bool:
    """Do these read m, at any depth?"""
    stack, seen = list(roots), set(roots)
    while stack:
        x = stack.pop()
        if x is m:
            return True
        inside = [r for body in bodies(x) for r in body.roots]
        new = [d for d in (*dependencies(x), *inside) if d not in seen]
        seen.update(new)
        stack.extend(new)
    return False
