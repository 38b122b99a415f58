"""Adjoints of window sums: nests that only add to one array get an order that tiles can take.

    for p: for q: for i, j, k, l:                   for j: for i: for p: for fours of q:
        s = 0                                           a0[:16] = a1[:16] = a2[:16] = a3[:16] = 0
        for c: s += g[i, p, q, c] * w[j, k, l, c]       for c: for v in [0, 16):
        x[i, p + j, q + k, l] += s            ->            a0[v] += g[i, p, q, c] * pack[c, v]
                                                            ...
                                                        x[i, p + j, q.., :][v] += a0[v]; ...

The backward pass of a loop over windows adds to the cotangent of its input, at places that overlap,
and to that of its weights, at the same places in every step.  Steps that do both are taken apart;
then each is a sum whose terms may come in any order, as those of a fold may.  Loops over
neighbouring axes that all arrays walk as one become one, so that vectors are full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import dim, linear, minus, plus, size_node
from ...fxgraph.constants import const, lit, new_index
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import scaled
from ...fxgraph.types import Size
from .access import root
from .nest_sums import NestSum, nest_sums
from .program import (
    Buffer,
    If,
    Loop,
    Program,
    Statement,
    Store,
    While,
    children,
    load,
    with_children,
)
from .strides import buffer_strides
from .tiles import chooses_library, tiled
from .windows import WindowSums, distance


def window_adjoints(program: Program) -> Program:
    """The program with sums over windows, and those into windows, in register tiles."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        made = _tiles(s) if isinstance(s, Loop) else None
        if made is not None and isinstance(s, Loop):
            out.extend(made)
            notes.append(f"{s.origin or s.index.attr('name')}: adjoints of windows in tiles")
        elif isinstance(s, Loop | If | While) and not chooses_library(s):
            out.append(with_children(s, tuple(_block(c, notes) for c in children(s))))
        else:
            out.append(s)
    return tuple(out)


def _tiles(loop: Loop) -> list[Statement] | None:
    """The loop's sums in tiles, what else it does in loops of its own; None where none is found."""
    out: list[Statement] = []
    found = False
    for s, sums in nest_sums(loop):
        made = _tiled_sum(sums) if sums is not None else None
        if made is not None:
            found = True
        out.extend(made if made is not None else (s,))
    return out if found else None


def _tiled_sum(s: NestSum) -> list[Statement] | None:
    s = _merged(s)
    c = _chosen(s)
    if c is None:
        return None
    outer, sums = c
    nest: tuple[Statement, ...] = tuple(tiled(sums))
    for k in reversed(outer):
        nest = (Loop(k, nest, origin=s.origin),)
    return list(nest)


# ---- loops that all arrays walk as one -----------------------------------------------------------
def _merged(s: NestSum) -> NestSum:
    """Pairs of loops k, l merged while x[..., k + rest, l] is how they appear in every array."""
    again = True
    while again:
        again = False
        for k in s.loops:
            for j in s.loops:
                made = _pair(s, k, j) if k is not j else None
                if made is not None and not again:
                    s, again = made, True
    return s


def _pair(s: NestSum, k: Node, j: Node) -> NestSum | None:
    """The sum with loop k and the loop j inside it as one."""
    if j.attr("lo") is not lit(0) or k.attr("lo") is not lit(0):
        return None
    elements = [m for m in order_of((s.value,)) if m.op.name == "load"]
    new = new_index(lit(0), scaled(k.attr("hi"), j.attr("hi")), 1, k.attr("name"))
    known: dict[Node, Node] = {}
    for m in elements:
        if {k, j} & set(order_of(m.inputs)):
            place = _as_one(m.attr("buffer"), m.inputs, k, j, new)
            if place is None:
                return None
            known[m] = load(*place)
    target = _as_one(s.buffer, s.index, k, j, new)
    if target is None:
        return None
    (value,) = Rebuild(known)((s.value,))
    if {k, j} & set(order_of((value,))):
        return None
    loops = tuple(new if x is k else x for x in s.loops if x is not j)
    return replace(s, loops=loops, buffer=target[0], index=target[1], value=value)


