"""Loops whose carried arrays only change places: pointers turn, and no element moves.

Behind such a loop, and after each step of it, any of the arrays may be in the memory of any other.
So that memory is nothing else's: neither an answer's, nor where a value around the loop must end.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...fxgraph.graph import Body
from ...fxgraph.node import Node
from .actions import Over, save
from .program import Alloc, Buffer, Point
from .scope import Scope
from .together import fill_together
from .versions import chain_root


def rotates(body: Body) -> bool:
    """Do the carried arrays of a loop only change places?"""
    params = [p for p in body.params if p.shape]
    roots = [chain_root(r) for p, r in zip(body.params, body.results, strict=True) if p.shape]
    return roots != params and len(set(roots)) == len(params) and set(roots) == set(params)


def may_turn(over: Over, starts: Sequence[Node], scope: Scope) -> Over:
    """What of the memory to go on in may turn: what this block made, and what turns with it.  The
    values that the carries start as are not built in an answer's memory."""
    for v in starts:
        if v not in scope:
            scope.state.targets.pop(v, None)
    here = set(scope.turning)
    for s in scope.out:
        if isinstance(s, Point):
            here.update(s.aliases)
        elif isinstance(s, Alloc) and s.buffer.role == "temporary":
            here.add(s.buffer)
    return {v: b for v, b in over.items() if b in here}


def pointers(places: Sequence[Buffer | Node], scope: Scope, inner: Scope) -> list[Buffer | Node]:
    """The places of a loop's carries: of arrays, pointers that turn in its steps."""
    memory = [b for b in places if isinstance(b, Buffer)]
    aliases = {
        b: Buffer(b.name, b.dtype, b.shape, "alias", b.strides, restrict=False) for b in memory
    }
    scope.emit(Point(tuple(aliases.values()), tuple(aliases)))
    inner.turning.update(aliases.values())
    return [aliases[b] if isinstance(b, Buffer) else b for b in places]


def turn(moves: Sequence[tuple[Buffer, Node]], inner: Scope) -> None:
    """At the end of a step every place takes its next value: a pointer, where all of these are in
    the memory that turns; else a copy."""
    if not moves:
        return
    own = _turned(inner)
    sources = [inner.buffer(r) for _, r in moves]
    kept = [b for b in sources if b is not None and b in own]
    if len(set(kept)) == len(moves):
        inner.emit(Point(tuple(place for place, _ in moves), tuple(kept)))
        return
    for (_, r), b in zip(moves, sources, strict=True):
        if b is not None and b.role == "alias":
            save(r, inner)
    fill_together(list(moves), inner)


def _turned(scope: Scope) -> set[Buffer]:
    """The pointers into the memory that turns: a loop's own, and those of loops in it that turn
    nothing else."""
    own = set(scope.turning)
    for s in scope.out:
        if isinstance(s, Point) and own.issuperset(s.buffers):
            own.update(s.aliases)
    return own
