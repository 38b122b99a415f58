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
from ...fxgraph.constants import const, is_const, lit, new_index, value_of
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, make
from ...fxgraph.ops.elementwise import less
from ...fxgraph.ops.scalar import ceil_quotient, clip0, least, product, quotient
from ...fxgraph.types import Shape
from .access import effects_of, root
from .program import (
    Alloc,
    Buffer,
    If,
    Library,
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
from .windows import WindowSums, bounds, window_sums

#: Bytes of a vector, and positions that are summed at once.
VECTOR, JAM = 64, 4
#: Positions for which packing what they share does not pay.
FEW = 8


def tile(program: Program) -> Program:
    """The program with contractions over windows in register tiles."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        found = window_sums(s) if isinstance(s, Loop) else None
        if found is not None:
            out.extend(_if_many(s, found))
            where = found.inner.origin or found.band[0].index.attr("name")
            notes.append(f"{where}: sums of tiles in registers")
        elif isinstance(s, Loop | If | While) and not chooses_library(s):
            out.append(with_children(s, tuple(_block(c, notes) for c in children(s))))
        else:
            out.append(s)
    return tuple(out)


def chooses_library(s: Statement) -> bool:
    """Is it a choice by size, whose loops are for a few elements?"""
    return isinstance(s, If) and any(isinstance(x, Library) for x in s.other)


def _if_many(loop: Statement, c: WindowSums) -> list[Statement]:
    """The tiles where there are positions enough to pay for packing, else the loop as it is."""
    moving = {b.index for b in c.band} | effects_of(c.band[:1]).sets
    trips = [_trips(b) for b in c.band if not _moves(b, moving)]
    count = product([clip0(n) for n in trips])
    if is_const(count):
        return tiled(c) if int(value_of(count)) >= FEW else [loop]
    return [If(make(less, (count, lit(FEW))), (loop,), tuple(tiled(c)), c.inner.origin)]


def _moves(b: Loop, moving: set[Node]) -> bool:
    return any(m in moving and m is not b.index for m in order_of(bounds(b)))


@dataclass(frozen=True)
class _Tiles:
    """lanes: elements of a vector; packs: where each packed element lies: [tile, ..., lane]."""

    lanes: int
    count: Node
    packs: dict[Node, Buffer]


def tiled(c: WindowSums) -> list[Statement]:
    """The sums in tiles, packing first."""
    lanes = VECTOR // c.sums.dtype.itemsize
    count = ceil_quotient(c.size, lanes)
    trips = tuple(_trips(r) for r in c.reductions)
    shape: Shape = (count, *trips, lanes)
    packs = {m: Buffer(f"{_array(m).name}_pack", m.dtype, shape, "temporary") for m in c.packed}
    tiles = _Tiles(lanes, count, packs)
    out: list[Statement] = []
    for m, pack in packs.items():
        out += [Alloc(pack), _packing(c, tiles, m, pack)]
    if len(c.band) == 1:  # positions are what threads share
        return [*out, *_positions(c, tiles, None)]
    t = new_index(lit(0), count, 1, "tile")
    nest: tuple[Statement, ...] = (Loop(t, _positions(c, tiles, t), origin=c.position.origin),)
    for b in reversed(c.band):
        if b is not c.position:
            nest = (replace(b, body=nest),)
    return [*out, *nest]


def _array(m: Node) -> Buffer:
    """The array that what is packed, an element or a cast of one, is read from."""
    return root((m if m.op.name == "load" else m.inputs[0]).attr("buffer"))


def _trips(loop: Loop) -> Node:
    lo, hi = bounds(loop)
    return minus(hi, lo)


def _packing(c: WindowSums, tiles: _Tiles, m: Node, pack: Buffer) -> Loop:
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


def _positions(c: WindowSums, tiles: _Tiles, t: Node | None) -> tuple[Loop, Loop]:
    """The positions by fours, then those that are left: of tile t, or of all tiles, inside."""
    lo, hi = bounds(c.position)
    name = c.position.index.attr("name")
    four = new_index(lo, minus(hi, lit(JAM - 1)), JAM, name)
    left = plus(lo, times(quotient(clip0(minus(hi, lo)), JAM), JAM))
    rest = new_index(left, hi, 1, name)
    out = []
    for index, at in ((four, [plus(four, lit(k)) for k in range(JAM)]), (rest, [rest])):
        if t is not None:
            body = _sums(c, tiles, t, at)
        else:
            inner = new_index(lit(0), tiles.count, 1, "tile")
            body = (Loop(inner, _sums(c, tiles, inner, at)),)
        out.append(Loop(index, body, parallel=t is None, origin=c.position.origin))
    return out[0], out[1]


def _sums(c: WindowSums, tiles: _Tiles, t: Node, at: Sequence[Node]) -> tuple[Statement, ...]:
    """One tile of the sums at some positions, from their start to their use."""
    base = times(t, tiles.lanes)
    accs = [Buffer(c.sums.name, c.sums.dtype, (tiles.lanes,), "temporary") for _ in at]
    v = new_index(lit(0), lit(tiles.lanes), 1, "v")
    there = least(lit(tiles.lanes), minus(c.size, base))
    begin, update = [], []
    for p, acc in zip(at, accs, strict=True):
        here = _Here(c, tiles, t, p, acc)
        begin += _begin(c, here, v, there)
        value = here.of(c.update.value, c.inner.index, v)
        update.append(Store(acc, (v,), value, c.update.accumulate))
    nest: tuple[Statement, ...] = (Loop(v, tuple(update), origin=c.inner.origin),)
    for r in reversed(c.reductions):
        nest = (replace(r, body=nest),)
    tails = []
    for p, acc in zip(at, accs, strict=True):
        last = new_index(lit(0), there, 1, "v")
        body = _Here(c, tiles, t, p, acc).block(c.tail.body, c.tail.index, last)
        tails.append(replace(c.tail, index=last, body=body))
    return (*(Alloc(acc) for acc in accs), *begin, *nest, *tails)


def _begin(c: WindowSums, here: _Here, v: Node, there: Node) -> list[Loop]:
    """The sums as they start; lanes past the end start at 0 where that is read from an array."""
    acc, j = here.acc, c.first.index[0]
    if j not in order_of((c.first.value,)):
        return [Loop(v, (Store(acc, (v,), here.of(c.first.value, j, v)),))]
    whole, past = (
        new_index(lo, hi, 1, "v") for lo, hi in ((lit(0), there), (there, lit(here.tiles.lanes)))
    )
    return [
        Loop(whole, (Store(acc, (whole,), here.of(c.first.value, j, whole)),)),
        Loop(past, (Store(acc, (past,), const(0, acc.dtype)),)),
    ]


@dataclass(frozen=True)
class _Here:
    """Expressions of the nest for tile t and position p, whose sums are in acc."""

    c: WindowSums
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
