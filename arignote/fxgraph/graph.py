"""Graphs and bodies: what a function computes, and what a loop step or a branch computes.

A `Graph` is closed: every leaf it reaches is among its inputs.  A `Body` is open: it refers to
outer nodes directly, and the scan or cond node that owns it lists those captured nodes among its
inputs (`captures`, called by the constructors, never by hand).  So one node means one value at
every depth, a size is one object inside and outside a loop, and "loop invariant" is `not
node.free & body.own`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..lazily import lazily
from .affine import combine
from .constants import constant, lit
from .node import (
    Flat,
    Node,
    Op,
    at_origin,
    attr_nodes,
    dependencies,
    flatten,
    make,
    map_attr,
    origin,
    unflatten,
)

if TYPE_CHECKING:
    import networkx as nx
else:
    nx = lazily("networkx")


@dataclass(frozen=True)
class Graph:
    """inputs -> outputs.

    effects: partial operations (checks) in program order; they count even when their value is dead.
    guards: affine nodes over inputs that must be >= 0 for this graph to apply.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    effects: tuple[Node, ...] = ()
    guards: tuple[Node, ...] = ()
    name: str = "graph"

    @property
    def roots(self) -> tuple[Node, ...]:
        return (*self.effects, *self.outputs)

    @cached_property
    def order(self) -> tuple[Node, ...]:
        """Every node outside bodies, operands first; stable."""
        return tuple(order_of((*self.roots, *self.guards)))

    @cached_property
    def all_nodes(self) -> tuple[Node, ...]:
        """Every node that effects and outputs need, those of bodies too, operands first."""
        return tuple(order_of(self.roots, inside=True))

    @cached_property
    def dag(self) -> nx.MultiDiGraph:
        """Edges run operand -> user, keyed by operand position: x * x has two of them."""
        g: nx.MultiDiGraph = nx.MultiDiGraph()
        g.add_nodes_from(self.order)
        for n in self.order:
            for position, x in enumerate(n.inputs):
                g.add_edge(x, n, key=position)
        return g

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.inputs, self.outputs, self.effects, self.guards)
        counts = tuple(len(p) for p in parts)
        return _unpickle, (flatten([n for p in parts for n in p]), counts, self.name)


def _unpickle(flat: Flat, counts: tuple[int, ...], name: str) -> Graph:
    nodes = unflatten(flat)
    parts, at = [], 0
    for n in counts:
        parts.append(nodes[at : at + n])
        at += n
    return Graph(parts[0], parts[1], parts[2], parts[3], name)


@dataclass(frozen=True)
class Body:
    """One step of a loop, or one branch.

    index: the counter of a range loop; cond: tested before each step; both may be None.
    params become results at the next step; `stacks` are further results, one element a step.
    effects: partial operations of the body in program order.
    """

    index: Node | None
    params: tuple[Node, ...]
    cond: Node | None
    results: tuple[Node, ...]
    token: Node
    effects: tuple[Node, ...] = ()
    stacks: tuple[Node, ...] = ()

    @cached_property
    def own(self) -> frozenset[Node]:
        """The leaves bound here."""
        index = (self.index,) if self.index is not None else ()
        return frozenset((*self.params, self.token, *index))

    @property
    def roots(self) -> tuple[Node, ...]:
        cond = (self.cond,) if self.cond is not None else ()
        return (*cond, *self.effects, *self.results, *self.stacks)

    def node_fields(self) -> tuple[Any, ...]:
        return (
            self.index,
            self.params,
            self.cond,
            self.results,
            self.token,
            self.effects,
            self.stacks,
        )

    def with_fields(self, fields: tuple[Any, ...]) -> Body:
        return Body(*fields)


def bodies(n: Node) -> tuple[Body, ...]:
    """The bodies of a scan or cond node; () for any other."""
    return n.attr("bodies") if "body" in n.op.traits else ()


