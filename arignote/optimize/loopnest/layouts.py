"""Layouts: the axis of a temporary along which innermost loops run comes last in memory.

    for j: for i: q[i, j] = (u[j, i] - c * q[i, j - 1]) / p[i]      q: float64[n, m]
 -> for j: for i: q[j, i] = (u[j, i] - c * q[j - 1, i]) / p[i]      q: float64[m, n]

Only memory that nobody else sees is laid out anew: arguments, results, panels of library calls and
buffers that go by several names stay in C order.  Accesses vote with the depth of their loops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ...fxgraph.affine import linear
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from .program import (
    Alloc,
    Assign,
    Buffer,
    Fold,
    Library,
    Loop,
    Panel,
    Point,
    Program,
    Statement,
    Store,
    children,
    expressions,
    load,
    map_expressions,
    with_children,
)

#: How much more a loop inside another one counts.
_DEEPER = 16.0
#: Votes for another axis over those for the last one from which the axes are turned.
_MAJORITY = 1.5


def layouts(program: Program) -> Program:
    """The program with temporaries laid out as most of its innermost loops walk them."""
    ballots = _ballots(program.statements)
    turned = {}
    for b, ballot in ballots.items():
        order = ballot.order()
        if order is not None:
            shape = tuple(b.shape[a] for a in order)
            turned[b] = (replace(b, shape=shape), order)
    if not turned:
        return program

    def visit(m: Node) -> Node:
        if m.op.name == "load" and m.attr("buffer") in turned:
            new, order = turned[m.attr("buffer")]
            return load(new, (m.inputs[a] for a in order))
        return m

    statements = _turned(program.statements, turned, Rebuild(visit=visit))
    return replace(program, statements=statements)


@dataclass
class _Ballot:
    """last: votes for each axis as the last one.  depths: of the loops along each axis, and how
    many votes these have."""

    rank: int
    last: dict[int, float] = field(default_factory=dict)
    depths: dict[int, tuple[float, float]] = field(default_factory=dict)

    def order(self) -> tuple[int, ...] | None:
        """The axes in their new order; None to leave them."""
        if not self.last:
            return None
        best = max(self.last, key=lambda a: (self.last[a], a))
        if best == self.rank - 1 or self.last[best] < _MAJORITY * self.last.get(self.rank - 1, 0.0):
            return None
        depth = {a: total / votes for a, (total, votes) in self.depths.items()}
        others = [a for a in range(self.rank) if a != best]
        others.sort(key=lambda a: (depth.get(a, 0.0), a))
        return (*others, best)


def _ballots(block: Sequence[Statement]) -> dict[Buffer, _Ballot]:
    """The votes of all accesses to the temporaries whose axes may be turned."""
    out: dict[Buffer, _Ballot] = {}
    fixed: set[Buffer] = set()
    for s, loops in _with_loops(block, ()):
        if isinstance(s, Alloc) and s.buffer.role == "temporary" and s.buffer.rank > 1:
            if s.buffer.strides is None and s.buffer.base is None:
                out.setdefault(s.buffer, _Ballot(s.buffer.rank))
        fixed |= _fixed(s)
        if loops and _turns_inside_out(s, loops[-1]):
            fixed |= {b for b, _ in _accesses(s)}
            continue
        for b, index in _accesses(s):
            if b.base is not None:
                fixed.add(b.base)
            elif b.role == "temporary" and b.rank > 1 and b.rank == len(index):
                _vote(out.setdefault(b, _Ballot(b.rank)), index, loops)
    return {b: ballot for b, ballot in out.items() if b not in fixed and b.base is None}


def _turns_inside_out(s: Statement, inner: Node) -> bool:
    """Is it a fold across the rows of an array that stays?  Such a loop is moved outside."""
    folds = isinstance(s, Fold) or (isinstance(s, Assign) and s.local in order_of((s.value,)))
    return folds and any(
        b.role in ("argument", "constant") and inner in linear(i)[0]
        for b, index in _accesses(s)
        for i in index[:-1]
    )


def _with_loops(
    block: Sequence[Statement], loops: tuple[Node, ...]
) -> Iterator[tuple[Statement, tuple[Node, ...]]]:
    """Every statement, with the counters of the loops around it."""
    todo: list[tuple[Statement, tuple[Node, ...]]] = [(s, loops) for s in reversed(block)]
    while todo:
        s, around = todo.pop()
        yield s, around
        inside = (*around, s.index) if isinstance(s, Loop) else around
        todo += [(x, inside) for c in reversed(children(s)) for x in reversed(c)]


def _fixed(s: Statement) -> set[Buffer]:
    """Buffers that a statement takes as they are."""
    if isinstance(s, Library):
        panels = [p for p in (*s.outputs, *s.inputs) if isinstance(p, Panel)]
        return {x for p in panels for x in (p.buffer, p.buffer.base) if x is not None}
    if isinstance(s, Point):
        return {*s.aliases, *s.buffers}
    if isinstance(s, Loop):
        bounds = order_of(expressions(s))
        return {m.attr("buffer") for m in bounds if m.op.name == "load"}
    return set()


def _accesses(s: Statement) -> Iterator[tuple[Buffer, Sequence[Node]]]:
    for m in order_of(expressions(s)):
        if m.op.name == "load":
            yield m.attr("buffer"), m.inputs
    if isinstance(s, Store):
        yield s.buffer, s.index
        if s.accumulate:
            yield s.buffer, s.index


def _vote(ballot: _Ballot, index: Sequence[Node], loops: Sequence[Node]) -> None:
    weight = _DEEPER ** len(loops)
    along = []
    for a, i in enumerate(index):
        coefs, _ = linear(i)
        inner = [k for k, counter in enumerate(loops) if counter in coefs]
        if inner:
            total, votes = ballot.depths.get(a, (0.0, 0.0))
            ballot.depths[a] = (total + weight * inner[-1], votes + weight)
        if loops and loops[-1] in coefs and abs(coefs[loops[-1]]) == 1:
            along.append(a)
    if len(along) == 1:
        ballot.last[along[0]] = ballot.last.get(along[0], 0.0) + weight


def _turned(
    block: Sequence[Statement],
    turned: dict[Buffer, tuple[Buffer, tuple[int, ...]]],
    rebuild: Rebuild,
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        s = map_expressions(s, lambda e: rebuild((e,))[0])
        if isinstance(s, Store) and s.buffer in turned:
            new, order = turned[s.buffer]
            s = replace(s, buffer=new, index=tuple(s.index[a] for a in order))
        elif isinstance(s, Alloc) and s.buffer in turned:
            s = replace(s, buffer=turned[s.buffer][0])
        out.append(with_children(s, tuple(_turned(c, turned, rebuild) for c in children(s))))
    return tuple(out)
