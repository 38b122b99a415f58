"""Capture: a loop becomes a scan node.

The body is traced until the guess about what it carries holds, and once more where knowing its
counters may prove checks; then the node is made, and names, cells and containers get its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..fxgraph.affine import minus, plus, times
from ..fxgraph.constants import is_const, lit, projections
from ..fxgraph.graph import Body, order_of
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import partial
from ..fxgraph.ops.report import breakpoint_op, print_op
from ..fxgraph.prove import ge0, sure
from ..fxgraph.prove import region as present_region
from ..scanloop.carry import Carry, simplified
from ..scanloop.scan import loop_facts, scan_node
from . import lists
from .aliasing import Aliased, tie_both
from .carries import (
    Guess,
    check_shapes,
    counting,
    first_guess,
    leave,
    remembered,
    slots_of,
    widened,
)
from .counting import direction, grows_slowly
from .growing import COPIED
from .journal import Contents, contents, refill
from .leaves import Unstable
from .midway import start_of
from .proxy import Cell
from .regions import at_site, facts_of, learn
from .rotation import Links, after_loop, ends, links_of, settle
from .session import session
from .stepping import (
    Loop,
    Memory,
    Outer,
    Trial,
    Way,
    container_key,
    read_state,
    traced_step,
    write_state,
)
from .undefined import Undefined
from .worklists import room_by_search

ATTEMPTS = 12


def capture(loop: Loop) -> Node:
    """Trace the loop as a scan node and leave names, cells and containers as they are after it.

    Returns the number of steps.  Raises Unstable where no guess holds.
    """
    with at_site(loop.site):
        guesses: dict[str, Guess] = {}
        links: Links = frozenset()
        counted = False
        for _ in range(ATTEMPTS):
            start = read_state(loop)
            for n, v in start.items():
                if n not in guesses and n in loop.carried:
                    guesses[n] = remembered(first_guess(v), loop.memory.guesses.get(n))
            outer = Outer.now()
            trial = traced_step(loop, start, guesses, links, outer)
            if trial is None:
                write_state(
                    loop, {n: v if n in loop.carried else Undefined(n) for n, v in start.items()}
                )
                return lit(0)
            if _prepared(loop, trial):
                continue
            optional = loop.memory.optional
            new = {
                n: widened(h, start[n], trial.state[n], optional) for n, h in trial.held.items()
            }
            _check_sizes(new, guesses, trial)
            last = ends(trial.held, trial.state)
            new_links = links | links_of(trial.arrays, last, outer.cells)
            if all(new[n] is guesses[n] for n in guesses) and new_links == links:
                again = _too_fast(loop, trial, start) or _broken(loop, trial, start)
                if not again and not counted and trial.region.effects:
                    counted = True  # once: checks may be proved where more is known about counters
                    new = {n: counting(h, trial.state[n]) for n, h in trial.held.items()}
                    again = _new_directions(loop, trial, start)
                if not again and all(new[n] is guesses[n] for n in guesses):
                    loop.memory.guesses = dict(guesses)
                    steps = _finish(loop, trial, start, outer, links)
                    lists.done_with(loop.grown)
                    return steps
            guesses, links = new, new_links
        raise Unstable("its variables' types do not settle")


def _prepared(loop: Loop, trial: Trial) -> bool:
    """Did the body change containers that were not taken for state?  Then they are from now on."""
    found = False
    larger = [(c, b, a) for c, b, a in trial.changed if lists.has_grown(b, a)]
    if larger:
        found = True
        _make_room(loop, trial, larger)
    for container, before, after in trial.changed:
        if any(container is c for c in loop.containers) or lists.has_grown(before, after):
            continue
        found = True
        loop.containers.append(container)
        loop.carried |= {container_key(len(loop.containers) - 1)}
    for container in loop.grown:
        found |= lists.widened_kind(container)
    return found


def _make_room(loop: Loop, trial: Trial, larger: list[tuple[Any, Contents, Contents]]) -> None:
    """Reserve, in the lists that a step appends to, room for what all steps append."""
    grown = [c for c, _, _ in larger]
    try:
        steps = _most_steps(loop, grown)
        rooms = [lists.most_appended(b, a, steps, trial.own) for _, b, a in larger]
    except Unstable:
        kinds = [lists.grown_kind(b, a, trial.own) for _, b, a in larger]
        _refuse_prints(trial.region.effects)
        room = room_by_search(loop, list(zip(grown, kinds, strict=True)), capture)
        rooms = [room] * len(grown)
    for (container, before, after), room in zip(larger, rooms, strict=True):
        lists.reserve(container, room, lists.grown_kind(before, after, trial.own))
    loop.grown += grown


def _most_steps(loop: Loop, growing: list[Any]) -> Node:
    """At most how many steps run.  A `while` loop is traced once more, to count them."""
    if loop.counter is not None:
        return loop.counter.length
    outer, start = Outer.now(), loop.get()
    held = [contents(c) for c in growing]
    for container in growing:
        lists.discard(container)
    try:
        steps = capture(replace(loop, memory=Memory(), containers=[*loop.containers], grown=[]))
    finally:
        outer.back()
        loop.put(start)
        for container, before in zip(growing, held, strict=True):
            refill(container, before)
    _refuse_prints(order_of([steps], stop=_is_old(outer), inside=True))
    return steps


def _refuse_prints(made: Iterable[Node]) -> None:
    if any(n.op in (print_op, breakpoint_op) for n in made):
        raise Unstable(
            "a list grows in a `while` loop that prints: preallocate an array and fill it"
        )


def _is_old(outer: Outer) -> Callable[[Node], bool]:
    before = set(outer.versions)
    return lambda n: n in before


def _check_sizes(new: dict[str, Guess], old: dict[str, Guess], trial: Trial) -> None:
    check_shapes([(n, g) for n, g in new.items() if g is not old[n]], trial.own)


def _too_fast(loop: Loop, trial: Trial, start: dict[str, Any]) -> bool:
    """Are there Python integers that were assumed to count steps, and do not?  They are noted."""
    out = set()
    for name, held in trial.held.items():
        if name not in loop.memory.unbounded:
            slots = slots_of(held, start[name], trial.state[name])
            if not all(grows_slowly(s.init, s.param, s.result) for s in slots):
                out.add(name)
    loop.memory.unbounded |= out
    return bool(out)


def _directions(trial: Trial, start: dict[str, Any]) -> dict[Way, int]:
    """The Python integers that only rise (1) or only fall (-1)."""
    found = {}
    for name, held in trial.held.items():
        for slot in slots_of(held, start[name], trial.state[name]):
            sign = direction(slot.param, slot.result)
            if sign:
                found[name, slot.place] = sign
    return found


def _broken(loop: Loop, trial: Trial, start: dict[str, Any]) -> bool:
    """Does an integer go another way than was assumed?  Then nothing is assumed about it."""
    assumed = loop.memory.monotone
    if not assumed:
        return False
    found = _directions(trial, start)
    wrong = [way for way, sign in assumed.items() if found.get(way) != sign]
    for way in wrong:
        del assumed[way]
    return bool(wrong)


def _new_directions(loop: Loop, trial: Trial, start: dict[str, Any]) -> bool:
    found = _directions(trial, start)
    news = {way: sign for way, sign in found.items() if way not in loop.memory.monotone}
    loop.memory.monotone.update(news)
    return bool(news)


def _finish(loop: Loop, trial: Trial, start: dict[str, Any], outer: Outer, links: Links) -> Node:
    """Make the scan node; put the final values into names, containers and cells.  The steps run."""
    touched = [
        k for k, (p, v) in enumerate(zip(trial.params, trial.versions, strict=True)) if v is not p
    ]
    put = [(held, x) for held, x in trial.appended if held in outer.cells and x in outer.cells]
    shared = [*(x for _, x in put), *trial.shared]
    if any(x is outer.cells[k] for x in shared for k in touched):
        raise Aliased(COPIED)
    untouched = sorted({*range(len(outer.cells))} - set(touched))
    last = ends(trial.held, trial.state)
    carries = [*_carries(trial, start, outer)]
    effects = trial.region.effects
    starts = [start_of(outer.cells[k], effects) for k in touched]
    carries += [
        Carry(v, trial.params[k], trial.versions[k]) for k, v in zip(touched, starts, strict=True)
    ]
    unused = _unused(trial, carries, outer)
    for cell, why in trial.stale.items():
        if cell not in unused:
            raise Aliased(why)
    aftermath = settle(trial.arrays, last, unused)
    values, steps = _scanned(
        loop, trial, carries, {trial.params[k]: outer.versions[k] for k in untouched}
    )
    final = iter(values)

    def take() -> Node:
        return next(final)

    after = {n: leave(h, start[n], trial.state[n], take, steps) for n, h in trial.held.items()}
    for k in touched:
        outer.cells[k].version = take()
    c = loop.counter
    runs = c is not None and loop.test is None and sure(loop_facts(c.lo, c.hi, c.step))
    where = f"line {loop.site.line}"
    for cell, why in trial.stale.items():
        cell.stale = why
    for held, x in put:
        tie_both(held, x, COPIED)
    learn(*_known_after(trial, carries, values))
    after_loop(aftermath, trial.arrays, links, ends(trial.held, after), steps, runs, where)
    write_state(loop, {n: after.get(n, Undefined(n)) for n in start})
    return steps


def _known_after(trial: Trial, carries: list[Carry], values: list[Node]) -> list[Node]:
    """What holds for integers after the loop: which way they went, where the test stopped them."""
    facts = []
    tests = facts_of(trial.cond, True) if trial.cond is not None else []
    for carry, final in zip(carries, values, strict=True):
        sign = direction(carry.param, carry.result)
        if not sign:
            continue
        facts.append(times(minus(final, carry.init), sign))
        step = minus(carry.result, carry.param)
        if not is_const(step):
            continue
        for test in tests:
            # sign * param <= limit where a step runs, so sign * final <= limit + |step|
            limit = plus(test, times(carry.param, sign))
            beyond = plus(limit, times(step, sign))
            if not limit.free & trial.own and ge0(minus(beyond, times(carry.init, sign))):
                facts.append(minus(beyond, times(final, sign)))
    return facts


def _unused(trial: Trial, carries: list[Carry], outer: Outer) -> set[Cell]:
    """The outer cells that the body neither reads nor writes."""
    cond = [trial.cond] if trial.cond is not None else []
    roots = [*cond, *trial.region.effects, *(c.result for c in carries)]
    seen = frozenset().union(*(n.free for n in roots))
    return {c for c, p in zip(outer.cells, trial.params, strict=True) if p not in seen}


def _carries(trial: Trial, start: dict[str, Any], outer: Outer) -> Iterator[Carry]:
    """The carries of the names: initial values before the loop, results at the end of a step."""
    items = trial.held.items()
    before = [s for n, h in items for s in slots_of(h, start[n], trial.state[n])]
    outer.set(trial.versions)
    after = [s for n, h in items for s in slots_of(h, start[n], trial.state[n])]
    outer.back()
    for b, a in zip(before, after, strict=True):
        yield Carry(b.init, b.param, a.result)


def _scanned(
    loop: Loop, trial: Trial, carries: list[Carry], untouched: dict[Node, Node]
) -> tuple[list[Node], Node]:
    """The final values of the carries, and the number of steps."""
    cond = [trial.cond] if trial.cond is not None else []
    c = loop.counter
    counts = c is not None and not cond and abs(c.step) == 1
    steps = c.length if c is not None and counts else None
    simple = simplified(
        carries, [*cond, *trial.region.effects], untouched, trial.index if counts else None, steps
    )
    body = Body(
        trial.index,
        tuple(c.param for c in simple.carries),
        simple.others[0] if cond else None,
        tuple(c.result for c in simple.carries),
        trial.region.token,
        tuple(simple.others[len(cond) :]),
    )
    node = scan_node([x.init for x in simple.carries], body, None, present_region())
    if body.effects:
        partial(node)
    results = projections(node)
    values = dict(zip(simple.kept, results, strict=False)) | simple.constant
    known = session().bounds
    for k, carry in enumerate(carries):
        if carry.param in known:
            known.setdefault(values[k], known[carry.param])
    if steps is None:
        steps = c.length if c is not None and not cond else results[-1]
    return [values[k] for k in range(len(carries))], steps
