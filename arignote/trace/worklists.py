"""Room for lists that are read in the loop that they grow in, as a queue or a stack is.

How much such a loop appends follows from the list itself, so its steps cannot be counted without
it.  The room is searched for instead: the loop runs with some, stops before a step that would need
more, and starts again with twice as much.  Then it runs once more, for its results.  What a step
needs is traced before the step, and all of the step that the number does not depend on is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..fxgraph.affine import minus, plus
from ..fxgraph.node import OPS, Node
from . import lists
from .branches import if_
from .growing import Kind, growing
from .journal import journal, mutating, refill
from .proxy import node_of, wrap
from .shortcut import and_
from .stepping import Loop, Memory, Outer
from .truthiness import not_, truth

#: Elements that the first attempt has room for.
FIRST = 1024
FULL = "no room"


def room_by_search(
    loop: Loop, grown: Sequence[tuple[list[Any], Kind]], capture: Callable[[Loop], Node]
) -> Node:
    """How many elements each of these lists needs room for, beyond those it holds before the loop.

    grown: the lists, and what they hold.  capture: `capturing.capture`.  Raises Unstable.
    """
    memory = Memory()
    room: Any = FIRST // 2
    full: Any = True

    def get() -> tuple[Any, ...]:
        return room, full

    def put(state: tuple[Any, ...]) -> None:
        nonlocal room, full
        room, full = state

    def attempt(_: Any) -> None:
        nonlocal room, full
        room = room * 2
        full = _overflows(replace(loop, memory=memory), grown, node_of(room), capture)

    search = Loop(
        None, attempt, lambda: full, get, put, ("room", FULL), frozenset(("room", FULL)),
        loop.site, Memory(),
    )  # fmt: skip
    capture(search)
    return node_of(room)


def _overflows(
    loop: Loop,
    grown: Sequence[tuple[list[Any], Kind]],
    room: Node,
    capture: Callable[[Loop], Node],
) -> Any:
    """Does the loop need more room?  Everything is as before afterwards."""
    full: Any = False
    held = [x for x, _ in grown]

    def get() -> tuple[Any, ...]:
        return (*loop.get(), full)

    def put(state: tuple[Any, ...]) -> None:
        nonlocal full
        *names, full = state
        loop.put(tuple(names))

    def stop() -> None:
        nonlocal full
        full = True

    def step(item: Any) -> None:
        names, outs = (*loop.names, FULL), (*loop.carried, FULL)
        fits = _fits(loop, held, item)
        if_(fits, lambda: loop.body(item), stop, get, put, names, outs, loop.site)

    def test() -> Any:
        return and_(not_(full), lambda: truth(loop.test()) if loop.test is not None else True)

    outer, start = Outer.now(), get()
    with journal() as changes:
        for container, kind in grown:
            lists.reserve(container, room, kind)
        names = (*loop.names, FULL)
        inner = replace(
            loop, body=step, test=test, get=get, put=put, names=names,
            carried=loop.carried | {FULL}, containers=[*loop.containers], grown=held,
        )  # fmt: skip
        capture(inner)
        found = full
        changes.undo()
    outer.back()
    put(start)
    return truth(found)


def _fits(loop: Loop, held: Sequence[list[Any]], item: Any) -> Any:
    """Is there room for all that the next step appends?  Traces it, and leaves all as before."""
    outer, start = Outer.now(), loop.get()
    fits: Any = True
    with journal() as changes:
        before = [g for x in held if (g := growing(x)) is not None]
        for x, g in zip(held, before, strict=True):
            mutating(x)
            refill(x, ((), (g.borrowed(),)))
        loop.body(item)
        after = [g for x in held if (g := growing(x)) is not None]
        changes.undo()
    outer.back()
    loop.put(start)
    for old, new in zip(before, after, strict=True):
        most = plus(old.count.version, minus(new.capacity, old.capacity))
        enough = wrap(OPS["less_equal"](most, old.capacity, weak=True))
        fits = and_(enough, partial(truth, fits))
    return fits


__all__ = ["room_by_search"]
