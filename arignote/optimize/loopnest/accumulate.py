"""Accumulators: an element that a loop adds to is a variable meanwhile, and a sum is a fold.

    for k: c[i, j] = c[i, j] + a[k] * b[k]   ->   s = c[i, j]
                                                  for k: fold s + a[k] * b[k]
                                                  c[i, j] = s

A fold of floats may be taken in lanes or given to a library: its terms may change order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import minus, plus
from ...fxgraph.constants import lit
from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.elementwise import less, negative
from ...fxgraph.prove import ge0
from ...fxgraph.types import TensorType
from .access import differ, effects_of, overlap
from .program import (
    Assign,
    Fold,
    If,
    Loop,
    Program,
    Statement,
    Store,
    children,
    expressions,
    load,
    map_expressions,
    new_local,
    walk,
    with_children,
)

_FOLDS = {"add": "reduce_sum", "maximum": "reduce_max", "minimum": "reduce_min"}


def accumulate(program: Program) -> Program:
    """The program with elements that loops add to in variables, and sums as folds."""
    notes: list[str] = []
    block = _block(program.statements, notes)
    if not notes:
        return program
    return replace(program, statements=block, notes=(*program.notes, *notes))


def _block(block: tuple[Statement, ...], notes: list[str]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        inner = tuple(_block(c, notes) for c in children(s))
        s = s if inner == children(s) else with_children(s, inner)
        if isinstance(s, Loop):
            out.extend(_accumulated(s, notes))
        else:
            out.append(s)
    return tuple(out)


def _accumulated(loop: Loop, notes: list[str]) -> tuple[Statement, ...]:
    where = loop.origin or loop.index.attr("name")
    held = _held(loop)
    if held is not None:
        before, inside, after = held
        inside = _folded(inside) or inside
        if any(isinstance(s, Fold) and s.local is before.local for s in inside.body):
            notes.append(f"{where}: the element that it adds to is a variable")
            return _where_it_runs(inside, before, after)
    folded = _folded(loop)
    if folded is not None:
        notes.append(f"{where}: a sum")
    return (folded or loop,)


# ---- elements that stay in place ----------------------------------------------------------------
def _held(loop: Loop) -> tuple[Assign, Loop, Store] | None:
    """An element of the loop as a variable: what comes before, the loop, what comes after."""
    if not all(isinstance(s, Assign | Fold | Store | Loop) for s in walk(loop.body)):
        return None
    facts = effects_of((loop,))
    stores = [s for s in loop.body if isinstance(s, Store)]
    for s in stores:
        moving = facts.sets | facts.counters
        if any(m in moving or m.op.name == "load" for m in order_of(s.index)):
            continue
        others = [
            a
            for a in effects_of(loop.body).accesses
            if overlap(a.buffer, s.buffer) and (a.buffer is not s.buffer or a.index != s.index)
        ]
        if any(a.buffer is not s.buffer or a.index is None or not _apart(a.index, s.index)
               for a in others):  # fmt: skip
            continue
        if s.buffer.dtype.char not in "fdFD":
            continue
        v = new_local(s.buffer.name, TensorType(s.buffer.dtype))
        e = load(s.buffer, s.index)
        body = _in_variable(loop.body, e, v)
        return Assign(v, e), replace(loop, body=body), Store(s.buffer, s.index, v)
    return None


def _apart(x: Sequence[Node], y: Sequence[Node]) -> bool:
    return not any(m.op.name in ("load", "local") for m in order_of((*x, *y))) and differ(x, y)


def _in_variable(block: tuple[Statement, ...], e: Node, v: Node) -> tuple[Statement, ...]:
    rebuild = Rebuild({e: v})
    out: list[Statement] = []
    for s in block:
        s = map_expressions(s, lambda x: rebuild((x,))[0])
        if isinstance(s, Store) and s.buffer is e.attr("buffer") and s.index == e.inputs:
            if s.accumulate:
                s = Fold(v, op_named("reduce_sum"), s.value)
            else:
                s = Assign(v, s.value)
        out.append(with_children(s, tuple(_in_variable(c, e, v) for c in children(s))))
    return tuple(out)


def _where_it_runs(loop: Loop, before: Assign, after: Store) -> tuple[Statement, ...]:
    """The element is touched only if the loop has a step."""
    lo, hi = loop.index.attr("lo"), loop.index.attr("hi")
    if loop.index.attr("step") < 0:
        lo, hi = hi, lo
    if ge0(plus(minus(hi, lo), lit(-1))):
        return before, loop, after
    return (If(make(less, (lo, hi)), (before, loop, after), (), loop.origin),)


# ---- sums ---------------------------------------------------------------------------------------
def _folded(loop: Loop) -> Loop | None:
    """The loop with s = s + e as a fold, where nothing else in it names s."""
    if not all(isinstance(s, Assign | Fold | Store | Loop) for s in walk(loop.body)):
        return None
    body = list(loop.body)
    for k, s in enumerate(body):
        if not isinstance(s, Assign) or s.local.dtype.char not in "fdFD":
            continue
        fold = _fold_of(s)
        if fold is None or any(_names(x, s.local) for x in walk(body) if x is not s):
            continue
        body[k] = fold
    return replace(loop, body=tuple(body)) if tuple(body) != loop.body else None


def _fold_of(s: Assign) -> Fold | None:
    v, e = s.local, s.value
    if len(e.inputs) != 2 or e.dtype != v.dtype:
        return None
    a, b = e.inputs
    if e.op.name == "subtract" and a is v and v not in order_of((b,)):
        return Fold(v, op_named("reduce_sum"), make(negative, (b,)))
    if e.op.name not in _FOLDS or (e.op.name != "add" and v.dtype.kind == "c"):
        return None
    term = b if a is v else a if b is v else None
    if term is None or v in order_of((term,)) or term.dtype != v.dtype:
        return None
    return Fold(v, op_named(_FOLDS[e.op.name]), term)


def _names(s: Statement, v: Node) -> bool:
    sets = isinstance(s, Assign | Fold) and s.local is v
    return sets or v in order_of(expressions(s))
