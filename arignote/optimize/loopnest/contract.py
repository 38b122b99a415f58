"""Contraction: a temporary used only at its loop's own position needs no axis for that loop.

Axes of size 1 go, too; a temporary without axes is a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from ...fxgraph.constants import const
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.types import TensorType
from .access import root
from .program import (
    Alloc,
    Assign,
    Buffer,
    Fold,
    Library,
    Loop,
    Point,
    Program,
    Role,
    Statement,
    Store,
    children,
    expressions,
    load,
    map_expressions,
    new_local,
    walk,
    with_children,
)


def contract(program: Program) -> Program:
    """Drop the axes (and then the memory) of temporaries that live within single steps of loops."""
    block = program.statements
    plans = {}
    able = accessed_by_element(block)
    uses = uses_of(block, set(able))
    for b in able:
        plan = _plan(b, uses[b])
        if plan:
            plans[b] = plan
    return replace(program, statements=_apply(block, plans)) if plans else program


def accessed_by_element(block: Sequence[Statement], role: Role = "temporary") -> list[Buffer]:
    """Memory had uninitialised for a purpose that is accessed element by element only."""
    found: dict[Buffer, None] = {}
    barred: set[Buffer] = set()
    for s in walk(block):
        if isinstance(s, Alloc) and s.buffer.role == role and not s.zero:
            found[s.buffer] = None
        elif isinstance(s, Library):
            barred.update(
                root(p.buffer) for p in (*s.outputs, *s.inputs) if not isinstance(p, Node)
            )
        elif isinstance(s, Point):
            barred.update(root(b) for b in (*s.aliases, *s.buffers))
        for m in order_of(expressions(s)):
            if m.op.name == "load" and m.attr("buffer").base is not None:
                barred.add(root(m.attr("buffer")))
        if isinstance(s, Store) and s.buffer.base is not None:
            barred.add(root(s.buffer))
    return [b for b in found if b not in barred]


#: index, the loops around, is it a write
_Use: TypeAlias = "tuple[tuple[Node, ...], tuple[Node, ...], bool]"


def _plan(b: Buffer, uses: Sequence[_Use]) -> tuple[int, ...]:
    """The axes of b that can go: indexed, everywhere, by one and the same loop around all uses."""
    if not uses:
        return ()
    axes = []
    for k in range(b.rank):
        at = uses[0][0][k]
        moving = at.op.name == "index" and all(
            index[k] is at and at in loops for index, loops, _ in uses
        )
        if moving or b.shape[k] == 1:
            axes.append(k)
    return tuple(axes)


def uses_of(block: Sequence[Statement], wanted: set[Buffer]) -> dict[Buffer, list[_Use]]:
    """Every access to some buffers."""
    out: dict[Buffer, list[_Use]] = {b: [] for b in wanted}
    stack: list[tuple[Sequence[Statement], tuple[Node, ...]]] = [(block, ())]
    while stack:
        statements, loops = stack.pop()
        for s in statements:
            for m in order_of(expressions(s)):
                if m.op.name == "load" and m.attr("buffer") in wanted:
                    out[m.attr("buffer")].append((m.inputs, loops, False))
            if isinstance(s, Store) and s.buffer in wanted:
                out[s.buffer].append((s.index, loops, True))
            deeper = (*loops, s.index) if isinstance(s, Loop) else loops
            stack.extend((c, deeper) for c in children(s))
    return out


def _apply(
    block: tuple[Statement, ...], plans: dict[Buffer, tuple[int, ...]]
) -> tuple[Statement, ...]:
    smaller: dict[Buffer, Buffer] = {}
    variables: dict[Buffer, Node] = {}
    for b, axes in plans.items():
        shape = tuple(d for k, d in enumerate(b.shape) if k not in axes)
        if not shape:
            variables[b] = new_local(b.name, TensorType(b.dtype))
        else:
            smaller[b] = replace(b, shape=shape)

    def visit(m: Node) -> Node:
        if m.op.name != "load":
            return m
        b = m.attr("buffer")
        if b in variables:
            return variables[b]
        if b in smaller:
            return load(smaller[b], [i for k, i in enumerate(m.inputs) if k not in plans[b]])
        return m

    early = _read_first(block, set(variables))
    return _rewritten(block, Rebuild(visit=visit), plans, smaller, variables, early)


def _read_first(block: Sequence[Statement], wanted: set[Buffer]) -> set[Buffer]:
    """The buffers that are read above where they are written: by a later step of a loop."""
    out: set[Buffer] = set()
    seen: set[Buffer] = set()
    for s in walk(block):
        reads = {m.attr("buffer") for m in order_of(expressions(s)) if m.op.name == "load"}
        out |= (reads & wanted) - seen
        if isinstance(s, Store):
            if s.accumulate and s.buffer in wanted and s.buffer not in seen:
                out.add(s.buffer)
            seen.add(s.buffer)
    return out


def _rewritten(
    block: tuple[Statement, ...],
    rebuild: Rebuild,
    plans: dict[Buffer, tuple[int, ...]],
    smaller: dict[Buffer, Buffer],
    variables: dict[Buffer, Node],
    early: set[Buffer],
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Alloc) and s.buffer in variables:
            if s.buffer in early:
                out.append(Assign(variables[s.buffer], const(0, s.buffer.dtype)))
            continue
        s = map_expressions(s, lambda e: rebuild((e,))[0])
        if isinstance(s, Alloc) and s.buffer in smaller:
            s = Alloc(smaller[s.buffer], s.zero)
        elif isinstance(s, Store) and s.buffer in plans:
            s = _stored(s, plans, smaller, variables)
        blocks = tuple(
            _rewritten(c, rebuild, plans, smaller, variables, early) for c in children(s)
        )
        out.append(with_children(s, blocks))
    return tuple(out)


def _stored(
    s: Store,
    plans: dict[Buffer, tuple[int, ...]],
    smaller: dict[Buffer, Buffer],
    variables: dict[Buffer, Node],
) -> Statement:
    b = s.buffer
    if b in variables:
        local = variables[b]
        if not s.accumulate:
            return Assign(local, s.value)
        if local.dtype.kind in "fiuc":
            return Fold(local, op_named("reduce_sum"), s.value)
        return Assign(local, make(op_named("add"), (local, s.value)))
    index = tuple(i for k, i in enumerate(s.index) if k not in plans[b])
    return replace(s, buffer=smaller[b], index=index)
