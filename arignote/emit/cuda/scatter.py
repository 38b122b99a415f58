"""Elements that are stored where data says, at once: `a[at] = v`, `grid[keep] = values`.

    for i: b[f(i)] = v(i)       ->      for all i: owner[f(i)] = min(owner[f(i)], -1)
                                        for all i: owner[f(i)] = max(owner[f(i)], i)
                                        for all i: if owner[f(i)] == i: b[f(i)] = v(i)

Where places come twice the last step's value stays, as in the loop.  `owner` is not filled before:
only the places that are stored to are touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...fxgraph.constants import const, lit, new_index
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import I64
from ...optimize.loopnest.access import effects_of, renamed
from ...optimize.loopnest.mentions import own
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Buffer,
    Check,
    If,
    Loop,
    Note,
    Statement,
    Store,
    expressions,
    load,
    walk,
)
from .batches import fresh
from .chunk_scan import area, long
from .nest import kind_of
from .scope import root

#: Steps below which one thread does them; places beside each other that fill a GPU by themselves.
LEAST, COLUMNS = 256, 65536


@dataclass(frozen=True)
class _Scatter:
    """loop: its steps go where data says.  before: what one does to know its place.  store: where
    it stores.  axes: those that data moves along.  along: the loops that go along the others."""

    loop: Loop
    before: tuple[Statement, ...]
    store: Store
    axes: tuple[int, ...]
    along: tuple[Loop, ...]


def scattered(nest: Loop, mentions: dict[Node, int]) -> tuple[Node, list[Statement]] | None:
    """(whether it is worth it, a nest as loops that threads share); None where it does something
    else, or threads share all of it as it is."""
    found = _scatter_of(nest)
    if found is None or (not found.along and kind_of(nest)):
        return None
    if not effects_of((nest,)).sets <= set(own((nest,), mentions)):
        return None
    loop, store = found.loop, found.store
    step = cast_to(loop.index, I64)
    shape = tuple(store.buffer.shape[k] for k in found.axes)
    owner = Buffer("owner", I64, shape, "temporary")
    place = tuple(store.index[k] for k in found.axes)

    def claim(name: str, value: Node) -> Loop:
        joined = make(op_named(name), (load(owner, place), value))
        return replace(loop, body=(*found.before, Store(owner, place, joined)), origin=nest.origin)

    mine = make(op_named("equal"), (load(owner, place), step))
    last: tuple[Statement, ...] = (store,)
    for x in reversed(found.along):
        last = (replace(x, body=last, parallel=False),)
    chosen = (*found.before, If(mine, last, (), nest.origin))
    stores = replace(loop, body=chosen, parallel=True, origin=nest.origin)
    loops = (claim("minimum", const(-1, I64)), claim("maximum", step), stores)
    worth = long(loop, LEAST)
    if found.along:
        few = make(op_named("less"), (area(x.index for x in found.along), lit(COLUMNS)))
        worth = make(op_named("logical_and"), (worth, few))
    return worth, [Alloc(owner), *(_apart(x) for x in loops)]


def _apart(loop: Loop) -> Loop:
    """The loop with a counter and variables of its own."""
    (made,) = fresh((loop,))
    old = loop.index
    counter = new_index(old.attr("lo"), old.attr("hi"), 1, str(old.attr("name")))
    (made,) = renamed((made,), {old: counter})
    assert isinstance(made, Loop)
    return made


def _scatter_of(nest: Loop) -> _Scatter | None:
    chain = [nest]
    while len(chain[-1].body) == 1 and isinstance(chain[-1].body[0], Loop):
        chain.append(chain[-1].body[0])
    *before, store = chain[-1].body or (None,)
    if before and isinstance(store, Loop) and len(store.body) == 1:
        chain.append(store)  # one loop more, behind what is found out before it
        (store,) = store.body
    if not isinstance(store, Store) or store.accumulate or not store.index:
        return None
    b = root(store.buffer)
    if store.buffer.base is not None or b.role == "alias" or not b.restrict:
        return None
    if any(not isinstance(s, Assign | Check | Note) for s in before):
        return None
    along = tuple(x for x in chain if x.index in store.index)
    rest = [x for x in chain if x.index not in store.index]
    if len(rest) != 1 or any(x.index.attr("step") != 1 for x in chain):
        return None
    counters = {x.index for x in along}
    axes = tuple(k for k, at in enumerate(store.index) if at not in counters)
    ends = tuple(x.index.attr(e) for x in chain for e in ("lo", "hi"))
    first = (*(e for s in before for e in expressions(s)), *(store.index[k] for k in axes))
    if not axes or counters & set(order_of((*first, *ends))) or rest[0].index in order_of(ends):
        return None
    nodes = order_of(tuple(e for s in walk((nest,)) for e in expressions(s)))
    if any(m.op.name == "load" and root(m.attr("buffer")) is b for m in nodes):
        return None
    return _Scatter(rest[0], tuple(before), store, axes, along)
