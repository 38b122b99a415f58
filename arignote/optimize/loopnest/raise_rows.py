"""Matrix-vector products in a loop become matrix products of a block of its steps.

    for i:                              for blocks of i:
        t = A[i:] @ x[i]                    P = X[block] @ A[first:]'       (gemm)
        ... t[r] ...             ->         for i in block:
                                                ... P[i, r + i - first] ...

The rows of A may be the same in all steps, or those from step i on (a triangle).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import dim, plus, size_node
from ...fxgraph.constants import lit
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from .access import effects_of, overlap, root
from .batch import turned
from .blocks import BLOCK, Blocks, blockable, blocks_of, if_large, outside_threads
from .polynomial import same, slope
from .program import (
    Alloc,
    Buffer,
    If,
    Library,
    Loop,
    Panel,
    Program,
    Statement,
    children,
    load,
    map_expressions,
    walk,
    with_children,
)


def raise_rows(program: Program) -> Program:
    """The program with products of a matrix and a vector a step gathered into matrix products."""
    notes: list[str] = []
    if not any(_product(s) for s in walk(program.statements)):
        return program

    def change(loop: Loop) -> Statement | None:
        for at, s in enumerate(loop.body):
            call = _product(s)
            made = _raised(loop, at, call) if call is not None else None
            if made is not None:
                notes.append(
                    f"{loop.origin or loop.index.attr('name')}: products of vectors are gathered, "
                    f"{BLOCK} steps in one"
                )
                return if_large(loop, made, program)
        return None

    block = outside_threads(program, change)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _product(s: Statement) -> Library | None:
    """A gemv, or a choice by size of which one side is a gemv and the other one in loops."""
    if isinstance(s, If) and len(s.other) == 1 and s.pred.op.name == "less":
        s = s.other[0]
    return s if isinstance(s, Library) and s.name == "gemv" and not s.attrs else None


def gathered(loop: Loop | None, s: Statement) -> bool:
    """May the product of a step be gathered into one of a block of the loop's steps?"""
    call = _product(s)
    return loop is not None and call is not None and _rows(loop, call) is not None


@dataclass(frozen=True)
class _Rows:
    """y = a @ x of step i: how the panels move, and whether a's first row is row i of a whole."""

    y: Panel
    a: Panel
    x: Panel
    x_step: Node
    triangle: bool


def _raised(loop: Loop, at: int, call: Library) -> Loop | None:
    rows = _rows(loop, call)
    if rows is None or not _kept_apart(loop, at, rows):
        return None
    b = blocks_of(loop)
    begin = Rebuild({loop.index: b.first})
    x, a = (_at(p, begin) for p in (rows.x, rows.a))
    height = a.shape[0]
    block = Buffer("block", rows.y.buffer.dtype, (BLOCK, height), "temporary")
    out = Panel(block, lit(0), (dim(b.count), height), (height, 1))
    left = replace(x, shape=(dim(b.count), *x.shape), strides=(dim(rows.x_step), *x.strides))
    product = Library("gemm", (out,), (left, turned(a)), origin=call.origin)
    mine = rows.y.buffer
    body = [s for k, s in enumerate(loop.body) if k != at and not _allocates(s, mine)]
    body = list(_reading(body, mine, block, b, rows.triangle))
    return b.around((Alloc(block), product), b.moved(body))


def _rows(loop: Loop, call: Library) -> _Rows | None:
    i = loop.index
    y, (a, x) = call.outputs[0], call.inputs
    if i.attr("step") != 1 or not isinstance(a, Panel) or not isinstance(x, Panel):
        return None
    whole = y.offset is lit(0) and sum(d != 1 for d in y.buffer.shape) == 1
    if not whole or y.buffer.strides is not None or y.strides != (1,):
        return None
    moves = slope(a.offset, i), slope(x.offset, i)
    still = (*a.strides, *x.strides, *x.shape)
    if None in moves or any(i in order_of((size_node(d),)) for d in still):
        return None
    (da, _), (dx, _) = moves  # type: ignore[misc]
    if dx is lit(0) or i in order_of((dx, da)):
        return None
    height = size_node(a.shape[0])
    if da is lit(0) and i not in order_of((height,)):
        return _Rows(y, a, x, dx, False)
    if same(da, size_node(a.strides[0])) and i not in order_of((plus(height, i),)):
        return _Rows(y, a, x, dx, True)
    return None


def _kept_apart(loop: Loop, at: int, rows: _Rows) -> bool:
    """Is the vector scratch of each step, read by element, and do its operands never change?"""
    mine = rows.y.buffer
    if not blockable(loop) or not any(_allocates(s, mine) for s in loop.body):
        return False
    others = effects_of(s for k, s in enumerate(loop.body) if k != at)
    for access in others.accesses:
        if root(access.buffer) is mine and (access.write or access.buffer is not mine):
            return False
        if access.buffer is mine and access.index is None:
            return False
    operands = (rows.a.buffer, rows.x.buffer)
    if any(w.write and overlap(w.buffer, b) for w in others.accesses for b in operands):
        return False
    varying = others.sets
    nodes = order_of(
        [rows.a.offset, rows.x.offset]
        + [size_node(d) for p in (rows.a, rows.x) for d in (*p.shape, *p.strides)]
    )
    return not varying & set(nodes) and not any(m.op.name == "load" for m in nodes)


def _allocates(s: Statement, b: Buffer) -> bool:
    return isinstance(s, Alloc) and s.buffer is b


def _at(p: Panel, begin: Rebuild) -> Panel:
    (offset, *shape) = begin((p.offset, *(size_node(d) for d in p.shape)))
    return replace(p, offset=offset, shape=tuple(map(dim, shape)))


def _reading(
    body: Sequence[Statement], mine: Buffer, block: Buffer, b: Blocks, triangle: bool
) -> tuple[Statement, ...]:
    """Statements that read the step's row of the block."""
    axis = next(k for k, d in enumerate(mine.shape) if d != 1)

    def visit(m: Node) -> Node:
        if m.op.name != "load" or m.attr("buffer") is not mine:
            return m
        r = m.inputs[axis]
        return load(block, (b.row(), plus(r, b.row()) if triangle else r))

    return _mapped(body, Rebuild(visit=visit))


def _mapped(block: Sequence[Statement], rebuild: Rebuild) -> tuple[Statement, ...]:
    out = []
    for s in block:
        s = map_expressions(s, lambda e: rebuild((e,))[0])
        out.append(with_children(s, tuple(_mapped(c, rebuild) for c in children(s))))
    return tuple(out)
