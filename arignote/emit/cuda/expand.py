"""Matrix products inside loops become loops, so that the loop around them can be one kernel.

    for t: gemm(c; a, b)   ->   for t: for i, j: s = 0; for k: s += a[i, k] * b[k, j]; c[i, j] = s

A branch that chooses between loops and a call by the work keeps its loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import plus, size_node
from ...fxgraph.constants import const, is_value, lit, new_index
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.scalar import product, scaled
from ...fxgraph.types import TensorType
from ...optimize.loopnest.program import (
    Assign,
    Buffer,
    Fold,
    If,
    Library,
    Loop,
    Panel,
    Program,
    Statement,
    Store,
    While,
    children,
    load,
    new_local,
    walk,
    with_children,
)
from ...optimize.loopnest.strides import buffer_strides
from .calls import BLAS
from .scope import root


def expand(program: Program) -> Program:
    """The program with the products in its loops written out."""
    flat: dict[Buffer, Buffer] = {}
    block = _block(program.statements, False, flat)
    return replace(program, statements=block) if block != program.statements else program


def _block(
    block: Sequence[Statement], inside: bool, flat: dict[Buffer, Buffer]
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if inside and isinstance(s, Library) and s.name in BLAS:
            out += _loops(s, flat)
            continue
        if inside and isinstance(s, If) and _is_choice(s):
            out += _block(s.then, inside, flat)
            continue
        deeper = inside or isinstance(s, Loop | While)
        blocks = tuple(_block(c, deeper, flat) for c in children(s))
        out.append(with_children(s, blocks) if blocks != children(s) else s)
    return tuple(out)


def _is_choice(s: If) -> bool:
    """Loops for small sizes, a library's routine for large ones?"""
    calls = [x for x in walk(s.other) if isinstance(x, Library)]
    return (
        bool(calls)
        and all(x.name in BLAS for x in calls)
        and s.pred.op.name == "less"
        and not any(isinstance(x, Library) for x in walk(s.then))
    )


def _loops(s: Library, flat: dict[Buffer, Buffer]) -> list[Statement]:
    panels = [p for p in s.inputs if isinstance(p, Panel)]
    out = s.outputs[0]
    dtype = out.buffer.dtype
    factors = [x for x in s.inputs if isinstance(x, Node)]
    at = dict(s.attrs)
    alpha = factors[0] if factors else None
    if alpha is None and at.get("alpha", 1) != 1:
        alpha = const(at["alpha"], dtype)
    beta = at.get("beta", 0)
    a, b, inner, axes = _operands(s.name, out, panels)
    if s.name == "ger":
        beta = 1
    index = [counter(d, "ij"[k]) for k, d in enumerate(out.shape[:axes])]
    place = place_at(out, index, flat)
    if inner is None:
        value = make(
            op_named("multiply"), (element_at(a, index[:1], flat), element_at(b, index[1:], flat))
        )
        body: list[Statement] = [_stored(place, value, alpha, beta)]
    else:
        k = counter(inner, "k")
        total = new_local("s", TensorType(dtype))
        left = [*index[:1], k] if len(a.shape) == 2 else [k]
        right = [k, *index[1:]] if len(b.shape) == 2 else [k]
        term = make(op_named("multiply"), (element_at(a, left, flat), element_at(b, right, flat)))
        body = [
            Assign(total, const(0, dtype)),
            Loop(k, (Fold(total, op_named("reduce_sum"), term),)),
            _stored(place, total, alpha, beta),
        ]
    for i in reversed(index):
        body = [Loop(i, tuple(body), origin=s.origin)]
    return body


def _operands(
    name: str, out: Panel, panels: list[Panel]
) -> tuple[Panel, Panel, int | Node | None, int]:
    """Both factors, the length of the sum, and the rank of the result."""
    if name == "gemm":
        return panels[0], panels[1], panels[0].shape[1], 2
    if name == "syrk":
        (a,) = panels
        turned = replace(a, shape=a.shape[::-1], strides=a.strides[::-1])
        return a, turned, a.shape[1], 2
    if name == "gemv":
        return panels[0], panels[1], panels[0].shape[1], 1
    if name == "dot":
        return panels[0], panels[1], panels[0].shape[0], 0
    return panels[0], panels[1], None, 2


def counter(d: int | Node, name: str) -> Node:
    return new_index(lit(0), size_node(d), 1, name)


def place_at(
    p: Panel, index: Sequence[Node], flat: dict[Buffer, Buffer]
) -> tuple[Buffer, tuple[Node, ...]]:
    """Where an element of a panel is: by axes where the panel is a whole array."""
    b = p.buffer
    if is_value(p.offset, 0) and len(p.shape) == b.rank and b.base is None:
        same = all(x is size_node(y) for x, y in zip(buffer_strides(b), p.strides, strict=True))
        if same:
            return b, tuple(index)
    r = root(b)
    if r not in flat:
        strides = (1,) if r.strides is not None else None
        size = product([size_node(d) for d in r.shape])
        flat[r] = replace(r, shape=(size,), base=r, strides=strides)
    position = p.offset
    for i, step in zip(index, p.strides, strict=True):
        position = plus(position, scaled(size_node(step), i))
    return flat[r], (position,)


def element_at(p: Panel, index: Sequence[Node], flat: dict[Buffer, Buffer]) -> Node:
    b, at = place_at(p, index, flat)
    return load(b, at)


def _stored(
    place: tuple[Buffer, tuple[Node, ...]], value: Node, alpha: Node | None, beta: object
) -> Statement:
    if alpha is not None:
        value = make(op_named("multiply"), (alpha, value))
    b, at = place
    if beta == 0:
        return Store(b, at, value)
    if beta != 1:
        old = make(op_named("multiply"), (const(beta, b.dtype), load(b, at)))
        value = make(op_named("add"), (value, old))
        return Store(b, at, value)
    return Store(b, at, value, True)
