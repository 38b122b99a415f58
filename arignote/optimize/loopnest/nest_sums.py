"""Nests that do nothing but add to one array, as one expression over all their loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import plus
from ...fxgraph.constants import is_const, lit, new_index, value_of
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, Origin
from .access import effects_of, overlap
from .program import Alloc, Assign, Buffer, Fold, Loop, Statement, Store
from .sums import adding


@dataclass(frozen=True)
class NestSum:
    """for all `loops`, in any order: buffer[index] += value"""

    loops: tuple[Node, ...]
    buffer: Buffer
    index: tuple[Node, ...]
    value: Node
    origin: Origin | None


def nest_sums(loop: Loop) -> list[tuple[Loop, NestSum | None]]:
    """What the steps of a nest do, taken apart: loops that may follow each other in any order, each
    as the sum that it is."""
    band = [loop]
    while len(band[-1].body) == 1 and isinstance(band[-1].body[0], Loop):
        band.append(band[-1].body[0])
    out = []
    for group in _groups(band[-1].body):
        whole: Loop = replace(band[-1], body=tuple(group))
        for b in reversed(band[:-1]):
            whole = replace(b, body=(whole,))
        out.append((whole, _sum([b.index for b in band], group)))
    return out


def _groups(block: Sequence[Statement]) -> list[list[Statement]]:
    """Statements that share variables, or arrays that one of them writes, in order."""
    groups: list[list[Statement]] = []
    for s in block:
        mine = [s]
        joined = [g for g in groups if any(_tied(s, x) for x in g)]
        for g in joined:
            groups.remove(g)
        groups.append([*(x for g in joined for x in g), *mine])
    order = {id(s): n for n, s in enumerate(block)}
    return [sorted(g, key=lambda s: order[id(s)]) for g in groups]


def _tied(a: Statement, b: Statement) -> bool:
    x, y = effects_of((a,)), effects_of((b,))
    if x.barrier or y.barrier or x.checks or y.checks:
        return True
    if not (x.sets.isdisjoint(y.uses | y.sets) and y.sets.isdisjoint(x.uses)):
        return True
    if x.allocates & (y.touches | y.allocates) or y.allocates & x.touches:
        return True
    return any(
        (p.write or q.write) and overlap(p.buffer, q.buffer) for p in x.accesses for q in y.accesses
    )


# ---- the sum that a nest is ----------------------------------------------------------------------
def _sum(around: list[Node], group: Sequence[Statement]) -> NestSum | None:
    group = adding(tuple(group))
    found = _of_nest(group) or _through_scratch(group)
    if found is None:
        return None
    return _plain(replace(found, loops=(*around, *found.loops)))


def _of_nest(block: Sequence[Statement]) -> NestSum | None:
    """The statements as one sum, if they are that."""
    loops: list[Node] = []
    origin = None
    while len(block) == 1 and isinstance(block[0], Loop):
        loops.append(block[0].index)
        origin = block[0].origin or origin
        block = block[0].body
    if len(block) == 1 and isinstance(block[0], Store):
        s = block[0]
        return NestSum(tuple(loops), s.buffer, s.index, s.value, origin) if s.accumulate else None
    return _of_folds(tuple(loops), block, origin)


def _of_folds(
    loops: tuple[Node, ...], block: Sequence[Statement], origin: Origin | None
) -> NestSum | None:
    """s = 0; for c: s += e; x[...] += s"""
    if len(block) != 3:
        return None
    start, nest, store = block
    if not isinstance(start, Assign) or not isinstance(nest, Loop) or not isinstance(store, Store):
        return None
    inner: list[Node] = []
    body: Statement = nest
    while isinstance(body, Loop) and len(body.body) == 1:
        inner.append(body.index)
        body = body.body[0]
    if not isinstance(body, Fold) or body.op.name != "reduce_sum" or body.local is not start.local:
        return None
    if not is_const(start.value) or value_of(start.value) != 0 or body.local in body.value.free:
        return None
    if not store.accumulate or store.value is not start.local:
        return None
    if start.local.dtype != store.buffer.dtype or start.local in order_of((body.value,)):
        return None
    return NestSum((*loops, *inner), store.buffer, store.index, body.value, origin)


def _through_scratch(block: Sequence[Statement]) -> NestSum | None:
    """t = 0; for ...: t[...] += e; for j: x[f(j)] += t[j]"""
    if len(block) not in (3, 4) or not isinstance(block[0], Alloc):
        return None
    t = block[0].buffer
    fill = _store_of(block[1]) if len(block) == 4 else None
    if len(block) == 4 and (
        fill is None or not _covers(fill, t) or fill[1].accumulate or not _is_zero(fill[1].value)
    ):
        return None
    if len(block) == 3 and not block[0].zero:
        return None
    inner, last = _of_nest(block[-2:-1]), _store_of(block[-1])
    if inner is None or inner.buffer is not t or last is None or t.role != "temporary":
        return None
    loops, s = last
    at = next((m for m in order_of((s.value,)) if m.op.name == "load"), None)
    if at is None or s.value is not at or at.attr("buffer") is not t or not s.accumulate:
        return None
    if not _covers((loops, replace(s, buffer=t, index=at.inputs)), t):
        return None
    if any(
        overlap(m.attr("buffer"), s.buffer) for m in order_of((inner.value,)) if m.op.name == "load"
    ):
        return None
    known = {k: i for k, i in zip(at.inputs, inner.index, strict=True) if not is_const(k)}
    place = tuple(Rebuild(dict(known))(s.index))
    return replace(inner, buffer=s.buffer, index=place)


def _store_of(s: Statement) -> tuple[list[Node], Store] | None:
    loops: list[Node] = []
    while isinstance(s, Loop) and len(s.body) == 1:
        loops.append(s.index)
        s = s.body[0]
    return (loops, s) if isinstance(s, Store) else None


def _covers(found: tuple[list[Node], Store], t: Buffer) -> bool:
    """Is every element of t stored to, at the loops' own positions?"""
    loops, s = found
    if s.buffer is not t:
        return False
    used = []
    for i, d in zip(s.index, t.shape, strict=True):
        if isinstance(d, int) and d == 1 and i is lit(0):
            continue
        size = lit(d) if isinstance(d, int) else d
        if i not in loops or i.attr("lo") is not lit(0) or i.attr("hi") is not size:
            return False
        if i.attr("step") != 1:
            return False
        used.append(i)
    return len(used) == len(set(used)) == len(loops)


