"""Early exits: a flag that one branch sets and the loop's test reads becomes a `break` there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...fxgraph.constants import array_of, constant, lit, project
from ...fxgraph.graph import Body, bodies, order_of
from ...fxgraph.node import Node
from ...fxgraph.ops.elementwise import add
from ...fxgraph.types import OPAQUE
from .program import Break, Buffer
from .scope import Scope
from .together import assign_together, fill_together


@dataclass(frozen=True)
class Exit:
    """A break: branch `side` of the cond node `at` leaves the loop, after `carries` are updated and
    the last step is counted."""

    at: Node
    side: int
    carries: tuple[tuple[Node, Node, Buffer | Node], ...] = ()
    counter: Node | None = None


def exit_of(
    body: Body,
    results: Sequence[Node],
    places: Sequence[Buffer | Node],
    counter: Node | None = None,
) -> tuple[Node, Exit] | None:
    """(flag, exit) when one branch of one cond sets the flag, and nothing else does."""
    if body.cond is None:
        return None
    for p, r in zip(body.params, results, strict=True):
        if p.dtype.kind != "b" or p.shape or not _tests(body.cond, p):
            continue
        if r.op.name != "proj" or r.inputs[0].op.name != "cond":
            continue
        at = r.inputs[0]
        others = [x for x in results if not (x.op.name == "proj" and x.inputs[0] is at)]
        if any(at in order_of((x,)) for x in others):
            continue  # work after the test
        k = r.attr("k")
        sides = [b.results[k] for b in bodies(at)]
        for j in (0, 1):
            if _is(sides[j], True) and (sides[1 - j] is p or _is(sides[1 - j], False)):
                carries = tuple(zip(body.params, results, places, strict=True))
                return p, Exit(at, j, carries, counter)
    return None


def _tests(cond: Node, flag: Node) -> bool:
    """Is `cond` (not flag) and ...?"""
    stack = [cond]
    while stack:
        c = stack.pop()
        if only_tests(c, flag):
            return True
        if c.op.name == "logical_and" or (c.op.name == "bitwise_and" and c.dtype.kind == "b"):
            stack.extend(c.inputs)
    return False


def only_tests(cond: Node, flag: Node) -> bool:
    return cond.op.name in ("logical_not", "invert") and cond.inputs[0] is flag


def _is(n: Node, value: bool) -> bool:
    return n.op is constant and not n.shape and bool(array_of(n)) is value


def is_false(n: Node) -> bool:
    return _is(n, False)


def leave_loop(n: Node, leave: Exit, places: Sequence[Buffer | Node], inner: Scope) -> None:
    """Carries take their last values, then break."""
    for k, place in enumerate(places):
        inner.values[project(n, k)] = place
    locals_, values, copies = [], [], []
    for p, r, place in leave.carries:
        if isinstance(place, Buffer):
            if r is not p and inner.buffer(r) is not place:
                copies.append((place, r))
        elif r is not p and p.dtype != OPAQUE:
            locals_.append(place)
            values.append(inner.scalar(r))
    if leave.counter is not None:
        locals_.append(leave.counter)
        values.append(add(leave.counter, lit(1), weak=True))
    fill_together(copies, inner)
    inner.emit(*assign_together(inner, locals_, values), Break())
