"""Closing a backward body: its placeholders get their values.

What the forward pass saves is not known by node until the forward loop is rebuilt with it, so this
goes in two steps: `Replay` decides, `tie` is told where the saved values are read and builds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..autograd_sym.places import window_at
from ..fxgraph.affine import affine_op, dim, size_node
from ..fxgraph.constants import constant, lit, proj, project
from ..fxgraph.graph import remake
from ..fxgraph.node import Node, at_origin, origin
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.structure import view
from ..fxgraph.resolve import Resolve
from ..fxgraph.window import Window
from .body_walk import BodyWalk
from .keep import Reads, saved_values
from .padded import stored

#: Undoings that are planned each for itself.
MOST = 8


class Replay:
    """saved: what the forward body must stack, each in a box of fixed size."""

    def __init__(self, walk: BodyWalk, roots: Sequence[Node]) -> None:
        self.walk = walk
        self.roots = roots
        early, late = walk.needed(roots)
        self.placeholders = [*_by_deadline(walk, early), late]
        self.plans = [
            Reads(walk, {n: walk.due(p) for p, n in group.items()}) for group in self.placeholders
        ]
        kept, self.made = saved_values(self.plans)
        order = dict.fromkeys(n for reads in self.plans for n in reads.order)
        self.kept = [n for n in order if n in kept]
        self.saved = [cast_to(stored(n, walk.own), n.dtype) for n in self.kept]

    def tie(
        self, rows: Sequence[Node], effects: Sequence[Node]
    ) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
        """The results and effects of the backward body; rows: where the saved values are read."""
        forward: dict[Node, Node] = {}
        for reads, made, placeholders in zip(self.plans, self.made, self.placeholders):
            again = _Again(self.walk, reads, dict(zip(self.kept, rows, strict=True)))
            for n in reads.order:
                if n in made:
                    with at_origin(origin.get(n)):
                        again.make(n)
            forward.update((p, again(n)) for p, n in placeholders.items())
        out = Resolve(forward, frozenset(self.walk.open))((*self.roots, *effects))
        return out[: len(self.roots)], out[len(self.roots) :]


def _by_deadline(walk: BodyWalk, early: Mapping[Node, Node]) -> list[dict[Node, Node]]:
    """What undoing reads, apart by when: what is computed again early binds nothing later."""
    groups: dict[float, dict[Node, Node]] = {}
    for p, n in early.items():
        groups.setdefault(walk.due(p), {})[p] = n
    times = sorted(groups)
    first: dict[Node, Node] = {}
    for t in times[: max(0, len(times) - MOST)]:  # as if all were the earliest
        first |= groups.pop(t)
    return [g for g in (first, *(groups[t] for t in sorted(groups))) if g]


class _Again:
    """Forward values on the backward side, all of one plan."""

    def __init__(self, walk: BodyWalk, reads: Reads, rows: dict[Node, Node]) -> None:
        self.walk = walk
        self.reads = reads
        self.rows = rows
        self.values: dict[Node, Node] = {}

    def __call__(self, n: Node) -> Node:
        walk = self.walk
        if n.op is constant:
            return n
        if not walk.mine(n):
            return walk.outer.value(n)
        if self.reads.at_hand(n):
            return walk.values[n]
        if n not in self.values:
            if n in self.rows:
                self.values[n] = self._unboxed(n, self.rows[n])
            else:
                self.make(n)
        return self.values[n]

    def make(self, n: Node) -> None:
        self.values[n] = self._made(n)

    def _unboxed(self, n: Node, row: Node) -> Node:
        """The part of the box that holds n, as a value of n's type."""
        shape = tuple(d if isinstance(d, int) else dim(self(size_node(d))) for d in n.shape)
        if any(size_node(a) is not size_node(b) for a, b in zip(row.shape, shape)):
            rank = len(shape)
            row = view(row, Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), shape))
        return cast_to(row, n.dtype, n.type.weak)

    def _made(self, n: Node) -> Node:
        """n held, read back from where it was written, or computed again."""
        walk, reads = self.walk, self.reads
        if reads.is_held(n):
            return walk.restored[n]
        w = reads.lives_in(n)
        if w is not None:
            return view(walk.restored[w], window_at(walk, w))
        if reads.is_read_back(n):
            held = walk.restored[n.inputs[0]]
            return remake(n.op, (held, *(self(x) for x in n.inputs[1:])), n.attrs)
        if n.op is proj:
            return project(self(n.inputs[0]), n.attr("k"))
        if n.op is affine_op or "body" not in n.op.traits:
            return remake(n.op, tuple(self(x) for x in n.inputs), n.attrs)
        # Loops share leaves with what was made from them: only what is free here is replaced.
        leaves = walk.leaves
        run = Resolve(leaves=leaves if n.free & leaves else None)
        run.done.update((x, self(x)) for x in n.inputs)
        return run((n,))[0]
