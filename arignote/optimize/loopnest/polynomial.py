"""Integer expressions as sums of products, so that offsets can be taken apart by loop counters.

Affine nodes multiply by numbers only; positions in memory are products of counters and sizes.
"""

from __future__ import annotations

from typing import TypeAlias

from ...fxgraph.affine import linear, plus, times
from ...fxgraph.constants import lit
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.scalar import scaled

#: Factors by age -> how often the product is taken.
Polynomial: TypeAlias = "dict[tuple[Node, ...], int]"


def polynomial(n: Node) -> Polynomial:
    """n, multiplied out."""
    done: dict[Node, Polynomial] = {}
    for m in order_of((n,)):
        coefs, const = linear(m)
        out: Polynomial = {(): const} if const else {}
        if m.op.name == "multiply" and m.type.weak:
            out = _product(done[m.inputs[0]], done[m.inputs[1]])
        elif coefs == {m: 1}:
            out = {(m,): 1}
        else:
            for atom, k in coefs.items():
                out = added(out, done[atom], k)
        done[m] = out
    return done[n]


def added(a: Polynomial, b: Polynomial, k: int = 1) -> Polynomial:
    """a + k * b"""
    out = dict(a)
    for factors, c in b.items():
        out[factors] = out.get(factors, 0) + k * c
    return {f: c for f, c in out.items() if c}


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    out: Polynomial = {}
    for f, c in a.items():
        for g, d in b.items():
            key = tuple(sorted((*f, *g), key=lambda n: n.serial))
            out[key] = out.get(key, 0) + c * d
    return {f: c for f, c in out.items() if c}


def expression(p: Polynomial) -> Node:
    """The polynomial as a node."""
    total = lit(0)
    for factors, c in p.items():
        term = lit(1)
        for f in factors:
            term = scaled(term, f)
        total = plus(total, times(term, c))
    return total


def slope(n: Node, index: Node) -> tuple[Node, Node] | None:
    """(a, b) with n = a * index + b, index in neither; None where n is not of this form."""
    a: Polynomial = {}
    b: Polynomial = {}
    for factors, c in polynomial(n).items():
        rest = tuple(f for f in factors if f is not index)
        if any(index in order_of((f,)) for f in rest) or len(factors) > len(rest) + 1:
            return None
        (b if len(rest) == len(factors) else a)[rest] = c
    return expression(a), expression(b)


def same(a: Node, b: Node) -> bool:
    """Are two integer expressions the same sum of products?"""
    return a is b or polynomial(a) == polynomial(b)
