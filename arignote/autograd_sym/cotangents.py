"""Cotangents while they are collected: a base, and writes that wait until somebody reads it.

The cotangent of an array that was read at many places is one array to which each place is added,
never a sum of zero-padded arrays: that would cost the whole array for each read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..fxgraph.constants import is_value
from ..fxgraph.node import Node
from ..fxgraph.ops.elementwise import add
from ..fxgraph.ops.structure import full_op

#: The cotangent so far -> the cotangent with one contribution written into it.
Put: TypeAlias = "Callable[[Node], Node]"


class Cotangents:
    """zeros(n): a zero cotangent of n's type."""

    def __init__(self, zeros: Callable[[Node], Node]) -> None:
        self.zeros = zeros
        self.base: dict[Node, Node] = {}
        self.pending: dict[Node, list[Put]] = {}

    def add(self, n: Node, g: Node) -> None:
        base = self.base.get(n)
        self.base[n] = g if base is None or is_zero(base) else base if is_zero(g) else add(base, g)

    def put(self, n: Node, write: Put) -> None:
        self.pending.setdefault(n, []).append(write)

    def has(self, n: Node) -> bool:
        return n in self.base or n in self.pending

    def of(self, n: Node) -> Node:
        """The sum so far, all writes applied to the base."""
        g = self.base.get(n)
        if g is None:
            g = self.zeros(n)
        for write in self.pending.pop(n, ()):
            g = write(g)
        self.base[n] = g
        return g


def is_zero(n: Node) -> bool:
    """Is n zero by construction?"""
    return is_value(n.inputs[0] if n.op is full_op else n, 0)
