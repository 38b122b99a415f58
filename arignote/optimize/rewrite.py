"""The driver: applies rules bottom-up until none fires, bodies of loops and branches included.

Every node is brought to its final form once, operands first, so the work is linear in the nodes
seen. What a rule makes is itself brought to its final form before it replaces anything.  This is
the only place that hands on origins: a replacement stands where the node it replaces stood.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..fxgraph.constants import constant, proj, project
from ..fxgraph.graph import Body, Graph, order_of
from ..fxgraph.node import Node, Op, at_origin, make, origin
from ..fxgraph.prove import Knowledge, construction
from ..fxgraph.resolve import Resolve
from ..fxgraph.types import TensorType
from .pattern import Matcher
from .rule import Rule

#: Applications allowed for each node of the graph before the busiest rule is retired.
BUDGET = 20


@dataclass
class Count:
    """How often a rule fired, was tried, and the seconds it took."""

    fired: int = 0
    tried: int = 0
    seconds: float = 0.0


@dataclass
class Report:
    """What rewriting did.

    steps: (rule, before, after) of each firing, kept when `keep_steps`.  retired: rules that used
    up the budget, which is a bug in them.  passes: (name, seconds, nodes after).
    """

    keep_steps: bool = False
    counts: dict[str, Count] = field(default_factory=dict)
    steps: list[tuple[Rule, Node, Node]] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    passes: list[tuple[str, float, int]] = field(default_factory=list)

    @property
    def fired(self) -> dict[str, int]:
        """Rule name -> times it fired, for those that did."""
        return {name: c.fired for name, c in self.counts.items() if c.fired}

    def __str__(self) -> str:
        lines = [f"{name:<24} {1e3 * s:8.2f} ms  {n} nodes" for name, s, n in self.passes]
        for name, c in sorted(self.counts.items(), key=lambda item: (-item[1].fired, item[0])):
            if c.fired:
                lines.append(
                    f"  {name:<30} {c.fired:6d} of {c.tried:6d}  {1e3 * c.seconds:8.2f} ms"
                )
        lines += [f"  {name} was retired: it used up the budget" for name in self.retired]
        return "\n".join(lines)


Candidates = tuple[tuple[Rule, Matcher | None], ...]


class RuleSet:
    """The live rules of one pass, looked up by a node's op and its operands' ops."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.by_op: dict[Op, Candidates] = {}
        self.memo: dict[tuple[Op, tuple[Op, ...]], Candidates] = {}

    def candidates(self, n: Node) -> Candidates:
        mine = self.by_op.get(n.op)
        if mine is None:
            mine = self.by_op[n.op] = self._for_op(n.op)
        if not mine:
            return mine
        key = (n.op, tuple([x.op for x in n.inputs[:LOOK]]))
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = tuple(
                c for c in mine if _fits(c[0], c[1], key[1], len(n.inputs))
            )
        return found

    def _for_op(self, op: Op) -> Candidates:
        out: list[tuple[Rule, Matcher | None]] = []
        for r in self.rules:
            if r.matchers:
                out.extend((r, m) for m in r.matchers if m.op is op)
            elif op in r.ops or not op.traits.isdisjoint(r.traits):
                out.append((r, None))
        return tuple(out)

    def without(self, name: str) -> RuleSet:
        return RuleSet(r for r in self.rules if r.name != name)


@lru_cache(64)
def rule_set(rules: tuple[Rule, ...]) -> RuleSet:
    """The rules as a set; what it finds out about ops is kept from graph to graph."""
    return RuleSet(rules)


#: Operands whose ops are looked at before a rule is tried.
LOOK = 4


def _fits(r: Rule, m: Matcher | None, operands: tuple[Op, ...], count: int) -> bool:
    if r.first and (not operands or operands[0] not in r.first):
        return False
    if r.among and count <= LOOK and r.among.isdisjoint(operands):
        return False
    if m is None:
        return True
    return all(want is None or want is op for want, op in zip(m.operands, operands))


def rewrite(graph: Graph, rules: Sequence[Rule], report: Report | None = None) -> Graph:
    """`graph` with the rules applied until none fires; the same object when none did."""
    with construction(Knowledge(facts=list(graph.guards))):
        run = Rewriter(rules, report if report is not None else Report(), len(graph.order))
        for x in graph.inputs:
            run.done[x] = x
        roots = run(graph.roots)
        effects = settled([run.effect(e) for e in roots[: len(graph.effects)]])
    outputs = roots[len(graph.effects) :]
    if effects == graph.effects and outputs == graph.outputs:
        return graph
    return Graph(graph.inputs, outputs, effects, graph.guards, graph.name)


