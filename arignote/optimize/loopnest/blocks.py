"""Loops in blocks of steps, and what a block may compute before its first step.

A value that step i of a loop reads may be computed when i's block begins if no step of the block,
from the first to i itself, writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import is_const, lit, new_index, value_of
from ...fxgraph.graph import Rebuild, order_of, substitute
from ...fxgraph.node import Node, make
from ...fxgraph.ops.elementwise import less
from ...fxgraph.ops.scalar import least as smaller
from ...fxgraph.ops.scalar import product
from .access import differ, effects_of, overlap, renamed
from .dependence import independent_steps, private_scratch
from .mentions import mentioned, own
from .program import (
    Break,
    Buffer,
    If,
    Library,
    Loop,
    Panel,
    Program,
    Statement,
    While,
    children,
    new_local,
    walk,
    with_children,
)
from .strides import inner_indices

#: Steps of a block.
BLOCK = 64
#: Multiplications of a nest below which it stays as it is (a call costs about 0.7 us).
LARGE = 4096


@dataclass(frozen=True)
class Blocks:
    """first: the first step of a block, a counter; count: how many steps it has; at: the step."""

    loop: Loop
    first: Node
    count: Node
    at: Node

    def around(self, before: Sequence[Statement], body: Sequence[Statement]) -> Loop:
        """for first: before; for at in the block: body"""
        steps = Loop(self.at, tuple(body), origin=self.loop.origin)
        return Loop(self.first, (*before, steps), origin=self.loop.origin)

    def row(self) -> Node:
        """The number of the step in its block."""
        return minus(self.at, self.first)

    def moved(self, body: Sequence[Statement]) -> tuple[Statement, ...]:
        """Statements of the loop for step `at`."""
        return renamed(body, {self.loop.index: self.at})

    def begin(self, n: Node) -> Node:
        """An expression of the loop's counter for the block's first step."""
        return Rebuild({self.loop.index: self.first})((n,))[0]


def blocks_of(loop: Loop) -> Blocks:
    i = loop.index
    hi = i.attr("hi")
    first = new_index(i.attr("lo"), hi, BLOCK, i.attr("name"))
    count = smaller(lit(BLOCK), minus(hi, first))
    return Blocks(loop, first, count, new_index(first, plus(first, count), 1, i.attr("name")))


def final_before(
    loop: Loop, reads: Sequence[Node], inner: Sequence[tuple[Node, Node | None]] = ()
) -> bool:
    """Are the loads `reads` of a step final before the step's block begins?

    inner: the counters in them, outer ones first, each with an upper bound of its own as a distance
    from the block's first step, or None.
    """
    i, hi = loop.index, loop.index.attr("hi")
    first = new_index(i.attr("lo"), hi, 1, "first")
    writing = new_index(first, hi, 1, "writing")
    reading = new_index(writing, hi, 1, "reading")
    then = Rebuild({i: reading})
    for k, beyond in inner:
        lo, top = then((k.attr("lo"), k.attr("hi")))
        top = plus(first, beyond) if beyond is not None else top
        then.done[k] = new_index(lo, top, k.attr("step"), k.attr("name"))
    before = Rebuild({i: writing})
    for k in inner_indices(loop.body):
        lo, top = before((k.attr("lo"), k.attr("hi")))
        before.done[k] = new_index(lo, top, k.attr("step"), k.attr("name"))
    facts = effects_of(loop.body)
    for w in facts.accesses:
        for r in reads:
            b: Buffer = r.attr("buffer")
            if not w.write or not overlap(w.buffer, b):
                continue
            if w.buffer is not b or w.index is None or not _plain((*w.index, *r.inputs)):
                return False
            if not differ(before(w.index), then(r.inputs)):
                return False
    varying = {m for m in order_of(reads) if m.op.name == "local"}
    return not varying & facts.sets and all(_plain(r.inputs) for r in reads)


def blockable(loop: Loop) -> bool:
    """May the steps be grouped?  A break would leave its block only."""
    return loop.index.attr("step") == 1 and not any(isinstance(s, Break) for s in walk(loop.body))


def if_large(
    loop: Loop,
    made: Loop,
    program: Program,
    sizes: Sequence[Node] | None = None,
    least: int = LARGE,
) -> Statement:
    """The changed loop where trips * sizes (or its calls' own work) reach `least`, else the loop.

    The two do not share variables of their own, so that later passes see each alone.
    """
    if sizes is None:
        calls = [s for s in made.body if isinstance(s, Library)]
        sizes = [size_node(calls[0].outputs[0].shape[1]), _depth(calls[0])]
    lo = loop.index.attr("lo")
    starts = dict.fromkeys((m for m in order_of(sizes) if m in (loop.index, made.index)), lo)
    work = product([minus(loop.index.attr("hi"), lo), *substitute(tuple(sizes), starts)])
    if is_const(work):
        return made if int(value_of(work)) >= least else loop
    fresh = {v: new_local(v.attr("name"), v.type) for v in own(loop.body, mentioned(program))}
    return If(make(less, (work, lit(least))), renamed((loop,), fresh), (made,))


def _depth(call: Library) -> Node:
    panel = call.inputs[0]
    assert isinstance(panel, Panel)
    return size_node(panel.shape[-1])


def _plain(index: Sequence[Node]) -> bool:
    return not any(m.op.name in ("load", "local") for m in order_of(index))


def outside_threads(
    program: Program, change: Callable[[Loop], Statement | None]
) -> tuple[Statement, ...]:
    """The statements with `change` tried on every loop, inner ones first, that no independent loop
    encloses: those are for threads, in which a library must not start threads of its own."""
    return _changed(program.statements, change)


def _changed(
    block: tuple[Statement, ...], change: Callable[[Loop], Statement | None]
) -> tuple[Statement, ...]:
    out: list[Statement] = []
    for s in block:
        if isinstance(s, Loop):
            if not for_threads(s, block):
                s = with_children(s, (_changed(s.body, change),))
            assert isinstance(s, Loop)
            out.append(change(s) or s)
        elif isinstance(s, If | While):
            out.append(with_children(s, tuple(_changed(c, change) for c in children(s))))
        else:
            out.append(s)
    return tuple(out)


def for_threads(loop: Loop, block: Sequence[Statement]) -> bool:
    """Are the loop's steps independent, so that threads share them?"""
    return loop.parallel or independent_steps(loop, private_scratch(loop, block))
