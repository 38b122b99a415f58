"""Branches: `if` and conditional expressions on traced values.

Both branches are traced from the same state, each in a region of its own; what they leave in names
and cells is merged by one cond node.  A branch that always raises becomes an effect, and the other
goes on in the surrounding region, where the condition is now a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import TraceError
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import partial
from ..fxgraph.prove import region as present_region
from ..scanloop.cond import branch, cond_node, results_of
from . import lists
from .aliasing import inherit, stale_among
from .conflicts import Conflict
from .convert.site import Site
from .growing import Growing
from .journal import Contents, contents, journal, mutating, refill
from .merging import Merge
from .midway import last_versions, settle
from .proxy import Cell, Proxy, cells
from .regions import Region, at_site, facts_of, learn, recorded, run
from .session import NeedStatic, session
from .truth import by_value, known
from .truthiness import truth
from .undefined import Undefined

State = tuple[Any, ...]
#: Calls of one function inside each other that conditions known at run time only have let happen.
_ENDLESS = 12


# ---- the branch itself ---------------------------------------------------------------------------
@dataclass
class Taken:
    """What one branch left behind: the state, the cells' versions, what containers hold."""

    region: Region
    state: State
    versions: list[Node]
    containers: list[tuple[Any, Contents, Contents]]
    born: frozenset[int]

    @property
    def after(self) -> list[tuple[Any, Contents]]:
        return [(c, after) for c, _, after in self.containers]

    def held(self, container: Any) -> Contents:
        """What a container holds at the end of the branch."""
        found = [after for c, _, after in self.containers if c is container]
        return found[0] if found else contents(container)


def choose(
    pred: Node,
    then: Callable[[], State],
    other: Callable[[], State],
    names: Sequence[str],
    reset: Callable[[], None],
    site: Site | None,
) -> State:
    """The state after `then() if pred else other()`: both merged, or, where they cannot be and the
    condition follows from the arguments' sizes and integers, the one this call takes (guarded).
    """
    if session().recursing:  # else both branches would call on without end
        taken = _decided(pred, by_value)
        if taken is not None:
            learn(*facts_of(pred, taken))
            return then() if taken else other()
        _refuse_endless(site)
    known_cells = cells()
    before = contents_of(known_cells)
    effects = recorded()
    count = len(effects)
    with journal() as changes:
        state, varied = _both(pred, then, other, names, reset, site)
    conflict = any(isinstance(x, Conflict) for x in state)
    if not conflict and not varied:
        return state
    try:
        taken = _decided(pred)
    except NeedStatic:
        if conflict:
            raise
        return state
    if taken is None:
        return state
    del effects[count:]
    changes.undo()
    restore(known_cells, before)
    reset()
    learn(*facts_of(pred, taken))
    return then() if taken else other()


def _refuse_endless(site: Site | None) -> None:
    """Raise TraceError for a recursion whose end depends on values computed at run time."""
    calls = session().calls
    if calls.count(calls[-1]) > _ENDLESS:
        raise TraceError(
            f"{site or ''}\n{calls[-1].co_qualname} calls itself, and whether it does so again "
            "depends on values that are computed when the compiled function runs: write a loop "
            "with a list of what is still to be done"
        )


def _decided(pred: Node, settled: Callable[[Node], Any] = known) -> bool | None:
    """The value of a condition over arguments' sizes and integers (guarded); None for others."""
    n = pred
    while n.op.name == "cast":
        n = n.inputs[0]
    if n.dtype.kind != "b":
        return None
    value = settled(n)
    return None if value is None else bool(value)


def _both(
    pred: Node,
    then: Callable[[], State],
    other: Callable[[], State],
    names: Sequence[str],
    reset: Callable[[], None],
    site: Site | None,
) -> tuple[State, bool]:
    """The state after `then() if pred else other()`, merged, and whether a size varies; both start
    from the same cells.

    then, other: run a branch and give the values of `names` at its end.  reset: names as before.
    """
    known = cells()
    settle(known)
    before, stale = contents_of(known), [c.stale for c in known]
    first = traced_branch(then, known, facts_of(pred, True))
    restore(known, before)
    reset()
    if first.region.ended:
        return go_on(pred, True, first, known, other, site), False
    outdated = stale_among(known)
    for cell, old in zip(known, stale, strict=True):
        cell.stale = old
    second = traced_branch(other, known, facts_of(pred, False))
    restore(known, before)
    outdated_too = stale_among(known)
    for cell, message in outdated.items():
        cell.stale = cell.stale or message
    if second.region.ended:
        reset()
        # its nodes must be made anew behind the check, or their writes would be taken for earlier
        del first
        return go_on(pred, False, second, known, then, site), False
    merge = Merge(
        dict(zip(known, first.versions, strict=True)),
        dict(zip(known, second.versions, strict=True)),
        site,
        frozenset((first.region.token, second.region.token)),
        first.born | second.born,
        (first.after, second.after),
        (outdated, outdated_too),
    )
    with at_site(site):
        makers = [
            merge.add(n, a, b) for n, a, b in zip(names, first.state, second.state, strict=True)
        ]
        refills = [
            (c, _merged_contents(merge, c, first.held(c), second.held(c), site))
            for c in _unique([c for c, _, _ in (*first.containers, *second.containers)])
        ]
        changed = [
            (c, merge.pair(a, b))
            for c, a, b in zip(known, first.versions, second.versions, strict=True)
            if not (a is b and a is c.version)
        ]
        nodes = iter(_joined(pred, merge, first.region, second.region))
        state = tuple(make(nodes) for make in makers)
        for container, make in refills:
            refill(container, make(nodes))
        for cell, made in changed:
            cell.version = made(nodes)
        merge.tie_results()
    return state, merge.varied


