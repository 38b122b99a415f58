"""Long loops whose steps follow each other only through a sum are cut into chunks that run at once.

Sums over rows, element by element (too few columns to fill a GPU), the place of the greatest
element, running sums, and elements that are kept or not (counting.py): each has an associative
operation, so chunks are done by themselves and then joined.  Steps that store where data says find
out first which one is the last of a place (scatter.py).  Short loops stay as they are; the host
chooses by their length.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from ...fxgraph.constants import lit, new_index
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.types import TensorType
from ...optimize.loopnest.access import renamed
from ...optimize.loopnest.mentions import mentioned
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Buffer,
    If,
    Loop,
    Program,
    Statement,
    Store,
    children,
    load,
    new_local,
    with_children,
)
from .chunk_scan import Chunks, area, ends_of, join, long, start_of, steps_of
from .counting import counting
from .hosted import hosted_loops
from .nest import kind_of
from .running import extreme, running
from .scatter import scattered
from .scope import root

#: Chunks of rows that are summed.
ROW_CHUNKS = 64
#: So many columns fill a GPU without chunks.
COLUMNS = 65536
#: (least steps, side): side * side chunks for so many steps; shorter loops stay whole.  On a large
#: GPU 65536 threads fill a quarter of the places, and read their chunks through the cache.
TIERS = ((4096, 32), (1 << 19, 256))


def cut(program: Program) -> Program:
    """The program with such loops in both forms."""
    block = _block(program.statements, mentioned(program), hosted_loops(program))
    return replace(program, statements=block) if block != program.statements else program


def _block(
    block: Sequence[Statement], mentions: dict[Node, int], hosted: Collection[Statement]
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, If) or s in hosted:
            blocks = tuple(_block(c, mentions, hosted) for c in children(s))
            s = with_children(s, blocks) if blocks != children(s) else s
        elif isinstance(s, Loop) and s.index.attr("step") == 1:
            s = _cut(s, mentions)
        out.append(s)
    return tuple(out)


def _cut(loop: Loop, mentions: dict[Node, int]) -> Statement:
    """The loop, with its forms in chunks where it is long enough."""
    rows = _rows(loop)
    if rows is not None:
        return If(rows[0], tuple(rows[1]), (loop,), loop.origin)
    places = scattered(loop, mentions)
    if places is not None:
        return If(places[0], tuple(places[1]), (loop,), loop.origin)
    made: Statement = loop
    for least_steps, side in TIERS:
        chunks = _chunks(Chunks(loop, side), mentions)
        if chunks is None:
            break
        made = If(long(loop, least_steps), tuple(chunks), (made,), loop.origin)
    return made


def _chunks(cut_in: Chunks, mentions: dict[Node, int]) -> list[Statement] | None:
    forms = (extreme(cut_in), running(cut_in), counting(cut_in, mentions))
    return next(filter(None, forms), None)


def kinds(program: Program) -> Callable[[Loop], str]:
    """How threads share an innermost loop of a program, for those who fuse loops."""
    mentions = mentioned(program)

    def kind(loop: Loop) -> str:
        if loop.index.attr("step") == 1 and _chunks(Chunks(loop, 2), mentions) is not None:
            return "alone"
        return kind_of(loop)

    return kind


Made = tuple[Node, list[Statement]] | None


def _chunk(loop: Loop, count: int) -> tuple[Node, Node]:
    """The counter of chunks, and the counter of the steps of one."""
    c = new_index(lit(0), lit(count), 1, "chunk")
    return c, steps_of(loop, c, count)


# ---- sums over rows ------------------------------------------------------------------------------
def _rows(loop: Loop) -> Made:
    """for i: for j: t[j] = t[j] + e(i, j), also of several arrays at once"""
    columns: list[Loop] = []
    body = loop.body
    while len(body) == 1 and isinstance(body[0], Loop):
        columns.append(body[0])
        body = body[0].body
    counters = [x.index for x in columns]
    sums = [_sum_of(s, loop, counters) for s in body]
    if not columns or any(x.attr("lo") is not lit(0) or x.attr("step") != 1 for x in counters):
        return None
    if loop.index in order_of(tuple(x.attr("hi") for x in counters)):
        return None
    known = [x for x in sums if x is not None]
    targets = {root(x.store.buffer) for x in known}
    if len(known) < len(sums) or len(targets) < len(known):
        return None
    reads = [m for x in known for m in order_of((x.term,)) if m.op.name == "load"]
    if any(root(m.attr("buffer")) in targets for m in reads):
        return None
    few = make(op_named("less"), (area(counters), lit(COLUMNS)))
    both = make(op_named("logical_and"), (long(loop, 8 * ROW_CHUNKS), few))
    return both, _row_chunks(loop, counters, known)


@dataclass(frozen=True)
class _Sum:
    """store: t[j] = t[j] (name) term."""

    store: Store
    term: Node
    name: str
    start: Node


def _sum_of(s: Statement, loop: Loop, counters: Sequence[Node]) -> _Sum | None:
    if not isinstance(s, Store) or not set(s.index) >= set(counters):
        return None
    term, name = _term(s)
    start = start_of(name, s.buffer.dtype) if term is not None else None
    if term is None or start is None or loop.index in order_of(s.index):
        return None
    return _Sum(s, term, name, start)


def _row_chunks(loop: Loop, counters: Sequence[Node], sums: Sequence[_Sum]) -> list[Statement]:
    c, step = _chunk(loop, ROW_CHUNKS)
    again = new_index(lit(0), lit(ROW_CHUNKS), 1, "chunk")
    out: list[Statement] = []
    before: list[Statement] = []
    inner: list[Statement] = []
    after: list[Statement] = []
    joins: list[Statement] = []
    for x in sums:
        b = x.store.buffer
        part = Buffer("parts", b.dtype, (ROW_CHUNKS, *ends_of(counters)), "temporary")
        total = new_local("s", TensorType(b.dtype))
        out.append(Alloc(part))
        before.append(Assign(total, x.start))
        inner.append(Assign(total, join(x.name, total, x.term)))
        after.append(Store(part, (c, *counters), total))
        value = join(x.name, load(b, x.store.index), load(part, (again, *counters)))
        joins.append(Store(b, x.store.index, value))
    made: list[Statement] = [
        *before, Loop(step, renamed(tuple(inner), {loop.index: step})), *after,
    ]  # fmt: skip
    for i in (*reversed(counters), c):
        made = [Loop(i, tuple(made), origin=loop.origin)]
    joins = [Loop(again, tuple(joins))]
    for i in reversed(counters):
        joins = [Loop(i, tuple(joins), origin=loop.origin)]
    return [*out, *made, *joins]


def _term(store: Store) -> tuple[Node | None, str]:
    """What a store adds (or else joins) to what is there."""
    if store.accumulate:
        return store.value, "add"
    v = store.value
    if v.op.name in ("add", "multiply", "maximum", "minimum") and len(v.inputs) == 2:
        for here, other in (v.inputs, v.inputs[::-1]):
            if here.op.name == "load" and here.attr("buffer") is store.buffer:
                if here.inputs == store.index:
                    return other, v.op.name
    return None, ""
