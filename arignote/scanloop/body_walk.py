"""The backward walk over one body, and how it gets at the forward values of that body.

`value(n)` is a placeholder until the walk is over.  Then it is known what is needed, and `close`
decides for each value whether it is at hand, read back from a restored array, recomputed, or saved
by the forward pass (`keep.py`).  So nothing is saved that no adjoint reads.

An array that the body writes is held by the backward body too (`versions`): undoing a write sets
the overwritten elements back.  Undoing must not depend on what it restores: everything that an
undo reads gets a deadline, and may be read back only from versions that were restored before it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from ..autograd_sym.places import window_at
from ..autograd_sym.reverse import Walk
from ..fxgraph.affine import affine_op, dim
from ..fxgraph.constants import constant, fresh_uid, param, proj, project, token
from ..fxgraph.graph import order_of, remake
from ..fxgraph.node import Node, at_origin, make, map_attr, origin
from ..fxgraph.ops.shaping import spread
from ..fxgraph.ops.structure import gather, scatter_add, scatter_set, set_item, view
from ..fxgraph.types import Shape, TensorType
from ..fxgraph.window import window_of
from .exclusive import unconditional

#: What a symbolic size, and a number of steps, counts as.
TYPICAL = 100


class BodyWalk(Walk):
    """own: the leaves of the forward body.  extra: outer nodes that only this branch uses.

    at_hand: own leaves -> what they are on the backward side.
    """

    def __init__(
        self,
        roots: Sequence[Node],
        seeds: Sequence[Node],
        outer: Walk,
        own: frozenset[Node],
        at_hand: dict[Node, Node],
        extra: Collection[Node] = (),
    ) -> None:
        super().__init__(roots, seeds, (), outer, own)
        self.outer = outer
        self.own = own
        #: the leaves of this body and of those around it
        self.leaves: frozenset[Node] = own | (
            outer.leaves if isinstance(outer, BodyWalk) else set()
        )
        self.extra = set(extra)
        if self.extra:
            self.order = order_of(roots, stop=lambda n: not self.mine(n))
        self.values: dict[Node, Node] = dict(at_hand)
        self.open: dict[Node, Node] = {}  # placeholder -> forward node
        self.restored: dict[Node, Node] = {}  # version -> the backward node that holds it
        self.available: dict[Node, int] = {}  # version -> when it was restored
        self.deadline: dict[
            Node, float
        ] = {}  # placeholder -> restored versions it may read are older
        self.writer: dict[Node, Node] = {}  # value -> the set_item that put it into a held array
        self.clock = 0
        #: how often this body runs for each time around it, about
        self.is_branch = all(x.op is token for x in own)
        self.steps = 1 if self.is_branch else TYPICAL
        self.scanned: set[Node] = set()

    # ---- forward values --------------------------------------------------------------------------

    def mine(self, n: Node) -> bool:
        """Is n computed in this body (and not around it)?"""
        return bool(n.free & self.own) or n in self.extra

    @cached_property
    def guarded(self) -> frozenset[Node]:
        """What may only be valid inside a branch of this body, or if a loop in it runs."""
        eager = unconditional(self.roots, self.mine)
        return frozenset(n for n in self.order if n.inputs and n not in eager)

    def adopt(self, n: Node) -> None:
        """n stands in for a node of this branch."""
        self.extra.add(n)

    def price(self, n: Node) -> float:
        """Elements that must be kept for each step of this body, so that `value(n)` is to be
        had."""
        if not self.mine(n):
            above = self.outer.price(n) if isinstance(self.outer, BodyWalk) else 0.0
            return above / self.steps
        known = self.values.get(n)
        if n in self.restored or (known is not None and known not in self.open):
            return 0.0
        if n.op is affine_op:
            return sum(self.price(x) for x in n.inputs if x.op is not constant)
        return float(count(n.shape)) if isinstance(n.type, TensorType) else math.inf

    def value(self, n: Node) -> Node:
        if n.op is constant:
            return n
        if not self.mine(n):
            return self.outer.value(n)
        known = self.values.get(n)
        if known is None:
            if n.op is affine_op:
                known = remake(affine_op, tuple(self.value(x) for x in n.inputs), n.attrs)
            else:
                known = self._placeholder(n)
            self.values[n] = known
        return known

    def _placeholder(self, n: Node) -> Node:
        t = map_attr(n.type, self.value)
        at = (("name", "v"), ("type", _plain_sizes(t)), ("uid", fresh_uid()))
        out = make(param, (), at)
        self.open[out] = n
        return out

    # ---- restored arrays -------------------------------------------------------------------------

    def hold(self, version: Node, holder: Node) -> None:
        """From now on `holder` is the version of the array."""
        if version not in self.restored:
            self.restored[version] = holder
            self.available[version] = self.clock

    def undoing(self, *nodes: Node) -> None:
        """These nodes restore something: what they read must not come from what they restore."""
        self.clock += 1
        for n in order_of(nodes, stop=lambda n: n in self.scanned):
            self.scanned.add(n)
            if n in self.open:
                self.deadline.setdefault(n, self.clock)

    def undo(self, n: Node) -> None:
        holder = self.restored.get(n)
        if holder is None or not ("write" in n.op.traits or "scatter" in n.op.traits):
            return
        base = n.inputs[0]
        if base in self.restored:
            return
        if n.op.name == "set_item":
            self.writer.setdefault(n.inputs[-1], n)
        before = self._written_back(n, base, holder)
        self.undoing(before)
        self.hold(base, before)

    def _written_back(self, n: Node, base: Node, holder: Node) -> Node:
        """`holder` with the elements that n overwrote as they were."""
        if n.op in (scatter_set, scatter_add):
            at = [self.value(x) for x in n.inputs[2:]]
            with at_origin(origin.get(n)):
                old = make(gather, (base, *n.inputs[2:]), n.attrs)
            self._keep_inside(old)
            return make(scatter_set, (holder, self.value(old), *at), n.attrs)
        w = window_of(n)
        again = base.op.name == "set_item" and window_of(base) == w and not w.repeated
        old = spread(base.inputs[-1], w.shape) if again else view(base, w)
        self._keep_inside(old)
        return set_item(holder, window_at(self, n), self.value(old))

    def due(self, placeholder: Node) -> float:
        """Versions that the placeholder may be read back from were restored before this."""
        owner = placeholder.inputs[0] if placeholder.op is proj else placeholder
        return self.deadline.get(owner, math.inf)

    def _keep_inside(self, old: Node) -> None:
        """A read that undoing needs is part of the branch whose write it undoes."""
        if self.is_branch and old.inputs:
            self.adopt(old)

    # ---- after the walk --------------------------------------------------------------------------

    def needed(self, roots: Iterable[Node]) -> tuple[dict[Node, Node], dict[Node, Node]]:
        """Placeholders that `roots` read -> forward nodes: those that an undo reads, and the
        others.

        Of a forward node with several results, its results.
        """
        early: dict[Node, Node] = {}
        late: dict[Node, Node] = {}
        for n in order_of(roots):
            forward, owner = self.open.get(n), n
            if n.op is proj and n.inputs[0] in self.open:
                owner = n.inputs[0]
                forward = project(self.open[owner], n.attr("k"))
            if forward is not None and not isinstance(forward.type, tuple):
                (early if owner in self.deadline else late)[n] = forward
        return early, late


def count(shape: Shape) -> int:
    """About how many elements."""
    out = 1
    for d in shape:
        out *= d if isinstance(d, int) else TYPICAL
    return out


def _plain_sizes(t: TensorType | tuple[TensorType, ...]) -> TensorType | tuple[TensorType, ...]:
    """The type with constant sizes as ints."""
    if isinstance(t, tuple):
        return tuple(_plain(u) for u in t)
    return _plain(t)


def _plain(t: TensorType) -> TensorType:

    return TensorType(t.dtype, tuple(d if isinstance(d, int) else dim(d) for d in t.shape), t.weak)
