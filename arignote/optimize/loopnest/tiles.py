"""Register tiles: contractions over windows keep a few vectors of sums in registers.

    for i: for p:                               pack[t, k, v] = w[k, 8 t + v]   (zeros past the end)
        for j: t[j] = 0                         for i: for t: for fours of p:
        for k: for j:                               a0[:8] = a1[:8] = a2[:8] = a3[:8] = 0
            t[j] += x[i, p + k] * w[k, j]   ->      for k: for v in [0, 8):
        for j: out[i, p, j] = t[j]                      a0[v] += x[i, p + k] * pack[t, k, v]
                                                        a1[v] += x[i, p + 1 + k] * pack[t, k, v]
                                                        ...
                                                    for v: out[i, p, 8 t + v] = a0[v]; ...

Convolutions written as loops over output positions are such nests, in any number of dimensions,
with any strides and layouts.  Every element gets its terms in the order it had: not one bit
changes. The literal bounds let the C compiler hold the sums in registers, where the nest as written
loads and stores them at each step (four to ten times as long); packing makes vectors of few or
scattered weights full.

K. Goto and R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34, 2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import minus, plus, times
from ...fxgraph.constants import const, lit, new_index
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import ceil_quotient, clip0, least, quotient
from ...fxgraph.types import Shape
from .access import effects_of, overlap, root
from .dependence import independent_steps
from .polynomial import polynomial, slope
from .program import (
    Alloc,
    Assign,
    Buffer,
    If,
    Loop,
    Program,
    Statement,
    Store,
    While,
    children,
    load,
    map_expressions,
    with_children,
)
from .raise_blas import flat

#: Bytes of a vector, and positions that are summed at once.
VECTOR, JAM = 64, 4


def tile(program: Program) -> Program:
    """The program with contractions over windows in register tiles."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        found = _contraction(s) if isinstance(s, Loop) else None
        if found is not None:
            out.extend(_tiled(found))
            where = found.inner.origin or found.band[0].index.attr("name")
            notes.append(f"{where}: sums of tiles in registers")
        elif isinstance(s, Loop | If | While):
            out.append(with_children(s, tuple(_block(c, notes) for c in children(s))))
        else:
            out.append(s)
    return tuple(out)


@dataclass(frozen=True)
class _Contraction:
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


# ---- finding them --------------------------------------------------------------------------------
def _contraction(loop: Loop) -> _Contraction | None:
    """The nest as a contraction; None where it is something else."""
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
    reductions: list[Loop] = []
    while len(nest.body) == 1 and isinstance(nest.body[0], Loop):
        reductions.append(nest)
        nest = nest.body[0]
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
) -> _Contraction | None:
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
    if start.index in order_of((first.value,)):  # lanes past the end start as the others
        return None
    position = _position(band, update.value, j)
    if position is None:
        return None
    packed = tuple(
        m
        for m in order_of((update.value,))
        if m.op.name == "load" and m.attr("buffer") is not t and j in order_of(m.inputs)
    )
    return _Contraction(
        tuple(band), position, t, first, tuple(reductions), inner, update, tail, packed
    )


def _position(band: Sequence[Loop], value: Node, j: Node) -> Loop | None:
    """The loop whose steps read the nearest elements, and are independent."""
    best, least_degree = None, 0
    for k, b in enumerate(band):
        bounds = [x for inner in band[k + 1 :] for x in _bounds(inner)]
        if b.index in order_of(bounds) or not independent_steps(b, set()):
            continue
        degree = 0
        for m in order_of((value,)):
            if m.op.name == "load" and j not in order_of(m.inputs):
                found = slope(flat(m), b.index)
                degree = max(degree, _degree(found[0]) if found is not None else 9)
        if degree and degree < 10 and (best is None or degree < least_degree):
            best, least_degree = b, degree
    return best


def _degree(n: Node) -> int:
    return 1 + max((len(factors) for factors in polynomial(n)), default=-1)


def _bounds(loop: Loop) -> tuple[Node, Node]:
    return loop.index.attr("lo"), loop.index.attr("hi")


def _apart(loop: Loop, c: _Contraction) -> bool:
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
        if any(m in moving or m.op.name in ("load", "local") for m in order_of(_bounds(r))):
            return False
    reduced = {r.index for r in c.reductions}
    for r in c.reductions:
        if reduced & set(order_of(_bounds(r))):
            return False
    for m in c.packed:
        if any(x in moving or x.op.name == "load" for x in order_of(m.inputs)):
            return False
        if any(a.write and overlap(a.buffer, m.attr("buffer")) for a in facts.accesses):
            return False
    return bool(c.packed) and not moving & {
        m for m in order_of((c.size, *_bounds(c.position))) if m is not c.position.index
    }


# ---- making them ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Tiles:
    """lanes: elements of a vector; packs: where each packed element lies: [tile, ..., lane]."""

    lanes: int
    count: Node
    packs: dict[Node, Buffer]


