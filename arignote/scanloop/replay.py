"""Closing a backward body: its placeholders get their values.

What the forward pass saves is not known by node until the forward loop is rebuilt with it, so this
goes in two steps: `Replay` decides and builds, `tie` is told where the saved values are read.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..autograd_sym.places import window_at
from ..fxgraph.affine import size_node
from ..fxgraph.constants import lit, proj, project
from ..fxgraph.graph import remake
from ..fxgraph.node import Node, at_origin, origin
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.structure import view
from ..fxgraph.resolve import Resolve
from ..fxgraph.types import Shape
from ..fxgraph.window import Window
from .body_walk import BodyWalk
from .keep import Reads, saved_values
from .padded import stored


class Replay:
    """saved: what the forward body must stack, each in a box of fixed size."""

    def __init__(self, walk: BodyWalk, roots: Sequence[Node]) -> None:
        self.walk = walk
        self.roots = roots
        needed = walk.needed(roots)
        self.reads = Reads(walk, needed)
        kept, made = saved_values(walk, needed)
        self.kept = [n for n in made if n in kept and not self._is_free(n)]
        self.made = [n for n in made if n not in kept or self._is_free(n)]
        self.saved = [cast_to(stored(n, walk.own), n.dtype) for n in self.kept]

    def _is_free(self, n: Node) -> bool:
        return self.reads.is_held(n) or self.reads.lives_in(n) is not None

    def tie(
        self, rows: Sequence[Node], effects: Sequence[Node]
    ) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
        """The results and effects of the backward body; rows: where the saved values are read."""
        walk = self.walk
        for n in (*self.kept, *self.made):
            if not isinstance(n.type, tuple):
                walk.value(n)
        forward = walk.tuples()
        for n, row in zip(self.kept, rows, strict=True):
            forward[walk.value(n)] = _unboxed(row, n, walk.shape(n))
        for n in self.made:
            placeholder = walk.values.get(n)
            if placeholder in walk.open and not isinstance(n.type, tuple):
                with at_origin(origin.get(n)):
                    forward[placeholder] = self._again(n)
        out = Resolve(forward, frozenset(walk.open))((*self.roots, *effects))
        return out[: len(self.roots)], out[len(self.roots) :]

    def _again(self, n: Node) -> Node:
        """n on the backward side: held, read back from where it was written, or computed again."""
        walk, reads = self.walk, self.reads
        if reads.is_held(n):
            return walk.restored[n]
        w = reads.lives_in(n)
        if w is not None:
            return view(walk.restored[w], window_at(walk, w))
        if reads.is_read_back(n):
            held = walk.restored[n.inputs[0]]
            return remake(n.op, (held, *(walk.value(x) for x in n.inputs[1:])), n.attrs)
        if n.op is proj:
            parent = n.inputs[0]
            return project(self._parent(parent), n.attr("k"))
        return remake(n.op, tuple(walk.value(x) for x in n.inputs), n.attrs)

    def _parent(self, n: Node) -> Node:
        """A node with several results, computed again."""
        walk = self.walk
        if not walk.mine(n):
            return n
        if "body" not in n.op.traits:
            return remake(n.op, tuple(walk.value(x) for x in n.inputs), n.attrs)
        forward = {x: walk.value(x) for x in n.inputs if walk.mine(x)}
        return Resolve(forward)((n,))[0]


def _unboxed(row: Node, n: Node, shape: Shape) -> Node:
    """The part of the box that holds n, as a value of n's type."""
    if any(size_node(a) is not size_node(b) for a, b in zip(row.shape, shape)):
        rank = len(shape)
        row = view(row, Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), shape))
    return cast_to(row, n.dtype, n.type.weak)
