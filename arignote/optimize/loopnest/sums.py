"""Sums into arrays: loops whose steps are independent but for what they add to a few vectors.

    y = 0                              for chunks of i, at once:
    for i:                                 part[chunk] = 0
        for j: s += a[i, j] * x[j]         for i in chunk:
        z[i] = s                               for j: s += a[i, j] * x[j]
        for j: y[j] += r[i] * a[i, j]          z[i] = s
                                               for j: part[chunk, j] += r[i] * a[i, j]
                                       for chunks: for j: y[j] += part[chunk, j]

How many chunks there are depends on the number of steps alone, so the result has the same bits
whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import dim, minus, plus, size_node
from ...fxgraph.constants import const, lit, new_index
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make
from ...fxgraph.ops.elementwise import floor_divide
from ...fxgraph.ops.scalar import greatest, least, quotient, scaled
from .access import effects_of, renamed
from .dependence import Scratch, independent_steps
from .program import (
    Alloc,
    Buffer,
    If,
    Loop,
    Program,
    Statement,
    Store,
    While,
    children,
    load,
    walk,
    with_children,
)

#: Steps of a chunk at least, so that its own vector costs little beside them; chunks at most.
STEPS, CHUNKS = 64, 16


def share_sums(program: Program) -> Program:
    """The program with loops that add to vectors cut into chunks that threads may share."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    """Outermost loops; what the steps of a sequential loop hold is looked at, too."""
    scratch = Scratch(block)
    out: list[Statement] = []
    moved: set[Buffer] = set()
    for s in block:
        if isinstance(s, Loop) and not s.parallel:
            private = scratch.private(s, effects_of((s,)))
            added = replace(s, body=adding(s.body))
            sums = sums_of(added, private) if _several(s) else {}
            if sums:
                mine = tuple(a for a in block if isinstance(a, Alloc) and a.buffer in private)
                moved |= {a.buffer for a in mine}
                out.extend(_chunks(added, tuple(sums), mine))
                notes.append(f"{s.origin or s.index.attr('name')}: sums of chunks of its steps")
                continue
            if not independent_steps(s, private):
                s = replace(s, body=_block(s.body, notes))
        elif isinstance(s, If | While):
            s = with_children(s, tuple(_block(c, notes) for c in children(s)))
        out.append(s)
    return tuple(s for s in out if not (isinstance(s, Alloc) and s.buffer in moved))


def adding(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """y[j] = y[j] + e   ->   y[j] += e"""
    out = []
    for s in block:
        if isinstance(s, Store) and s.value.op.name == "add" and not s.accumulate:
            mine = load(s.buffer, s.index)
            terms = [x for x in s.value.inputs if x is not mine]
            if len(terms) == 1 and mine not in order_of(terms) and terms[0].dtype == mine.dtype:
                s = replace(s, value=terms[0], accumulate=True)
        inner = tuple(adding(c) for c in children(s))
        out.append(s if inner == children(s) else with_children(s, inner))
    return tuple(out)


def _several(loop: Loop) -> bool:
    """Does a step do more than add?  A sum alone goes in strips, which keep its order."""
    return sum(not isinstance(s, Loop) for s in walk(loop.body)) > 1


def sums_of(loop: Loop, private: set[Buffer]) -> dict[Buffer, None]:
    """The vectors that alone keep the steps from being independent, as every step only adds to
    them, all along; none where that is not all."""
    if loop.index.attr("step") != 1:
        return {}
    facts = effects_of(loop.body)
    if facts.barrier:
        return {}
    found: dict[Buffer, None] = {}
    for b, accesses in facts.at.items():
        if all(a.accumulate and a.buffer is b and _along(a.index, b, loop) for a in accesses):
            found[b] = None
    if not found or independent_steps(loop, private):
        return {}
    if any(not b.restrict for b in found) or not independent_steps(loop, private | found.keys()):
        return {}
    return found


def _along(index: Sequence[Node] | None, b: Buffer, loop: Loop) -> bool:
    """Is it the position of one inner counter, in a vector?"""
    if index is None or b.strides is not None or b.dtype.char not in "fdFD":
        return False
    long = [k for k, d in enumerate(b.shape) if not (isinstance(d, int) and d == 1)]
    inner = effects_of(loop.body).counters
    if len(long) != 1 or index[long[0]] not in inner:
        return False
    at = index[long[0]]
    return at.attr("lo") is lit(0) and at.attr("hi") is size_node(b.shape[long[0]])


# ---- in chunks -----------------------------------------------------------------------------------
def _chunks(loop: Loop, sums: Sequence[Buffer], scratch: Sequence[Alloc]) -> list[Statement]:
    lo, hi, name = (loop.index.attr(k) for k in ("lo", "hi", "name"))
    trips = minus(hi, lo)
    count = least(lit(CHUNKS), greatest(lit(1), quotient(trips, STEPS)))
    c = new_index(lit(0), count, 1, "chunk")
    first, stop = (plus(lo, _share(trips, k, count)) for k in (c, plus(c, lit(1))))
    i = new_index(first, stop, 1, name)
    rows = dim(count)  # one chunk is the most frequent: its vector may have room on the stack
    parts = {b: Buffer(f"{b.name}_part", b.dtype, (rows, *b.shape), "temporary") for b in sums}
    body = _into(renamed(loop.body, {loop.index: i}), parts, c)
    zeros = [_zeros(parts[b], c, loop) for b in sums]
    steps = replace(loop, index=i, body=body)
    return [
        *(Alloc(p) for p in parts.values()),
        Loop(c, (*scratch, *zeros, steps), True, origin=loop.origin, fused=loop.fused),
        *(_total(b, parts[b], count, loop) for b in sums),
    ]


def _share(trips: Node, k: Node, count: Node) -> Node:
    return make(floor_divide, (scaled(trips, k), count), (("weak", True),))


def _into(
    block: tuple[Statement, ...], parts: dict[Buffer, Buffer], c: Node
) -> tuple[Statement, ...]:
    """The block with what is added to a vector added to row c of its parts."""
    out = []
    for s in block:
        if isinstance(s, Store) and s.buffer in parts:
            s = replace(s, buffer=parts[s.buffer], index=(c, *s.index))
        out.append(with_children(s, tuple(_into(inner, parts, c) for inner in children(s))))
    return tuple(out)


def _zeros(part: Buffer, c: Node, loop: Loop) -> Loop:
    j, at = _along_all(part.shape[1:])
    return Loop(j, (Store(part, (c, *at), const(0, part.dtype)),), origin=loop.origin)


def _total(b: Buffer, part: Buffer, count: Node, loop: Loop) -> Loop:
    """for k in chunks: b += part[k]"""
    k = new_index(lit(0), count, 1, "chunk")
    j, at = _along_all(b.shape)
    inner = Loop(j, (Store(b, at, load(part, (k, *at)), True),), origin=loop.origin)
    return Loop(k, (inner,), origin=loop.origin)


def _along_all(shape: Sequence[int | Node]) -> tuple[Node, tuple[Node, ...]]:
    """A counter over a vector, and the position of its element."""
    axis = next(k for k, d in enumerate(shape) if not (isinstance(d, int) and d == 1))
    j = new_index(lit(0), size_node(shape[axis]), 1, "j")
    return j, tuple(j if k == axis else lit(0) for k in range(len(shape)))
