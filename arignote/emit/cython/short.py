"""Innermost loops that the C compiler makes vectors of; those of a few steps are marked for it.

    for i in range(16):  # simd

gcc unrolls loops of up to 16 steps before it looks for loops to vectorize, and finds few vectors in
what it then has: a clip of 16 elements became 16 times three branches, four times as slow as two
registers.  Marked loops are left whole until they have been vectorized.

In all such loops, quotients of 64-bit integers by a number that is known have a form for vectors
(preamble/integer.h), which takes longer where an element stands alone.

Steps in order that are made of such loops only wait for each other, not for the machine's units:
registers of half of AVX-512's width have their results sooner.  A forward step of a Markov chain of
16 states takes 26.7 ns instead of 29.4, a random walk of 16 coordinates 7.7 instead of 9.5; an LSTM
whose rows have 64 elements would take 160 instead of 148.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...fxgraph.affine import linear
from ...fxgraph.constants import is_const, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.dependence import independent_steps
from ...optimize.loopnest.program import (
    Assign,
    Buffer,
    Loop,
    Program,
    Store,
    While,
    expressions,
    walk,
)
from .divisors import by_known_divisor
from .scope import Module

#: What ends the line of a marked loop; Cython takes it for a comment.
MARK = "  # simd"
#: Loops of fewer steps are no vectors, and longer ones are left whole in any case.
_FEWEST, _MOST = 4, 16


def is_short(module: Module, loop: Loop) -> bool:
    """Is it a loop of few steps over elements side by side, each on its own?"""
    index = loop.index
    lo, hi = index.attr("lo"), index.attr("hi")
    if index.attr("step") != 1 or not (is_const(lo) and is_const(hi)):
        return False
    return _FEWEST <= value_of(hi) - value_of(lo) <= _MOST and _is_each(module, loop)


def has_known_divisors(module: Module, loop: Loop) -> bool:
    """Does a loop over elements side by side, each on its own, divide integers by known ones?"""
    if loop.index.attr("step") != 1 or not all(isinstance(s, Assign | Store) for s in loop.body):
        return False
    roots = [r for s in loop.body for r in expressions(s)]
    return any(map(by_known_divisor, order_of(roots))) and _is_each(module, loop)


def _is_each(module: Module, loop: Loop) -> bool:
    """Are its statements simple, its elements side by side, and its steps independent?"""
    index = loop.index
    if not all(isinstance(s, Assign | Store) for s in loop.body):
        return False
    inside = module.local_to(loop)
    own = {s.local for s in loop.body if isinstance(s, Assign)}
    if not own <= inside or not all(_is_dense(index, own, *a) for a in _accesses(loop)):
        return False
    return loop.parallel or independent_steps(loop, set())


#: Before everything else in the C text: what is compiled after it is of half width.
HALF_WIDTH = """\
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=256")
#endif"""


def steps_are_short(program: Program) -> bool:
    """Is it steps in order around loops of few steps, and no long loop beside them?"""
    found = False
    for s in program.statements:
        inside = [x for x in walk((s,)) if isinstance(x, Loop | While) and x is not s]
        if isinstance(s, While) or not all(_is_brief(x) for x in inside):
            return False
        if isinstance(s, Loop):
            if not inside and not _is_brief(s):
                return False
            found = found or (bool(inside) and not s.parallel)
    return found


def _is_brief(s: Loop | While) -> bool:
    if isinstance(s, While):
        return False
    lo, hi = s.index.attr("lo"), s.index.attr("hi")
    return is_const(lo) and is_const(hi) and value_of(hi) - value_of(lo) <= _MOST


def _accesses(loop: Loop) -> Iterable[tuple[Buffer, tuple[Node, ...]]]:
    """What the statements read and write, and where."""
    for s in loop.body:
        if isinstance(s, Store):
            yield s.buffer, s.index
        for n in order_of(expressions(s)):
            if n.op.name == "load":
                yield n.attr("buffer"), n.inputs


def _is_dense(index: Node, own: set[Node], buffer: Buffer, at: tuple[Node, ...]) -> bool:
    """Are the elements of all steps one, or side by side?"""
    varying = [k for k, i in enumerate(at) if not own.isdisjoint(order_of((i,)))]
    walked = [k for k, i in enumerate(at) if index in order_of((i,))]
    if varying or not walked:
        return not varying
    k = walked[-1]
    together = k == len(at) - 1 if buffer.strides is None else buffer.strides[k] == 1
    return len(walked) == 1 and together and linear(at[k])[0].get(index) == 1
