"""Elements of results that a step of a loop writes, reads and writes again are kept in variables.

    for i: out[i] = x[i]                           for i: t[i] = x[i]
           for k in range(5): out[i] = f(out[i])   ->     for k in range(5): t[i] = f(t[i])
                                                          out[i] = t[i]

where t is a temporary that contraction makes a variable: the result is then written once, and in
pieces of 16 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.contract import accessed_by_element, uses_of
from ...optimize.loopnest.program import (
    Alloc,
    Break,
    Buffer,
    Loop,
    Program,
    Statement,
    Store,
    children,
    expressions,
    load,
    map_expressions,
    walk,
    with_children,
)


def results_in_variables(program: Program) -> Program:
    """The program with such results written through temporaries."""
    block = program.statements
    able = accessed_by_element(block, "result")
    uses = uses_of(block, set(able))
    made: dict[Buffer, tuple[Buffer, tuple[Node, ...], Node]] = {}
    for b in able:
        index = uses[b][0][0] if uses[b] else ()
        around = [i for i in uses[b][0][1] if i in index] if index else []
        same = all(i == index and set(i) <= set(loops) for i, loops, _ in uses[b])
        if around and same and any(not write for *_, write in uses[b]):
            made[b] = (replace(b, name="t", role="temporary"), index, around[-1])
    left = {i for _, _, i in made.values()}
    for s in walk(block):
        if isinstance(s, Loop) and any(isinstance(x, Break) for x in s.body):
            left.discard(s.index)
    made = {b: m for b, m in made.items() if m[2] in left}
    return replace(program, statements=_through(block, made)) if made else program


def _through(
    block: Sequence[Statement], made: dict[Buffer, tuple[Buffer, tuple[Node, ...], Node]]
) -> tuple[Statement, ...]:
    def visit(m: Node) -> Node:
        if m.op.name == "load" and m.attr("buffer") in made:
            return load(made[m.attr("buffer")][0], m.inputs)
        return m

    rebuild = Rebuild(visit=visit)
    out: list[Statement] = []
    for s in block:
        inner = tuple(_through(c, made) for c in children(s))
        if any(m.op.name == "load" and m.attr("buffer") in made for m in order_of(expressions(s))):
            s = map_expressions(s, lambda e: rebuild((e,))[0])
        if isinstance(s, Store) and s.buffer in made:
            s = replace(s, buffer=made[s.buffer][0])
        if isinstance(s, Loop):
            ends = [(b, t, i) for b, (t, i, last) in made.items() if last is s.index]
            inner = ((*inner[0], *(Store(b, i, load(t, i)) for b, t, i in ends)),)
        s = with_children(s, inner) if children(s) else s
        out.append(s)
        if isinstance(s, Alloc) and s.buffer in made:
            out.append(Alloc(made[s.buffer][0]))
    return tuple(out)
