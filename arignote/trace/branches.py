"""Branches: `if`, conditional expressions, `and`, `or`, `not`, `in` on traced values.

Both branches are traced from the same state, each in a region of its own; what they leave in names
and cells is merged by one cond node.  A branch that always raises becomes an effect, and the other
goes on in the surrounding region, where the condition is now a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.affine import minus, size_node
from ..fxgraph.constants import is_const, lit, proj, value_of
from ..fxgraph.graph import order_of
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import check_index, partial
from ..fxgraph.ops.family import cast_to
from ..fxgraph.prove import ge0
from ..fxgraph.prove import region as present_region
from ..fxgraph.types import BOOL, Size
from ..fxgraph.window import window_of
from ..scanloop.cond import branch, cond_node, results_of
from . import lists
from .convert.site import Site
from .growing import Growing, growing
from .journal import Contents, contents, journal, mutating, refill
from .merging import Merge
from .proxy import Array, Cell, Proxy, Scalar, cells, node_of, wrap
from .regions import Ended, Region, at_site, depth, facts_of, learn, run
from .undefined import Undefined

State = tuple[Any, ...]


# ---- truth -------------------------------------------------------------------------------------------
def truth(x: Any) -> Any:
    """bool(x): Python's own, or a traced Python bool.  Raises what NumPy raises for whole arrays."""
    if not isinstance(x, Proxy):
        g = growing(x)
        return bool(x) if g is None else g.length != 0
    n = x.node
    if n.rank:
        n = _only_element(x)
    if n.type.dtype == BOOL:
        return wrap(cast_to(n, BOOL, True))
    zero = cast_to(node_of(0), n.dtype, n.type.weak)
    return wrap(cast_to(OPS["not_equal"](n, zero), BOOL, True))


def _only_element(x: Any) -> Node:
    if isinstance(x, Array) and all(d == 1 for d in x.sizes):
        return node_of(x[(0,) * len(x.sizes)])
    raise ValueError(
        "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
    )


def not_(x: Any) -> Any:
    """`not x`"""
    t = truth(x)
    return wrap(OPS["logical_not"](t.node, weak=True)) if isinstance(t, Proxy) else not t


# ---- the branch itself ---------------------------------------------------------------------------------
@dataclass
class Taken:
    """What one branch left behind: the state, the cells' versions, what containers hold."""

    region: Region
    state: State
    versions: list[Node]
    containers: list[tuple[Any, Contents, Contents]]

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
    """The state after `then() if pred else other()`, merged; both start from the same cells.

    then, other: run a branch and give the values of `names` at its end.  reset: names as before.
    """
    known = cells()
    before, stale = [c.version for c in known], [c.stale for c in known]
    first = _trace(then, known, facts_of(pred, True))
    _restore(known, before)
    reset()
    if first.region.ended:
        return _go_on(pred, True, first, other, site)
    outdated = [c.stale for c in known]
    for cell, old in zip(known, stale, strict=True):
        cell.stale = old
    second = _trace(other, known, facts_of(pred, False))
    _restore(known, before)
    for cell, message in zip(known, outdated, strict=True):
        cell.stale = cell.stale or message
    if second.region.ended:
        reset()
        return _go_on(pred, False, second, then, site)
    versions = [dict(zip(known, taken.versions, strict=True)) for taken in (first, second)]
    merge = Merge(*versions, site)
    with at_site(site):
        makers = [merge.add(n, a, b) for n, a, b in zip(names, first.state, second.state, strict=True)]
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
    return state


def _trace(thunk: Callable[[], State], known: Sequence[Cell], facts: Sequence[Node]) -> Taken:
    with journal() as changes:
        region, state = run(thunk, *facts)
        held = [(c, before, contents(c)) for c, before in changes.changed]
        changes.undo()
    return Taken(region, state if state is not None else (), [c.version for c in known], held)


def _unique(containers: Sequence[Any]) -> list[Any]:
    return list({id(c): c for c in containers}.values())


def _merged_contents(
    merge: Merge, container: Any, a: Contents, b: Contents, site: Site | None
) -> Callable[[Any], Contents]:
    """Ask for what a container holds after the branch."""
    mutating(container)
    if lists.needs_room(a, b):
        return _merged_lists(merge, *lists.alike(container, a, b, site))
    makers = [merge.add("an element", x, y) for x, y in zip(a[1], b[1], strict=True)]
    return lambda nodes: (a[0], tuple(make(nodes) for make in makers))


def _merged_lists(merge: Merge, a: Growing, b: Growing) -> Callable[[Any], Contents]:
    """Lists of lengths known at run time only, of one capacity."""
    count = merge.pair(a.count.version, b.count.version)
    pairs = zip(a.buffers, b.buffers, strict=True)
    buffers = [merge.pair(x.version, y.version) for x, y in pairs]

    def make(nodes: Any) -> Contents:
        new = Growing(a.kind, a.capacity, count(nodes))
        for cell, made in zip(new.buffers, buffers, strict=True):
            cell.version = made(nodes)
        return (), (new,)

    return make


def _restore(known: Sequence[Cell], versions: Sequence[Node]) -> None:
    for cell, version in zip(known, versions, strict=True):
        cell.version = version


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


