"""scan: every loop is this one node.

scan(inits..., captures...; body) -> final carries, stacked outputs, steps run.  A range loop has
`body.index`; a while loop has `body.cond`, tested before each step; a range loop with a break has
both.
Stack element k of the s-th step (counted from 0) stands at position s; the stack's length is the
range's trip count, or unknown ("grown") for loops without a range.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..fxgraph.affine import dim, minus
from ..fxgraph.constants import lit, projections
from ..fxgraph.graph import Body, captures, normal_form
from ..fxgraph.interpret import needed
from ..fxgraph.node import Node, Op, make
from ..fxgraph.ops.scalar import ceil_quotient, clip0
from ..fxgraph.types import I64, Size, TensorType


def _infer(*inputs: Node, bodies: tuple[Body], n: int, trip: int) -> tuple[TensorType, ...]:
    (body,) = bodies
    length: Size = dim(inputs[trip]) if trip >= 0 else 0
    carries = tuple(p.type for p in body.params)
    stacks = tuple(TensorType(s.dtype, (length, *s.shape)) for s in body.stacks)
    return (*carries, *stacks, TensorType(I64, (), True))


def _meaning(
    node: Node, env: dict[Node, Any], evaluate: Callable[..., tuple[Any, ...]]
) -> tuple[Any, ...]:
    (body,) = node.attr("bodies")
    n = node.attr("n")
    outer = dict(env)
    state = [env[x] for x in node.inputs[:n]]
    rows: list[list[Any]] = [[] for _ in body.stacks]
    tests = () if body.cond is None else (body.cond,)
    fetched = [False, False]
    steps = 0
    for i in _counter(body, outer, evaluate):
        if not fetched[0]:
            fetched[0] = _fetch(tests, body, outer, evaluate)
        inner = {**outer, **dict(zip(body.params, state, strict=True)), body.token: 0}
        if body.index is not None:
            inner[body.index] = i
        if tests and not evaluate(tests, inner)[0]:
            break
        if not fetched[1]:
            fetched[1] = _fetch(body.roots, body, outer, evaluate)
            inner = {**outer, **inner}
        try:
            values = evaluate((*body.effects, *body.results, *body.stacks), inner)
        except Exception as error:
            reached(error)[node] = state
            raise
        values = values[len(body.effects) :]
        state = list(values[: len(body.results)])
        for row, value in zip(rows, values[len(body.results) :], strict=True):
            row.append(value)
        steps += 1
    trip = node.attr("trip")
    length = int(evaluate((node.inputs[trip],), outer)[0]) if trip >= 0 else steps
    return (
        *state,
        *(_stacked(s, r, length, env) for s, r in zip(body.stacks, rows, strict=True)),
        steps,
    )


def reached(error: Exception) -> dict[Node, list[Any]]:
    """The carries of the loops that an error ended, as they were before its step."""
    found: dict[Node, list[Any]] = vars(error).setdefault("_arignote_carries", {})
    return found


def _fetch(
    roots: Sequence[Node],
    body: Body,
    outer: dict[Node, Any],
    evaluate: Callable[..., tuple[Any, ...]],
) -> bool:
    """Compute, once, what every step reads from outside (not what only a branch in it reads)."""
    wanted: dict[Node, None] = {}
    seen: set[Node] = set()
    stack = list(reversed(roots))
    while stack:
        n = stack.pop()
        if n in seen or n in outer or n in body.own:
            continue
        seen.add(n)
        if n.free & body.own:
            stack.extend(reversed(needed(n)))
        else:
            wanted[n] = None
    outer.update(zip(wanted, evaluate(tuple(wanted), outer), strict=True))
    return True


def _counter(
    body: Body, env: dict[Node, Any], evaluate: Callable[..., tuple[Any, ...]]
) -> Iterable[int]:
    if body.index is None:
        return itertools.count()
    lo, hi = evaluate((body.index.attr("lo"), body.index.attr("hi")), env)
    return range(int(lo), int(hi), body.index.attr("step"))


def _stacked(s: Node, rows: list[Any], length: int, env: dict[Node, Any]) -> Any:
    """The rows as one array of `length`; rows that were never reached are zero."""
    shape = (
        np.shape(rows[0])
        if rows
        else tuple(d if isinstance(d, int) else int(env.get(d, 0)) for d in s.shape)
    )
    out = np.zeros((length, *shape), s.dtype)
    for k, row in enumerate(rows):
        out[k] = row
    return out


scan_op = Op(
    "scan",
    infer=_infer,
    traits=frozenset({"body"}),
    extra={"meaning": _meaning, "strict": lambda node: node.attr("n")},
)


def trip_count(lo: Node, hi: Node, step: int) -> Node:
    """How many steps range(lo, hi, step) has (an int64 scalar node)."""
    span = minus(hi, lo) if step > 0 else minus(lo, hi)
    return clip0(ceil_quotient(span, abs(step)))


def scan_node(
    inits: Sequence[Node], body: Body, trip: Node | None = None, here: Iterable[Node] = ()
) -> Node:
    """A loop as one node; its values are the projections: final carries, stacks, steps run.

    inits: one a param of the body, of the same type.  trip: the range's trip count, needed when the
    body has stacks.  here: the token of the region the loop stands in.
    """
    roots: list[Node] = [*body.roots, *here]
    if body.index is not None:
        roots += [body.index.attr("lo"), body.index.attr("hi")]
    for p in body.params:
        roots += [d for d in p.type.shape if isinstance(d, Node)]
    if trip is not None:
        roots.append(trip)
    found = captures(roots, body.own)
    if trip is not None and trip not in found:
        found = (*found, trip)
    position = len(inits) + found.index(trip) if trip is not None else -1
    at = (("bodies", (body,)), ("n", len(inits)), ("trip", position))
    return make(scan_op, (*inits, *found), at)


def scan(
    inits: Sequence[Node], body: Body, trip: Node | None = None, here: Iterable[Node] = ()
) -> tuple[Node, ...]:
    """The values of a loop: final carries, stacks, steps run."""
    return projections(scan_node(inits, body, trip, here))


@normal_form("scan")
def _again(op: Op, inputs: tuple[Node, ...], attrs: tuple[tuple[str, Any], ...]) -> Node:
    at = dict(attrs)
    (body,) = at["bodies"]
    trip = inputs[at["trip"]] if at["trip"] >= 0 else None
    here = [x for x in inputs[at["n"] :] if x.op.name == "token"]
    return scan_node(inputs[: at["n"]], body, trip, here)


def loop_facts(lo: Node, hi: Node, step: int) -> Node:
    """What holds inside: the range is not empty."""
    return minus(minus(hi, lo), lit(1)) if step > 0 else minus(minus(lo, hi), lit(1))


def steps_known(lo: Node, hi: Node, step: int) -> int | None:
    """The literal trip count, if it is one."""
    d = minus(hi, lo)
    if d.op.name == "constant":
        return len(range(0, int(np.asarray(d.attr("bits").array())), step))
    return None
