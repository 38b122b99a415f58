"""Variables that only repeat another one, or that are read once, are not needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...fxgraph.graph import Rebuild, order_of
from ...fxgraph.node import Node
from .access import Effects, effects_of, meeting, root
from .forward import without_dead
from .program import (
    Assign,
    Buffer,
    Loop,
    Program,
    Statement,
    While,
    children,
    expressions,
    map_expressions,
    walk,
    with_children,
)

#: Values of more nodes stay in their variables: a chain of them would be walked again for each.
LONGEST = 200


def propagate(program: Program) -> Program:
    """The program with copies of variables, and values read once, put where they are used."""
    reads: dict[Node, int] = {}
    for s in walk(program.statements):
        for m in order_of(expressions(s)):
            if m.op.name == "local":
                reads[m] = reads.get(m, 0) + 1
    block = _block(program.statements, _Known(), reads)
    if block == program.statements:
        return program
    return replace(program, statements=without_dead(block, program))


class _Known:
    """What variables equal at one place; what changes is found by what the values mention."""

    def __init__(self, values: Mapping[Node, Node] | None = None) -> None:
        self.values: dict[Node, Node] = {}
        self._of_variable: dict[Node, list[Node]] = {}
        self._of_buffer: dict[Buffer, list[Node]] = {}
        for v, e in (values or {}).items():
            self.put(v, e)

    def put(self, v: Node, e: Node) -> None:
        self.values[v] = e
        for m in order_of((e,)):
            if m.op.name == "load":
                self._of_buffer.setdefault(root(m.attr("buffer")), []).append(v)
            else:
                self._of_variable.setdefault(m, []).append(v)

    def change(self, facts: Effects) -> None:
        """Forget what does not hold after (or inside) a statement."""
        for m in facts.sets:
            self.values.pop(m, None)
            for v in self._of_variable.pop(m, ()):
                self.values.pop(v, None)
        for b in meeting(self._of_buffer.keys(), facts.writes):
            for v in self._of_buffer.pop(b):
                self.values.pop(v, None)

    def seen_by(self, facts: Effects) -> dict[Node, Node]:
        """What is known of the variables that a statement reads."""
        return {v: self.values[v] for v in facts.uses if v in self.values}


def _block(
    block: tuple[Statement, ...], known: _Known, reads: dict[Node, int]
) -> tuple[Statement, ...]:
    """known: what variables equal before the block; belongs to it."""
    out: list[Statement] = []
    for s in block:
        facts = effects_of((s,))
        if isinstance(s, Loop | While):  # its own steps come before what it reads
            known.change(facts)
        s = _rewritten(s, known.seen_by(facts), reads)
        known.change(facts)
        if isinstance(s, Assign) and s.local.type == s.value.type and s.value is not s.local:
            if s.value.op.name == "local" or _once(s, reads):
                known.put(s.local, s.value)
        out.append(s)
    return tuple(out)


def _once(s: Assign, reads: dict[Node, int]) -> bool:
    if reads.get(s.local) != 1:
        return False
    nodes = order_of((s.value,))
    return len(nodes) <= LONGEST and s.local not in nodes


def _rewritten(s: Statement, known: dict[Node, Node], reads: dict[Node, int]) -> Statement:
    mine = expressions(s)
    if known and any(m in known for m in order_of(mine)) and not isinstance(s, Loop):
        rebuild = Rebuild(dict(known))
        s = map_expressions(s, lambda e: rebuild((e,))[0])
    # work stays outside inner blocks, which may be loops
    cheap = {v: e for v, e in known.items() if e.op.name in ("local", "load")}
    blocks = tuple(_block(c, _Known(cheap), reads) for c in children(s))
    return s if blocks == children(s) else with_children(s, blocks)
