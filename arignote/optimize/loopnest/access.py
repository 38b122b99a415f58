"""What statements read and write: the facts that fusion, contraction and parallelism ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from weakref import WeakKeyDictionary

from ...fxgraph.affine import dim, minus, plus, times
from ...fxgraph.constants import lit
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, attr_nodes
from ...fxgraph.prove import ge0
from ...fxgraph.types import Shape
from .program import (
    Alloc,
    Assign,
    Break,
    Buffer,
    Check,
    Fold,
    Library,
    Loop,
    Panel,
    Point,
    Statement,
    Store,
    children,
    expressions,
    load,
    map_expressions,
    with_children,
)

#: Pairs of accesses of two statements that are compared before they count as one place.
MOST_PAIRS = 400


@dataclass(frozen=True)
class Access:
    """One element access: `index` is None for a window that is not analysed (a library's panel)."""

    buffer: Buffer
    index: tuple[Node, ...] | None
    write: bool
    accumulate: bool = False


@dataclass
class Effects:
    """All accesses inside a statement, and the variables it reads, sets and declares.

    checks: does it test indices?  checked: are there accesses that may stand behind such a test
    (their positions are data)?
    """

    accesses: list[Access] = field(default_factory=list)
    uses: set[Node] = field(default_factory=set)
    sets: set[Node] = field(default_factory=set)
    folds: set[Node] = field(default_factory=set)
    allocates: set[Buffer] = field(default_factory=set)
    counters: set[Node] = field(default_factory=set)
    barrier: bool = False
    checks: bool = False
    checked: bool = False

    @cached_property
    def at(self) -> dict[Buffer, dict[Access, None]]:
        """The accesses, each once, by the memory they touch."""
        out: dict[Buffer, dict[Access, None]] = {}
        for a in self.accesses:
            out.setdefault(root(a.buffer), {})[a] = None
        return out

    @cached_property
    def reads(self) -> set[Buffer]:
        return {root(a.buffer) for a in self.accesses if not a.write}

    @cached_property
    def writes(self) -> set[Buffer]:
        return {root(a.buffer) for a in self.accesses if a.write} | self.allocates

    @cached_property
    def touches(self) -> set[Buffer]:
        return self.reads | self.writes

    def extend(self, e: Effects) -> None:
        """Take in the effects of one more statement; for those who own this record."""
        self.accesses.extend(e.accesses)
        self.uses |= e.uses
        self.sets |= e.sets
        self.folds |= e.folds
        self.allocates |= e.allocates
        self.counters |= e.counters
        self.barrier = self.barrier or e.barrier
        self.checks = self.checks or e.checks
        self.checked = self.checked or e.checked
        if "at" in self.__dict__:
            for b, found in e.at.items():
                self.at.setdefault(b, {}).update(found)
        for name in ("reads", "writes", "touches"):
            if name in self.__dict__:
                self.__dict__[name] |= getattr(e, name)


def root(b: Buffer) -> Buffer:
    return b.base if b.base is not None else b


#: Statements are never changed, so what is known of one stays true.
_known: WeakKeyDictionary[Statement, Effects] = WeakKeyDictionary()


def effects_of(block: Iterable[Statement]) -> Effects:
    """The effects of a block, inner blocks included.  Shared: not to be changed."""
    parts = [_effects(s) for s in block]
    return parts[0] if len(parts) == 1 else together(parts)


def together(parts: Iterable[Effects], out: Effects | None = None) -> Effects:
    """The effects of several statements, in a record of the caller's own."""
    out = out if out is not None else Effects()
    for e in parts:
        out.extend(e)
    return out


def _effects(s: Statement) -> Effects:
    out = _known.get(s)
    if out is None:
        out = Effects()
        for e in expressions(s):
            _read(e, out)
        _own(s, out)
        _known[s] = together([_effects(c) for block in children(s) for c in block], out)
    return out


def _own(s: Statement, out: Effects) -> None:
    """What a statement does beside reading."""
    if isinstance(s, Loop):
        out.counters.add(s.index)
    elif isinstance(s, Assign):
        out.sets.add(s.local)
    elif isinstance(s, Fold):
        out.sets.add(s.local)
        out.folds.add(s.local)
    elif isinstance(s, Store):
        out.accesses.append(Access(s.buffer, s.index, True, s.accumulate))
        out.checked = out.checked or _from_data(s.index)
        if s.accumulate:
            out.accesses.append(Access(s.buffer, s.index, False, True))
    elif isinstance(s, Check | Break):
        out.barrier = True
        if isinstance(s, Check):
            out.checks = out.checks or s.kind == "check_index"
            if s.result is not None:
                out.sets.add(s.result)
    elif isinstance(s, Library):
        out.barrier = out.barrier or s.name == "python"
        out.accesses.extend(Access(p.buffer, None, True) for p in s.outputs)
        out.accesses.extend(
            Access(p.buffer, None, False) for p in s.inputs if not isinstance(p, Node)
        )
        if s.name == "ger" or dict(s.attrs).get("beta", 0) != 0:
            out.accesses.extend(Access(p.buffer, None, False) for p in s.outputs)
    elif isinstance(s, Alloc):
        out.allocates.add(root(s.buffer))
    elif isinstance(s, Point):
        out.barrier = True
        for b in (*s.aliases, *s.buffers):
            out.accesses.append(Access(b, None, True))


def _read(e: Node, out: Effects) -> None:
    for m in order_of((e,)):
        if m.op.name == "load":
            out.accesses.append(Access(m.attr("buffer"), m.inputs, False))
            out.checked = out.checked or _from_data(m.inputs)
        elif m.op.name in ("local", "index"):
            out.uses.add(m)


def _from_data(index: Sequence[Node]) -> bool:
    return any(m.op.name == "load" for m in order_of(index))


def overlap(a: Buffer, b: Buffer) -> bool:
    """May two buffers share memory?"""
    a, b = root(a), root(b)
    if a is b:
        return True
    return not (a.restrict or b.restrict) and (a.ring is None or a.ring is not b.ring)


def independent(a: Effects, b: Effects) -> bool:
    """May the two statements change places?"""
    if a.barrier and b.barrier:
        return False
    if (a.checks and b.checked) or (b.checks and a.checked):
        return False
    if (a.barrier and _visible(b)) or (b.barrier and _visible(a)):
        return False
    if not (a.sets.isdisjoint(b.uses) and b.sets.isdisjoint(a.uses)):
        return False
    if not a.sets.isdisjoint(b.sets):
        return False
    return not any(_spoils(one, other) for one, other in ((a, b), (b, a)))


def _spoils(a: Effects, b: Effects) -> bool:
    """Does a write, or allocate, what b touches?"""
    if meeting(a.allocates, b.touches):
        return True
    met = set(meeting(a.writes, b.touches))
    if not met:
        return False
    mine = {x: None for r in met for x in a.at.get(r, ()) if x.write}
    others = {y: None for r in meeting(b.touches, met) for y in b.at.get(r, ())}
    if len(mine) * len(others) > MOST_PAIRS:
        return True
    return any(overlap(x.buffer, y.buffer) and not disjoint(x, y) for x in mine for y in others)


def meeting(some: AbstractSet[Buffer], others: AbstractSet[Buffer]) -> list[Buffer]:
    """Those memories of the first collection that may be, or share, one of the second."""
    few, many = (some, others) if len(some) <= len(others) else (others, some)
    if any(not b.restrict for b in few) and any(not b.restrict for b in many):
        return [b for b in some if any(overlap(b, o) for o in others)]
    return [b for b in few if b in many]


def disjoint(x: Access, y: Access) -> bool:
    """Are two accesses of different statements at different elements, whatever their counters?"""
    if x.buffer is not y.buffer or x.index is None or y.index is None:
        return False
    if any(m.op.name in ("load", "local") for i in (*x.index, *y.index) for m in order_of((i,))):
        return False
    return differ(x.index, y.index)


def differ(x: Sequence[Node], y: Sequence[Node]) -> bool:
    """Do two positions differ on some axis, whatever the counters in them are?"""
    for a, b in zip(x, y, strict=True):
        d = minus(a, b)
        if ge0(plus(d, lit(-1))) or ge0(plus(times(d, -1), lit(-1))):
            return True
    return False


def _visible(e: Effects) -> bool:
    """Does it write what the caller sees when an error is raised?"""
    return any(b.role in ("argument", "alias") for b in e.writes)


def renamed(block: Iterable[Statement], others: dict[Node, Node]) -> tuple[Statement, ...]:
    """A block with nodes replaced in every expression, in loop bounds and in sizes of scratch."""
    return Renaming(others).block(tuple(block))


class Renaming:
    """Scratch whose size mentions what is replaced is other scratch afterwards."""

    def __init__(self, others: dict[Node, Node]) -> None:
        self.others = frozenset(others)
        self.rebuild = Rebuild(dict(others), visit=self._visit)
        self.buffers: dict[Buffer, Buffer] = {}

    def _visit(self, m: Node) -> Node:
        if m.op.name != "load":
            return m
        b = m.attr("buffer")
        mine = self.buffer(b)
        return m if mine is b else load(mine, m.inputs)

    def buffer(self, b: Buffer) -> Buffer:
        if b not in self.buffers:
            base = self.buffer(b.base) if b.base is not None else None
            shape = self._sizes(b.shape)
            strides = self._sizes(b.strides) if b.strides is not None else None
            same = shape == b.shape and strides == b.strides and base is b.base
            self.buffers[b] = b if same else replace(b, shape=shape, strides=strides, base=base)
        return self.buffers[b]

    def _sizes(self, sizes: Shape) -> Shape:
        return tuple(
            d if isinstance(d, int) or not self._mentioned(d) else dim(self.rebuild((d,))[0])
            for d in sizes
        )

    def _mentioned(self, size: Node) -> bool:
        """A size of something else stays as it is, even if it would be written shorter today."""
        stack, seen = [size], set[Node]()
        while stack:
            n = stack.pop()
            if n in self.others:
                return True
            if n not in seen:
                seen.add(n)
                stack.extend((*n.inputs, *attr_nodes(n)))
        return False

    def block(self, block: tuple[Statement, ...]) -> tuple[Statement, ...]:
        out = []
        for s in block:
            if isinstance(s, Loop):
                (index,) = self.rebuild((s.index,))
                s = replace(s, index=index)
            else:
                s = self._targets(map_expressions(s, lambda e: self.rebuild((e,))[0]))
            out.append(with_children(s, tuple(self.block(c) for c in children(s))))
        return tuple(out)

    def _targets(self, s: Statement) -> Statement:
        """What a statement sets, renamed too."""
        done = self.rebuild.done
        if isinstance(s, Assign | Fold):
            return replace(s, local=done.get(s.local, s.local))
        if isinstance(s, Check) and s.result is not None:
            return replace(s, result=done.get(s.result, s.result))
        if isinstance(s, Store | Alloc):
            return replace(s, buffer=self.buffer(s.buffer))
        if isinstance(s, Library):
            inputs = tuple(p if isinstance(p, Node) else self._panel(p) for p in s.inputs)
            return replace(s, outputs=tuple(map(self._panel, s.outputs)), inputs=inputs)
        if isinstance(s, Point):
            sides = (tuple(map(self.buffer, x)) for x in (s.aliases, s.buffers))
            return Point(*sides)
        return s

    def _panel(self, p: Panel) -> Panel:
        shape, strides = self._sizes(p.shape), self._sizes(p.strides)
        return replace(p, buffer=self.buffer(p.buffer), shape=shape, strides=strides)
