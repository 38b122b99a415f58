"""What is done with a product when it is there becomes part of its call of BLAS.

    T = A @ B                         for i, j: D[i, j] = e[i, j]
    for i, j:                   ->    D += alpha * A @ B
        D[i, j] = alpha * T[i, j] + e[i, j]

    C = A @ A'                  ->    C = syrk(A)

T is neither allocated nor written and read again.  Where the product is a choice between loops and
a call, the loops keep their T.  The terms of a sum are added in another order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import minus, size_node
from ...fxgraph.constants import const, is_const, is_value, lit, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.elementwise import multiply
from .access import effects_of, independent, overlap, root
from .program import (
    Alloc,
    Buffer,
    If,
    Library,
    Loop,
    Panel,
    Program,
    Statement,
    Store,
    children,
    expressions,
    load,
    walk,
    with_children,
)
from .raise_blas import panel
from .strides import buffer_strides


def epilogues(program: Program) -> Program:
    """The program with scales, sums and destinations of products inside their calls."""
    if not any(isinstance(s, Library) and s.name == "gemm" for s in walk(program.statements)):
        return program
    notes: list[str] = []
    block = _block(program.statements, _uses(program.statements), notes)
    block = _symmetric(block, notes)
    return replace(program, statements=block, notes=(*program.notes, *notes)) if notes else program


def _uses(block: Sequence[Statement]) -> Counter[Buffer]:
    """How many accesses each buffer has in the whole program."""
    found: Counter[Buffer] = Counter()
    for s in walk(block):
        for b in (m.attr("buffer") for m in order_of(expressions(s)) if m.op.name == "load"):
            found[root(b)] += 1
        if isinstance(s, Store):
            found[root(s.buffer)] += 1
        elif isinstance(s, Library):
            for p in (*s.outputs, *s.inputs):
                if isinstance(p, Panel):
                    found[root(p.buffer)] += 1
        elif not isinstance(s, Alloc):
            for b in (*getattr(s, "aliases", ()), *getattr(s, "buffers", ())):
                found[root(b)] += 2
    return found


def _block(
    block: Sequence[Statement], uses: Counter[Buffer], notes: list[str]
) -> tuple[Statement, ...]:
    out = [with_children(s, tuple(_block(c, uses, notes) for c in children(s))) for s in block]
    at = 0
    while at < len(out):
        made = _absorbed(out, at, uses)
        if made is None:
            at += 1
            continue
        out = made
        notes.append("a product is added where it is used, by its call")
    return tuple(out)


@dataclass(frozen=True)
class _Product:
    """A call, the temporary it writes, and the statement it is in: itself or a choice by size."""

    call: Library
    t: Buffer
    whole: If | Library


def _product(s: Statement) -> _Product | None:
    call = s
    if isinstance(s, If) and len(s.other) == 1 and s.pred.op.name == "less":
        (call,) = s.other
    if not isinstance(call, Library) or call.name != "gemm" or call.attrs:
        return None
    (p,) = call.outputs
    t = p.buffer
    if t.role != "temporary" or t.base is not None or not is_value(p.offset, 0):
        return None
    strides = [size_node(d) for d in p.strides]
    whole = t.rank == 2 and all(x is y for x, y in zip(strides, buffer_strides(t), strict=True))
    assert isinstance(s, If | Library)
    return _Product(call, t, s) if whole and len(call.inputs) == 2 else None


def _absorbed(block: list[Statement], at: int, uses: Counter[Buffer]) -> list[Statement] | None:
    """The block with the product at this place taken into the nest that reads it, or None."""
    product = _product(block[at])
    if product is None:
        return None
    t = product.t
    mine = _uses([product.whole])[t]
    alloc = next((k for k in range(at) if isinstance(s := block[k], Alloc) and s.buffer is t), None)
    if alloc is None or uses[t] != mine + 1 or getattr(block[alloc], "zero", True):
        return None
    reader = next(
        (k for k in range(at + 1, len(block)) if t in effects_of((block[k],)).reads), None
    )
    if reader is None:
        return None
    moved = effects_of((product.whole,))
    if not all(independent(moved, effects_of((s,))) for s in block[at + 1 : reader]):
        return None
    made = _inside(product, block[reader])
    if made is None:
        return None
    here: tuple[Statement, ...] = made
    if isinstance(product.whole, If):
        small = (block[alloc], *product.whole.then, block[reader])
        here = (replace(product.whole, then=small, other=made),)
    between = [s for k, s in enumerate(block[:reader]) if k not in (alloc, at)]
    return [*between, *here, *block[reader + 1 :]]


def _inside(product: _Product, nest: Statement) -> tuple[Statement, ...] | None:
    """The nest's work as the rest of its sum and the call that adds the product."""
    t, call = product.t, product.call
    if not isinstance(nest, Loop) or len(nest.body) != 1 or not isinstance(nest.body[0], Loop):
        return None
    inner = nest.body[0]
    if len(inner.body) != 1 or not isinstance(inner.body[0], Store) or inner.body[0].accumulate:
        return None
    store, counters = inner.body[0], (nest.index, inner.index)
    element = next(m for m in order_of((store.value,)) if _loads(m, t))
    if set(element.inputs) != set(counters):
        return None
    if not all(_covers(i, d) for i, d in zip(element.inputs, t.shape, strict=True)):
        return None
    to = _place(store, element.inputs)
    found = _split(store.value, element, counters)
    if to is None or found is None or store.buffer.dtype != t.dtype:
        return None
    if any(overlap(to.buffer, p.buffer) for p in call.inputs if isinstance(p, Panel)):
        return None
    alpha, rest = found
    if alpha is not None and any(
        overlap(to.buffer, m.attr("buffer")) for m in order_of((alpha,)) if m.op.name == "load"
    ):
        return None
    attrs: dict[str, object] = {} if rest is None else {"beta": 1}
    scale: tuple[Node, ...] = ()
    if alpha is not None and is_const(alpha):
        attrs["alpha"] = value_of(alpha).item()
    elif alpha is not None:
        scale = (alpha,)
    added = replace(
        call, outputs=(to,), inputs=(*call.inputs, *scale), attrs=tuple(sorted(attrs.items()))
    )
    if rest is None or (_loads(rest, store.buffer) and rest.inputs == store.index):
        return (added,)
    begun = replace(inner, body=(replace(store, value=rest),))
    return replace(nest, body=(begun,)), added


