"""The NumPy meaning of a graph.  Every emitted kernel is judged against this.

Values are computed in dependency order and dropped after their last use; nothing is overwritten, so
a later write never shows in an earlier value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .constants import token
from .graph import Graph
from .node import Node, dependencies, size_nodes
from .types import TensorType

Env: TypeAlias = "dict[Node, Any]"
Watch: TypeAlias = "Callable[[Node, Any], None] | None"

#: Under this key an environment has, for each evaluation that it is inside of, the nodes that the
#: body at work may fetch from there, and where their values go.  Without that, a chain of branches
#: each of which reads the two before it would take a time exponential in its length.
SHARED: Any = object()
Shared: TypeAlias = "tuple[tuple[set[Node], Env], ...]"

#: Under this key the environment of a body has the plans that its steps before made.
PLANS: Any = object()
Plans: TypeAlias = "dict[tuple[Node, ...], list[Plan]]"


def interpret(graph: Graph, feeds: Mapping[Node, Any], watch: Watch = None) -> tuple[Any, ...]:
    """The outputs for the values `feeds` of the inputs, as NumPy arrays and scalars.

    watch(node, value) sees every value computed, inside bodies too.  Effects are run in program
    order; raises what the checks raise.
    """
    env: Env = dict(feeds)
    values = evaluate((*graph.effects, *graph.outputs), env, watch)
    return values[len(graph.effects) :]


def evaluate(roots: Iterable[Node], env: Env, watch: Watch = None) -> tuple[Any, ...]:
    """Values of `roots`; env holds the known values and is not changed.

    A watch that has a method `before` is told of each operation, with its operands, before it runs.
    """
    roots = tuple(roots)
    plan = planned(roots, env)
    local: Env = {}
    scope = _Scope(local, env)
    shared: Shared = env.get(SHARED, ())
    before = getattr(watch, "before", None)
    for n, dying in plan.steps:
        if n not in local:  # else a body has fetched it
            if before is not None:
                before(n, tuple(scope[x] for x in n.inputs if x in scope))
            local[n] = value = typed(n, _value(n, scope, watch, shared, plan.fetched))
            if shared:
                share(shared, n, value)
            if watch is not None:
                watch(n, value)
        for d in dying:
            local.pop(d, None)
    return tuple(scope[r] for r in roots)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is computed for some roots, operands first, each with the values that die behind it.

    It holds wherever `known` are in the environment and `computed` are not.
    """

    steps: list[tuple[Node, list[Node]]]
    fetched: dict[Node, set[Node]]
    computed: set[Node]
    known: set[Node]


def planned(roots: tuple[Node, ...], env: Env) -> Plan:
    """How to compute the roots where env is known; in a body, the plan of an earlier step if it
    holds here too: the steps of a loop know the same nodes."""
    plans: Plans | None = env.get(PLANS)
    if plans is None:
        return _plan(roots, env)
    earlier = plans.setdefault(roots, [])
    for plan in earlier:
        if plan.known <= env.keys() and env.keys().isdisjoint(plan.computed):
            return plan
    plan = _plan(roots, env)
    read = set(roots)
    for n in plan.computed:
        read.update(dependencies(n))
    plan.known.update(read & env.keys())
    if len(earlier) < _MOST_PLANS:
        earlier.append(plan)
    return plan


def _plan(roots: tuple[Node, ...], env: Env) -> Plan:
    order = needed_order(roots, env)
    last, fetched = uses(order, env)
    keep = set(roots)
    dying: dict[Node, list[Node]] = {}
    for d, n in last.items():
        if d not in keep:
            dying.setdefault(n, []).append(d)
    steps = [(n, dying.get(n, _NONE)) for n in order]
    return Plan(steps, fetched, set(order).union(*fetched.values()), set())


_NONE: list[Node] = []
_MOST_PLANS = 8  # of one body: what is known differs where branches fetch what they read


