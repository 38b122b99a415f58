"""Where the greatest or least element stands: found in vector registers.

    best = x[0]; at = 0                      best = x[0]; block = n
    for i:                                   for blocks b of i:
        if x[i] > best:              ->          s = the greatest of x in b
            best = x[i]; at = i                  if s > best: best = s; block = b
                                             if block < n: at = the first i in it with x[i] == best

An element that decides a branch is compared alone; the greatest of a block is a reduction, and one
block is read again.  Places along an axis that is not the last are found for LANES lines at once:
memory is then read in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...fxgraph.affine import minus, plus
from ...fxgraph.constants import const, is_const, lit, new_index, value_of
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_max, reduce_min
from ...fxgraph.ops.scalar import least
from ...fxgraph.types import BOOL, I64, TensorType
from .access import effects_of, renamed
from .dependence import independent_steps
from .program import (
    Alloc,
    Assign,
    Break,
    Buffer,
    Fold,
    If,
    Loop,
    Program,
    Statement,
    Store,
    While,
    children,
    load,
    new_local,
    with_children,
)
from .strides import stride

#: Elements of a block, one of which is read twice: in a loop of its own, and for the lines of a
#: loop around, which are short.  Lines that are searched at once.
LONG, BLOCK, LANES = 1024, 128, 256
#: Shorter loops stay as they are.
SHORT = 32
_ORDERS = {"greater": reduce_max, "less": reduce_min}
#: What truths are in registers.
_LOGIC = np.dtype("u1")
_TURNED = {"greater": "less", "less": "greater"}
#: Operations that give the same bits in a vector register as alone.
_EXACT = frozenset(
    "load local input constant index affine add subtract multiply divide negative absolute square "
    "sqrt minimum maximum cast".split()
)


@dataclass(frozen=True)
class Place:
    """A loop that keeps the place of an extreme.  order: what value must be to be taken.
    nan: a NaN is taken, and nothing after it."""

    loop: Loop
    best: Node
    at: Node
    value: Node
    order: str
    nan: bool

    @property
    def pred(self) -> Node:
        choice = self.loop.body[0]
        assert isinstance(choice, If)
        return choice.pred

    def better(self, value: Node, than: Node | None = None) -> Node:
        """Is another value better than the best one, or than another?"""
        others = {self.value: value} if than is None else {self.value: value, self.best: than}
        return Rebuild(others)((self.pred,))[0]

    def at_step(self, position: Node) -> Node:
        return Rebuild({self.loop.index: position})((self.value,))[0]


def place_of(loop: Loop) -> Place | None:
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
    if second.value is not loop.index or {best, at} & set(order_of((value,))):
        return None
    for order in _ORDERS:
        for nan in (False, True):
            if choice.pred in _spellings(order, nan, best, value):
                return Place(loop, best, at, value, order, nan)
    return None


def _spellings(order: str, nan: bool, best: Node, value: Node) -> tuple[Node, ...]:
    """The tests of a better value, as lowering and users write them."""
    plain = (_op(order, value, best), _op(_TURNED[order], best, value))
    if not nan:
        return plain
    new, old = _op("not_equal", value, value), _op("equal", best, best)
    return tuple(_op("logical_and", old, _op("logical_or", p, new)) for p in plain)


def _op(name: str, *operands: Node) -> Node:
    return make(op_named(name), operands)


def extremes(program: Program) -> Program:
    """The program with such loops in blocks."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(
    block: Sequence[Statement], notes: list[str], size: int = LONG
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        made = (_lines(s) or _in_blocks(s, size)) if isinstance(s, Loop) else None
        if made is not None:
            assert isinstance(s, Loop)
            notes.append(f"{s.origin or s.index.attr('name')}: places of extremes by blocks")
            out.extend(made)
        elif children(s):
            within = BLOCK if isinstance(s, Loop | While) else size
            inner = tuple(_block(c, notes, within) for c in children(s))
            same = all(a is b for x, y in zip(inner, children(s)) for a, b in zip(x, y))
            out.append(s if same else with_children(s, inner))
        else:
            out.append(s)
    return tuple(out)


# ---- one line ------------------------------------------------------------------------------------
def _in_blocks(loop: Loop, size: int) -> list[Statement] | None:
    found = place_of(loop)
    if found is None or _few(loop) or not _plain(found, loop.index):
        return None
    hi, name = loop.index.attr("hi"), loop.index.attr("name")
    start = new_index(loop.index.attr("lo"), hi, size, "block")
    inner = new_index(lit(0), least(lit(size), minus(hi, start)), 1, name)
    reduction = _ORDERS[found.order]
    kept = TensorType(_LOGIC if found.best.dtype.kind == "b" else found.best.dtype)
    nothing = const(reduction.extra["start"](kept.dtype), kept.dtype)
    s = new_local("s", kept)
    block = new_local("block", TensorType(I64, (), True))
    value = cast_to(found.at_step(plus(start, inner)), kept.dtype)
    if not found.nan and value.dtype.kind == "f":
        value = _op("where", _op("equal", value, value), value, nothing)
    best = cast_to(s, found.best.dtype)
    taken: tuple[Statement, ...] = (Assign(found.best, best), Assign(block, start))
    if found.best.dtype.kind == "b":  # nothing is better than what is better once
        taken = (*taken, Break())
    choice = If(found.better(best), taken)
    search = (Assign(s, nothing), Loop(inner, (Fold(s, reduction, value),)), choice)
    return [
        Assign(block, hi),
        Loop(start, search, origin=loop.origin),
        If(_op("less", block, hi), _first(found, block, size)),
    ]


