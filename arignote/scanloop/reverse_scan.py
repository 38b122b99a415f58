"""Reverse mode of loops: a loop that runs the steps backwards.

There is no tape.  The backward loop carries the cotangents of the active carries, the written
arrays again (each step's writes are undone as the walk passes them), and the cotangents of what
the body captures, which are added to in place.  Values that the forward steps must remember are
ordinary stacked outputs of the forward loop, so the result can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..autograd_sym.activity import carries_derivative
from ..autograd_sym.reverse import Walk
from ..fxgraph.affine import minus, plus, times
from ..fxgraph.constants import lit, new_index, new_param, new_token, project
from ..fxgraph.graph import Body
from ..fxgraph.node import Node, origin
from ..fxgraph.ops.checks import recording
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.structure import view
from ..fxgraph.prove import inside
from ..fxgraph.types import TensorType
from ..fxgraph.window import Window
from .body_walk import BodyWalk
from .outer_sums import Steps, finished, postponed, rows_of
from .replay import Replay
from .scan import scan, scan_node, scan_op, trip_count
from .unused import parts_of
from .versions import chain


@dataclass
class Plan:
    """What the backward loop carries: forward carries by position, captured nodes.

    restore: carries whose array is undone.
    """

    active: list[int]
    restore: list[int]
    captured: list[Node]
    stacks: list[int] = field(default_factory=list)


def reverse_scan(n: Node, walk: Walk) -> None:
    """Add the cotangents that the loop n gives, and restore the arrays that it wrote."""
    body: Body = n.attr("bodies")[0]
    plan = _plan(n, body, walk)
    if plan is None:
        return
    parts = parts_of(n)
    length = parts["trip"] if parts["trip"] is not None else _length(n, body)
    steps = length if body.cond is None else project(n, len(n.type) - 1)
    position = new_index(minus(walk.value(steps), lit(1)), lit(-1), -1, "p")
    token = new_token()
    at_hand = {body.token: token}
    if body.index is not None:
        lo = walk.value(body.index.attr("lo"))
        at_hand[body.index] = plus(lo, times(position, body.index.attr("step")))
    with inside(token), recording() as effects:
        inner = _walk_body(n, body, plan, walk, at_hand, position)
        replay = Replay(inner, _results(inner, body, plan))
    forward = _forward(n, body, replay.saved, length, steps, walk)
    read = _stack_reader(forward, len(replay.saved), body, walk, position)
    results, checks = replay.tie(read, effects)
    first = len(plan.active) + len(plan.restore)
    totals = dict(enumerate(inner.carried[first:], first)) if type(walk) is Walk else {}
    back_steps = walk.value(steps)
    leaves = frozenset((*inner.carried, token))
    results, terms = postponed(results, totals, checks, Steps(position, back_steps, leaves))
    rows = rows_of(terms)
    back = Body(position, tuple(inner.carried), None, results, token, checks, rows)
    inits = _inits(n, plan, walk)
    outs = scan(inits, back, back_steps if rows else None)
    if outs and n in origin:
        origin[outs[0].inputs[0]] = origin[n]
    stacks = dict(zip(rows, outs[len(results) :]))
    loop = zip(inits, inner.carried, results, outs)
    done = [first if r is x else out for first, x, r, out in loop]
    _hand_over(n, plan, walk, finished(done, terms, stacks))


def _length(n: Node, body: Body) -> Node:
    if body.index is None:
        return project(n, len(n.type) - 1)
    return trip_count(*(body.index.attr(k) for k in ("lo", "hi", "step")))


def _plan(n: Node, body: Body, walk: Walk) -> Plan | None:
    """What there is to do, or None."""
    flags = walk.active.flags(n)
    count = len(body.params)
    outs = [project(n, k) for k in range(len(n.type))]
    wanted = [k for k, f in enumerate(flags) if f and outs[k] in walk.reached]
    restore = [k for k in range(count) if holder(walk, outs[k]) is not None]
    restore = [k for k in restore if chain(body.results[k], body.params[k]) is not None]
    if not wanted and not (restore and isinstance(walk, BodyWalk)):
        return None
    if not wanted:
        return Plan([], restore, [])
    inputs = list(dict.fromkeys(n.inputs[count:]))
    captured = [x for x in inputs if carries_derivative(x) and walk.active(x)]
    active = [k for k in range(count) if flags[k]]
    walk.reach(n.inputs[k] for k in active)
    walk.reach(captured)
    stacks = [k for k in range(count, len(flags)) if flags[k] and walk.cot.has(outs[k])]
    return Plan(active, restore, captured, stacks)


def holder(walk: Walk, n: Node) -> Node | None:
    """What holds the version n of an array on the backward side."""
    if not n.rank:
        return None
    return (
        walk.restored.get(n)
        if isinstance(walk, BodyWalk) and walk.mine(n)
        else _from_outside(walk, n)
    )


def _from_outside(walk: Walk, n: Node) -> Node | None:
    return holder(walk.outer, n) if isinstance(walk, BodyWalk) else n


@dataclass
class _Carried:
    """Params of the backward loop."""

    cotangents: list[Node]
    arrays: list[Node]
    totals: list[Node]


class LoopWalk(BodyWalk):
    """carried: the backward loop's params, cotangents of carries, arrays, cotangents of
    captures."""

    carried: list[Node]


def _walk_body(
    n: Node, body: Body, plan: Plan, walk: Walk, at_hand: dict[Node, Node], position: Node
) -> LoopWalk:
    """The walk over the body, done, with the cotangents of its results as params."""
    seeds = [body.params[k] for k in plan.active]
    inner = LoopWalk((*body.results, *body.stacks), seeds, walk, body.own, at_hand)
    totals = [_param("g", x, walk) for x in plan.captured]
    for x, total in zip(plan.captured, totals):
        inner.give(x, total)
    cotangents = [_param("g", body.params[k], walk) for k in plan.active]
    for k, g in zip(plan.active, cotangents):
        inner.give(body.results[k], g)
    for k in plan.stacks:
        g = _row(walk.cot.of(project(n, k)), position)
        inner.give(body.stacks[k - len(body.params)], g)
    arrays = [_param("r", body.params[k], walk) for k in plan.restore]
    for k, r in zip(plan.restore, arrays):
        inner.hold(body.results[k], r)
    inner.carried = [*cotangents, *arrays, *totals]
    inner.run()
    return inner


def _param(mark: str, like: Node, walk: Walk) -> Node:
    name = dict(like.attrs).get("name", "x")
    return new_param(f"{mark}_{name}", TensorType(like.dtype, walk.shape(like)))


def _row(stack: Node, position: Node) -> Node:
    """The element of a stack that belongs to a step."""
    rank = stack.rank
    starts = (position, *(lit(0),) * (rank - 1))
    return view(stack, Window(starts, (1,) * rank, (-1, *range(rank - 1)), stack.shape[1:]))


def _results(inner: LoopWalk, body: Body, plan: Plan) -> tuple[Node, ...]:
    """What the backward body gives, in the order of its params."""
    cot = inner.cot
    return (
        *(cot.of(body.params[k]) for k in plan.active),
        *(inner.restored[body.params[k]] for k in plan.restore),
        *(cot.of(x) for x in plan.captured),
    )


def _inits(n: Node, plan: Plan, walk: Walk) -> list[Node]:
    arrays = [holder(walk, project(n, k)) for k in plan.restore]
    return [
        *(walk.cot.of(project(n, k)) for k in plan.active),
        *(r for r in arrays if r is not None),
        *(walk.cot.of(x) for x in plan.captured),
    ]


def _hand_over(n: Node, plan: Plan, walk: Walk, outs: Sequence[Node]) -> None:
    """The backward loop's values go to what the forward loop read."""
    values = iter(outs)
    cotangents = [next(values) for _ in plan.active]
    arrays = [next(values) for _ in plan.restore]
    for x in plan.captured:
        walk.cot.base[x] = next(values)
    for k, g in zip(plan.active, cotangents):
        if walk.active(n.inputs[k]):
            walk.give(n.inputs[k], cast_to(g, n.inputs[k].dtype))
    if isinstance(walk, BodyWalk) and plan.restore:
        walk.undoing(*arrays)
        for k, r in zip(plan.restore, arrays):
            walk.hold(n.inputs[k], r)


