"""Sums that a program spells in other ways, in the form that threads can share.

h[k] = h[k] + v                                ->   h[k] += v
for i: s = s + v(i)                            ->   for i: s (+)= v(i)
if p: c = s + v  else: c = s;  ...;  s = c     ->   if p: s (+)= v
if v > m: c = v  else: c = m;  ...;  m = c     ->   m (max)= v, -inf in the place of nan
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import linear, minus
from ...fxgraph.constants import const
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make, op_named
from ...optimize.loopnest.mentions import mentioned
from ...optimize.loopnest.program import (
    Assign,
    Fold,
    If,
    Loop,
    Program,
    Statement,
    Store,
    children,
    expressions,
    walk,
    with_children,
)
from ..scalar_code import code


def as_sums(program: Program) -> Program:
    """The program with such sums written as additions and folds."""
    block = _block(program.statements, mentioned(program))
    return replace(program, statements=block) if block != program.statements else program


def _block(block: Sequence[Statement], mentions: dict[Node, int]) -> tuple[Statement, ...]:
    out = []
    for s in block:
        blocks = tuple(_block(c, mentions) for c in children(s))
        s = with_children(s, blocks) if blocks != children(s) else s
        if isinstance(s, Store):
            s = _addition(s)
        elif isinstance(s, Loop):
            s = _joined(_folded(s, mentions))
        out.append(s)
    return tuple(out)


def _addition(s: Store) -> Store:
    v = s.value
    if s.accumulate or v.op.name != "add" or v.dtype != s.buffer.dtype:
        return s
    for here, other in (v.inputs, v.inputs[::-1]):
        if here.op.name != "load" or here.attr("buffer") is not s.buffer or here.inputs != s.index:
            continue
        if other.dtype != v.dtype or _reads(other, s):
            continue
        return Store(s.buffer, s.index, other, True)
    return s


def _reads(n: Node, s: Store) -> bool:
    return any(m.op.name == "load" and m.attr("buffer") is s.buffer for m in order_of((n,)))


#: Joining op -> the reduction that does it in any order.
_FOLDS = {
    "add": "reduce_sum", "multiply": "reduce_prod", "maximum": "reduce_max",
    "minimum": "reduce_min", "logical_or": "reduce_any", "logical_and": "reduce_all",
}  # fmt: skip


#: What is taken if it compares so with the best -> (the reduction, what is never taken).
_ORDERS = {"greater": ("reduce_max", -math.inf), "less": ("reduce_min", math.inf)}


def _joined(loop: Loop) -> Loop:
    """The loop with variables that it does nothing else to than join values to them folded."""
    body = tuple(_fold_of(s, loop) if isinstance(s, Assign) else s for s in loop.body)
    return replace(loop, body=body) if body != loop.body else loop


def _fold_of(s: Assign, loop: Loop) -> Statement:
    v = s.value
    name = "add" if v.op.name == "affine" else v.op.name
    term = _term(v, s.local, name) if name in _FOLDS else None
    if term is None or term.dtype != s.local.dtype or s.local in order_of((term,)):
        return s
    if code(s.local.dtype) == "f2" or _named(s.local, loop) != 1:
        return s
    return Fold(s.local, op_named(_FOLDS[name]), term)


def _folded(loop: Loop, mentions: dict[Node, int]) -> Loop:
    """The loop with the variables that a branch adds to folded there."""
    body = list(loop.body)
    for at, s in enumerate(loop.body):
        if not isinstance(s, If):
            continue
        for last in loop.body[at + 1 :]:
            if not (isinstance(last, Assign) and last.value.op.name == "local"):
                continue
            total, chosen = last.local, last.value
            now = body[at]
            if not isinstance(now, If):
                break
            made = _fold_in(now, total, chosen) or _extreme_of(now, total, chosen)
            if made is None or mentions.get(chosen) != 3 or _named(total, loop) != 3:
                continue
            body[at] = made
            body = [x for x in body if x is not last]
    return replace(loop, body=tuple(body)) if tuple(body) != loop.body else loop


def _named(v: Node, loop: Loop) -> int:
    """How many statements of the loop read or set a variable."""
    return sum(
        getattr(s, "local", None) is v or v in order_of(expressions(s)) for s in walk(loop.body)
    )


def _fold_in(s: If, total: Node, chosen: Node) -> If | None:
    """The branch with `chosen = total + v` as a fold, where the other side only keeps the total."""
    sides = [_only_assign(b, chosen) for b in (s.then, s.other)]
    if sides[0] is None or sides[1] is None:
        return None
    for adds, keeps in ((0, 1), (1, 0)):
        sum_, kept = sides[adds], sides[keeps]
        assert sum_ is not None and kept is not None
        term = _term(sum_.value, total) if kept.value is total else None
        if term is None or term.dtype != total.dtype or total in order_of((term,)):
            continue
        fold = Fold(total, op_named("reduce_sum"), term)
        blocks = [list(s.then), list(s.other)]
        blocks[adds] = [fold if x is sum_ else x for x in blocks[adds]]
        blocks[keeps] = [x for x in blocks[keeps] if x is not kept]
        if not blocks[0]:
            return If(_not(s.pred), tuple(blocks[1]), (), s.origin)
        return replace(s, then=tuple(blocks[0]), other=tuple(blocks[1]))
    return None


def _extreme_of(s: If, best: Node, chosen: Node) -> Fold | None:
    """The branch `if v > best: chosen = v` as a fold, where it decides nothing else."""
    if [len(s.then), len(s.other)] != [1, 1]:
        return None
    taken, kept = (_only_assign(b, chosen) for b in (s.then, s.other))
    if taken is None or kept is None or kept.value is not best or code(best.dtype) == "f2":
        return None
    v, pred = taken.value, s.pred
    while pred.op.name == "cast" and pred.inputs[0].dtype.kind == "b":
        (pred,) = pred.inputs
    name = pred.op.name.removesuffix("_equal")
    if name not in _ORDERS or v.dtype != best.dtype or best in order_of((v,)):
        return None
    if pred.inputs == (best, v):
        name = "less" if name == "greater" else "greater"
    elif pred.inputs != (v, best):
        return None
    fold, worst = _ORDERS[name]
    if v.dtype.kind == "f":  # nan is neither greater nor less
        known = make(op_named("equal"), (v, v))
        v = make(op_named("where"), (known, v, const(worst, v.dtype)))
    elif v.dtype.kind not in "iu":
        return None
    return Fold(best, op_named(fold), v)


def _term(v: Node, total: Node, name: str = "add") -> Node | None:
    """What v adds (or else joins) to the total."""
    if v.dtype != total.dtype:
        return None
    if v.op.name == "affine":
        return minus(v, total) if linear(v)[0].get(total) == 1 else None
    if v.op.name != name or total not in v.inputs:
        return None
    return v.inputs[1] if v.inputs[0] is total else v.inputs[0]


def _not(pred: Node) -> Node:
    return make(op_named("logical_not"), (pred,))


def _only_assign(block: Sequence[Statement], v: Node) -> Assign | None:
    """The assignment of v at the block's own level."""
    found = [s for s in block if isinstance(s, Assign) and s.local is v]
    return found[0] if len(found) == 1 else None
