"""Loops of library products become larger products.

for i: y[i] = A @ x[i]              ->   Y = X @ A'
for i: C[i] = A[i] @ B (matrices)   ->   C = A @ B, where the A[i] and the C[i] lie end to end
"""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import scaled
from .access import overlap
from .polynomial import same, slope
from .program import Library, Loop, Panel, Program, Statement, children, with_children


def batch(program: Program) -> Program:
    """The program with loops around one product taken into the product."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    if not notes:
        return program
    return replace(program, statements=block, notes=(*program.notes, *notes))


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        s = with_children(s, tuple(_block(c, notes) for c in children(s)))
        if isinstance(s, Loop) and len(s.body) == 1 and isinstance(s.body[0], Library):
            merged = _merged(s, s.body[0])
            if merged is not None:
                notes.append(f"{s.origin or s.index.attr('name')}: products of all steps are one")
                s = merged
        out.append(s)
    return tuple(out)


def _merged(loop: Loop, call: Library) -> Library | None:
    """One call for all steps; None where the panels do not lie right."""
    i = loop.index
    if i.attr("lo") is not lit(0) or i.attr("step") != 1 or call.name not in ("gemm", "gemv"):
        return None
    panels = [p for p in (*call.outputs, *call.inputs) if isinstance(p, Panel)]
    if len(panels) != 3 or any(overlap(panels[0].buffer, p.buffer) for p in panels[1:]):
        return None
    moves = [slope(p.offset, i) for p in panels]
    sizes = [size_node(d) for p in panels for d in (*p.shape, *p.strides)]
    if any(m is None for m in moves) or any(depends(d, i) for d in sizes):
        return None
    steps = [m[0] for m in moves if m is not None]
    out, a, b = (replace(p, offset=m[1]) for p, m in zip(panels, moves, strict=True) if m)
    if call.name == "gemv":
        return _rows(call, i.attr("hi"), (out, a, b), steps)
    return _taller(call, i.attr("hi"), (out, a, b), steps) or _wider(
        call, i.attr("hi"), (out, a, b), steps
    )


def depends(n: Node, index: Node) -> bool:
    return index in n.free or n is index


def _rows(
    call: Library, count: Node, panels: tuple[Panel, Panel, Panel], steps: list[Node]
) -> Library | None:
    """y[i] = A x[i]   ->   Y = X A'"""
    y, a, x = panels
    if steps[1] is not lit(0) or lit(0) in (steps[0], steps[2]):
        return None
    n = dim(count)
    rows = replace(y, shape=(n, *y.shape), strides=(dim(steps[0]), *y.strides))
    left = replace(x, shape=(n, *x.shape), strides=(dim(steps[2]), *x.strides))
    right = turned(a)
    return replace(call, name="gemm", outputs=(rows,), inputs=(left, right))


def turned(p: Panel) -> Panel:
    """The transpose of a panel."""
    return replace(p, shape=p.shape[::-1], strides=p.strides[::-1])


def _taller(
    call: Library, count: Node, panels: tuple[Panel, Panel, Panel], steps: list[Node]
) -> Library | None:
    """C[i] = A[i] B with rows that go on where the last step's ended."""
    c, a, b = panels
    if steps[2] is not lit(0) or not (_follows(c, 0, steps[0]) and _follows(a, 0, steps[1])):
        return None
    rows = dim(scaled(size_node(c.shape[0]), count))
    out = replace(c, shape=(rows, c.shape[1]))
    return replace(call, outputs=(out,), inputs=(replace(a, shape=(rows, a.shape[1])), b))


def _wider(
    call: Library, count: Node, panels: tuple[Panel, Panel, Panel], steps: list[Node]
) -> Library | None:
    """C[i] = A B[i] with columns that go on where the last step's ended."""
    c, a, b = panels
    if steps[1] is not lit(0) or not (_follows(c, 1, steps[0]) and _follows(b, 1, steps[2])):
        return None
    columns = dim(scaled(size_node(c.shape[1]), count))
    out = replace(c, shape=(c.shape[0], columns))
    return replace(call, outputs=(out,), inputs=(a, replace(b, shape=(b.shape[0], columns))))


def _follows(p: Panel, axis: int, step: Node) -> bool:
    return same(step, scaled(size_node(p.shape[axis]), size_node(p.strides[axis])))