# ---- what the forward loop saves -----------------------------------------------------------------
def _forward(
    n: Node, body: Body, saved: Sequence[Node], length: Node, steps: Node, walk: Walk
) -> Node:
    """The forward loop with more stacks.  A loop without a range runs again, over the steps it
    took:
    then the stacks have a known length."""
    if not saved:
        return n
    parts = parts_of(n)
    if body.index is not None:
        more = Body(
            body.index,
            body.params,
            body.cond,
            body.results,
            body.token,
            body.effects,
            (*body.stacks, *saved),
        )
        new = scan_node(parts["inits"], more, length, parts["here"])
    else:
        again = Body(new_index(lit(0), steps), body.params, None, body.results, body.token)
        again = Body(again.index, again.params, None, again.results, again.token, (), tuple(saved))
        new = scan_node(parts["inits"], again, steps, parts["here"])
    if n in origin:
        origin[new] = origin[n]
    if isinstance(walk, BodyWalk) and walk.mine(n):
        walk.adopt(new)
        for k in range(len(new.type)):
            walk.adopt(project(new, k))
    return new


def _stack_reader(forward: Node, count: int, body: Body, walk: Walk, position: Node) -> list[Node]:
    """The rows of the saved stacks that belong to the step."""
    first = len(forward.type) - 1 - count
    return [_row(walk.value(project(forward, first + k)), position) for k in range(count)]


scan_op.extra["reverse"] = reverse_scan
