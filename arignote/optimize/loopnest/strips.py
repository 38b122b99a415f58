"""Strips: where only the inner loop of two is independent, strips of it go outside.

    for i: for j: s[j] += m[i, j]     ->     for strips of j: for i: for j in strip: s[j] += m[i, j]

What the steps of i share then stays in the first cache, threads take whole strips, and the loop
over i costs no more than a loop.  Short bodies do four steps of i at once: what one hands to the
next stays in a register, and memory is read in four streams.  Such a loop says which rows it
reads: no processor foresees streams that jump at the end of a short row (emit/cython/ahead.py).

The outer loop must run over an axis of an array: what may take longer than reading an array (steps
in time) stays where a Ctrl-C is looked for.
"""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.affine import linear, minus, plus, times
from ...fxgraph.constants import is_const, lit, new_index, value_of
from ...fxgraph.graph import order_of, substitute
from ...fxgraph.node import Node, make
from ...fxgraph.ops.elementwise import add, multiply, multiply_add
from ...fxgraph.ops.scalar import clip0, least, quotient
from .access import Access, effects_of, renamed
from .dependence import independent_steps
from .program import (
    Assign,
    Buffer,
    Loop,
    Program,
    Rows,
    Statement,
    Store,
    children,
    expressions,
    with_children,
)
from .strides import stride

#: Steps of a strip: so many doubles fit the second cache, and most rows are one strip.
STRIP = 4096
#: Steps of the outer loop at once, in bodies of so many statements.
JAM, SHORT = 4, 3


def strips(program: Program) -> Program:
    """The program with independent inner loops cut into strips around dependent outer ones."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Loop):
            if any(isinstance(x, Loop) for x in s.body) and not independent_steps(s, set()):
                cut = _cut(s)
                if cut is not None:
                    where = cut[0].origin or s.index.attr("name")
                    notes.append(f"{where}: strips of the inner loop outside")
                    out += cut
                    continue
                s = replace(s, body=_block(s.body, notes))
        elif children(s):
            s = with_children(s, tuple(_block(c, notes) for c in children(s)))
        out.append(s)
    return tuple(out)


def _cut(outer: Loop) -> tuple[Loop, ...] | None:
    """Strips of the inner loop around one whose steps are not independent; None: impossible.

    What is known to be one strip needs no loop around it.
    """
    if len(outer.body) != 1 or not isinstance(outer.body[0], Loop):
        return None
    inner = outer.body[0]
    i, j = outer.index, inner.index
    if j.attr("step") != 1 or i in order_of((j.attr("lo"), j.attr("hi"))):
        return None
    if not all(isinstance(s, Store | Assign) for s in inner.body) or not _along(inner, i):
        return None
    if not independent_steps(replace(inner, body=(replace(outer, body=inner.body),)), set()):
        return None
    trip = minus(j.attr("hi"), j.attr("lo"))
    if is_const(trip) and value_of(trip) <= STRIP:
        made = _rows(replace(outer, origin=None), inner)
        return (replace(made[0], origin=outer.origin or inner.origin), *made[1:])
    strip = new_index(j.attr("lo"), j.attr("hi"), STRIP, j.attr("name"))
    k = new_index(lit(0), least(lit(STRIP), minus(j.attr("hi"), strip)), 1, j.attr("name"))
    body = renamed(inner.body, {j: plus(strip, k)})
    rows = _rows(replace(outer, origin=None), replace(inner, index=k, body=body))
    return (Loop(strip, rows, parallel=True, origin=outer.origin or inner.origin),)


def _rows(outer: Loop, inner: Loop) -> tuple[Loop, ...]:
    """The outer loop, around the inner one of a strip; its steps by fours where they are short."""
    i = outer.index
    lo, hi, step = (i.attr(k) for k in ("lo", "hi", "step"))
    if step != 1 or len(inner.body) > SHORT:
        return (replace(outer, body=(inner,)),)
    four = new_index(lo, minus(hi, lit(JAM - 1)), JAM, i.attr("name"))
    rest = new_index(
        plus(lo, times(quotient(clip0(minus(hi, lo)), JAM), JAM)), hi, 1, i.attr("name")
    )
    jammed = [s for c in range(JAM) for s in renamed(inner.body, {i: plus(four, lit(c))})]
    ahead = tuple(_ahead(x, outer, inner, four) for x in _walked(inner, i))
    if isinstance(jammed[0], Store) and len(jammed) == JAM and jammed[0].any_order:
        jammed, ahead = [_in_pairs(jammed)], ()  # of matrices that are small or in the cache
    fours = Loop(four, (replace(inner, body=tuple(jammed), ahead=ahead),))
    trip = minus(hi, lo)
    if is_const(trip) and value_of(trip) % JAM == 0:
        return (fours,)
    return (
        fours,
        Loop(rest, (replace(inner, body=renamed(inner.body, {i: rest})),)),
    )


def _walked(inner: Loop, i: Node) -> list[Node]:
    """One load of each array of which the steps of the inner loop read neighbours, and those of
    the outer one the rows that follow each other."""
    found: dict[Buffer, Node] = {}
    for n in order_of([e for s in inner.body for e in expressions(s)]):
        if n.op.name == "load" and n.inputs and linear(n.inputs[0])[0].get(i) == 1:
            a = Access(n.attr("buffer"), n.inputs, False)
            if stride(a, inner.index) == "unit" and stride(a, i) != "none":
                found.setdefault(a.buffer, n)
    return list(found.values())


def _ahead(n: Node, outer: Loop, inner: Loop, four: Node) -> Rows:
    lo, hi = outer.index.attr("lo"), outer.index.attr("hi")
    first = {inner.index: lit(0)}
    here, after = (
        substitute((n,), {**first, outer.index: plus(four, lit(c))})[0] for c in (0, 1)
    )
    return Rows(here, after, minus(hi, lo), JAM)


def _in_pairs(terms: list[Statement]) -> Store:
    """s += a; s += b; ... as s += (a + b) + ...: what waits for s is one addition, not all."""
    stores = [s for s in terms if isinstance(s, Store)]
    values = [s.value for s in stores]
    while len(values) > 1:
        values = [_sum(a, b) for a, b in zip(values[::2], values[1::2], strict=True)]
    return replace(stores[0], value=values[0])


def _sum(a: Node, b: Node) -> Node:
    """a + b; a product of reals in b is not rounded before, which BLAS does not do either."""
    if b.op is multiply and b.dtype.kind == "f":
        return make(multiply_add, (*b.inputs, a))
    return make(add, (a, b))


def _along(inner: Loop, i: Node) -> bool:
    """Do steps of the inner loop walk along memory, and those of the outer one over an array?"""
    accesses = effects_of(inner.body).accesses
    if any(stride(a, inner.index) == "far" for a in accesses):
        return False
    return any(a.index is not None and i in order_of(a.index) for a in accesses)
