"""Loops whose carried arrays only change places: pointers turn, and no element moves.

Behind such a loop, and after each step of it, any of the arrays may be in the memory of any other.
So that memory is nothing else's: neither an answer's, nor where a value around the loop must end.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...fxgraph.graph import Body, bodies
from ...fxgraph.node import Node
from .actions import Over, save
from .program import Alloc, Buffer, Point
from .scope import Scope
from .together import fill_together
from .versions import chain_root


def moving(body: Body) -> frozenset[Node]:
    """The carried arrays that change places among each other, where a loop's others stay in theirs;
    none where it does anything else with its carries."""
    arrays = [(p, chain_root(r)) for p, r in zip(body.params, body.results, strict=True) if p.shape]
    moved = [(p, r) for p, r in arrays if p is not r]
    params, roots = {p for p, _ in moved}, {r for _, r in moved}
    return frozenset(params) if params == roots else frozenset()


def moved(v: Node) -> bool:
    """Is v what an array that changes places in a loop is behind it?"""
    if v.op.name != "proj" or v.inputs[0].op.name != "scan":
        return False
    (body,) = bodies(v.inputs[0])
    k = v.attr("k")
    return k < len(body.params) and body.params[k] in moving(body)


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


def pointers(memory: Sequence[Buffer], scope: Scope, inner: Scope) -> list[Buffer]:
    """Pointers to the memory of a loop's carries, which turn in its steps."""
    aliases = [
        Buffer(b.name, b.dtype, b.shape, "alias", b.strides, restrict=False, ring=memory[0])
        for b in memory
    ]
    scope.emit(Point(tuple(aliases), tuple(memory)))
    inner.turning.update(aliases)
    return aliases


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
