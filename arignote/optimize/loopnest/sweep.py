"""One sweep: products of vectors with one matrix walk through it together.

    t = a @ x                        for i:
    y = r @ a              ->            for j: s += a[i, j] * x[j]
                                         t[i] = s
                                         for j: y[j] += r[i] * a[i, j]

A matrix larger than the caches is read once instead of twice, which is all the time that such
products take.  So it is with a matrix that a nest writes and a product then reads, and with sums of
rows beside products.  A product that nothing else can share its matrix with stays with its library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .access import effects_of
from .dependence import Scratch
from .fuse import fuse
from .program import (
    Buffer,
    If,
    Library,
    Loop,
    Panel,
    Program,
    Statement,
    Store,
    children,
    walk,
    with_children,
)
from .sums import adding, sums_of


def sweep(program: Program) -> Program:
    """The program with products in loops where those join another nest over the matrix's rows."""
    able = [s for s in walk(program.statements) if isinstance(s, If) and _product(s) is not None]
    if not able:
        return program
    block = _with_sums(program.statements)
    fused = fuse(replace(program, statements=_in_loops(block, able)), True)
    joined = [s for s in able if _joined(s, fused)]
    while joined and len(joined) < len(able):  # those that are left may have joined another
        fused = fuse(replace(program, statements=_in_loops(block, joined)), True)
        able, joined = joined, [s for s in joined if _joined(s, fused)]
    if not joined:
        return program
    notes = [f"{s.origin or 'a product'}: shares a sweep over its matrix" for s in joined]
    return replace(fused, notes=(*fused.notes, *notes))


def _with_sums(block: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The block with loops over rows that add them up written as such: y[j] += a[i, j]."""
    scratch = Scratch(block)
    out = []
    for s in block:
        if isinstance(s, Loop) and any(isinstance(x, Loop) for x in s.body):
            added = replace(s, body=adding(s.body))
            private = scratch.private(s, effects_of((s,)))
            s = added if added.body != s.body and sums_of(added, private) else s
        out.append(s)
    return tuple(out)


def _product(s: If) -> Library | None:
    """The library's side of a choice by size, if it is a matrix times a vector whose loops walk
    along the matrix's rows in memory."""
    if len(s.other) == 1 and s.pred.op.name == "less":
        (call,) = s.other
        if isinstance(call, Library) and call.name == "gemv" and not call.attrs:
            matrix = call.inputs[0]
            if isinstance(matrix, Panel) and matrix.strides[0] == 1:
                return call
    return None


def _in_loops(block: tuple[Statement, ...], chosen: Sequence[If]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, If) and s in chosen:
            out.extend(s.then)
        else:
            out.append(with_children(s, tuple(_in_loops(c, chosen) for c in children(s))))
    return tuple(out)


def _joined(s: If, fused: Program) -> bool:
    """Does the loop over rows that adds to the product's result do anything else?"""
    call = _product(s)
    assert call is not None
    y = call.outputs[0].buffer
    for loop in walk(fused.statements):
        if isinstance(loop, Loop) and any(_adds(j, y) for j in loop.body):
            return sum(not isinstance(x, Loop) for x in walk(loop.body)) > 1
    return False


def _adds(s: Statement, y: Buffer) -> bool:
    """Is the statement an innermost loop that adds to y?"""
    return isinstance(s, Loop) and any(
        isinstance(x, Store) and x.buffer is y and x.accumulate for x in s.body
    )
