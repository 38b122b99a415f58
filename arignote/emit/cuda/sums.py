"""Sums that a program spells in other ways, in the form that threads can share.

h[k] = h[k] + v                                ->   h[k] += v
if p: c = s + v  else: c = s;  ...;  s = c     ->   if p: s (+)= v
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.affine import linear, minus
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
            s = _folded(s, mentions)
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
            assert isinstance(now, If)
            made = _fold_in(now, total, chosen)
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


def _term(v: Node, total: Node) -> Node | None:
    """What v adds to the total."""
    if v.dtype != total.dtype:
        return None
    if v.op.name == "affine":
        return minus(v, total) if linear(v)[0].get(total) == 1 else None
    if v.op.name != "add" or total not in v.inputs:
        return None
    return v.inputs[1] if v.inputs[0] is total else v.inputs[0]


def _not(pred: Node) -> Node:
    return make(op_named("logical_not"), (pred,))


def _only_assign(block: Sequence[Statement], v: Node) -> Assign | None:
    """The assignment of v at the block's own level."""
    found = [s for s in block if isinstance(s, Assign) and s.local is v]
    return found[0] if len(found) == 1 else None