def _is_zero(n: Node) -> bool:
    return is_const(n) and bool(value_of(n) == 0)


# ---- in any order --------------------------------------------------------------------------------
def _plain(s: NestSum) -> NestSum | None:
    """The sum with counters that go up by one; None where its terms may not change order."""
    if not s.buffer.restrict or s.buffer.dtype.char not in "fd" or s.value.dtype != s.buffer.dtype:
        return None
    mine = set(s.loops)
    for k in s.loops:
        bounds = order_of((k.attr("lo"), k.attr("hi")))
        if any(m in mine or m.op.name == "load" for m in bounds) or k.attr("step") not in (1, -1):
            return None
    for m in order_of((s.value, *s.index)):
        if m.op.name == "load":
            if overlap(m.attr("buffer"), s.buffer) or not _direct(m.inputs):
                return None
    if not _direct(s.index):
        return None
    upwards = {
        k: new_index(plus(k.attr("hi"), lit(1)), plus(k.attr("lo"), lit(1)), 1, k.attr("name"))
        for k in s.loops
        if k.attr("step") == -1
    }
    (value, *index) = Rebuild(dict(upwards))((s.value, *s.index))
    loops = tuple(upwards.get(k, k) for k in s.loops)
    return NestSum(loops, s.buffer, tuple(index), value, s.origin)


def _direct(index: Sequence[Node]) -> bool:
    return not any(m.op.name == "load" for m in order_of(index))
