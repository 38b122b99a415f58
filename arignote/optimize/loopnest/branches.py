"""Branches: both write their results into the same places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...fxgraph.constants import constant, lit, project
from ...fxgraph.graph import Body, bodies
from ...fxgraph.node import Node, origin
from ...fxgraph.types import OPAQUE
from .actions import Over, copied, fresh
from .early_exit import Exit, leave_loop
from .observable import Observed
from .program import Assign, Buffer, If
from .routines import handle_of
from .scope import Scope, allocate
from .together import fill_together
from .versions import chain_root, is_array

LowerRegion = Callable[..., None]


def lower_cond(
    n: Node, scope: Scope, over: Over, region: LowerRegion, leave: Exit | None = None
) -> None:
    """Both branches write their results into the same places."""
    branches = bodies(n)
    base = scope.child()
    owned: set[Node] = set()
    pairs = list(zip(branches[0].results, branches[1].results, strict=True))
    first = sorted(range(len(pairs)), key=lambda k: project(n, k) not in scope.state.lines)
    made = {k: _merge_place(n, *pairs[k], scope, base, over, owned) for k in first}
    places = [made[k] for k in range(len(pairs))]
    sides = []
    pred = scope.scalar(n.inputs[0])
    for k, body in enumerate(branches):
        inner = base.child()
        inner.values[body.token] = lit(0)
        _branch(n, body, inner, places, frozenset(owned), region)
        if leave is not None and leave.side == k:
            leave_loop(n, leave, places, inner)
        sides.append(tuple(inner.out))
    scope.emit(If(pred, sides[0], sides[1], origin.get(n)))
    for k, place in enumerate(places):
        scope.values[project(n, k)] = place


def _merge_place(
    n: Node, t: Node, o: Node, scope: Scope, base: Scope, over: Over, owned: set[Node]
) -> Buffer | Node:
    if t.dtype == OPAQUE:
        return handle_of(t, scope)
    if not is_array(t):
        return scope.local("c", t.type)
    root = chain_root(t, scope.__contains__)
    if root is chain_root(o, scope.__contains__) and root in scope and root not in owned:
        kept = over.get(root)
        if kept is None:
            kept = copied(root, t, scope) if scope.buffer(root) is not None else fresh(root, scope)
            scope.state.note(
                n, "a branch copies the array it writes, because the old value is used later"
            )
        base.values[root] = kept
        owned.add(root)
        return kept
    # a version that was there before has its own answer to go to
    return allocate(scope, n if t in scope else t, t.dtype, t.shape)


def _branch(
    n: Node,
    body: Body,
    inner: Scope,
    places: Sequence[Buffer | Node],
    owned: frozenset[Node],
    region: LowerRegion,
) -> None:
    kept = [inner.buffer(v) for v in owned]
    early = _wanted_as_they_were(body, inner, places, kept)
    fill_together([(place, body.results[k]) for k, place in early.items()], inner)
    results = [r for k, r in enumerate(body.results) if r.op is not constant and k not in early]
    heirs = tuple(
        r for r, place in zip(body.results, places, strict=True)
        if isinstance(place, Buffer) and place in kept
    )  # fmt: skip
    region((*body.effects, *results), inner, owned, None, Observed(body.effects, (), heirs))
    copies = []
    for k, (r, place) in enumerate(zip(body.results, places, strict=True)):
        if isinstance(place, Buffer):
            if inner.buffer(r) is not place and k not in early:
                copies.append((place, r))
        elif r.dtype != OPAQUE:
            inner.emit(Assign(place, inner.scalar(r)))
    fill_together(copies, inner)


def _wanted_as_they_were(
    body: Body, inner: Scope, places: Sequence[Buffer | Node], kept: Sequence[Buffer | None]
) -> dict[int, Buffer]:
    """Results that are versions which the branch may overwrite, and where they shall be."""
    out = {}
    for k, (r, place) in enumerate(zip(body.results, places, strict=True)):
        now = inner.buffer(r)
        if isinstance(place, Buffer) and place not in kept and now is not None and now in kept:
            out[k] = place
    return out
