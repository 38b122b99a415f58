"""Collapse: a nest that walks contiguous arrays axis by axis becomes one loop over their elements.

    for i: for j: out[i, j] = a[i, j] + b[i, j]   ->   for k in n*m: out[k] = a[k] + b[k]

Short inner axes then cost nothing, and threads get even shares.
"""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.constants import lit, new_index
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import scaled
from ...fxgraph.types import Shape
from .access import Access, effects_of, root
from .fuse import lines_of
from .program import (
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
    with_children,
)


def collapse(program: Program) -> Program:
    """The program with contiguous nests collapsed, innermost pairs of loops first."""
    shapes: dict[tuple[Buffer, Shape], Buffer] = {}
    block = _block(program.statements, shapes)
    return replace(program, statements=block) if block != program.statements else program


def _block(
    block: tuple[Statement, ...], shapes: dict[tuple[Buffer, Shape], Buffer]
) -> tuple[Statement, ...]:
    out = []
    for s in block:
        s = with_children(s, tuple(_block(c, shapes) for c in children(s)))
        if isinstance(s, Loop) and len(s.body) == 1 and isinstance(s.body[0], Loop):
            s = _merged(s, s.body[0], shapes) or s
        out.append(s)
    return tuple(out)


def _merged(outer: Loop, inner: Loop, shapes: dict[tuple[Buffer, Shape], Buffer]) -> Loop | None:
    """One loop for two, or None where an access does not allow it."""
    if not all(isinstance(s, Store | Assign) for s in inner.body):
        return None
    i, j = outer.index, inner.index
    if not (_from_zero(i) and _from_zero(j)) or i in order_of((j.attr("hi"),)):
        return None
    accesses = effects_of(inner.body).accesses
    moving = [a for a in accesses if _mentions(a, i) or _mentions(a, j)]
    if not moving or not all(_walks(a, i, j) for a in moving) or _elsewhere(inner, moving, i, j):
        return None
    k = new_index(lit(0), scaled(i.attr("hi"), j.attr("hi")), 1, j.attr("name"))
    rebuild = Rebuild(visit=lambda m: _flat_load(m, i, j, k, shapes))
    body = []
    for s in inner.body:
        s = map_expressions(s, lambda e: rebuild((e,))[0])
        if isinstance(s, Store) and len(s.index) >= 2 and s.index[-2:] == (i, j):
            s = replace(s, buffer=_flat(s.buffer, shapes), index=(*s.index[:-2], k))
        body.append(s)
    fused = lines_of(inner.origin, *outer.fused, *inner.fused)
    return Loop(k, tuple(body), origin=inner.origin or outer.origin, fused=fused)


def _from_zero(index: Node) -> bool:
    return index.attr("lo") is lit(0) and index.attr("step") == 1


def _mentions(a: Access, index: Node) -> bool:
    return a.index is not None and any(index in order_of((x,)) for x in a.index)


def _walks(a: Access, i: Node, j: Node) -> bool:
    """Is the access at [..., i, j] of an array in C order whose last axes the loops cover?"""
    b = a.buffer
    if a.index is None or b.strides is not None or len(a.index) < 2 or a.index[-2:] != (i, j):
        return False
    if any(index in order_of((x,)) for x in a.index[:-2] for index in (i, j)):
        return False
    return b.shape[-1] is j.attr("hi") or (
        isinstance(b.shape[-1], int) and j.attr("hi") is lit(b.shape[-1])
    )


def _elsewhere(inner: Loop, moving: list[Access], i: Node, j: Node) -> bool:
    """Are the indices used outside the accesses that move?"""
    for s in inner.body:
        stack = list(expressions(s)) if not isinstance(s, Store) else [s.value]
        seen: set[Node] = set()
        while stack:
            m = stack.pop()
            if m in (i, j):
                return True
            if m in seen:
                continue
            seen.add(m)
            if m.op.name == "load" and len(m.inputs) >= 2 and m.inputs[-2:] == (i, j):
                continue
            stack.extend(m.inputs)
    return False


def _flat_load(
    m: Node, i: Node, j: Node, k: Node, shapes: dict[tuple[Buffer, Shape], Buffer]
) -> Node:
    if m.op.name != "load" or len(m.inputs) < 2 or m.inputs[-2:] != (i, j):
        return m
    return load(_flat(m.attr("buffer"), shapes), (*m.inputs[:-2], k))


def _flat(b: Buffer, shapes: dict[tuple[Buffer, Shape], Buffer]) -> Buffer:
    """The buffer with its last two axes merged."""
    a, c = b.shape[-2:]
    merged: int | Node
    merged = a * c if isinstance(a, int) and isinstance(c, int) else scaled(_node(a), _node(c))
    key = (root(b), (*b.shape[:-2], merged))
    if key not in shapes:
        shapes[key] = replace(root(b), shape=key[1], base=root(b), strides=None)
    return shapes[key]


def _node(d: int | Node) -> Node:
    return lit(d) if isinstance(d, int) else d
