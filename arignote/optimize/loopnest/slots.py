"""Slots: what a step builds in an array of its own and then copies into its row of a stack is
built in the row.

    for k: t = empty(n); for i: t[i] = x[i] * k;  for i: stack[k, i] = t[i]
 -> for k: for i: stack[k, i] = x[i] * k

Only for stacks that the step touches nowhere else, and where the copy is the last to change either;
a row that is copied into a part of another step's array is followed through both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import linear, minus, plus
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from .access import effects_of, root
from .dependence import covers
from .program import (
    Alloc,
    Break,
    Buffer,
    Library,
    Loop,
    Panel,
    Point,
    Program,
    Statement,
    Store,
    While,
    children,
    copying,
    expressions,
    load,
    map_expressions,
    walk,
    with_children,
)


def slots(program: Program) -> Program:
    """The program with rows of stacks built where they stay."""
    block = _block(program.statements, inside=False)
    return program if block == program.statements else replace(program, statements=block)


def _block(block: tuple[Statement, ...], inside: bool) -> tuple[Statement, ...]:
    out = tuple(
        with_children(s, tuple(_block(c, inside or isinstance(s, Loop)) for c in children(s)))
        for s in block
    )
    while inside and (found := _found(out)) is not None:
        out = _built(out, found)
    return out if out != block else block


@dataclass(frozen=True)
class _Row:
    """home[index] = t[counters], the statement at `at`, over all of t."""

    at: int
    t: Buffer
    home: Buffer
    counters: tuple[Node, ...]
    index: tuple[Node, ...]

    def place(self, position: Sequence[Node]) -> tuple[Node, ...]:
        """Where home has the element of t at a position."""
        moved = dict(zip(self.counters, position, strict=True))
        out = []
        for i in self.index:
            coefs, _ = linear(i)
            own = [k for k in self.counters if k in coefs]
            out.append(plus(minus(i, own[0]), moved[own[0]]) if own else i)
        return tuple(out)


def _found(block: Sequence[Statement]) -> _Row | None:
    """The first copy in the block that may go."""
    allocs = {s.buffer: k for k, s in enumerate(block) if isinstance(s, Alloc) and not s.zero}
    for k, s in enumerate(block):
        row = _row(k, s)
        if row is not None and row.t in allocs and _allowed(block, allocs[row.t], row):
            return row
    return None


def _row(at: int, nest: Statement) -> _Row | None:
    """The statement as a copy of all of a temporary into a part of another one."""
    s = copying(nest)
    if s is None:
        return None
    t, home, read = s.value.attr("buffer"), s.buffer, s.value.inputs
    if t is home or any(b.role != "temporary" or not _plain(b) for b in (t, home)):
        return None
    if t.dtype != home.dtype or len(read) != t.rank or len(s.index) != home.rank:
        return None
    if any(i.op.name != "index" for i in read) or not covers(_onto(nest, t), t):
        return None
    if any(isinstance(x, Loop) and x.index not in read for x in walk((nest,))):
        return None  # t is copied more than once, perhaps to several places
    return _Row(at, t, home, read, s.index) if _in_order(read, s.index) else None


def _plain(b: Buffer) -> bool:
    return b.base is None and b.strides is None and b.restrict


def _onto(nest: Statement, t: Buffer) -> Statement:
    """The copy's nest, as if it wrote t where it reads it."""
    if isinstance(nest, Loop):
        return replace(nest, body=tuple(_onto(x, t) for x in nest.body))
    assert isinstance(nest, Store)
    return replace(nest, buffer=t, index=nest.value.inputs)


def _in_order(counters: Sequence[Node], index: Sequence[Node]) -> bool:
    """Do the counters stand in the index once each, alone with what the nest does not change, and
    in their order?"""
    left = list(counters)
    for i in index:
        own = [k for k in counters if k in order_of((i,))]
        if not own:
            continue
        coefs, _ = linear(i)
        if len(own) > 1 or not left or own[0] is not left[0] or coefs.get(own[0]) != 1:
            return False
        if any(own[0] in order_of((atom,)) for atom in coefs if atom is not own[0]):
            return False
        left.pop(0)
    return not left


def _allowed(block: Sequence[Statement], alloc: int, row: _Row) -> bool:
    t, home = row.t, row.home
    if any(isinstance(s, Break | While | Point) or _named(s, (t, home)) for s in walk(block)):
        return False
    facts = [effects_of((s,)) for s in block]
    if any(home in f.at or home in f.allocates for k, f in enumerate(facts) if k != row.at):
        return False
    behind = facts[row.at + 1 :]
    if any(t in f.writes for f in behind):
        return False
    last = len(block) if any(t in f.at for f in behind) else row.at
    fixed = set(order_of(row.index))
    return not any(f.sets & fixed for f in facts[alloc:last])


def _named(s: Statement, buffers: Sequence[Buffer]) -> bool:
    """Does a library call, or another shape of the same memory, stand for one of the buffers?"""
    found = [m.attr("buffer") for m in order_of(expressions(s)) if m.op.name == "load"]
    if isinstance(s, Store | Alloc):
        found.append(s.buffer)
    if any(b.base in buffers for b in found):
        return True
    panels = (*s.outputs, *s.inputs) if isinstance(s, Library) else ()
    return any(isinstance(p, Panel) and root(p.buffer) in buffers for p in panels)


# ---- doing it ------------------------------------------------------------------------------------
def _built(block: Sequence[Statement], row: _Row) -> tuple[Statement, ...]:
    def visit(m: Node) -> Node:
        if m.op.name == "load" and m.attr("buffer") is row.t:
            return load(row.home, row.place(m.inputs))
        return m

    rebuild = Rebuild(visit=visit)
    kept = [s for k, s in enumerate(block) if k != row.at]
    return tuple(
        _mapped(s, rebuild, row) for s in kept if not (isinstance(s, Alloc) and s.buffer is row.t)
    )


def _mapped(s: Statement, rebuild: Rebuild, row: _Row) -> Statement:
    s = map_expressions(s, lambda e: rebuild((e,))[0])
    if isinstance(s, Store) and s.buffer is row.t:
        s = replace(s, buffer=row.home, index=row.place(s.index))
    return with_children(s, tuple(tuple(_mapped(x, rebuild, row) for x in c) for c in children(s)))