def _as_one(
    b: Buffer, index: Sequence[Node], k: Node, j: Node, new: Node
) -> tuple[Buffer, tuple[Node, ...]] | None:
    """The element [..., k + rest, j, ...] in the array with these two axes as one."""
    at = [a for a, i in enumerate(index) if i is j]
    if len(at) != 1 or at[0] == 0 or b.strides is not None:
        return None
    (a,) = at
    others = [i for c, i in enumerate(index) if c not in (a - 1, a)]
    if {k, j} & set(order_of(others)) or size_node(b.shape[a]) is not j.attr("hi"):
        return None
    if linear(index[a - 1])[0].get(k) != 1:
        return None
    rest = minus(index[a - 1], k)
    if {k, j} & set(order_of((rest,))):
        return None
    width = size_node(b.shape[a])
    joined = plus(scaled(rest, width), new)
    shape = (*b.shape[: a - 1], _product(b.shape[a - 1], b.shape[a]), *b.shape[a + 1 :])
    flat = replace(root(b), shape=shape, base=root(b), strides=None)
    return flat, (*index[: a - 1], joined, *index[a + 1 :])


def _product(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    return scaled(size_node(a), size_node(b))


# ---- which loop is what --------------------------------------------------------------------------
def _chosen(s: NestSum) -> tuple[list[Node], WindowSums] | None:
    """Loops around all, and the rest as sums over windows."""
    lane = _lane(s)
    if lane is None:
        return None
    named = set(order_of(s.index))
    packed, still = list[Node](), list[Node]()
    for m in _read(s.value):
        (packed if lane in order_of((m,)) else still).append(m)
    reductions = [k for k in s.loops if k not in named]
    around = set(order_of(packed)) - {lane, *reductions}
    outer = [k for k in s.loops if k in around]
    band = [k for k in s.loops if k in named and k is not lane and k not in around]
    position = _nearest(band, still)
    if not packed or not still or not reductions or position is None:
        return None
    if len(band) < 2 and not _each_once(s):
        return None
    return outer, _window_sums(s, lane, reductions, band, position, packed)


def _lane(s: NestSum) -> Node | None:
    """The loop along which elements that are added to are neighbours."""
    for i, step in reversed(list(zip(s.index, buffer_strides(s.buffer), strict=True))):
        if step is not lit(1):
            return None
        mine = [k for k in s.loops if k in order_of((i,))]
        if mine:
            able = [k for k in mine if linear(i)[0].get(k) == 1 and k.attr("lo") is lit(0)]
            return able[-1] if able else None
    return None


def _read(value: Node) -> list[Node]:
    """The elements that are read, with the cast around one where there is one."""
    found = order_of((value,))
    cast = {m.inputs[0]: m for m in found if m.op.name == "cast"}
    return [cast.get(m, m) for m in found if m.op.name == "load"]


def _nearest(band: Sequence[Node], still: Sequence[Node]) -> Node | None:
    """The loop whose steps read the nearest elements."""
    ranked = [(distance(still, k), n, k) for n, k in enumerate(band)]
    able = [(d, -n, k) for d, n, k in ranked if d is not None and d > 0]
    return min(able, key=lambda x: x[:2])[2] if able else None


def _each_once(s: NestSum) -> bool:
    """Do different steps add to different elements, but for the loops that are summed over?"""
    named = [[k for k in s.loops if k in order_of((i,))] for i in s.index]
    flat = [k for ks in named for k in ks]
    return len(flat) == len(set(flat)) and all(len(ks) < 2 for ks in named)


def _window_sums(
    s: NestSum,
    lane: Node,
    reductions: Sequence[Node],
    band: Sequence[Node],
    position: Node,
    packed: Sequence[Node],
) -> WindowSums:
    size = lane.attr("hi")
    acc = Buffer(s.buffer.name, s.buffer.dtype, (dim(size),), "temporary")
    first, last = (new_index(lit(0), size, 1, lane.attr("name")) for _ in range(2))
    (*place,) = Rebuild({lane: last})(s.index)
    update = Store(acc, (lane,), s.value, True)
    loops = [Loop(k, (), origin=s.origin) for k in band]
    return WindowSums(
        tuple(loops),
        next(b for b in loops if b.index is position),
        acc,
        Store(acc, (first,), const(0, acc.dtype)),
        tuple(Loop(k, (), origin=s.origin) for k in reductions),
        Loop(lane, (update,), origin=s.origin),
        update,
        Loop(last, (Store(s.buffer, tuple(place), load(acc, (last,)), True),), origin=s.origin),
        tuple(dict.fromkeys(packed)),
    )
