"""Patterns as matchers: a pattern is a node over `var` and `cst`, compiled once.

Operands of commutative ops match in either order; a number in a pattern matches a constant of any
dtype and shape all of whose elements equal it (-0.0 is not 0).  Attribute `weak` is not compared:
Python numbers follow the same rules.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..fxgraph.constants import constant, input_op, is_value, value_of
from ..fxgraph.node import Node, Op

Bound: TypeAlias = "dict[str, Node]"
Test: TypeAlias = "Callable[[Node, Bound], bool]"

COMMUTATIVE = frozenset(
    (
        "add multiply maximum minimum fmax fmin logical_and logical_or logical_xor bitwise_and"
        " bitwise_or bitwise_xor equal not_equal logaddexp logaddexp2 hypot gcd lcm"
    ).split()
)


@dataclass(frozen=True, eq=False)
class Matcher:
    """One spelling of a pattern.  operands: the op wanted at each operand, None for any."""

    op: Op
    operands: tuple[Op | None, ...]
    test: Test

    def __call__(self, n: Node, bound: Bound) -> bool:
        return self.test(n, bound)


def matchers(pattern: Node) -> list[Matcher]:
    """The matchers of a pattern, one for each order of commutative operands."""
    out = []
    seen = set()
    for spelling in _spellings(pattern):
        key = _text(spelling)
        if key not in seen:
            seen.add(key)
            op, _, operands = spelling
            out.append(Matcher(op, tuple(_wanted(x) for x in operands), _test(spelling)))
    return out


#: A leaf is (kind, name or value); an operation is (op, attrs, operands).
_Spelling: TypeAlias = "tuple[Any, ...]"


def _spellings(p: Node) -> Iterator[_Spelling]:
    if p.op is input_op:
        name = p.attr("name")
        yield ("constant" if name[0] == "!" else "any", name[1:])
        return
    if p.op is constant:
        yield ("value", value_of(p))
        return
    attrs = tuple((k, v) for k, v in p.attrs if k != "weak")
    for operands in itertools.product(*(list(_spellings(x)) for x in p.inputs)):
        yield (p.op, attrs, operands)
        if p.op.name in COMMUTATIVE:
            yield (p.op, attrs, operands[::-1])


def _text(s: _Spelling) -> str:
    if isinstance(s[0], Op):
        return f"{s[0].name}{s[1]}({', '.join(_text(x) for x in s[2])})"
    return f"{s[0]} {s[1]!r}"


def _wanted(s: _Spelling) -> Op | None:
    if isinstance(s[0], Op):
        return s[0]
    return None if s[0] == "any" else constant


def _test(s: _Spelling) -> Test:
    if s[0] == "any":
        return _binds(s[1])
    if s[0] == "constant":
        bind = _binds(s[1])
        return lambda n, bound: n.op is constant and bind(n, bound)
    if s[0] == "value":
        value = s[1]
        return lambda n, bound: is_value(n, value)
    op, attrs, operands = s
    tests = tuple(_test(x) for x in operands)

    def test(n: Node, bound: Bound) -> bool:
        if n.op is not op or len(n.inputs) != len(tests):
            return False
        if attrs and tuple((k, v) for k, v in n.attrs if k != "weak") != attrs:
            return False
        return all(t(x, bound) for t, x in zip(tests, n.inputs))

    return test


def _binds(name: str) -> Test:
    return lambda n, bound: bound.setdefault(name, n) is n
