"""Pointers that only change places among themselves never meet.

    new -> a; old -> b;  for t: new[i] = f(old[i - 1], old[i + 1]); new, old -> old, new

The aliases of such a group start at different buffers and are permuted, so a loop that writes one
and reads another has independent steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.graph import Rebuild
from ...fxgraph.node import Node
from ...optimize.loopnest.program import (
    Buffer,
    Loop,
    Point,
    Program,
    Statement,
    Store,
    children,
    load,
    map_expressions,
    walk,
    with_children,
)
from .scope import root


def tell_apart(program: Program) -> Program:
    """The program with such aliases marked as memory of their own."""
    apart = _apart(program)
    if not apart:
        return program
    known = {a: replace(a, restrict=True) for a in apart}
    renaming = _Renaming(known)
    return replace(program, statements=renaming.block(program.statements))


def _apart(program: Program) -> set[Buffer]:
    """The aliases of groups that are permuted, and start at different buffers."""
    first: dict[Buffer, Buffer] = {}
    moves: list[Point] = []
    for s in walk(program.statements):
        if not isinstance(s, Point):
            continue
        aliases, buffers = [root(a) for a in s.aliases], [root(b) for b in s.buffers]
        if any(b.role == "alias" for b in buffers):
            moves.append(s)
        else:
            for a, b in zip(aliases, buffers, strict=True):
                if a in first:  # bound a second time
                    return set()
                first[a] = b
    if len(set(first.values())) != len(first):
        return set()
    for s in moves:
        if {root(a) for a in s.aliases} != {root(b) for b in s.buffers}:
            return set()
    named = {root(a) for s in moves for a in s.aliases}
    return set(first) if named <= set(first) else set()


class _Renaming:
    def __init__(self, known: dict[Buffer, Buffer]) -> None:
        self.known = known
        self.others: dict[Buffer, Buffer] = dict(known)
        self.rebuild = Rebuild(visit=self._visit)

    def _buffer(self, b: Buffer) -> Buffer:
        if b not in self.others:
            base = self._buffer(b.base) if b.base is not None else None
            self.others[b] = b if base is b.base else replace(b, base=base, restrict=True)
        return self.others[b]

    def _visit(self, n: Node) -> Node:
        if n.op.name != "load":
            return n
        b = self._buffer(n.attr("buffer"))
        return n if b is n.attr("buffer") else load(b, n.inputs)

    def _one(self, n: Node) -> Node:
        return self.rebuild((n,))[0]

    def block(self, block: Sequence[Statement]) -> tuple[Statement, ...]:
        return tuple(self._statement(s) for s in block)

    def _statement(self, s: Statement) -> Statement:
        if isinstance(s, Point):
            sides = [tuple(self._buffer(b) for b in side) for side in (s.aliases, s.buffers)]
            return Point(*sides)
        if isinstance(s, Loop):
            index = self._one(s.index)
            s = replace(s, index=index)
        s = map_expressions(s, self._one)
        if isinstance(s, Store):
            s = replace(s, buffer=self._buffer(s.buffer))
        if children(s):
            s = with_children(s, tuple(self.block(c) for c in children(s)))
        return s
