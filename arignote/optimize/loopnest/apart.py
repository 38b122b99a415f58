"""Temporaries that stand between two nests because the nests were not fused, and the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .access import effects_of
from .fuse import legal, nest_of, pays, same_range
from .program import Alloc, Buffer, If, Library, Loop, Program, Statement, While, walk


@dataclass(frozen=True)
class Apart:
    """`buffer` is stored by one statement of the outermost level and read by a later one."""

    buffer: Buffer
    writer: Statement
    reader: Statement
    reason: str


def apart(program: Program) -> Iterator[Apart]:
    """Every temporary array that one nest hands to another, with the first that reads it."""
    block = program.statements
    facts = [effects_of((s,)) for s in block]
    for s in block:
        if not isinstance(s, Alloc) or s.buffer.role != "temporary" or not s.buffer.shape:
            continue
        writers = [k for k, f in enumerate(facts) if s.buffer in f.writes and block[k] is not s]
        readers = [k for k, f in enumerate(facts) if s.buffer in f.reads and k not in writers]
        if writers and readers and writers[0] < readers[0]:
            last = max(k for k in writers if k < readers[0])
            a, b = block[last], block[readers[0]]
            yield Apart(s.buffer, a, b, reason(a, b))


def reason(a: Statement, b: Statement) -> str:
    """Why the two are not one loop."""
    for s in (a, b):
        called = next((x for x in walk((s,)) if isinstance(x, Library)), None)
        if called is not None:
            return f"{called.name} is a library routine, which needs its operands in memory"
        if isinstance(s, While | If) or not isinstance(s, Loop):
            return "one of them is a branch or a while loop"
    assert isinstance(a, Loop) and isinstance(b, Loop)
    if not same_range(a, b):
        return "their loops do not run over the same range"
    first, second = nest_of(a), nest_of(b)
    if not legal(first, second):
        return "a step of the second needs elements that other steps of the first make"
    if not pays(first, second):
        return "one of them is a sum over an inner loop, and would lose its vector form"
    return "something between them must come after the first and before the second"