def uses(
    order: list[Node], env: Mapping[Node, Any]
) -> tuple[dict[Node, Node], dict[Node, set[Node]]]:
    """Where each value is read last, by a branch or loop that computes what it reads included; and
    what each of these may compute so."""
    done: set[Node] = set()
    last: dict[Node, Node] = {}
    fetched: dict[Node, set[Node]] = {}
    for n in order:
        direct = dependencies(n)
        last.update((d, n) for d in direct)
        done.add(n)
        if n.op.extra.get("strict") is None:
            continue
        waiting = [d for d in direct if d not in done and d not in env]  # fetched when a body runs
        seen = set(waiting)
        while waiting:
            for d in dependencies(waiting.pop()):
                last[d] = n
                if d not in done and d not in seen and d not in env:
                    seen.add(d)
                    waiting.append(d)
        if seen:
            fetched[n] = seen
    return last, fetched


def known_to_bodies(
    n: Node, local: Env, known: Env, shared: Shared, fetched: dict[Node, set[Node]]
) -> Env:
    """`known` as the environment of n's bodies, which add what they fetch to it and to `local`."""
    if n in fetched:
        shared = (*shared, (fetched[n], local), (fetched[n], known))
    known[SHARED] = shared
    known.setdefault(PLANS, {})
    return known


def share(shared: Shared, n: Node, value: Any) -> None:
    """Let the evaluations around this one know a value that they would compute again."""
    for nodes, outer in shared:
        if n in nodes:
            outer[n] = value


def needed(n: Node) -> list[Node]:
    """What must have a value before n runs.

    A branch or loop fetches what only its body reads when the body runs: that may be valid there
    only (an index that a condition keeps in bounds), or never be needed.
    """
    strict = n.op.extra.get("strict")
    if strict is None:
        return dependencies(n)
    return [*n.inputs[: strict(n)], *size_nodes(n.type)]


def needed_order(roots: Iterable[Node], env: Mapping[Node, Any]) -> list[Node]:
    """What has to be computed for `roots`, operands first."""
    done: dict[Node, None] = {}
    stack = [(r, False) for r in reversed(tuple(roots))]
    while stack:
        n, ready = stack.pop()
        if n in done or n in env:
            continue
        if ready:
            done[n] = None
            continue
        stack.append((n, True))
        stack.extend((d, False) for d in reversed(needed(n)) if d not in done)
    return list(done)


class _Scope(dict[Node, Any]):
    """Local values in front of an outer environment."""

    def __init__(self, local: Env, outer: Env) -> None:
        self.local, self.outer = local, outer

    def __getitem__(self, n: Node) -> Any:
        return self.local[n] if n in self.local else self.outer[n]

    def __contains__(self, n: object) -> bool:
        return n in self.local or n in self.outer

    def copy(self) -> Env:
        return {
            **(self.outer.copy() if isinstance(self.outer, _Scope) else self.outer),
            **self.local,
        }


def _value(
    n: Node, env: _Scope, watch: Watch, shared: Shared, fetched: dict[Node, set[Node]]
) -> Any:
    meaning = n.op.extra.get("meaning")
    if meaning is not None:
        known = known_to_bodies(n, env.local, env.copy(), shared, fetched)
        return meaning(n, known, lambda roots, e: evaluate(roots, e, watch))
    return value_of(n, env)


def value_of(n: Node, env: Env) -> Any:
    """What an operation without bodies gives for the values of its operands, not yet `typed`."""
    if n.op is token:
        return 0
    if n.op.reference is None:
        raise LookupError(f"{n} has no value: it was not fed")
    return n.op.reference(*(env[x] for x in n.inputs), **n.kwargs)


def typed(n: Node, value: Any) -> Any:
    """A computed value in the dtype its node declares (NumPy scalars may come wider or narrower).
    """
    t = n.type
    if isinstance(t, TensorType) and t.dtype.kind != "O" and not t.weak:
        if not isinstance(value, np.ndarray | np.generic) or value.dtype != t.dtype:
            return np.asarray(value).astype(t.dtype)[()]
    return value
