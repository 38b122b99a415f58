"""Cotangents while they are collected: a base, and writes that wait until somebody reads it.

The cotangent of an array that was read at many places is one array to which each place is added,
never a sum of zero-padded arrays: that would cost the whole array for each read.  A place that was
just zeroed, because the array was overwritten there, is assigned in place of that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..fxgraph.constants import is_value
from ..fxgraph.node import Node
from ..fxgraph.ops.elementwise import add
from ..fxgraph.ops.structure import add_at, full_op, set_item, set_item_op
from ..fxgraph.overlap import apart, injective
from ..fxgraph.window import Window, window_of

#: The cotangent so far -> the cotangent with one contribution written into it.
Put: TypeAlias = "Callable[[Node], Node]"


class Cotangents:
    """zeros(n): a zero cotangent of n's type."""

    def __init__(self, zeros: Callable[[Node], Node]) -> None:
        self.zeros = zeros
        self.base: dict[Node, Node] = {}
        self.pending: dict[Node, list[Put]] = {}
        self.places: dict[Node, dict[Window, Node]] = {}
        self.seen: set[Node] = set()  # what `of` has answered: others may read it

    def add(self, n: Node, g: Node) -> None:
        base = self.base.get(n)
        self.base[n] = g if base is None or is_zero(base) else base if is_zero(g) else add(base, g)

    def put(self, n: Node, write: Put) -> None:
        self.pending.setdefault(n, []).append(write)

    def put_at(self, n: Node, w: Window, g: Node) -> None:
        """g is added to the window w of n's cotangent."""
        at = self.places.setdefault(n, {})
        at[w] = add(at[w], g) if w in at else g

    def has(self, n: Node) -> bool:
        return n in self.base or n in self.pending or n in self.places

    def of(self, n: Node) -> Node:
        """The sum so far, all writes applied to the base."""
        g = self.base.get(n)
        if g is None:
            g = self.zeros(n)
        at = self.places.pop(n, {})
        if at and g not in self.seen:
            g = self._assigned(g, at)
        for w, value in at.items():
            g = add_at(g, w, value)
        for write in self.pending.pop(n, ()):
            g = write(g)
        self.base[n] = g
        self.seen.add(g)
        return g

    @staticmethod
    def _assigned(g: Node, at: dict[Window, Node]) -> Node:
        """g with what is added where g was zeroed (taken from `at`) put there."""
        if g.op is not set_item_op or not is_zero(g.inputs[-1]):
            return g
        w = window_of(g)
        if w not in at or not injective(w) or not all(u == w or apart(u, w) for u in at):
            return g
        return set_item(g.inputs[0], w, at.pop(w))


def is_zero(n: Node) -> bool:
    """Is n zero by construction?"""
    return is_value(n.inputs[0] if n.op is full_op else n, 0)
