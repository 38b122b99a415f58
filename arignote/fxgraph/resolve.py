"""Replacing nodes by nodes that contain nodes to be replaced, bodies included, without recursion.

`Rebuild` (graph.py) takes replacements as they are; here a replacement is brought to its final form
first, so replacements may mention each other in any acyclic way.  The rule driver is built on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from .graph import Body, Graph, remake
from .node import Node, at_origin, attr_nodes, dependencies, map_attr, origin
from .types import TensorType


class Resolve:
    """`done` maps each node to its final form.

    forward: a node -> its replacement, whose final form may not be known yet.  `step` may return
    another node in place of one whose operands are final; that one is then brought to final form
    too. A replacement that contains what it replaces would never end: the inner one stays as it is.
    """

    def __init__(
        self, forward: dict[Node, Node] | None = None, leaves: frozenset[Node] | None = None
    ) -> None:
        self.leaves = leaves
        self.done: dict[Node, Node] = {}
        self.forward: dict[Node, Node] = dict(forward or {})
        self.open: set[Node] = set()

    def step(self, n: Node) -> Node:
        return n

    def body(self, b: Body) -> Body:
        """A body whose nodes are final, as it shall be."""
        return b

    def __call__(self, roots: Sequence[Node]) -> tuple[Node, ...]:
        done, forward, open_ = self.done, self.forward, self.open
        stack: list[tuple[Node, bool]] = [(r, False) for r in reversed(roots)]
        while stack:
            n, ready = stack[-1]
            if n in done:
                stack.pop()
                continue
            new = forward.get(n)
            if new is None:
                if self.leaves is not None and n.free.isdisjoint(self.leaves):
                    done[n] = n
                    stack.pop()
                    continue
                if not ready:
                    missing = [d for d in below(n) if d not in done]
                    if missing:
                        stack[-1] = (n, True)
                        for d in reversed(missing):
                            if d in open_:
                                done[d] = d
                            else:
                                stack.append((d, False))
                        continue
                new = self.rebuilt(n)
                if new is n:
                    new = self.step(n)
                if new is n:
                    done[n] = n
                    stack.pop()
                    continue
                forward[n] = new
            open_.add(n)
            if new in done:
                done[n] = done[new]
                stack.pop()
            elif new in open_:
                done[new] = new
            else:
                stack.append((new, False))
        return tuple(done[r] for r in roots)

    def rebuilt(self, n: Node) -> Node:
        """n over the final forms of its operands; it stands where n stood."""
        done = self.done
        attrs = n.attrs
        if "leaf" in n.op.traits or "body" in n.op.traits:
            attrs = tuple((k, map_attr(v, lambda m: done.get(m, m))) for k, v in n.attrs)
            attrs = tuple((k, tuple(map(self.body, v)) if k == "bodies" else v) for k, v in attrs)
            if attrs == n.attrs:
                attrs = n.attrs
        inputs = tuple([done.get(x, x) for x in n.inputs])
        if attrs is n.attrs and inputs == n.inputs:
            return n
        where = origin.get(n)
        with at_origin(where, n):
            new = remake(n.op, inputs, attrs)
        if where is not None and new not in origin:
            origin[new] = where
        return new


def below(n: Node) -> list[Node]:
    """What must be final before n is: operands, sizes, and the nodes of bodies and leaves."""
    if "body" in n.op.traits:
        return [*_given(n), *attr_nodes(n)]
    if "leaf" in n.op.traits:
        return [*dependencies(n), *attr_nodes(n)]
    t = n.type
    if isinstance(t, TensorType) and not t.shape:
        return list(n.inputs)
    return dependencies(n)


def _given(n: Node) -> list[Node]:
    """The operands of a node with bodies that are no captures.

    Captures are found in the bodies again; what a body no longer reads must not be looked at.
    """
    trip = dict(n.attrs).get("trip", -1)
    strict = n.op.extra["strict"](n)
    return [x for k, x in enumerate(n.inputs) if k < strict or k == trip or x.op.name == "token"]


def resolve(
    roots: Sequence[Node], forward: dict[Node, Node], keep: Sequence[Node] = ()
) -> tuple[Node, ...]:
    """`roots` with every key of `forward` replaced by the final form of its value; `keep` stays."""
    run = Resolve(forward)
    for k in keep:
        run.done[k] = k
    return run(roots)


def replaced(graph: Graph, forward: dict[Node, Node]) -> Graph:
    """`graph` with every key of `forward` replaced; checks that became one are made once."""
    if not forward:
        return graph
    roots = resolve(graph.roots, forward, graph.inputs)
    n = len(graph.effects)
    effects = tuple(dict.fromkeys(roots[:n]))
    return Graph(graph.inputs, roots[n:], effects, graph.guards, graph.name)
