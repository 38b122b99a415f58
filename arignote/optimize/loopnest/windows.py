"""Nests that sum over windows: t[j] += x[position, term] * w[term, j].

What is found is proved to be in a form that tiles may take: positions are independent, w does not
move with them, and nothing that the nest stores is read by its sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import dim
from ...fxgraph.constants import lit, new_index
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from .access import effects_of, overlap
from .dependence import independent_steps
from .polynomial import polynomial, slope
from .program import Alloc, Assign, Buffer, Loop, Statement, Store, load
from .raise_blas import flat


@dataclass(frozen=True)
class WindowSums:
    """band: the loops around, all independent; position: the one of which a few steps are taken at
    once.  sums: the vector t.  first: what an element of it starts as; inner: the loop over j, in
    `reductions`; tail: the loop that uses it.  packed: elements read there that move with j."""

    band: tuple[Loop, ...]
    position: Loop
    sums: Buffer
    first: Store
    reductions: tuple[Loop, ...]
    inner: Loop
    update: Store
    tail: Loop
    packed: tuple[Node, ...]

    @property
    def size(self) -> Node:
        size: Node = self.inner.index.attr("hi")
        return size


def window_sums(loop: Loop) -> WindowSums | None:
    """The nest as sums over windows; None where it is something else."""
    return _found(_with_own_sums(loop))


def _with_own_sums(loop: Loop) -> Loop:
    """A nest that adds to elements of an array directly, as one that adds to a vector of its own
    and stores that in the end; any other as it is.

    for k: for j: b[p, j] += e   ->   t = b[p, :]; for k: for j: t[j] += e; b[p, :] = t
    """
    loops = [s for s in loop.body if isinstance(s, Loop)]
    if len(loops) < len(loop.body) or len(loops) not in (1, 2):
        return loop
    own = _own_sums(loops[-1], loops[0] if len(loops) == 2 else None)
    if own is not None:
        return replace(loop, body=own)
    if len(loops) == 2:
        return loop
    nested = _with_own_sums(loops[0])
    return loop if nested is loops[0] else replace(loop, body=(nested,))


def _own_sums(nest: Loop, start: Loop | None) -> tuple[Statement, ...] | None:
    reductions, inner = _reductions(nest)
    update = _only_store(inner)
    first = _only_store(start) if start is not None else None
    if update is None or not reductions or (start is not None and first is None):
        return None
    b, j = update.buffer, inner.index
    counters = {r.index for r in reductions}
    moving = [i for i in update.index if {j, *counters} & set(order_of((i,)))]
    if moving != [j] or b.role not in ("argument", "result", "temporary") or not b.restrict:
        return None
    if not update.accumulate and load(b, update.index) not in order_of((update.value,)):
        return None
    t = Buffer(b.name, b.dtype, (dim(j.attr("hi")),), "temporary")
    into = Rebuild({load(b, update.index): load(t, (j,))})
    (value,) = into((update.value,))
    k, begin = (start.index, first) if start is not None else (j, None)
    at = tuple(k if i is j else i for i in update.index)
    if begin is not None and (begin.buffer is not b or begin.index != at or begin.accumulate):
        return None
    body: tuple[Statement, ...] = (Store(t, (j,), value, update.accumulate),)
    for loop in (inner, *reversed(reductions)):
        body = (replace(loop, body=body),)
    k2, last = (new_index(lit(0), j.attr("hi"), 1, j.attr("name")) for _ in range(2))
    old, end = (tuple(x if i is j else i for i in update.index) for x in (k2, last))
    (initial,) = Rebuild({k: k2})((begin.value,)) if begin is not None else (load(b, old),)
    return (
        Alloc(t),
        Loop(k2, (Store(t, (k2,), initial),), origin=inner.origin),
        *body,
        Loop(last, (Store(b, end, load(t, (last,))),), origin=inner.origin),
    )


def _reductions(nest: Loop) -> tuple[list[Loop], Loop]:
    """The loops of a perfect nest around the innermost one."""
    around: list[Loop] = []
    while len(nest.body) == 1 and isinstance(nest.body[0], Loop):
        around.append(nest)
        nest = nest.body[0]
    return around, nest


def _found(loop: Loop) -> WindowSums | None:
    band = [loop]
    while True:
        block = [s for s in band[-1].body if not isinstance(s, Alloc)]
        loops = [s for s in block if isinstance(s, Loop)]
        if len(block) != 1 or len(loops) != 1:
            break
        band += loops
    if len(block) != 3 or len(loops) != 3:
        return None
    start, nest, tail = loops
    reductions, nest = _reductions(nest)
    first, update = _only_store(start), _only_store(nest)
    if first is None or update is None or not reductions or first.accumulate:
        return None
    found = _of(band, start, first, reductions, nest, update, tail)
    return found if found is not None and _apart(loop, found) else None


def _only_store(loop: Loop) -> Store | None:
    s = loop.body[0] if len(loop.body) == 1 else None
    return s if isinstance(s, Store) else None


def _of(
    band: list[Loop],
    start: Loop,
    first: Store,
    reductions: list[Loop],
    inner: Loop,
    update: Store,
    tail: Loop,
) -> WindowSums | None:
    t, j = update.buffer, inner.index
    size = j.attr("hi")
    over = [loop.index for loop in (start, inner, tail)]
    if any(k.attr("lo") is not lit(0) or k.attr("hi") != size for k in over):
        return None
    every = [*over, *(r.index for r in reductions), *(b.index for b in band)]
    if any(k.attr("step") != 1 for k in every):
        return None
    if t.rank != 1 or t.role != "temporary" or t.base is not None or t.dtype.kind not in "fiu":
        return None
    if first.buffer is not t or first.index != (start.index,) or update.index != (j,):
        return None
    if not all(isinstance(s, Store | Assign) for s in tail.body) or t.dtype.itemsize < 2:
        return None
    position = _position(band, update.value, j)
    if position is None:
        return None
    packed = tuple(
        m
        for m in order_of((update.value,))
        if m.op.name == "load" and m.attr("buffer") is not t and j in order_of(m.inputs)
    )
    return WindowSums(
        tuple(band), position, t, first, tuple(reductions), inner, update, tail, packed
    )


def _position(band: Sequence[Loop], value: Node, j: Node) -> Loop | None:
    """The loop whose steps read the nearest elements, and are independent."""
    best, least_degree = None, 0
    for k, b in enumerate(band):
        within = [x for inner in band[k + 1 :] for x in bounds(inner)]
        if b.index in order_of(within) or not independent_steps(b, set()):
            continue
        still = [
            m for m in order_of((value,)) if m.op.name == "load" and j not in order_of(m.inputs)
        ]
        degree = distance(still, b.index)
        if degree and (best is None or degree < least_degree):
            best, least_degree = b, degree
    return best


def distance(elements: Sequence[Node], counter: Node) -> int | None:
    """How far, about, the farthest of the elements moves in a step: how many sizes are multiplied;
    0 where none moves, None where that is not known."""
    degree = 0
    for m in elements:
        found = slope(flat(m if m.op.name == "load" else m.inputs[0]), counter)
        if found is None:
            return None
        degree = max(degree, _degree(found[0]))
    return degree


def _degree(n: Node) -> int:
    return 1 + max((len(factors) for factors in polynomial(n)), default=-1)


def bounds(loop: Loop) -> tuple[Node, Node]:
    """Where its counter starts and ends."""
    return loop.index.attr("lo"), loop.index.attr("hi")


def _apart(loop: Loop, c: WindowSums) -> bool:
    """Is the vector this nest's own, read at j alone, and may what is packed be read ahead?"""
    facts = effects_of((loop,))
    wanted = {(c.first.index, True), (c.update.index, True), (c.update.index, False)}
    wanted.add(((c.tail.index,), False))
    if facts.barrier or facts.allocates != {c.sums}:
        return False
    summed = effects_of((c.first, *c.reductions[:1])).accesses
    stored = [a.buffer for a in effects_of((c.tail,)).accesses if a.write]
    if any(overlap(a.buffer, b) for a in summed for b in stored):
        return False  # later tiles would read what earlier ones wrote
    if any((a.index, a.write) not in wanted for a in facts.at.get(c.sums, ())):
        return False
    moving = facts.sets | {b.index for b in c.band}
    for r in c.reductions:
        if any(m in moving or m.op.name in ("load", "local") for m in order_of(bounds(r))):
            return False
    reduced = {r.index for r in c.reductions}
    for r in c.reductions:
        if reduced & set(order_of(bounds(r))):
            return False
    for m in c.packed:
        if any(x in moving or x.op.name == "load" for x in order_of(m.inputs)):
            return False
        if any(a.write and overlap(a.buffer, m.attr("buffer")) for a in facts.accesses):
            return False
    return bool(c.packed) and not moving & {
        m for m in order_of((c.size, *bounds(c.position))) if m is not c.position.index
    }
