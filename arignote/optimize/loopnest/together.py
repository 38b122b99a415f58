"""Simultaneous assignment: nothing is overwritten before all that reads it was computed."""

from __future__ import annotations

from collections.abc import Sequence

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from .actions import fill, save
from .program import Assign, Buffer, Statement
from .scope import Scope


def assign_together(
    scope: Scope, locals_: Sequence[Node], values: Sequence[Node]
) -> list[Statement]:
    """Simultaneous assignment: temporaries only where a later value reads an earlier target."""
    pairs = [(a, v) for a, v in zip(locals_, values, strict=True) if a is not v]
    clash = any(a in order_of((v,)) for k, (a, _) in enumerate(pairs) for _, v in pairs[k + 1 :])
    if not clash:
        return [Assign(a, v) for a, v in pairs]
    first, then = [], []
    for a, v in pairs:
        t = scope.local(a.attr("name"), a.type)
        first.append(Assign(t, v))
        then.append(Assign(a, t))
    return [*first, *then]


def fill_together(copies: list[tuple[Buffer, Node]], inner: Scope) -> None:
    """Fill places none of which is read after it was filled."""
    while copies:
        read = {inner.buffer(r) for _, r in copies}
        free = next((c for c in copies if c[0] not in read), None)
        if free is None:  # they change places
            filled = [place for place, _ in copies]
            save(next(r for _, r in copies if inner.buffer(r) in filled), inner)
            continue
        fill(*free, inner)
        copies.remove(free)
