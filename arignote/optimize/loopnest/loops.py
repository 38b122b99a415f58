"""Loops: a carried array is one buffer, a carried number one variable.

Carries that only change places rotate pointers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...fxgraph.affine import minus
from ...fxgraph.constants import const, lit, new_index, project
from ...fxgraph.graph import Body, bodies
from ...fxgraph.node import Node, at_origin, make, op_named, origin
from ...fxgraph.ops.elementwise import add
from ...fxgraph.ops.structure import set_item
from ...fxgraph.prove import inside
from ...fxgraph.types import I64, OPAQUE, TensorType
from ...fxgraph.window import whole
from ...scanloop.scan import trip_count
from .actions import Over, copied, fill, fresh
from .branch_writes import write_in_branches
from .early_exit import exit_of, is_false, only_tests
from .observable import Observed
from .program import Assign, Break, Buffer, If, Loop, Statement, While
from .renewals import write_renewals
from .routines import handle_of
from .scope import Scope
from .stacks import grow, push, stacks_of
from .together import assign_together
from .turning import may_turn, moving, pointers, turn
from .versions import chain_root

LowerRegion = Callable[..., None]


def lower_scan(n: Node, scope: Scope, over: Over, region: LowerRegion) -> None:
    """A loop over the places of its carries."""
    (body,) = bodies(n)
    inner = scope.child()
    turning = moving(body)
    if not turning:
        body = write_renewals(write_in_branches(body))
    places = _places(n, body, turning, scope, inner, over)
    inner.values.update(zip(body.params, places, strict=True))
    stacks, room = stacks_of(n, body, scope)
    counter = _counter(n, body, scope)
    inner.values[body.token] = lit(0)
    fact, index = _bind_index(body, scope, inner)
    with inside(None, *fact):
        statements, setup, cond = _step(
            n, body, inner, places, stacks, room, counter, turning, region
        )
    where = origin.get(n)
    if index is not None:
        if cond is not None:
            statements = [*setup, If(_negated(cond), (Break(),)), *statements]
        scope.emit(Loop(index, tuple(statements), origin=where))
    else:
        scope.emit(
            While(tuple(setup), cond if cond is not None else _true(), tuple(statements), where)
        )
    for k, location in enumerate([*places, *stacks]):
        scope.values[project(n, k)] = location
    scope.values[project(n, len(places) + len(stacks))] = _steps(n, body, counter, scope)


def _places(
    n: Node, body: Body, turning: frozenset[Node], scope: Scope, inner: Scope, over: Over
) -> list[Buffer | Node]:
    """The places of all carries, holding their initial values."""
    carried = list(zip(body.params, n.inputs, strict=False))
    takers = _takers(n, over, scope)
    turned = may_turn(over, [v for p, v in carried if p in turning], scope) if turning else over
    places = []
    for k, (p, v) in enumerate(carried):
        given = (turned if p in turning else over) if takers.get(v) == k else {}
        places.append(_enter(p, v, project(n, k), scope, given, p in turning))
    at = [k for k, p in enumerate(body.params) if p in turning]
    if at:
        memory = [b for k in at if isinstance(b := places[k], Buffer)]
        for k, alias in zip(at, pointers(memory, scope, inner), strict=True):
            places[k] = alias
    return places


def _takers(n: Node, over: Over, scope: Scope) -> dict[Node, int]:
    """Which carry goes on in the memory of a version: of several that start as it, one."""
    out: dict[Node, int] = {}
    for k, v in enumerate(n.inputs[: n.attr("n")]):
        if v in over and (v not in out or project(n, k) in scope.state.lines):
            out[v] = k
    return out


def _enter(p: Node, v: Node, end: Node, scope: Scope, over: Over, turning: bool) -> Buffer | Node:
    """The place of one carry, holding its initial value.  end: what it is after the loop."""
    if p.shape:
        kept = over.get(v)
        place: Buffer | Node
        if kept is not None:
            place = kept
        else:
            kept = scope.buffer(v)
            if kept is not None and v.op.name not in ("full", "empty"):
                why = "copies an array that the loop changes, because its old value is used too"
                scope.state.note(end.inputs[0], why)
            goal = end if end in scope.state.copies and not turning else p
            place = fresh(v, scope) if kept is None else copied(v, goal, scope)
    elif p.dtype == OPAQUE:
        place = handle_of(v, scope)
    else:
        place = scope.local(p.attr("name"), p.type)
        scope.emit(Assign(place, scope.scalar(v)))
    return place


def _counter(n: Node, body: Body, scope: Scope) -> Node | None:
    """A variable that counts steps, where the index does not tell."""
    if body.index is not None and body.cond is None:
        return None
    counter = scope.local("steps", TensorType(I64, (), True))
    scope.emit(Assign(counter, lit(0)))
    return counter


def _bind_index(body: Body, scope: Scope, inner: Scope) -> tuple[list[Node], Node | None]:
    if body.index is None:
        return [], None
    lo, hi, step = (body.index.attr(k) for k in ("lo", "hi", "step"))
    index = new_index(scope.scalar(lo), scope.scalar(hi), step, body.index.attr("name"))
    inner.values[body.index] = index
    fact = minus(minus(hi, lo), lit(1)) if step > 0 else minus(minus(lo, hi), lit(1))
    return [fact], index


def _step(
    n: Node,
    body: Body,
    inner: Scope,
    places: Sequence[Buffer | Node],
    stacks: Sequence[Buffer],
    room: Node | None,
    counter: Node | None,
    turning: frozenset[Node],
    region: LowerRegion,
) -> tuple[list[Statement], list[Statement], Node | None]:
    """(body statements, statements before the test, test)"""
    results = [
        r if not p.shape or turning or chain_root(r) is p else _all_of(p, r)
        for p, r in zip(body.params, body.results, strict=True)
    ]
    leave = exit_of(body, results, places, counter) if not turning and not stacks else None
    setup: list[Statement] = []
    cond = body.cond
    if cond is not None:
        starts = dict(zip(body.params, n.inputs, strict=False))
        if leave is not None and only_tests(cond, leave[0]) and is_false(starts[leave[0]]):
            cond = None  # no step begins with the flag set
        else:
            before = inner.child()
            region((cond,), before, frozenset(), None)
            setup, cond = before.out, before.scalar(cond)
    if room is not None:
        assert counter is not None
        grow(stacks, room, counter, inner)
    owned = frozenset(p for p in body.params if p.shape)
    pairs = list(zip(body.stacks, stacks, strict=True))
    # a carry's old value is kept before the step overwrites it
    at_hand = [s in inner for s in body.stacks]
    for (s, b), early in zip(pairs, at_hand, strict=True):
        if early:
            push(n, s, b, body, counter, inner)
    roots = (*body.effects, *results, *body.stacks)
    last = leave[1] if leave is not None else None
    region(roots, inner, owned, last, Observed(body.effects, ()))
    for (s, b), early in zip(pairs, at_hand, strict=True):
        if not early:
            push(n, s, b, body, counter, inner)
    _carry(n, body, results, places, inner, turning)
    if counter is not None:
        inner.emit(Assign(counter, add(counter, lit(1), weak=True)))
    return inner.out, setup, cond


def _all_of(p: Node, r: Node) -> Node:
    """A new value of a whole carry as a write of it, where the value stood among the checks."""
    with at_origin(origin.get(r), r):
        return set_item(p, whole(p.shape), r)


def _carry(
    n: Node,
    body: Body,
    results: Sequence[Node],
    places: Sequence[Buffer | Node],
    inner: Scope,
    turning: frozenset[Node],
) -> None:
    """Carries take their next values, all at once."""
    moves, locals_, values = [], [], []
    for p, r, place in zip(body.params, results, places, strict=True):
        if isinstance(place, Buffer):
            if p in turning:
                moves.append((place, r))
            elif inner.buffer(r) is not place:
                fill(place, r, inner)
                inner.state.note(n, f"the carry {p.attr('name')} is copied back at each step")
        elif r is not p and p.dtype != OPAQUE:
            locals_.append(place)
            values.append(inner.scalar(r))
    turn(moves, inner)
    inner.emit(*assign_together(inner, locals_, values))


def _steps(n: Node, body: Body, counter: Node | None, scope: Scope) -> Node:
    """Steps run, as an expression."""
    if counter is not None:
        return counter
    assert body.index is not None
    lo, hi, step = (body.index.attr(k) for k in ("lo", "hi", "step"))
    return scope.scalar(trip_count(lo, hi, step))


def _true() -> Node:
    return const(True, None, True)


def _negated(cond: Node) -> Node:
    return make(op_named("logical_not"), (cond,), (("weak", True),) if cond.type.weak else ())