def traced_branch(
    thunk: Callable[[], State], known: Sequence[Cell], facts: Sequence[Node]
) -> Taken:
    """What a branch does; containers are as before afterwards, `known` cells are not."""
    with journal() as changes:
        region, state = run(thunk, *facts)
        held = [(c, before, contents(c)) for c, before in changes.changed]
        changes.undo()
    versions = last_versions(known, region)
    born = frozenset(changes.born)
    return Taken(region, state if state is not None else (), versions, held, born)


def _unique(containers: Sequence[Any]) -> list[Any]:
    return list({id(c): c for c in containers}.values())


def _merged_contents(
    merge: Merge, container: Any, a: Contents, b: Contents, site: Site | None
) -> Callable[[Any], Contents]:
    """Ask for what a container holds after the branch."""
    mutating(container, linked=True)
    if lists.needs_room(a, b):
        return _merged_lists(merge, *lists.alike(container, a, b, site, merge.first, merge.second))
    makers = [merge.add("an element", x, y) for x, y in zip(a[1], b[1], strict=True)]
    return lambda nodes: (a[0], tuple(make(nodes) for make in makers))


def _merged_lists(merge: Merge, a: Growing, b: Growing) -> Callable[[Any], Contents]:
    """Lists of lengths known at run time only, of one capacity."""
    count = merge.pair(a.count.version, b.count.version)
    pairs = zip(a.buffers, b.buffers, strict=True)
    buffers = [merge.pair(x.version, y.version) for x, y in pairs]

    def make(nodes: Any) -> Contents:
        new = Growing(a.kind, a.capacity, count(nodes))
        for cell, made, olds in zip(
            new.buffers, buffers, zip(a.buffers, b.buffers, strict=True), strict=True
        ):
            cell.version = made(nodes)
            inherit(cell, *olds)
        return (), (new,)

    return make


def contents_of(known: Sequence[Cell]) -> list[tuple[Node, object]]:
    """What cells hold, for `restore`."""
    return [(c.version, c.line) for c in known]


def restore(known: Sequence[Cell], before: Sequence[tuple[Node, object]]) -> None:
    for cell, (version, line) in zip(known, before, strict=True):
        cell.version, cell.line = version, line


def _joined(pred: Node, merge: Merge, first: Region, second: Region) -> tuple[Node, ...]:
    """The results of the cond node; nothing when the branches neither give nor do anything."""
    if not (merge.then or first.effects or second.effects):
        return ()
    node = cond_node(
        pred,
        branch(merge.then, first.token, first.effects),
        branch(merge.other, second.token, second.effects),
        present_region(),
    )
    if first.effects or second.effects:
        partial(node)
    return results_of(node)


def go_on(
    pred: Node,
    holds: bool,
    ended: Taken,
    known: Sequence[Cell],
    other: Callable[[], State],
    site: Site | None,
) -> State:
    """One branch always raises: check that it is not taken, then the other runs where we are."""
    empty = run(lambda: None)[0]
    sides = (ended.region, empty) if holds else (empty, ended.region)
    written = [
        (cell, version)
        for cell, version in zip(known, ended.versions, strict=True)
        if version is not cell.version
    ]
    after, now = [v for _, v in written], [c.version for c, _ in written]
    results = (after, now) if holds else (now, after)
    with at_site(site):
        node = cond_node(
            pred,
            branch(results[0], sides[0].token, sides[0].effects),
            branch(results[1], sides[1].token, sides[1].effects),
            present_region(),
        )
        partial(node)
    for (cell, _), version in zip(written, results_of(node), strict=True):
        cell.version = version  # what was written before the error is seen by the caller
    learn(*facts_of(pred, not holds))
    return other()


# ---- statements and expressions ------------------------------------------------------------------
def if_(
    pred: Any,
    then: Callable[[], None],
    other: Callable[[], None],
    get: Callable[[], State],
    put: Callable[[State], None],
    names: Sequence[str],
    outs: Sequence[str],
    site: Site,
) -> None:
    """`then() if pred else other()`; of `names` only those in `outs` are read afterwards."""
    with at_site(site):
        t = truth(pred)
    if not isinstance(t, Proxy):
        return then() if t else other()
    start = get()
    kept = [k for k, name in enumerate(names) if name in outs]

    def ran(block: Callable[[], None]) -> Callable[[], State]:
        def inner() -> State:
            block()
            after = get()
            return tuple(after[k] for k in kept)

        return inner

    state = choose(
        t.node, ran(then), ran(other), [names[k] for k in kept], lambda: put(start), site
    )
    final: list[Any] = [Undefined(name) for name in names]
    for k, value in zip(kept, state, strict=True):
        final[k] = value
    put(tuple(final))
    return None


def ifexp(pred: Any, then: Callable[[], Any], other: Callable[[], Any], site: Site | None) -> Any:
    """`then() if pred else other()` as a value"""
    with at_site(site):
        t = truth(pred)
    if not isinstance(t, Proxy):
        return then() if t else other()
    return value_of_choice(t.node, then, other, site)


def value_of_choice(
    pred: Node, then: Callable[[], Any], other: Callable[[], Any], site: Site | None
) -> Any:
    state = choose(pred, lambda: (then(),), lambda: (other(),), ("this value",), lambda: None, site)
    return state[0]
