"""Integer scalars in one normal form: constant + sum of coefficient * atom.

Sizes, indices and Python integers are affine nodes, so `(i + 1) - 1 is i` and equal sizes are `is`.
`minimum`/`maximum` of sizes and `floordiv` by a literal are atoms with known bounds (see `prove`).
"""

from __future__ import annotations

from collections.abc import Mapping

from .constants import array_of, constant, lit
from .node import Node, Op, make
from .types import I64, Size, TensorType


def _meaning(*values: int, coefs: tuple[int, ...], const: int) -> int:
    return sum((int(v) * k for v, k in zip(values, coefs, strict=True)), const)


affine_op = Op(
    "affine",
    infer=lambda *inputs, coefs, const: TensorType(I64, (), True),
    reference=_meaning,
    traits=frozenset({"scalar"}),
)


def linear(n: Node) -> tuple[dict[Node, int], int]:
    """The coefficients by atom, and the constant."""
    if n.op is constant:
        return {}, int(array_of(n))
    if n.op is affine_op:
        return dict(zip(n.inputs, n.attr("coefs"), strict=True)), n.attr("const")
    return {n: 1}, 0


def from_linear(coefs: Mapping[Node, int], const: int) -> Node:
    """The normal form: atoms by age, no zero coefficients, an atom alone is itself."""
    atoms = sorted((a for a, k in coefs.items() if k), key=lambda a: a.serial)
    if not atoms:
        return lit(const)
    if const == 0 and len(atoms) == 1 and coefs[atoms[0]] == 1 and atoms[0].type.weak:
        return atoms[0]
    return make(affine_op, atoms, (("coefs", tuple(coefs[a] for a in atoms)), ("const", const)))


def combine(a: Node, ka: int, b: Node, kb: int) -> Node:
    """ka * a + kb * b"""
    (ca, xa), (cb, xb) = linear(a), linear(b)
    coefs = {atom: ka * k for atom, k in ca.items()}
    for atom, k in cb.items():
        coefs[atom] = coefs.get(atom, 0) + kb * k
    return from_linear(coefs, ka * xa + kb * xb)


def plus(a: Node, b: Node) -> Node:
    return combine(a, 1, b, 1)


def minus(a: Node, b: Node) -> Node:
    return combine(a, 1, b, -1)


def times(a: Node, k: int) -> Node:
    """k * a for a literal k"""
    coefs, const = linear(a)
    return from_linear({atom: k * c for atom, c in coefs.items()}, k * const)


def dim(n: Node) -> Size:
    """A size node as a size: an int when it is a constant."""
    return int(array_of(n)) if n.op is constant else n


def size_node(d: Size) -> Node:
    """A size as a node."""
    return lit(d) if isinstance(d, int) else d