def idle(graph: Graph, rules: Sequence[Rule]) -> bool:
    """Is there surely no node, outside bodies and in them, that one of the rules could match?"""
    live = rule_set(tuple(rules))
    nodes = graph.order
    if any("body" in n.op.traits for n in nodes):
        nodes = graph.all_nodes
    return not any(live.candidates(n) for n in nodes)


class Rewriter(Resolve):
    """One run of the driver."""

    def __init__(self, rules: Sequence[Rule], report: Report, size: int) -> None:
        super().__init__()
        self.rules = rule_set(tuple(rules))
        self.report = report
        self.left = BUDGET * size + 1000

    def step(self, n: Node) -> Node:
        candidates = self.rules.candidates(n)
        return self._apply(n, candidates) if candidates else n

    def body(self, b: Body) -> Body:
        effects = settled([self.effect(e) for e in b.effects], b.own)
        if effects == b.effects:
            return b
        return Body(b.index, b.params, b.cond, b.results, b.token, effects, b.stacks)

    def effect(self, e: Node) -> Node:
        """An effect, as the rules left its values: a loop that raises must not become two."""
        if "body" not in e.op.traits or not isinstance(e.type, tuple) or not e.type:
            return e
        (last,) = self((project(e, len(e.type) - 1),))
        new = last.inputs[0] if last.op is proj else e
        return new if new.op is e.op and raises(new) else e

    def _apply(self, n: Node, candidates: Candidates) -> Node:
        kind = n.type.dtype.kind if isinstance(n.type, TensorType) else "O"
        with at_origin(origin.get(n), n):
            for r, m in candidates:
                if kind not in r.kinds:
                    continue
                start = time.perf_counter()
                new = _typed_as(n, r(m, n))
                count = self.report.counts.get(r.name)
                if count is None:
                    count = self.report.counts[r.name] = Count()
                count.tried += 1
                count.seconds += time.perf_counter() - start
                if new is None or new is n:
                    continue
                count.fired += 1
                self._spend()
                if new not in origin and n in origin:
                    origin[new] = origin[n]
                if self.report.keep_steps:
                    self.report.steps.append((r, n, new))
                return new
        return n

    def _spend(self) -> None:
        """Count one application; when the budget is gone, retire the rule that fired most."""
        self.left -= 1
        if self.left > 0:
            return
        fired = {
            r.name: self.report.counts[r.name].fired
            for r in self.rules.rules
            if r.name in self.report.counts
        }
        worst = max(fired, key=lambda name: fired[name])
        self.report.retired.append(worst)
        self.rules = self.rules.without(worst)
        self.left = 1000


def _typed_as(n: Node, new: Node | None) -> Node | None:
    """The replacement if it has n's type; a Python number stays one."""
    if new is None or new.type == n.type:
        return new
    a, b = n.type, new.type
    if isinstance(a, TensorType) and isinstance(b, TensorType):
        if a.dtype == b.dtype and a.shape == b.shape == () and a.weak and not b.weak:
            if new.op is constant:
                return make(constant, (), (("bits", new.attr("bits")), ("weak", True)))
            if "elementwise" in new.op.traits and new.op.name != "cast":
                return make(new.op, new.inputs, (*new.attrs, ("weak", True)))
    return None


# ---- effects -------------------------------------------------------------------------------------


def raises(n: Node) -> bool:
    """May evaluating n raise, or do something that is seen outside?"""
    if "body" in n.op.traits:
        return any(b.effects for b in n.attr("bodies"))
    return (n.op is proj and raises(n.inputs[0])) or not n.op.traits.isdisjoint(
        ("partial", "effect")
    )


def settled(effects: Sequence[Node], own: frozenset[Node] | None = None) -> tuple[Node, ...]:
    """Effects after rewriting: what can no longer raise is gone, each stands once.

    A check that was rewritten to an expression over checks leaves those in its place; in a body
    only those that depend on its leaves, `own`.
    """

    def outside(m: Node) -> bool:
        return m in out or (own is not None and not m.free & own)

    out: dict[Node, None] = {}
    for e in effects:
        if raises(e):
            out[e] = None
        elif e.inputs:
            for m in order_of((e,), stop=outside):
                if m.op is not proj and raises(m):
                    out[m] = None
    return tuple(out)
