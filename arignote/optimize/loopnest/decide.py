"""Choices that the sizes decide are made before the loops are arranged.

    if 256 < 6144: loops          ->    loops
    else: y = gemv(a, x)

What stands in a branch is fused with nothing.  A product of a loop's steps that `raise_rows` may
gather into one matrix product keeps its choice until then: that pass looks for the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...fxgraph.constants import is_const, value_of
from ...fxgraph.node import Node
from .program import If, Loop, Program, Statement, children, with_children
from .raise_rows import gathered


def decide(program: Program) -> Program:
    """The program without choices between constants."""
    return _decided(program, keep=True)


def decide_all(program: Program) -> Program:
    """The program without choices between constants, those of products included."""
    return _decided(program, keep=False)


def _decided(program: Program, keep: bool) -> Program:
    made = _block(program.statements, keep, None)
    return program if made is program.statements else replace(program, statements=made)


def _block(
    block: tuple[Statement, ...], keep: bool, loop: Loop | None
) -> tuple[Statement, ...]:
    """The same tuple where nothing is decided."""
    out: list[Statement] = []
    for s in block:
        taken = _taken(s.pred) if isinstance(s, If) else None
        if isinstance(s, If) and taken is not None and not (keep and gathered(loop, s)):
            out += _block(s.then if taken else s.other, keep, loop)
            continue
        inner = s if isinstance(s, Loop) else loop
        before = children(s)
        after = [_block(b, keep, inner) for b in before]
        changed = any(a is not b for a, b in zip(after, before, strict=True))
        out.append(with_children(s, tuple(after)) if changed else s)
    return tuple(out) if _differ(out, block) else block


def _differ(a: Sequence[Statement], b: Sequence[Statement]) -> bool:
    return len(a) != len(b) or any(x is not y for x, y in zip(a, b, strict=True))


def _taken(pred: Node) -> bool | None:
    """Which side of a choice is taken; None where the sizes do not say."""
    if pred.op.name != "less" or not all(is_const(x) for x in pred.inputs):
        return None
    a, b = (value_of(x) for x in pred.inputs)
    return bool(a < b)
