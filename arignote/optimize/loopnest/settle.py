"""Settling: a temporary that is copied into an argument or a result in the end is built there.

    for i: for j: t[i, j] = a[i, j] + u[i]          for i: for j: a[i, j] = a[i, j] + u[i]
    y = t @ x                                 ->    y = a @ x
    for i: for j: a[i, j] = t[i, j]

The old contents must not be read once the first element is in place, but for the very element that
the new one replaces; and no check may fail in between, for the caller would see what it must not.
Temporaries that only loops use are left: fusion makes variables of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.constants import is_const, lit, value_of
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from .access import effects_of, root
from .dependence import covers
from .program import (
    Alloc,
    Buffer,
    Library,
    Loop,
    Panel,
    Point,
    Program,
    Statement,
    Store,
    children,
    copying,
    expressions,
    load,
    map_expressions,
    walk,
    with_children,
)


def settle(program: Program) -> Program:
    """The program without the copies of temporaries into arguments and results."""
    block = program.statements
    while (found := _found(block)) is not None:
        block = _settled(block, found)
    return program if block is program.statements else replace(program, statements=block)


@dataclass(frozen=True)
class _Copy:
    """home = t: the statement at `at`.  axes: the axis of t for each axis of home, None for one of
    size 1."""

    at: int
    t: Buffer
    home: Buffer
    axes: tuple[int | None, ...]


def _found(block: Sequence[Statement]) -> _Copy | None:
    """The first copy in the block that may go."""
    allocs = {s.buffer for s in block if isinstance(s, Alloc) and not s.zero}
    for k, s in enumerate(block):
        copy = _copy(k, s)
        if copy is not None and copy.t in allocs and _allowed(block, copy):
            return copy
    return None


def _copy(at: int, nest: Statement) -> _Copy | None:
    """The statement as a copy of all of a temporary."""
    s = copying(nest)
    if s is None:
        return None
    t, home = s.value.attr("buffer"), s.buffer
    if t.role != "temporary" or home.role not in ("argument", "result") or not home.restrict:
        return None
    if t.base is not None or home.base is not None or t.dtype != home.dtype:
        return None
    if home.strides is not None or t.strides is not None or not covers(nest, home):
        return None
    axes = _axes(s.value.inputs, t, s.index, home)
    return _Copy(at, t, home, axes) if axes is not None else None


def _axes(
    read: Sequence[Node], t: Buffer, index: Sequence[Node], home: Buffer
) -> tuple[int | None, ...] | None:
    """Which axis of t each axis of home is, if they are the same but for axes of size 1."""
    long = [k for k, d in enumerate(t.shape) if not _one(d)]
    if any(not _zero(i) for k, i in enumerate(read) if k not in long):
        return None
    left = iter(long)
    axes: list[int | None] = []
    for i, d in zip(index, home.shape, strict=True):
        if _one(d):
            axes.append(None)
            continue
        k = next(left, None)
        if k is None or read[k] is not i or t.shape[k] != d:
            return None
        axes.append(k)
    return tuple(axes) if next(left, None) is None else None


def _one(d: int | Node) -> bool:
    return isinstance(d, int) and d == 1


def _zero(i: Node) -> bool:
    return is_const(i) and int(value_of(i)) == 0


# ---- may it go? ----------------------------------------------------------------------------------
def _allowed(block: Sequence[Statement], copy: _Copy) -> bool:
    t, home = copy.t, copy.home
    if any(b.base is t for s in walk(block) for b in _buffers(s)):
        return False
    if any(isinstance(s, Point) for s in walk(block)):
        return False
    facts = [effects_of((s,)) for s in block]
    first = next((k for k, f in enumerate(facts) if t in f.at), copy.at)
    users = [block[k] for k, f in enumerate(facts) if t in f.at]
    if first == copy.at or all(isinstance(s, Loop) for s in users):
        return False
    for k in range(first, copy.at):
        if home.role == "argument" and facts[k].barrier:
            return False
        if home in facts[k].at and not (k == first and _in_place(block[k], copy)):
            return False
    behind = facts[copy.at + 1 :]
    return not any(t in f.at for f in behind) or not any(
        home in f.writes or t in f.writes for f in behind
    )


def _in_place(s: Statement, copy: _Copy) -> bool:
    """Does each step read of the old contents only the element that it then replaces?"""
    while isinstance(s, Loop) and len(s.body) == 1:
        (s,) = s.body
    if not isinstance(s, Store) or s.buffer is not copy.t or s.accumulate:
        return False
    own = _moved(s.index, copy.axes)
    loads = [m for m in order_of(expressions(s)) if m.op.name == "load"]
    if any(m.attr("buffer") is copy.t for m in loads):
        return False
    plain = all(i.op.name == "index" or _zero(i) for i in s.index)
    mine = [m for m in loads if root(m.attr("buffer")) is copy.home]
    return plain and all(m.attr("buffer") is copy.home and m.inputs == own for m in mine)


def _moved(index: Sequence[Node], axes: Sequence[int | None]) -> tuple[Node, ...]:
    return tuple(lit(0) if k is None else index[k] for k in axes)


def _buffers(s: Statement) -> list[Buffer]:
    out = [m.attr("buffer") for m in order_of(expressions(s)) if m.op.name == "load"]
    if isinstance(s, Store | Alloc):
        out.append(s.buffer)
    if isinstance(s, Library):
        out += [p.buffer for p in (*s.outputs, *s.inputs) if isinstance(p, Panel)]
    return out


# ---- doing it ------------------------------------------------------------------------------------
def _settled(block: Sequence[Statement], copy: _Copy) -> tuple[Statement, ...]:
    t, home, axes = copy.t, copy.home, copy.axes

    def visit(m: Node) -> Node:
        if m.op.name == "load" and m.attr("buffer") is t:
            return load(home, _moved(m.inputs, axes))
        return m

    rebuild = Rebuild(visit=visit)
    out: list[Statement] = []
    for k, s in enumerate(block):
        if k == copy.at or (isinstance(s, Alloc) and s.buffer is home):
            continue
        if isinstance(s, Alloc) and s.buffer is t:
            out += [Alloc(home)] if home.role == "result" else []
            continue
        out.append(_mapped(s, rebuild, copy))
    return tuple(out)


def _mapped(s: Statement, rebuild: Rebuild, copy: _Copy) -> Statement:
    s = map_expressions(s, lambda e: rebuild((e,))[0])
    if isinstance(s, Store) and s.buffer is copy.t:
        s = replace(s, buffer=copy.home, index=_moved(s.index, copy.axes))
    elif isinstance(s, Library):
        outputs, inputs = (
            tuple(
                replace(p, buffer=copy.home) if isinstance(p, Panel) and p.buffer is copy.t else p
                for p in panels
            )
            for panels in (s.outputs, s.inputs)
        )
        s = replace(s, outputs=outputs, inputs=inputs)  # type: ignore[arg-type]
    blocks = tuple(tuple(_mapped(x, rebuild, copy) for x in c) for c in children(s))
    return with_children(s, blocks)
