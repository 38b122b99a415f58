"""Sizes as polynomials: products of symbolic sizes compared and divided exactly.

Affine nodes cannot say that n * m is m * n; a polynomial is a sum of coefficients times sorted
products of atoms.
"""

from __future__ import annotations

from typing import TypeAlias

from ..fxgraph.affine import linear, plus, size_node, times
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.scalar import scaled
from ..fxgraph.types import Size

#: product of atoms (by age, repeated for powers) -> coefficient
Polynomial: TypeAlias = "dict[tuple[Node, ...], int]"
ONE: Polynomial = {(): 1}


def polynomial(d: Size) -> Polynomial:
    """A size, products taken apart."""
    coefs, const = linear(size_node(d))
    out: Polynomial = {(): const} if const else {}
    for atom, k in coefs.items():
        if atom.op.name == "multiply" and atom.type.weak:
            a, b = atom.inputs
            out = added(out, scaled_by(multiplied(polynomial(a), polynomial(b)), k))
        else:
            out = added(out, {(atom,): k})
    return out


def added(p: Polynomial, q: Polynomial) -> Polynomial:
    out = dict(p)
    for term, k in q.items():
        out[term] = out.get(term, 0) + k
    return {t: k for t, k in out.items() if k}


def scaled_by(p: Polynomial, k: int) -> Polynomial:
    return {t: c * k for t, c in p.items()} if k else {}


def multiplied(p: Polynomial, q: Polynomial) -> Polynomial:
    out: Polynomial = {}
    for a, x in p.items():
        for b, y in q.items():
            term = tuple(sorted((*a, *b), key=lambda n: n.serial))
            out[term] = out.get(term, 0) + x * y
    return {t: k for t, k in out.items() if k}


def product_of(sizes: tuple[Size, ...] | list[Size]) -> Polynomial:
    out = ONE
    for d in sizes:
        out = multiplied(out, polynomial(d))
    return out


def divided(p: Polynomial, q: Polynomial) -> Polynomial | None:
    """p / q where q is one term that divides every term of p."""
    if len(q) != 1:
        return ONE if p == q else None
    ((term, k),) = q.items()
    out: Polynomial = {}
    for t, c in p.items():
        left = list(t)
        for atom in term:
            position = next((i for i, a in enumerate(left) if a is atom), None)
            if position is None:
                return None
            del left[position]
        if c % k:
            return None
        out[tuple(left)] = c // k
    return out


def node_from(p: Polynomial) -> Node:
    """A polynomial as an integer node."""
    out = lit(0)
    for term in sorted(p, key=lambda t: [a.serial for a in t]):
        n = lit(1)
        for atom in term:
            n = scaled(n, atom)
        out = plus(out, times(n, p[term]))
    return out


def literal_value(p: Polynomial) -> int | None:
    """The number, if it is one."""
    if not p:
        return 0
    return p[()] if set(p) == {()} else None
