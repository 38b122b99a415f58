"""Long loops whose steps follow each other only through a sum are cut into chunks that run at once.

Sums over rows, element by element (too few columns to fill a GPU), the place of the greatest
element, and running sums: each has an associative operation, so chunks are done by themselves and
then joined.  Short loops stay as they are; the host chooses by their length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import const, lit, new_index
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.scalar import ceil_quotient, least
from ...fxgraph.types import TensorType
from ...optimize.loopnest.access import renamed
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
from ..scalar_code import code
from .batches import fresh
from .scope import root

#: Chunks of rows that are summed; of other loops.
ROW_CHUNKS, CHUNKS = 64, 1024
#: Loops of fewer steps stay whole.
LONG = 4096
#: So many columns fill a GPU without chunks.
COLUMNS = 65536
_IDENTITY = {"add": 0, "multiply": 1}


def cut(program: Program) -> Program:
    """The program with such loops in both forms."""
    block = _block(program.statements)
    return replace(program, statements=block) if block != program.statements else program


def _block(block: Sequence[Statement]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Loop) and s.index.attr("step") == 1:
            made = next(filter(None, (form(s) for form in _FORMS)), None)
            if made is not None:
                pred, chunks = made
                out.append(If(pred, tuple(chunks), (s,), s.origin))
                continue
        elif isinstance(s, If):
            blocks = tuple(_block(c) for c in children(s))
            s = with_children(s, blocks) if blocks != children(s) else s
        out.append(s)
    return tuple(out)


Made = tuple[Node, list[Statement]] | None


def _long(loop: Loop, limit: int = LONG) -> Node:
    return make(op_named("greater_equal"), (_span(loop), lit(limit)))


def _span(loop: Loop) -> Node:
    return minus(loop.index.attr("hi"), loop.index.attr("lo"))


def _chunk(loop: Loop, count: int) -> tuple[Node, Node]:
    """The counter of chunks, and the counter of the steps of one."""
    c = new_index(lit(0), lit(count), 1, "chunk")
    length = ceil_quotient(_span(loop), count)
    start = plus(loop.index.attr("lo"), make(op_named("multiply"), (c, length), (("weak", True),)))
    end = least(plus(start, length), loop.index.attr("hi"))
    return c, new_index(start, end, 1, str(loop.index.attr("name")))


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
    area = lit(1)
    for d in _sizes(counters):
        area = make(op_named("multiply"), (area, size_node(d)), (("weak", True),))
    few = make(op_named("less"), (area, lit(COLUMNS)))
    both = make(op_named("logical_and"), (_long(loop, 8 * ROW_CHUNKS), few))
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
    start = _start(name, s.buffer) if term is not None else None
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
    join: list[Statement] = []
    for x in sums:
        b = x.store.buffer
        part = Buffer("parts", b.dtype, (ROW_CHUNKS, *_sizes(counters)), "temporary")
        total = new_local("s", TensorType(b.dtype))
        out.append(Alloc(part))
        before.append(Assign(total, x.start))
        inner.append(Assign(total, _join(x.name, total, x.term)))
        after.append(Store(part, (c, *counters), total))
        value = _join(x.name, load(b, x.store.index), load(part, (again, *counters)))
        join.append(Store(b, x.store.index, value))
    made: list[Statement] = [
        *before, Loop(step, renamed(tuple(inner), {loop.index: step})), *after,
    ]  # fmt: skip
    for i in (*reversed(counters), c):
        made = [Loop(i, tuple(made), origin=loop.origin)]
    join = [Loop(again, tuple(join))]
    for i in reversed(counters):
        join = [Loop(i, tuple(join), origin=loop.origin)]
    return [*out, *made, *join]


def _sizes(counters: Sequence[Node]) -> tuple[int | Node, ...]:
    ends = [x.attr("hi") for x in counters]
    return tuple(int(e.attr("bits").array()) if e.op.name == "constant" else e for e in ends)


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


def _start(name: str, b: Buffer) -> Node | None:
    """What changes nothing."""
    if code(b.dtype) == "f2":
        return None
    if name in _IDENTITY:
        return const(_IDENTITY[name], b.dtype)
    if b.dtype.kind == "f":
        return const(float("-inf") if name == "maximum" else float("inf"), b.dtype)
    return None


def _join(name: str, a: Node, b: Node) -> Node:
    return make(op_named(name), (a, b))


# ---- the place of an extreme ---------------------------------------------------------------------
def _place(loop: Loop) -> Made:
    """for i: if better(best, v(i)): best = v(i); at = i"""
    if len(loop.body) != 1 or not isinstance(loop.body[0], If):
        return None
    choice = loop.body[0]
    if choice.other or len(choice.then) != 2:
        return None
    first, second = choice.then
    if not (isinstance(first, Assign) and isinstance(second, Assign)):
        return None
    best, value, at = first.local, first.value, second.local
    if second.value is not loop.index or best in order_of((value,)):
        return None
    if not _only(choice.pred, best, value):
        return None
    c, step = _chunk(loop, CHUNKS)
    values = Buffer("bests", best.dtype, (CHUNKS,), "temporary")
    places = Buffer("places", at.dtype, (CHUNKS,), "temporary")
    mine, where = new_local("best", best.type), new_local("at", at.type)
    others = {best: mine, at: where, loop.index: step}
    (search,) = renamed((choice,), others)
    start = step.attr("lo")
    began = Rebuild({loop.index: start})((value,))[0]
    body = (
        Assign(mine, began), Assign(where, start),
        Loop(step, (search,)),
        Store(values, (c,), mine), Store(places, (c,), where),
    )  # fmt: skip
    holds = If(make(op_named("less"), (start, step.attr("hi"))), body)
    length = ceil_quotient(_span(loop), CHUNKS)
    used = make(
        op_named("floor_divide"),
        (plus(_span(loop), plus(length, lit(-1))), length),
        (("weak", True),),
    )
    again = new_index(lit(0), used, 1, "chunk")
    found = load(values, (again,))
    pred = Rebuild({value: found})((choice.pred,))[0]
    join = If(pred, (Assign(best, found), Assign(at, load(places, (again,)))))
    made: list[Statement] = [
        Alloc(values), Alloc(places),
        Loop(c, (holds,), origin=loop.origin), Loop(again, (join,), origin=loop.origin),
    ]  # fmt: skip
    return _long(loop), made


def _only(pred: Node, best: Node, value: Node) -> bool:
    """Is the choice made by the two values alone?"""
    stack, seen = [pred], set()
    while stack:
        n = stack.pop()
        if n in seen or n is best or n is value:
            continue
        seen.add(n)
        if n.op.name in ("load", "local", "index", "input"):
            return False
        stack.extend(n.inputs)
    return True


# ---- running sums --------------------------------------------------------------------------------
def _running(loop: Loop) -> Made:
    """for i: s = s + e(i); out[i] = s"""
    if len(loop.body) != 2:
        return None
    step_, store = loop.body
    if not (isinstance(step_, Assign) and isinstance(store, Store)) or store.accumulate:
        return None
    s, v = step_.local, step_.value
    if v.op.name not in ("add", "multiply", "maximum", "minimum") or v.inputs[0] is not s:
        return None
    term = v.inputs[1]
    holder = Buffer("parts", s.dtype, (CHUNKS,), "temporary")
    start = _start(v.op.name, holder)
    written = root(store.buffer)
    reads = [m for m in order_of((term,)) if m.op.name == "load"]
    if start is None or s in order_of((term,)) or s in order_of(store.index):
        return None
    if any(root(m.attr("buffer")) is written for m in reads) or not written.restrict:
        return None
    return _long(loop), _three_passes(loop, s, v.op.name, term, store, holder, start)


def _three_passes(
    loop: Loop, s: Node, name: str, term: Node, store: Store, part: Buffer, start: Node
) -> list[Statement]:
    """Chunks' sums; what stands before each chunk; the chunks again, from there."""

    def chunks(body: Callable[[Node, Node], list[Statement]]) -> Loop:
        c, step = _chunk(loop, CHUNKS)
        return Loop(c, fresh(tuple(body(c, step))), origin=loop.origin)

    def sums(c: Node, step: Node) -> list[Statement]:
        p = new_local("p", s.type)
        (add,) = renamed((Assign(p, _join(name, p, term)),), {loop.index: step})
        return [Assign(p, start), Loop(step, (add,)), Store(part, (c,), p)]

    def again(c: Node, step: Node) -> list[Statement]:
        p = new_local("p", s.type)
        body = (Assign(p, _join(name, p, term)), replace(store, value=_with(store.value, s, p)))
        return [Assign(p, load(part, (c,))), Loop(step, renamed(body, {loop.index: step}))]

    k = new_index(lit(0), lit(CHUNKS), 1, "chunk")
    here = new_local("here", s.type)
    before = Loop(
        k,
        (
            Assign(here, load(part, (k,))),
            Store(part, (k,), s),
            Assign(s, _join(name, s, here)),
        ),
        origin=loop.origin,
    )
    return [Alloc(part), chunks(sums), before, chunks(again)]


def _with(value: Node, old: Node, new: Node) -> Node:
    return Rebuild({old: new})((value,))[0]


_FORMS = (_rows, _place, _running)
