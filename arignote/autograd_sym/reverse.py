"""Reverse mode: cotangents of inputs as graph nodes, for cotangents of outputs.

The walk goes backwards over the nodes once.  Ops declare only their local rule (`Op.vjp`); summing
over broadcast axes, accumulation and the three kinds of missing gradient are decided here: None
where an input is not connected to the outputs, zeros where it is but the derivative is zero, an
error where an op has no rule.  Loops and branches install their rule as `op.extra["reverse"]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from ..errors import UnsupportedError
from ..fxgraph.affine import dim, size_node
from ..fxgraph.constants import proj, project
from ..fxgraph.node import Node, at_origin, dependencies, origin
from ..fxgraph.ops.family import cast_to, spread
from ..fxgraph.ops.shaping import sum_to, zeros
from ..fxgraph.types import Shape, TensorType
from .activity import Activity, carries_derivative
from .cotangents import Cotangents
from .places import PLACES


def vjp(
    outputs: Sequence[Node],
    cotangents: Sequence[Node | None],
    wrt: Sequence[Node],
    *,
    constant: Iterable[Node] = (),
) -> tuple[Node | None, ...]:
    """The cotangent of each node of `wrt`, in its dtype and shape; None where no path leads there.

    cotangents: one an output, of its shape; None counts as zero.  constant: nodes taken not to
    depend on anything.  Raises UnsupportedError, with the user's line, for an op on the path
    without a rule.
    """
    walk = Walk(outputs, wrt, constant)
    for out, g in zip(outputs, cotangents, strict=True):
        if g is not None and walk.active(out):
            walk.give(out, cast_to(g, out.dtype))
    walk.run()
    return tuple(walk.result(x) for x in wrt)


class Walk:
    """One backward walk over the nodes of a graph (a body's walk, in `scanloop`, extends it).

    reached: nodes that some output depends on through derivatives.  ends: what the gradient is
    wanted for, and what counts as constant, here and around.
    """

    def __init__(
        self,
        roots: Sequence[Node],
        seeds: Sequence[Node],
        constant: Iterable[Node] = (),
        outer: Walk | None = None,
        own: frozenset[Node] = frozenset(),
    ) -> None:
        seeds = [x for x in seeds if carries_derivative(x)]
        constant = tuple(constant)
        above: Activity | None = outer.active if outer is not None else None
        around: frozenset[Node] = outer.ends if outer is not None else frozenset()
        self.ends: frozenset[Node] = around.union(seeds, constant)
        self.active: Activity = Activity(roots, seeds, constant, above, own)
        self.roots = tuple(roots)
        self.order = self.active.order
        self.cot = Cotangents(self.zeros)
        self.reached: set[Node] = set()

    # ---- forward values on the backward side -----------------------------------------------------

    def value(self, n: Node) -> Node:
        """The forward node n where the backward nodes stand."""
        return n

    def shape(self, n: Node) -> Shape:
        """n's sizes where the backward nodes stand."""
        return tuple(d if isinstance(d, int) else dim(self.value(size_node(d))) for d in n.shape)

    def zeros(self, n: Node) -> Node:
        return zeros(n.dtype, self.shape(n))

    def undo(self, n: Node) -> None:
        """Called for each node before its cotangent is passed on."""

    @cached_property
    def users(self) -> dict[Node, list[Node | None]]:
        """Who reads each node of the walk; None stands for being one of the roots."""
        users: dict[Node, list[Node | None]] = {r: [None] for r in self.roots}
        for n in self.order:
            for d in dependencies(n):
                users.setdefault(d, []).append(n)
        return users

    # ---- the walk --------------------------------------------------------------------------------

    def run(self) -> None:
        for n in reversed(self.order):
            with at_origin(origin.get(n)):
                self._visit(n)

    def _visit(self, n: Node) -> None:
        rule = n.op.extra.get("reverse")
        if rule is not None:
            rule(n, self)
            return
        self.undo(n)
        if n.op is proj or not n.inputs or not self.active(n):
            return
        if isinstance(n.type, TensorType):
            if n in self.reached:
                self.reach(n.inputs)
                if self.cot.has(n):
                    self._pass_on(n, self.cot.of(n))
            return
        parts = [project(n, k) for k in range(len(n.type))]
        if any(p in self.reached for p in parts):
            # what `passes` only names its results, which come first: the rule goes round them
            self.reach(n.inputs[len(parts) :] if "passes" in n.op.traits else n.inputs)
            gs = tuple(self.cot.of(p) if self.cot.has(p) else None for p in parts)
            if any(g is not None for g in gs):
                self._pass_on(n, gs)

    def reach(self, nodes: Iterable[Node]) -> None:
        self.reached.update(x for x in nodes if self.active(x) and carries_derivative(x))

    def _pass_on(self, n: Node, g: Node | tuple[Node | None, ...]) -> None:
        """Add what n's rule says to the cotangents of its operands."""
        place = PLACES.get(n.op.name)
        if place is not None and isinstance(g, Node):
            place(self, n, g)
            return
        if n.op.vjp is None:
            raise no_rule(n)
        parts = n.op.vjp(g, self.value(n), *(self.value(x) for x in n.inputs), **n.kwargs)
        for x, part in zip(n.inputs, parts, strict=True):
            if part is not None and self.active(x) and carries_derivative(x):
                self.give(x, self._fitted(n, x, part))

    def _fitted(self, n: Node, x: Node, part: Node) -> Node:
        """A cotangent in x's dtype and shape: what was broadcast is summed."""
        part = cast_to(part, x.dtype)
        if "elementwise" in n.op.traits:
            if part.rank < n.rank:
                part = spread(part, self.shape(n))
            part = sum_to(part, self.shape(x))
        return part

    def give(self, x: Node, g: Node) -> None:
        """Add g to x's cotangent."""
        self.reached.add(x)
        self.cot.add(x, g)

    def result(self, x: Node) -> Node | None:
        """x's cotangent after the walk: zeros where it is connected, None where it is not."""
        if self.cot.has(x):
            return self.cot.of(x)
        return self.zeros(x) if x in self.reached else None


def no_rule(n: Node) -> UnsupportedError:
    """The error for an op without a derivative."""
    where = origin.get(n)
    at = f" at {where}: {where.expression}" if where is not None else ""
    return UnsupportedError(
        f"{n.op.name} has no derivative{at}. Take the gradient with respect to something it does "
        f"not depend on, or stop the gradient before it (ag.stop_gradient)."
    )
