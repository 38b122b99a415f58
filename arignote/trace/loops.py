"""Loops: `for` and `while` over traced values become one scan node.

A body is traced a few times until the guess about what it carries holds (see `carries`); the work does
not depend on how often the loop runs.  Short literal loops, and loops over Python containers, are
unrolled; so are loops that cannot be captured and whose length is known.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from ..errors import TraceError
from ..fxgraph.affine import minus, plus, times
from ..fxgraph.constants import is_const, lit, new_index, new_param, projections
from ..fxgraph.graph import Body, order_of
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import partial
from ..fxgraph.ops.report import print_op
from ..fxgraph.prove import ge0, inside, sure
from ..fxgraph.prove import region as present_region
from ..scanloop.carry import Carry, position_of, simplified
from ..scanloop.scan import loop_facts, scan_node, steps_known
from . import lists
from .aliasing import Aliased, forget, recall
from .branches import State, if_
from .carries import (
    Guess,
    Held,
    Unstable,
    check_shapes,
    counting,
    enter,
    first_guess,
    leave,
    remembered,
    slots_of,
    widened,
)  # fmt: skip
from .convert.site import Site
from .counting import direction, grows_slowly
from .iteration import Counter, Nested, counter_of
from .journal import Contents, contents, journal, mutating, refill
from .proxy import Cell, cells, wrap
from .regions import Region, at_site, facts_of, learn, opened
from .rotation import Carried, Links, after_loop, bind, carried_arrays, ends, links_of, settle
from .session import session
from .truthiness import decided, truth
from .undefined import Undefined

#: Loops over this many literal steps are unrolled.
SHORT = 4
#: Loops that cannot be captured are unrolled up to this length.
LONGEST_UNROLLED = 512
ATTEMPTS = 12


#: An integer among the carries: a name, and where in its value.
Way: TypeAlias = "tuple[str, tuple[int, int]]"


@dataclass
class Memory:
    """What was found out about a loop, for when the loop around it is traced again."""

    guesses: dict[str, Guess] = field(default_factory=dict)
    unbounded: set[str] = field(default_factory=set)
    monotone: dict[Way, int] = field(default_factory=dict)
    inner: dict[tuple[Site, int], Memory] = field(default_factory=dict)
    counts: dict[Site, int] = field(default_factory=dict)


@dataclass
class Loop:
    """One execution of a loop statement.  counter: None for `while`."""

    counter: Counter | None
    body: Callable[[Any], None]
    test: Callable[[], Any] | None
    get: Callable[[], State]
    put: Callable[[State], None]
    names: Sequence[str]
    carried: frozenset[str]
    site: Site
    memory: Memory
    target: str = "i"
    containers: list[Any] = field(default_factory=list)
    grown: list[Any] = field(default_factory=list)


@dataclass
class Trial:
    """One trace of the body under a guess.  cond: None where the test is always true."""

    index: Node | None
    held: dict[str, Held]
    params: list[Node]
    region: Region
    cond: Node | None
    state: dict[str, Any]
    versions: list[Node]
    arrays: list[Carried]
    changed: list[tuple[Any, Contents, Contents]]
    stale: dict[Cell, str]

    @property
    def own(self) -> frozenset[Node]:
        """The leaves that mean something inside the body only."""
        params = [p for h in self.held.values() for each in h.params for p in each]
        flags = [h.flag for h in self.held.values() if h.flag is not None]
        index = [self.index] if self.index is not None else []
        return frozenset((*self.params, *params, *flags, *index, self.region.token))


_local = threading.local()


# ---- statements --------------------------------------------------------------------------------------
def loop_for(
    iterable: Any,
    body: Callable[[Any], None],
    test: Callable[[], Any] | None,
    get: Callable[[], State],
    put: Callable[[State], None],
    names: Sequence[str],
    carried: Sequence[str],
    target_names: Sequence[str],
    site: Site,
) -> None:
    """`for item in iterable: body(item)`, as long as `test` holds."""
    with at_site(site):
        found = counter_of(iterable)
    if isinstance(found, Nested):
        _nested(found, (), body, test, get, put, names, carried, target_names, site)
        return
    if not isinstance(found, Counter):
        unrolled(found, body, test, get, put, names, site)
        return
    steps = steps_known(found.lo, found.hi, found.step)
    if steps is not None and steps <= SHORT:
        unrolled(found.literal(), body, test, get, put, names, site)
        return
    target = target_names[0] if len(target_names) == 1 else "i"
    loop = Loop(
        found, body, test, get, put, names, frozenset(carried), site, _memory_of(site), target
    )
    _captured_or_unrolled(loop)


def loop_while(
    test: Callable[[], Any],
    body: Callable[[], None],
    get: Callable[[], State],
    put: Callable[[State], None],
    names: Sequence[str],
    carried: Sequence[str],
    site: Site,
) -> None:
    """`while test(): body()`"""
    loop = Loop(
        None, lambda _: body(), test, get, put, names, frozenset(carried), site, _memory_of(site)
    )
    outer, start = Outer.now(), get()
    try:
        capture(loop)
    except (Unstable, TraceError) as error:
        outer.back()
        put(start)
        _while_in_python(loop, error)


def _nested(
    found: Nested,
    at: tuple[Any, ...],
    body: Callable[[Any], None],
    test: Callable[[], Any] | None,
    get: Callable[[], State],
    put: Callable[[State], None],
    names: Sequence[str],
    carried: Sequence[str],
    target_names: Sequence[str],
    site: Site,
) -> None:
    """Loops over every position of a shape, the last axis innermost."""
    if len(at) == len(found.sizes):
        body(found.item(at))
        return
    axis = replace(Counter(lit(0), found.sizes[len(at)], 1, lambda k: k))
    inner = lambda k: _nested(  # noqa: E731
        found, (*at, k), body, test, get, put, names, carried, target_names, site
    )
    loop = Loop(axis, inner, test, get, put, names, frozenset({*carried, *target_names}), site,
                _memory_of(site), f"i{len(at)}")  # fmt: skip
    steps = steps_known(axis.lo, axis.hi, 1)
    if steps is not None and steps <= SHORT:
        unrolled(axis.literal(), inner, test, get, put, names, site)
    else:
        _captured_or_unrolled(loop)


def unrolled(
    items: Iterable[Any],
    body: Callable[[Any], None],
    test: Callable[[], Any] | None,
    get: Callable[[], State],
    put: Callable[[State], None],
    names: Sequence[str],
    site: Site,
) -> None:
    """The body once for each item, in place; a traced test becomes a branch around each."""
    for item in items:
        t = truth(test()) if test is not None else True
        sure_value = decided(t)
        if sure_value is False:
            return
        if sure_value:
            body(item)
        else:
            if_(t, lambda item=item: body(item), lambda: None, get, put, names, names, site)


def _while_in_python(loop: Loop, error: Exception) -> None:
    """A loop that cannot be captured may still be decided while tracing."""
    assert loop.test is not None
    for _ in range(LONGEST_UNROLLED):
        t = decided(truth(loop.test()))
        if t is None:
            raise refusal(loop, error) from None
        if not t:
            return
        loop.body(None)
    raise refusal(loop, error) from None


def _captured_or_unrolled(loop: Loop) -> None:
    """Capture; where that fails, unroll if the length is known or can be made known."""
    assert loop.counter is not None
    outer, start = Outer.now(), loop.get()
    try:
        with journal() as changes:
            capture(loop)
        return
    except (Unstable, TraceError) as error:
        changes.undo()
        outer.back()
        loop.put(start)
        if _peeled(loop, error):
            return
        literal = loop.counter.known(LONGEST_UNROLLED)
        if literal is None:
            raise refusal(loop, error) from None
    unrolled(literal.literal(), loop.body, loop.test, loop.get, loop.put, loop.names, loop.site)


def _peeled(loop: Loop, error: Exception) -> bool:
    """The first step by itself, then a loop over the others: for names that differ at first.

    Only where there is a first step for sure.
    """
    c = loop.counter
    if c is None or not isinstance(error, Unstable | Aliased):
        return False
    if not sure(loop_facts(c.lo, c.hi, c.step)):
        return False
    outer, start = Outer.now(), loop.get()
    try:
        with journal() as changes:
            loop.body(c.item(wrap(c.lo)))
            rest = replace(c, lo=plus(c.lo, lit(c.step)))
            capture(replace(loop, counter=rest, memory=Memory(), containers=[], grown=[]))
    except (Unstable, TraceError):
        changes.undo()
        outer.back()
        loop.put(start)
        return False
    return True


def refusal(loop: Loop, error: Exception) -> Exception:
    if isinstance(error, Unstable):
        return TraceError(
            f"{loop.site}\nthis loop cannot be captured: {error}. Give the variable one type and shape "
            f"before the loop, and keep it."
        )
    return error


# ---- memory ------------------------------------------------------------------------------------------
def _memory_of(site: Site) -> Memory:
    around: Memory | None = getattr(_local, "memory", None)
    if around is None:
        return Memory()
    k = around.counts[site] = around.counts.get(site, 0) + 1
    return around.inner.setdefault((site, k), Memory())


@contextmanager
def _remembering(memory: Memory) -> Iterator[None]:
    outer = getattr(_local, "memory", None)
    memory.counts.clear()
    _local.memory = memory
    try:
        yield
    finally:
        _local.memory = outer


# ---- capture -----------------------------------------------------------------------------------
def capture(loop: Loop) -> Node:
    """Trace the loop as a scan node and leave names, cells and containers as they are after it.

    Returns the number of steps.  Raises Unstable where no guess holds.
    """
    with at_site(loop.site):
        guesses: dict[str, Guess] = {}
        links: Links = frozenset()
        counted = False
        for _ in range(ATTEMPTS):
            start = _read(loop)
            for n, v in start.items():
                if n not in guesses and n in loop.carried:
                    guesses[n] = remembered(first_guess(v), loop.memory.guesses.get(n))
            outer = Outer.now()
            trial = _trace(loop, start, guesses, links, outer)
            if trial is None:
                _write(loop, {n: v if n in loop.carried else Undefined(n) for n, v in start.items()})
                return lit(0)
            if _prepared(loop, trial):
                continue
            new = {n: widened(h, start[n], trial.state[n]) for n, h in trial.held.items()}
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


@dataclass
class Outer:
    """The cells around a loop, and what they held before a step was traced."""

    cells: list[Cell]
    versions: list[Node]
    aliases: list[Any]

    @classmethod
    def now(cls) -> Outer:
        known = cells()
        return cls(known, [c.version for c in known], forget(known))

    def set(self, versions: list[Node]) -> None:
        for cell, version in zip(self.cells, versions, strict=True):
            cell.version = version

    def back(self) -> None:
        self.set(self.versions)
        recall(self.cells, self.aliases)


def _read(loop: Loop) -> dict[str, Any]:
    """The state: names, then what is in the containers that the body changes."""
    state = dict(zip(loop.names, loop.get(), strict=True))
    state.update((_key(k), contents(c)) for k, c in enumerate(loop.containers))
    return state


def _write(loop: Loop, state: Mapping[str, Any]) -> None:
    loop.put(tuple(state[n] for n in loop.names))
    for k, container in enumerate(loop.containers):
        mutating(container)
        refill(container, state[_key(k)])


def _key(k: int) -> str:
    return f"container {k}"


def _prepared(loop: Loop, trial: Trial) -> bool:
    """Did the body change containers that were not taken for state?  Then they are from now on."""
    found = False
    larger = [c for c, before, after in trial.changed if lists.has_grown(before, after)]
    steps = _most_steps(loop, larger) if larger else lit(0)
    for container, before, after in trial.changed:
        if any(container is c for c in loop.containers):
            continue
        found = True
        if lists.has_grown(before, after):
            lists.make_room(container, before, after, steps, trial.own)
            loop.grown.append(container)
        else:
            loop.containers.append(container)
            loop.carried |= {_key(len(loop.containers) - 1)}
    for container in loop.grown:
        found |= lists.widened_kind(container)
    return found


def _most_steps(loop: Loop, growing: list[Any]) -> Node:
    """At most how many steps run.  A `while` loop is traced once more, to count them."""
    if loop.counter is not None:
        return loop.counter.length
    outer, start = Outer.now(), loop.get()
    held = [contents(c) for c in growing]
    for container in growing:
        lists.discard(container)
    steps = capture(replace(loop, memory=Memory(), containers=[*loop.containers], grown=[]))
    outer.back()
    loop.put(start)
    for container, before in zip(growing, held, strict=True):
        refill(container, before)
    if any(n.op is print_op for n in order_of([steps], stop=_is_old(outer), inside=True)):
        raise Unstable("a list grows in a `while` loop that prints: preallocate an array and fill it")
    return steps


def _is_old(outer: Outer) -> Callable[[Node], bool]:
    before = set(outer.versions)
    return lambda n: n in before


def _check_sizes(new: dict[str, Guess], old: dict[str, Guess], trial: Trial) -> None:
    check_shapes([(n, g) for n, g in new.items() if g is not old[n]], trial.own)


def _trace(
    loop: Loop,
    start: dict[str, Any],
    guesses: dict[str, Guess],
    links: Links,
    outer: Outer,
) -> Trial | None:
    """One trace of test and body; None where the test fails whatever the values are.

    Everything outside is as before afterwards.
    """
    c = loop.counter
    index = new_index(c.lo, c.hi, c.step, loop.target) if c is not None else None
    params = [new_param(f"m{k}", cell.version.type) for k, cell in enumerate(outer.cells)]
    for cell, p in zip(outer.cells, params, strict=True):
        cell.version = p
    position = position_of(index) if index is not None and c is not None and abs(c.step) == 1 else None
    held = {
        n: enter(n, g, start[n], n not in loop.memory.unbounded, position)
        for n, g in guesses.items()
    }
    arrays = carried_arrays(held, start)
    bind(arrays, links, str(loop.site.line))
    facts = [loop_facts(c.lo, c.hi, c.step)] if c is not None else []
    facts += _assumed(loop, held, start)
    cond: Node | None = None
    never = False
    with journal() as changes:
        _write(loop, {n: held[n].value if n in held else Undefined(n) for n in start})
        with _remembering(loop.memory), opened(*facts) as region:
            if loop.test is not None:
                t = truth(loop.test())
                fixed = decided(t)
                never = fixed is False
                cond = t.node if fixed is None else None
            if not never:
                holds = facts_of(cond, True) if cond is not None else []
                with inside(None, *holds):
                    loop.body(c.item(wrap(index)) if c is not None and index is not None else None)
        state = _read(loop)
        versions = [cell.version for cell in outer.cells]
        changed = [(x, before, contents(x)) for x, before in changes.changed]
        if region.ended:  # every step raises: nothing comes out of one
            state = {n: held[n].value if n in held else v for n, v in state.items()}
            versions, changed = params, []
        changes.undo()
    stale = {cell: cell.stale for cell in outer.cells if cell.stale is not None}
    trial = Trial(index, held, params, region, cond, state, versions, arrays, changed, stale)
    outer.back()
    _write(loop, start)
    return None if never else trial


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


def _assumed(loop: Loop, held: dict[str, Held], start: dict[str, Any]) -> list[Node]:
    """What holds at the start of every step about integers that go one way only."""
    facts = []
    for name in sorted({name for name, _ in loop.memory.monotone}):
        if name in held:
            for slot in slots_of(held[name], start[name], held[name].value):
                sign = loop.memory.monotone.get((name, slot.place))
                if sign:
                    facts.append(times(minus(slot.param, slot.init), sign))
    return facts


def _finish(
    loop: Loop, trial: Trial, start: dict[str, Any], outer: Outer, links: Links
) -> Node:
    """Make the scan node; put the final values into names, containers and cells.  The steps run."""
    touched = [
        k for k, (p, v) in enumerate(zip(trial.params, trial.versions, strict=True)) if v is not p
    ]
    untouched = {k for k in range(len(outer.cells))} - set(touched)
    last = ends(trial.held, trial.state)
    carries = [*_carries(trial, start, outer)]
    carries += [Carry(outer.versions[k], trial.params[k], trial.versions[k]) for k in touched]
    unused = _unused(trial, carries, outer)
    for cell, why in trial.stale.items():
        if cell not in unused:
            raise Aliased(why)
    aftermath = settle(trial.arrays, last, unused)
    values, steps = _scanned(loop, trial, carries, {trial.params[k]: outer.versions[k] for k in untouched})
    final = iter(values)
    take = lambda: next(final)  # noqa: E731
    after = {n: leave(h, start[n], trial.state[n], take, steps) for n, h in trial.held.items()}
    for k in touched:
        outer.cells[k].version = take()
    c = loop.counter
    runs = c is not None and loop.test is None and sure(loop_facts(c.lo, c.hi, c.step))
    where = f"line {loop.site.line}"
    for cell, why in trial.stale.items():
        cell.stale = why
    learn(*_known_after(trial, carries, values))
    after_loop(aftermath, trial.arrays, links, ends(trial.held, after), steps, runs, where)
    _write(loop, {n: after.get(n, Undefined(n)) for n in start})
    return steps


def _known_after(trial: Trial, carries: list[Carry], values: list[Node]) -> list[Node]:
    """What holds for integers after the loop: which way they went, where the test must have stopped them."""
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
