"""Running sums, and the place of the greatest element, in chunks that run at once."""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.constants import const, lit, new_index
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, make, op_named
from ...optimize.loopnest.access import renamed
from ...optimize.loopnest.dependence import independent_steps
from ...optimize.loopnest.extremes import place_of
from ...optimize.loopnest.program import Alloc, Assign, If, Loop, Statement, Store, load, new_local
from .chunk_scan import Chunks, join, start_of
from .scope import root


def running(chunks: Chunks) -> list[Statement] | None:
    """for i: s = s + e(i); out[i] = s"""
    loop = chunks.loop
    if len(loop.body) != 2:
        return None
    step_, store = loop.body
    if not (isinstance(step_, Assign) and isinstance(store, Store)) or store.accumulate:
        return None
    s, v = step_.local, step_.value
    if v.op.name not in ("add", "multiply", "maximum", "minimum") or v.inputs[0] is not s:
        return None
    term, name = v.inputs[1], v.op.name
    start = start_of(name, s.dtype)
    written = root(store.buffer)
    reads = [m for m in order_of((term, store.value)) if m.op.name == "load"]
    if start is None or s in order_of((term,)) or s in order_of(store.index):
        return None
    if any(root(m.attr("buffer")) is written for m in reads) or not written.restrict:
        return None
    alone = replace(store, value=const(0, store.buffer.dtype))
    if not independent_steps(replace(loop, body=(alone,)), set()):
        return None

    part = chunks.buffer("parts", s.dtype)

    def sums(chunk: tuple[Node, Node], step: Node) -> list[Statement]:
        p = new_local("p", s.type)
        (add,) = renamed((Assign(p, join(name, p, term)),), {loop.index: step})
        return [Assign(p, start), Loop(step, (add,)), Store(part, chunk, p)]

    joined, before = chunks.before(name, part, s, start)

    def again(chunk: tuple[Node, Node], step: Node) -> list[Statement]:
        p = new_local("p", s.type)
        value = Rebuild({s: p})((store.value,))[0]
        body = (Assign(p, join(name, p, term)), replace(store, value=value))
        return [Assign(p, before(chunk)), Loop(step, renamed(body, {loop.index: step}))]

    return [Alloc(part), chunks.each(sums), *joined, chunks.each(again)]


def extreme(chunks: Chunks) -> list[Statement] | None:
    """for i: if better(best, v(i)): best = v(i); at = i"""
    loop = chunks.loop
    place = place_of(loop)
    if place is None:
        return None
    best, at = place.best, place.at
    values, places = chunks.buffer("bests", best.dtype), chunks.buffer("places", at.dtype)
    row_values = chunks.buffer("row_bests", best.dtype, 1)
    row_places = chunks.buffer("row_places", at.dtype, 1)

    def search(chunk: tuple[Node, Node], step: Node) -> list[Statement]:
        mine, where, start = new_local("best", best.type), new_local("at", at.type), step.attr("lo")
        (look,) = renamed(loop.body, {best: mine, at: where, loop.index: step})
        return [
            If(make(op_named("less"), (start, step.attr("hi"))), (
                Assign(mine, place.at_step(start)), Assign(where, start),
                Loop(step, (look,)),
                Store(values, chunk, mine), Store(places, chunk, where),
            )),
        ]  # fmt: skip

    def is_better(than: Node, found: Node) -> Node:
        return place.better(found, than)

    row, k, g = (new_index(lit(0), lit(chunks.side), 1, n) for n in ("row", "chunk", "row"))
    b, a = new_local("best", best.type), new_local("at", at.type)
    known = chunks.holds(row, k)
    found = load(values, (row, k))
    rows = Loop(
        row,
        (
            If(chunks.holds(row, lit(0)), (
                Assign(b, load(values, (row, lit(0)))), Assign(a, load(places, (row, lit(0)))),
                Loop(k, (
                    If(known, (
                        If(is_better(b, found), (
                            Assign(b, found), Assign(a, load(places, (row, k))),
                        )),
                    )),
                )),
                Store(row_values, (row,), b), Store(row_places, (row,), a),
            )),
        ),
        True,
        origin=loop.origin,
    )  # fmt: skip
    found = load(row_values, (g,))
    last = Loop(
        g,
        (
            If(chunks.holds(g, lit(0)), (
                If(is_better(best, found), (
                    Assign(best, found), Assign(at, load(row_places, (g,))),
                )),
            )),
        ),
        origin=loop.origin,
    )  # fmt: skip
    allocs = [Alloc(x) for x in (values, places, row_values, row_places)]
    return [*allocs, chunks.each(search), rows, last]
