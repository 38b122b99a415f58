"""Sizes that the guards fix are numbers in the program.

A call that was traced with `x: [n, m]` and a state of 16 numbers that `x` meets is guarded by
`16 - m >= 0` and `m - 16 >= 0`.  Past the guards m is 16: trips, strides and scratch are known when
the loops are arranged, and to the C compiler.

    guard 16 - m >= 0, m - 16 >= 0
    for i in [0, m): t[i] = s[i] + 1    ->    for i in [0, 16): t[i] = s[i] + 1

The guards go on testing m itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...fxgraph.affine import linear
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from .access import Renaming
from .program import Buffer, Program, Result


def pin(program: Program) -> Program:
    """The program with numbers in the places of integers that its guards fix."""
    fixed = pinned(program.guards, program.integers)
    if not fixed:
        return program
    renaming = Renaming({n: lit(value) for n, value in fixed.items()})
    pointers = [renaming.buffer(p) if isinstance(p, Buffer) else p for p in program.pointers]
    return replace(
        program,
        pointers=tuple(pointers),
        statements=renaming.block(program.statements),
        results=tuple(_result(r, renaming) for r in program.results),
    )


def pinned(guards: Iterable[Node], integers: Sequence[Node]) -> dict[Node, int]:
    """The integers that two of the guards bound from both sides by the same number."""
    least: dict[Node, int] = {}
    most: dict[Node, int] = {}
    for g in guards:
        coefs, c = linear(g)
        if len(coefs) != 1:
            continue
        ((n, k),) = coefs.items()
        if k == 1:
            least[n] = max(-c, least.get(n, -c))
        elif k == -1:
            most[n] = min(c, most.get(n, c))
    return {n: least[n] for n in integers if n in least and least[n] == most.get(n)}


def _result(r: Result, renaming: Renaming) -> Result:
    buffer = renaming.buffer(r.buffer) if r.buffer is not None else None
    value = renaming.rebuild((r.value,))[0] if r.value is not None else None
    return replace(r, buffer=buffer, value=value)