def _go_on(pred: Node, holds: bool, ended: Taken, other: Callable[[], State], site: Site | None) -> State:
    """One branch always raises: check that it is not taken, then the other runs where we are."""
    empty = run(lambda: None)[0]
    sides = (ended.region, empty) if holds else (empty, ended.region)
    with at_site(site):
        partial(
            cond_node(
                pred,
                branch((), sides[0].token, sides[0].effects),
                branch((), sides[1].token, sides[1].effects),
                present_region(),
            )
        )
    learn(*facts_of(pred, not holds))
    return other()


# ---- statements and expressions ------------------------------------------------------------------------
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

    state = choose(t.node, ran(then), ran(other), [names[k] for k in kept], lambda: put(start), site)
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
    state = choose(
        pred, lambda: (then(),), lambda: (other(),), ("this value",), lambda: None, site
    )
    return state[0]


def and_(left: Any, right: Callable[[], Any]) -> Any:
    """`left and right()`"""
    t = truth(left)
    if not isinstance(t, Proxy):
        return right() if t else left
    return _short(t.node, left, right, True)


def or_(left: Any, right: Callable[[], Any]) -> Any:
    """`left or right()`"""
    t = truth(left)
    if not isinstance(t, Proxy):
        return left if t else right()
    return _short(t.node, left, right, False)


def _short(pred: Node, left: Any, right: Callable[[], Any], conjunction: bool) -> Any:
    """Where `left` does not decide, `right`: as one logical operation if that is all it takes."""
    known = cells()
    before = [c.version for c in known]
    region, value = run(right, *facts_of(pred, conjunction))
    plain = (
        not region.ended
        and not region.effects
        and all(c.version is v for c, v in zip(known, before, strict=True))
        and is_bool(left)
        and is_bool(value)
    )
    if plain and not isinstance(value, Proxy):
        decides = bool(value) != conjunction
        return bool(value) if decides else left
    if plain and total(node_of(value), pred, region.token):
        op = OPS["logical_and" if conjunction else "logical_or"]
        a, b = node_of(left), node_of(value)
        return wrap(op(a, b, weak=a.type.weak and b.type.weak))
    _restore(known, before)
    if conjunction:
        return value_of_choice(pred, right, lambda: left, None)
    return value_of_choice(pred, lambda: left, right, None)


def is_bool(x: Any) -> bool:
    """A single truth value, traced or not."""
    if isinstance(x, Scalar):
        return bool(x.node.dtype == BOOL)
    return isinstance(x, bool | np.bool_)


def total(n: Node, left: Node, token: Node) -> bool:
    """Can n be evaluated where the program would not have come to it, at no cost to speak of?

    `left` has been evaluated, and so have loops and branches that do not depend on the region's token.
    An element may be read if its position is in bounds whatever the condition says.
    """
    return all(_is_harmless(m) for m in order_of([n], stop=_among(left, token)))


def _among(left: Node, token: Node) -> Callable[[Node], bool]:
    """Is a node one of those scalars that `left` is computed from, or has it been computed before?"""
    evaluated: set[Node] = set()
    stack = [left]
    while stack:
        m = stack.pop()
        if m not in evaluated and not m.type.shape:
            evaluated.add(m)
            if "elementwise" in m.op.traits or m.op.name == "affine":
                stack.extend(m.inputs)
    return lambda m: (
        m in evaluated
        or "leaf" in m.op.traits
        or ("body" in m.op.traits or m.op is proj) and token not in m.free
    )


def _is_harmless(m: Node) -> bool:
    name = m.op.name
    if isinstance(m.type, tuple):
        return False
    if name == "view" and not m.type.shape and "leaf" in m.inputs[0].op.traits:
        starts = window_of(m).starts
        return all(_in_bounds(s, d) for s, d in zip(starts, m.inputs[0].shape, strict=True))
    return not m.type.shape and ("elementwise" in m.op.traits or name in ("affine", "constant"))


def _in_bounds(start: Node, size: Size) -> bool:
    n = size_node(size)
    return start.op is check_index or (ge0(start) and ge0(minus(minus(n, lit(1)), start)))


def contains(value: Any, container: Any) -> Any:
    """`value in container`: Python's own, or any of the elements' comparisons."""
    if isinstance(container, Array | np.ndarray):
        if not isinstance(value, Proxy) and not isinstance(container, Proxy):
            return value in container
        return truth((container == value).any())
    if not isinstance(container, tuple | list | set | frozenset | range):
        return value in container
    if isinstance(container, range) and isinstance(value, Proxy):
        return _in_range(value, container)
    found: Any = False
    for element in container:
        if element is value:
            return True
        if isinstance(value, Proxy) or isinstance(element, Proxy):
            found = or_(found, lambda element=element: truth(element == value))
        elif element == value:
            return True
    return found


def _in_range(value: Any, r: range) -> Any:
    if not len(r):
        return False
    low, high = min(r[0], r[-1]), max(r[0], r[-1])
    inside = and_(value >= low, lambda: value <= high)
    return and_(inside, lambda: (value - r[0]) % abs(r.step) == 0)


def decided(x: Any) -> bool | None:
    """The value of a truth that is a constant."""
    if not isinstance(x, Proxy):
        return bool(x)
    return bool(value_of(x.node)) if is_const(x.node) else None


def ended_here() -> None:
    """Leave the region being traced, whose end is never reached."""
    if not depth():
        raise TraceError("nothing to leave")
    raise Ended