def _tiled(c: _Contraction) -> list[Statement]:
    lanes = VECTOR // c.sums.dtype.itemsize
    count = ceil_quotient(c.size, lanes)
    trips = tuple(_trips(r) for r in c.reductions)
    shape: Shape = (count, *trips, lanes)
    packs = {
        m: Buffer(f"{root(m.attr('buffer')).name}_pack", m.dtype, shape, "temporary")
        for m in c.packed
    }
    tiles = _Tiles(lanes, count, packs)
    out: list[Statement] = []
    for m, pack in packs.items():
        out += [Alloc(pack), _packing(c, tiles, m, pack)]
    t = new_index(lit(0), count, 1, "tile")
    nest: tuple[Statement, ...] = (Loop(t, _positions(c, tiles, t), origin=c.position.origin),)
    for b in reversed(c.band):
        if b is not c.position:
            nest = (replace(b, body=nest),)
    return [*out, *nest]


def _trips(loop: Loop) -> Node:
    lo, hi = _bounds(loop)
    return minus(hi, lo)


def _packing(c: _Contraction, tiles: _Tiles, m: Node, pack: Buffer) -> Loop:
    """The elements m of all tiles, zeros past the end."""
    t = new_index(lit(0), tiles.count, 1, "tile")
    base = times(t, tiles.lanes)
    there = least(lit(tiles.lanes), minus(c.size, base))
    steps = [new_index(lit(0), _trips(r), 1, r.index.attr("name")) for r in c.reductions]
    at = {r.index: plus(r.index.attr("lo"), k) for r, k in zip(c.reductions, steps, strict=True)}
    v, past = (new_index(lo, hi, 1, "v") for lo, hi in ((lit(0), there), (there, lit(tiles.lanes))))
    (value,) = Rebuild({**at, c.inner.index: plus(base, v)})((m,))
    nest: tuple[Statement, ...] = (
        Loop(v, (Store(pack, (t, *steps, v), value),)),
        Loop(past, (Store(pack, (t, *steps, past), const(0, m.dtype)),)),
    )
    for k in reversed(steps):
        nest = (Loop(k, nest),)
    return Loop(t, nest, origin=c.inner.origin)


def _positions(c: _Contraction, tiles: _Tiles, t: Node) -> tuple[Loop, Loop]:
    """The positions of a tile, by fours, then those that are left."""
    lo, hi = _bounds(c.position)
    name = c.position.index.attr("name")
    four = new_index(lo, minus(hi, lit(JAM - 1)), JAM, name)
    left = plus(lo, times(quotient(clip0(minus(hi, lo)), JAM), JAM))
    rest = new_index(left, hi, 1, name)
    jammed = tuple(plus(four, lit(k)) for k in range(JAM))
    return (
        Loop(four, _sums(c, tiles, t, jammed), origin=c.position.origin),
        Loop(rest, _sums(c, tiles, t, (rest,)), origin=c.position.origin),
    )


def _sums(c: _Contraction, tiles: _Tiles, t: Node, at: Sequence[Node]) -> tuple[Statement, ...]:
    """One tile of the sums at some positions, from their start to their use."""
    base = times(t, tiles.lanes)
    accs = [Buffer(c.sums.name, c.sums.dtype, (tiles.lanes,), "temporary") for _ in at]
    v = new_index(lit(0), lit(tiles.lanes), 1, "v")
    begin, update = [], []
    for p, acc in zip(at, accs, strict=True):
        here = _Here(c, tiles, t, p, acc)
        begin.append(Store(acc, (v,), here.of(c.first.value, c.first.index[0], v)))
        value = here.of(c.update.value, c.inner.index, v)
        update.append(Store(acc, (v,), value, c.update.accumulate))
    nest: tuple[Statement, ...] = (Loop(v, tuple(update), origin=c.inner.origin),)
    for r in reversed(c.reductions):
        nest = (replace(r, body=nest),)
    there = least(lit(tiles.lanes), minus(c.size, base))
    tails = []
    for p, acc in zip(at, accs, strict=True):
        last = new_index(lit(0), there, 1, "v")
        body = _Here(c, tiles, t, p, acc).block(c.tail.body, c.tail.index, last)
        tails.append(replace(c.tail, index=last, body=body))
    return (*(Alloc(acc) for acc in accs), Loop(v, tuple(begin)), *nest, *tails)


@dataclass(frozen=True)
class _Here:
    """Expressions of the nest for tile t and position p, whose sums are in acc."""

    c: _Contraction
    tiles: _Tiles
    t: Node
    p: Node
    acc: Buffer

    def of(self, value: Node, j: Node, v: Node) -> Node:
        (out,) = self._rebuild(j, v)((value,))
        return out

    def block(self, block: Sequence[Statement], j: Node, v: Node) -> tuple[Statement, ...]:
        rebuild = self._rebuild(j, v)
        return tuple(map_expressions(s, lambda e: rebuild((e,))[0]) for s in block)

    def _rebuild(self, j: Node, v: Node) -> Rebuild:
        c = self.c
        steps = tuple(minus(r.index, r.index.attr("lo")) for r in c.reductions)
        known = {m: load(b, (self.t, *steps, v)) for m, b in self.tiles.packs.items()}
        known[load(c.sums, (j,))] = load(self.acc, (v,))
        base = times(self.t, self.tiles.lanes)
        return Rebuild({**known, j: plus(base, v), c.position.index: self.p})
