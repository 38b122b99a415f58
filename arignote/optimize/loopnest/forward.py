"""Temporaries that repeat what is at hand: their reads are served elsewhere, and they go.

    for i: t[i] = f(a, i)                          for i: b[i + 1] = f(a, i)
    for i: b[i + 1] = t[i]                   ->
    for i: c[i] = b[i] + t[i]                      for i: c[i] = b[i] + b[i + 1]

A temporary may be read from an array that got the same value, or computed again where that takes an
operation or two of one element.  What is read instead must not change in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import is_

from ...fxgraph.affine import linear
from ...fxgraph.graph import Rebuild, order_of, substitute
from ...fxgraph.node import Node
from ...fxgraph.types import TensorType
from .access import Access, Effects, differ, effects_of, overlap, root
from .contract import accessed_by_element
from .dependence import covers, offset_from
from .program import (
    Alloc,
    Assign,
    Buffer,
    Loop,
    Program,
    Statement,
    Store,
    children,
    expressions,
    load,
    map_expressions,
    new_local,
    walk,
    with_children,
)
from .recompute import cheap, quick_mask, quick_stencil, read_often

#: Rounds: a temporary of a temporary of ...
ROUNDS = 6


def forward(program: Program) -> Program:
    """The program without temporaries that other arrays stand for."""
    clean = block = without_dead(program.statements, program)
    notes = list[str]()
    for _ in range(ROUNDS):
        able = set(accessed_by_element(block))
        if not able:
            break
        block = _variables(block, able)
        found = len(notes)
        block = _block(block, able, notes)
        block = without_dead(block, program)
        if len(notes) == found:
            break
    if not notes:
        return program if clean is program.statements else replace(program, statements=clean)
    return replace(program, statements=block, notes=(*program.notes, *notes))


# ---- an element that is read again in the same step ---------------------------------------------
def _variables(block: tuple[Statement, ...], able: set[Buffer]) -> tuple[Statement, ...]:
    """t[i] = e; b = t[i]   ->   v = e; t[i] = v; b = v"""
    out: list[Statement] = []
    known: dict[Node, Node] = {}  # load -> the variable that holds the element
    for s in block:
        rebuild = Rebuild(dict(known))
        s = map_expressions(s, lambda e, r=rebuild: r((e,))[0])  # type: ignore[misc]
        s = with_children(s, tuple(_variables(c, able) for c in children(s)))
        changed = effects_of((s,))
        written = {root(a.buffer) for a in changed.accesses if a.write} | changed.allocates
        known = {
            e: v
            for e, v in known.items()
            if e.attr("buffer") not in written
            and v not in changed.sets
            and not any(m in changed.sets for m in order_of(e.inputs))
            and v not in changed.sets
        }
        if isinstance(s, Store) and s.buffer in able and not s.accumulate and _plain(s.index):
            v = new_local(s.buffer.name, TensorType(s.buffer.dtype))
            if s.value.op.name == "local":
                known[load(s.buffer, s.index)] = s.value
            else:
                out.append(Assign(v, s.value))
                s = replace(s, value=v)
                known[load(s.buffer, s.index)] = v
        out.append(s)
    return tuple(out)


def _plain(index: Sequence[Node]) -> bool:
    return bool(index) and all(i.op.name in ("index", "affine", "constant") for i in index)


# ---- temporaries of one block --------------------------------------------------------------------
def _block(
    block: tuple[Statement, ...], able: set[Buffer], notes: list[str]
) -> tuple[Statement, ...]:
    mine = [s.buffer for s in block if isinstance(s, Alloc) and s.buffer in able]
    if mine:
        work = list(block)
        facts = [effects_of((s,)) for s in work]
        users: dict[Buffer, list[int]] = {t: [] for t in mine}
        for k, f in enumerate(facts):
            for t in f.at.keys() & users.keys():
                users[t].append(k)
        for t in mine:
            served = _served(t, users[t], work, facts)
            if served is not None:
                notes.append(f"{t.name}: read from {served.source} instead")
                rebuild = _reading(t, served)
                for k in users[t]:
                    (work[k],) = _mapped((work[k],), rebuild)
                    facts[k] = effects_of((work[k],))
                    for other in facts[k].at.keys() & users.keys():
                        if k not in users[other]:
                            users[other] = sorted([*users[other], k])
        block = tuple(work) if notes else block
    return tuple(
        with_children(s, tuple(_block(c, able, notes) for c in children(s))) for s in block
    )


@dataclass(frozen=True)
class _Served:
    """t[index] is `value`, an expression of `index`."""

    index: tuple[Node, ...]
    value: Node
    source: str


def _served(
    t: Buffer, touching: Sequence[int], block: Sequence[Statement], facts: Sequence[Effects]
) -> _Served | None:
    """touching: the statements of the block that read or write t."""
    if len(touching) < 2 or t in facts[touching[0]].reads:
        return None
    if any(t in facts[k].writes for k in touching[1:]):
        return None
    first, last = touching[0], touching[-1]
    found = _store_of(t, block[first])
    if found is None or not covers(block[first], t):  # what is not stored is not elsewhere, either
        return None
    store, body = found
    readers = [block[k] for k in touching[1:]]
    for served, written in _candidates(store, body, readers):
        if _unchanged(t, served, written, facts, first, last):
            return served
    return None


def _store_of(t: Buffer, s: Statement) -> tuple[Store, tuple[Statement, ...]] | None:
    """The one store to t, in a nest with a loop an axis, and the block it is in."""
    loops: list[Node] = []
    while isinstance(s, Loop):
        loops.append(s.index)
        stores = [x for x in s.body if isinstance(x, Store) and x.buffer is t]
        if stores:
            x = stores[0]
            plain = len(stores) == 1 and not x.accumulate
            own = set(x.index) == set(loops) and len(x.index) == len(loops)
            return (x, s.body) if plain and own else None
        inner = [x for x in s.body if t in effects_of((x,)).writes]
        if len(inner) != 1:
            return None
        s = inner[0]
    return None


def _candidates(
    store: Store, body: Sequence[Statement], readers: Sequence[Statement]
) -> list[tuple[_Served, int]]:
    """Expressions that t's elements equal, other arrays first, and how many of the arrays they read
    are written in this very nest."""
    set_at, place = _set_once(body), body.index(store)
    stand: dict[Node, Node] = {}
    for k, s in enumerate(body):
        if isinstance(s, Store) and s is not store and not s.accumulate:
            known = set_at.get(s.value, k) < k  # else what it held in the step before
            if s.value not in stand and known and _same_shape(store.index, s.index):
                stand[s.value] = load(s.buffer, s.index)
    value, out = store.value, list[tuple[_Served, int]]()
    if set_at.get(value, place) < place:
        if value in stand:
            e = stand[value]
            out.append((_Served(store.index, e, e.attr("buffer").name), 1))
        place = set_at[value]
        assign = body[place]
        assert isinstance(assign, Assign)
        value = assign.value
    used = [v for v in order_of((value,)) if v in stand and set_at[v] < place]
    (value,) = substitute((value,), {v: stand[v] for v in used})
    free = not any("elementwise" in m.op.traits for m in order_of((value,)))
    if (
        (cheap(value) and (free or not read_often(store.buffer, readers)))
        or quick_mask(value, store.index)
        or quick_stencil(value, store.index, store.buffer, readers)
    ):
        out.append((_Served(store.index, value, "its operands"), len(used)))
    return out


def _set_once(body: Sequence[Statement]) -> dict[Node, int]:
    """The variables that each step sets in one place and in any case, and where."""
    places: dict[Node, list[int]] = {}
    for k, s in enumerate(body):
        for x in walk((s,)):
            for v in (x.local,) if isinstance(x, Assign) else effects_of((x,)).sets:
                places.setdefault(v, []).append(k)
    return {
        v: found[0]
        for v, found in places.items()
        if len(found) == 1 and isinstance(s := body[found[0]], Assign) and s.local is v
    }


def _same_shape(index: Sequence[Node], other: Sequence[Node]) -> bool:
    """Has every axis an axis that moves with it alone, the last axis the last one?"""
    for i in index:
        if not any(offset_from(x, i) is not None for x in other):
            return False
    if not all(set(linear(x)[0]) <= set(index) | _still(x) for x in other):
        return False
    return bool(other) and offset_from(other[-1], index[-1]) is not None


def _still(x: Node) -> set[Node]:
    """Sizes and numbers that an index may mention."""
    return {m for m in linear(x)[0] if m.op.name == "input"}


def _unchanged(
    t: Buffer,
    served: _Served,
    written: int,
    facts: Sequence[Effects],
    first: int,
    last: int,
) -> bool:
    """Does the expression keep its value until the last read of t?"""
    leaves = order_of((served.value,))
    sources = [m.attr("buffer") for m in leaves if m.op.name == "load"]
    if t in map(root, sources) or any(b.role == "alias" for b in sources):
        return False
    variables = {m for m in leaves if m.op.name in ("local", "index")} - set(served.index)
    if any(m.op.name == "index" for m in variables - _around(facts, first)):
        return False
    if any(variables & facts[k].sets for k in range(first, last + 1)):
        return False
    if _writes(sources, facts[first]) != written:
        return False
    reads = [_positions(t, served, facts[k]) for k in range(first + 1, last + 1)]
    for k in range(first + 1, last + 1):
        changes = [a for a in facts[k].accesses if a.write and _hits(a, sources)]
        if not changes:
            continue
        later = [p for found in reads[k - first - 1 :] for p in found]
        if reads[k - first - 1] or not all(_apart(a, p) for a in changes for p in later):
            return False
        if any(root(b) in facts[k].allocates for b in sources):
            return False
    return True


def _around(facts: Sequence[Effects], first: int) -> set[Node]:
    """Counters of enclosing loops: used, and not of a loop inside this statement."""
    return {m for m in facts[first].uses if m.op.name == "index" and m not in facts[first].counters}


def _hits(a: Access, sources: Sequence[Buffer]) -> bool:
    return any(overlap(a.buffer, b) for b in sources)


def _writes(sources: Sequence[Buffer], facts: Effects) -> int:
    return sum(a.write and _hits(a, sources) for a in facts.accesses)


def _positions(t: Buffer, served: _Served, facts: Effects) -> list[Node]:
    """The loads that reads of t in a statement become."""
    out: dict[Node, None] = {}
    for a in facts.accesses:
        if a.buffer is t and a.index is not None and not a.write:
            (e,) = substitute((served.value,), dict(zip(served.index, a.index, strict=True)))
            out.update(dict.fromkeys(m for m in order_of((e,)) if m.op.name == "load"))
    return list(out)


def _apart(a: Access, e: Node) -> bool:
    if not overlap(a.buffer, e.attr("buffer")):
        return True
    if a.buffer is not e.attr("buffer") or a.index is None:
        return False
    moving = any(m.op.name in ("load", "local") for m in order_of((*a.index, *e.inputs)))
    return not moving and differ(a.index, e.inputs)


def _reading(t: Buffer, served: _Served) -> Rebuild:
    """Reads what is served instead of t."""

    def visit(m: Node) -> Node:
        if m.op.name != "load" or m.attr("buffer") is not t:
            return m
        (e,) = substitute((served.value,), dict(zip(served.index, m.inputs, strict=True)))
        return e

    return Rebuild(visit=visit)


def _mapped(block: tuple[Statement, ...], rebuild: Rebuild) -> tuple[Statement, ...]:
    out = []
    for s in block:
        mine = expressions(s)
        if rebuild(mine) != mine:
            s = map_expressions(s, lambda e: rebuild((e,))[0])
        inner = tuple(_mapped(c, rebuild) for c in children(s))
        out.append(s if inner == children(s) else with_children(s, inner))
    return block if all(map(is_, out, block)) else tuple(out)


# ---- what nobody reads ---------------------------------------------------------------------------
def without_dead(block: tuple[Statement, ...], program: Program) -> tuple[Statement, ...]:
    """The block without temporaries and variables that are set only."""
    able = set(accessed_by_element(block))
    while True:
        seen: set[Node] = set(order_of([r.value for r in program.results if r.value is not None]))
        variables: set[Node] = set()
        for s in walk(block):
            seen.update(order_of(expressions(s)))
            seen.update(order_of(_extents(s)))
            if isinstance(s, Loop):
                seen.update(order_of((s.index.attr("lo"), s.index.attr("hi"))))
            elif isinstance(s, Assign):
                variables.add(s.local)
        buffers = able - {m.attr("buffer") for m in seen if m.op.name == "load"}
        pruned = _pruned(block, buffers, variables - seen)
        if pruned == block:
            return block
        block = pruned


def _extents(s: Statement) -> list[Node]:
    """The sizes, as far as they are computed, of the buffers that a statement touches."""
    touched = {a.buffer for a in effects_of((s,)).accesses}
    return [d for b in touched for d in b.shape if isinstance(d, Node)]


def _pruned(
    block: tuple[Statement, ...], buffers: set[Buffer], variables: set[Node]
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Alloc | Store) and s.buffer in buffers:
            continue
        if isinstance(s, Assign) and s.local in variables:
            continue
        blocks = children(s)
        inner = tuple(_pruned(c, buffers, variables) for c in blocks)
        if isinstance(s, Loop) and not inner[0]:
            continue
        out.append(s if inner == blocks else with_children(s, inner))
    return block if len(out) == len(block) and all(map(is_, out, block)) else tuple(out)
