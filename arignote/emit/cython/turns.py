"""Loops whose time is the divider's: square roots of every second register by other means.

A root of a register keeps the divider busy for many cycles, in which the loop's other units have
little to do.  Where that is so the loop goes two registers a step, and the roots of the second are
made by Newton's steps (preamble/wide_root.h), with the same bits: sqrt(x*x + y*y) of doubles took
2.9 ns a register instead of 4.7, with all roots by Newton's steps 4.4 (Zen 4).
"""

from __future__ import annotations

from collections.abc import Mapping

from ...fxgraph.node import Node

#: Cycles of a register, of doubles and floats: in the divider, and of Newton's steps where the
#: multiplications are made and where any unit will do.
_ROOT = {"f8": 18.0, "f4": 11.0}
_QUOTIENT = {"f8": 10.0, "f4": 6.0}
_STEPS = {"f8": (11.0, 10.0), "f4": (8.0, 8.0)}
_QUOTIENTS = ("divide", "reciprocal")
_PRODUCTS = ("multiply", "square")
#: Fewer cycles do not pay for the longer code.
_LEAST = 1.5


def saved(kind: str, uses: Mapping[Node, int]) -> float:
    """Cycles a register that a loop over these expressions saves by taking its roots in turns; 0
    where that is next to none.  Functions with constants and tables must not be among them."""
    names = [n.op.name for n in uses if n.inputs]
    roots = sum(name == "sqrt" for name in names)
    divider = _QUOTIENT[kind] * sum(name in _QUOTIENTS for name in names)
    products = sum(name in _PRODUCTS for name in names)
    any_unit = len(names) / 2
    multiply, steps = _STEPS[kind]
    before = max(divider + roots * _ROOT[kind], products, any_unit)
    after = max(
        divider + roots * _ROOT[kind] / 2,
        products + roots * multiply / 2,
        any_unit + roots * steps / 2,
    )
    return before - after if roots and before - after > _LEAST else 0.0