def order_of(
    roots: Iterable[Node], stop: Callable[[Node], bool] | None = None, inside: bool = False
) -> list[Node]:
    """Every node under `roots`, operands first.  `stop` nodes are left out with what is below them.

    inside: nodes of bodies too.
    """
    done: dict[Node, None] = {}
    opened: list[Node] = []  # what waits for its operands; a None in the stack ends the last
    stack: list[Node | None] = [*roots]
    stack.reverse()
    while stack:
        n = stack.pop()
        if n is None:
            done[opened.pop()] = None
            continue
        if n in done or (stop is not None and stop(n)):
            continue
        below = [*dependencies(n), *attr_nodes(n)] if inside else dependencies(n)
        if not below:
            done[n] = None
            continue
        opened.append(n)
        stack.append(None)
        below.reverse()
        stack.extend(below)
    return list(done)


def captures(roots: Iterable[Node], own: frozenset[Node]) -> tuple[Node, ...]:
    """The outermost nodes under `roots` that do not depend on `own`, constants left out, by age."""
    seen: set[Node] = set()
    out: list[Node] = []
    stack = list(roots)
    while stack:
        n = stack.pop()
        if n in seen or n in own:
            continue
        seen.add(n)
        if n.free & own:
            stack.extend(dependencies(n))
            stack.extend(d for d in attr_nodes(n) if n.op.name in ("index", "param"))
        elif n.op is not constant:
            out.append(n)
    return tuple(sorted(out, key=lambda n: n.serial))


@dataclass
class Rebuild:
    """Substitution and bottom-up rewriting, bodies included, without recursion over nodes.

    replace: leaf (or any node) -> its replacement.  `visit` sees each rebuilt node once and may
    return another in its place.
    """

    replace: dict[Node, Node] = field(default_factory=dict)
    visit: Callable[[Node], Node] | None = None

    def __post_init__(self) -> None:
        self.done: dict[Node, Node] = dict(self.replace)

    def __call__(self, roots: Sequence[Node]) -> tuple[Node, ...]:
        below = order_of(roots, stop=lambda n: n in self.done, inside=True)
        below.sort(key=lambda n: n.serial)  # operands are older; ages keep program order
        for n in below:
            if n not in self.done:
                new = self._rebuilt(n)
                self.done[n] = self.visit(new) if self.visit is not None else new
        return tuple(self.done[r] for r in roots)

    def body(self, body: Body) -> Body:
        """The body with what it computes replaced."""
        self(body.roots)
        return body.with_fields(map_attr(body.node_fields(), lambda m: self.done.get(m, m)))

    def _rebuilt(self, n: Node) -> Node:
        done = self.done
        inputs = tuple(done[x] for x in n.inputs)
        attrs = n.attrs
        if attr_nodes(n):
            attrs = tuple((k, map_attr(v, lambda m: done.get(m, m))) for k, v in n.attrs)
        if inputs == n.inputs and attrs == n.attrs:
            return n
        with at_origin(origin.get(n), n):
            return remake(n.op, inputs, attrs)


def remake(op: Op, inputs: tuple[Node, ...], attrs: tuple[tuple[str, Any], ...]) -> Node:
    """`make`, keeping normal forms: affine nodes collect terms, windows fold, captures are
    computed.
    """
    form = _NORMAL.get(op.name)
    return form(op, inputs, attrs) if form is not None else make(op, inputs, attrs)


_NORMAL: dict[str, Callable[[Op, tuple[Node, ...], tuple[tuple[str, Any], ...]], Node]] = {}


def normal_form(name: str) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    """Declare how nodes of one op are rebuilt from new operands."""

    def register(f: Callable[..., Node]) -> Callable[..., Node]:
        _NORMAL[name] = f
        return f

    return register


@normal_form("affine")
def _affine(op: Op, inputs: tuple[Node, ...], attrs: tuple[tuple[str, Any], ...]) -> Node:
    at = dict(attrs)
    out = lit(at["const"])
    for x, k in zip(inputs, at["coefs"], strict=True):
        out = combine(out, 1, x, k)
    return out


def substitute(roots: Sequence[Node], replace: dict[Node, Node]) -> tuple[Node, ...]:
    """`roots` with nodes replaced, inside bodies too."""
    return Rebuild(replace)(roots) if replace else tuple(roots)