def _loads(m: Node, b: Buffer) -> bool:
    return m.op.name == "load" and m.attr("buffer") is b


def _covers(i: Node, d: int | Node) -> bool:
    return i.attr("lo") is lit(0) and i.attr("step") == 1 and i.attr("hi") is size_node(d)


def _place(store: Store, counters: Sequence[Node]) -> Panel | None:
    """Where the nest writes, as a panel over rows and columns of the product; None where that is
    not one element for each, in rows or in columns."""
    b, strides = store.buffer, buffer_strides(store.buffer)
    at = [k for c in counters for k, i in enumerate(store.index) if _fixed(minus(i, c), counters)]
    others = [i for k, i in enumerate(store.index) if k not in at]
    if len(set(at)) != 2 or not all(_fixed(i, counters) for i in others):
        return None
    if any(m.op.name in ("load", "local") for m in order_of(store.index)):
        return None
    steps = [strides[k] for k in at]
    if not any(is_value(s, 1) for s in steps):
        return None
    begin = dict.fromkeys(counters, lit(0))
    shape = [c.attr("hi") for c in counters]
    return panel(load(b, store.index), begin, shape, steps)


_PRODUCTS = ("multiply", "fused_multiply")


def _split(
    value: Node, element: Node, counters: Sequence[Node]
) -> tuple[Node | None, Node | None] | None:
    """(alpha, rest) with value = alpha * element + rest; None for 1, for 0, and where not so."""
    dtype = element.dtype
    path = [value]
    while path[-1] is not element:
        n = path[-1]
        if n.op.name not in ("add", "subtract", *_PRODUCTS, "divide", "negative"):
            return None
        inside = [x for x in n.inputs if element in order_of((x,))]
        if len(inside) != 1 or n.dtype != dtype or any(x.dtype != dtype for x in n.inputs):
            return None
        path.append(inside[0])
    alpha: Node | None = None
    rest: Node | None = None
    for n, below in zip(path[-2::-1], path[:0:-1], strict=True):
        name = n.op.name
        if name == "negative":
            alpha, rest = _scaled(alpha, const(-1, dtype), True), _negated(rest)
            continue
        first = n.inputs[0] is below
        other = n.inputs[1] if first else n.inputs[0]
        if name in (*_PRODUCTS, "divide"):
            if not _fixed(other, counters) or (name == "divide" and not first):
                return None
            product = name in _PRODUCTS
            alpha, rest = _scaled(alpha, other, product), _changed(n, rest, below)
        elif name == "add":
            rest = other if rest is None else _changed(n, rest, below)
        else:
            if not first:
                alpha = _scaled(alpha, const(-1, dtype), True)
                rest = other if rest is None else _changed(n, rest, below)
            else:
                rest = _negated(other) if rest is None else _changed(n, rest, below)
    return alpha, rest


def _fixed(n: Node, counters: Sequence[Node]) -> bool:
    return not any(c in order_of((n,)) for c in counters)


def _scaled(alpha: Node | None, by: Node, product: bool) -> Node:
    if product:
        return by if alpha is None else make(multiply, (alpha, by))
    one = alpha if alpha is not None else const(1, by.dtype)
    return make(op_named("divide"), (one, by))


def _negated(n: Node | None) -> Node | None:
    return None if n is None else make(op_named("negative"), (n,))


def _changed(n: Node, rest: Node | None, below: Node) -> Node | None:
    """n, where the operand on the way to the product is what is left of it."""
    if rest is None:
        return None
    return make(n.op, tuple(rest if x is below else x for x in n.inputs), n.attrs)


# ---- products of a matrix with its transpose -----------------------------------------------------
def _symmetric(block: Sequence[Statement], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        s = with_children(s, tuple(_symmetric(c, notes) for c in children(s)))
        if isinstance(s, Library) and s.name == "gemm" and _is_gram(s):
            notes.append("a matrix times its transpose: one triangle is computed")
            s = replace(s, name="syrk", inputs=(s.inputs[0], *s.inputs[2:]))
        out.append(s)
    return tuple(out)


def _is_gram(s: Library) -> bool:
    a, b = s.inputs[:2]
    assert isinstance(a, Panel) and isinstance(b, Panel)
    if dict(s.attrs).get("beta", 0) != 0 or a.buffer is not b.buffer or a.offset is not b.offset:
        return False
    sides = [[size_node(d) for d in dims] for dims in (a.shape, b.shape, a.strides, b.strides)]
    return sides[0] == sides[1][::-1] and sides[2] == sides[3][::-1]