def _first(found: Place, block: Node, size: int) -> tuple[Statement, ...]:
    """The place in a block of the first element that is the best."""
    hi, name = found.loop.index.attr("hi"), found.loop.index.attr("name")
    k = new_index(lit(0), least(lit(size), minus(hi, block)), 1, name)
    here = found.at_step(plus(block, k))
    p = new_local("p", TensorType(I64, (), True))

    def search(same: Node) -> Loop:
        return Loop(k, (Fold(p, reduce_min, _op("where", same, k, lit(size))),))

    find: Statement = search(_op("equal", here, found.best))
    if found.nan and here.dtype.kind == "f":
        nans = search(_op("not_equal", here, here))
        find = If(_op("equal", found.best, found.best), (find,), (nans,))
    return (
        Assign(p, lit(size)),
        find,
        Assign(found.at, plus(block, p)),
        Assign(found.best, found.at_step(plus(block, p))),
    )


# ---- many lines ----------------------------------------------------------------------------------
def _lines(outer: Loop) -> list[Statement] | None:
    """Lines side by side: steps of the outer loop that begin, search and store what they found."""
    at = [k for k, s in enumerate(outer.body) if isinstance(s, Loop)]
    if not at or not independent_steps(outer, set()):
        return None
    start = new_index(outer.index.attr("lo"), outer.index.attr("hi"), LANES, "block")
    body: list[Statement] = []
    for k, following in zip(at, [*(n - 2 for n in at[1:]), len(outer.body)], strict=True):
        before, after = outer.body[max(k - 2, 0) : k], outer.body[k + 1 : following]
        group = _group(outer, outer.body[k], before, after)
        if group is None:
            return None
        body += _side_by_side(outer, start, group)
    if at[0] != 2:
        return None
    return [replace(outer, index=start, body=tuple(body), parallel=True)]


@dataclass(frozen=True)
class _Group:
    """One search: what its lines begin with, and what is done with what they find."""

    found: Place
    begins: dict[Node, Node]
    after: tuple[Statement, ...]


def _group(
    outer: Loop, line: Statement, before: Sequence[Statement], after: tuple[Statement, ...]
) -> _Group | None:
    found = place_of(line) if isinstance(line, Loop) else None
    if found is None or found.best.dtype.kind == "b" or not _plain(found, outer.index):
        return None
    begins = {s.local: s.value for s in before if isinstance(s, Assign)}
    if set(begins) != {found.best, found.at} or not all(isinstance(s, Store) for s in after):
        return None
    i = found.loop.index
    if outer.index in order_of((i.attr("lo"), i.attr("hi"))):
        return None
    return _Group(found, begins, after)


def _side_by_side(outer: Loop, start: Node, group: _Group) -> list[Statement]:
    found, o = group.found, outer.index
    hi, name = o.attr("hi"), o.attr("name")
    bests = Buffer("bests", found.best.dtype, (LANES,), "temporary")
    places = Buffer("places", I64, (LANES,), "temporary")

    def lanes(build: Callable[[Node], tuple[Statement, ...]]) -> Loop:
        k = new_index(lit(0), least(lit(LANES), minus(hi, start)), 1, name)
        return Loop(k, renamed(build(k), {o: plus(start, k)}))

    def compare(k: Node) -> tuple[Statement, ...]:
        best, at = load(bests, (k,)), load(places, (k,))
        value, place = new_local("v", found.best.type), new_local("better", TensorType(BOOL))
        better = Rebuild({found.value: value, found.best: best})((found.pred,))[0]
        return (
            Assign(value, found.value),
            Assign(place, better),
            Store(places, (k,), _op("where", place, cast_to(found.loop.index, I64), at)),
            Store(bests, (k,), _op("where", place, value, best)),
        )

    def begin(k: Node) -> tuple[Statement, ...]:
        place = cast_to(group.begins[found.at], I64)
        return Store(bests, (k,), group.begins[found.best]), Store(places, (k,), place)

    def end(k: Node) -> tuple[Statement, ...]:
        best, at = Assign(found.best, load(bests, (k,))), Assign(found.at, load(places, (k,)))
        return (best, at, *group.after)

    search = replace(found.loop, body=(lanes(compare),))
    return [Alloc(bests), Alloc(places), lanes(begin), search, lanes(end)]


def _few(loop: Loop) -> bool:
    lo, hi = loop.index.attr("lo"), loop.index.attr("hi")
    return is_const(lo) and is_const(hi) and value_of(hi) - value_of(lo) <= SHORT


def _plain(found: Place, index: Node) -> bool:
    """Is the value read along memory, and computed alike in a register and alone?"""
    kind = found.best.dtype.kind
    if found.loop.index.attr("step") != 1 or kind not in "fiub":
        return False
    if found.value.dtype != found.best.dtype or (kind != "b" and found.best.dtype.itemsize < 4):
        return False
    nodes = order_of((found.value,))
    if any(n.op.name not in _EXACT for n in nodes if n.dtype.kind != "b"):
        return False
    reads = [a for a in effects_of((Assign(found.best, found.value),)).accesses if not a.write]
    moves = [stride(a, index) for a in reads]
    return "unit" in moves and "far" not in moves
