"""Loops: `for` and `while` over traced values become one scan node.

A body is traced a few times until the guess about what it carries holds (see `carries`); the work does
not depend on how often the loop runs.  Short literal loops, and loops over Python containers, are
unrolled; so are loops that cannot be captured and whose length is known.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import plus
from ..fxgraph.constants import lit, new_index, new_param, projections
from ..fxgraph.graph import Body
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import partial
from ..fxgraph.prove import inside, sure
from ..fxgraph.prove import region as present_region
from ..scanloop.carry import Carry, simplified
from ..scanloop.scan import loop_facts, scan_node, steps_known
from .branches import State, decided, if_, truth
from .carries import (
    Guess,
    Held,
    Unstable,
    check_shapes,
    enter,
    first_guess,
    leave,
    remembered,
    slots_of,
    widened,
)
from .convert.site import Site
from .counting import grows_slowly
from .iteration import Counter, Nested, counter_of
from .proxy import Cell, cells, wrap
from .regions import Region, at_site, facts_of, opened
from .session import session
from .undefined import Undefined

#: Loops over this many literal steps are unrolled.
SHORT = 4
#: Loops that cannot be captured are unrolled up to this length.
LONGEST_UNROLLED = 512
ATTEMPTS = 12


@dataclass
class Memory:
    """What was found out about a loop, for when the loop around it is traced again."""

    guesses: dict[str, Guess] = field(default_factory=dict)
    unbounded: set[str] = field(default_factory=set)
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
    known, versions, start = cells(), [c.version for c in cells()], get()
    try:
        capture(loop)
    except (Unstable, TraceError) as error:
        _back(known, versions, put, start)
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
    known, versions, start = cells(), [c.version for c in cells()], loop.get()
    try:
        capture(loop)
        return
    except (Unstable, TraceError) as error:
        _back(known, versions, loop.put, start)
        steps = steps_known(loop.counter.lo, loop.counter.hi, loop.counter.step)
        if steps is None and _peeled(loop, error):
            return
        if steps is None:
            loop.counter.fix(LONGEST_UNROLLED)  # may raise NeedStatic: traced again with its length
        if steps is None or steps > LONGEST_UNROLLED:
            raise refusal(loop, error) from None
    c = loop.counter
    unrolled(c.literal(), loop.body, loop.test, loop.get, loop.put, loop.names, loop.site)


def _peeled(loop: Loop, error: Exception) -> bool:
    """The first step by itself, then a loop over the others: for names that are something else at first.

    Only where there is a first step for sure.
    """
    c = loop.counter
    if c is None or not isinstance(error, Unstable) or not sure(loop_facts(c.lo, c.hi, c.step)):
        return False
    known, versions, start = cells(), [x.version for x in cells()], loop.get()
    try:
        loop.body(c.item(wrap(c.lo)))
        capture(replace(loop, counter=replace(c, lo=plus(c.lo, lit(c.step))), memory=Memory()))
    except (Unstable, TraceError):
        _back(known, versions, loop.put, start)
        return False
    return True


def refusal(loop: Loop, error: Exception) -> Exception:
    if isinstance(error, Unstable):
        return TraceError(
            f"{loop.site}\nthis loop cannot be captured: {error}. Give the variable one type and shape "
            f"before the loop, and keep it."
        )
    return error


def _back(known: list[Cell], versions: list[Node], put: Callable[[State], None], start: State) -> None:
    for cell, version in zip(known, versions, strict=True):
        cell.version = version
    put(start)


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


# ---- capture -----------------------------------------------------------------------------------------
def capture(loop: Loop) -> None:
    """Trace the loop as a scan node and leave names and cells as they are after it.

    Raises Unstable where no guess holds.
    """
    with at_site(loop.site):
        start = dict(zip(loop.names, loop.get(), strict=True))
        known = cells()
        before = [c.version for c in known]
        guesses = {
            n: remembered(first_guess(start[n]), loop.memory.guesses.get(n))
            for n in loop.names
            if n in loop.carried
        }
        for _ in range(ATTEMPTS):
            trial = _trace(loop, start, guesses, known)
            _back(known, before, lambda _: None, ())
            if trial is None:
                loop.put(tuple(_outside(loop, n, v) for n, v in start.items()))
                return
            new = {n: widened(h, start[n], trial.state[n]) for n, h in trial.held.items()}
            own = frozenset((*trial.params, *_params(trial.held), trial.region.token))
            if trial.index is not None:
                own |= {trial.index}
            check_shapes([(n, g) for n, g in new.items() if g is not guesses[n]], own)
            if all(new[n] is guesses[n] for n in guesses):
                fast = _too_fast(loop, trial, start)
                if not fast:
                    break
                loop.memory.unbounded |= fast
            guesses = new
        else:
            raise Unstable("its variables' types do not settle")
        loop.memory.guesses = dict(guesses)
        _finish(loop, trial, start, known, before)


def _outside(loop: Loop, name: str, value: Any) -> Any:
    return value if name in loop.carried else Undefined(name)


def _params(held: dict[str, Held]) -> list[Node]:
    flags = [h.flag for h in held.values() if h.flag is not None]
    return [p for h in held.values() for p in h.params if p is not None] + flags


def _trace(
    loop: Loop, start: dict[str, Any], guesses: dict[str, Guess], known: list[Cell]
) -> Trial | None:
    """One trace of test and body; None where the test fails whatever the values are."""
    c = loop.counter
    index = new_index(c.lo, c.hi, c.step, loop.target) if c is not None else None
    params = [new_param(f"m{k}", cell.version.type) for k, cell in enumerate(known)]
    for cell, p in zip(known, params, strict=True):
        cell.version = p
    held = {
        n: enter(n, g, start[n], n not in loop.memory.unbounded) for n, g in guesses.items()
    }
    loop.put(tuple(held[n].value if n in held else Undefined(n) for n in loop.names))
    facts = [loop_facts(c.lo, c.hi, c.step)] if c is not None else []
    cond: Node | None = None
    never = False
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
    if never:
        return None
    state = dict(zip(loop.names, loop.get(), strict=True))
    versions = [cell.version for cell in known]
    if region.ended:  # every step raises: nothing comes out of one
        state = {n: held[n].value if n in held else v for n, v in state.items()}
        versions = params
    return Trial(index, held, params, region, cond, state, versions)


def _too_fast(loop: Loop, trial: Trial, start: dict[str, Any]) -> set[str]:
    """Python integers that were assumed to count steps, and do not."""
    out = set()
    for name, held in trial.held.items():
        if name in loop.memory.unbounded:
            continue
        for slot in slots_of(held, start[name], trial.state[name]):
            if not grows_slowly(slot.init, slot.param, slot.result):
                out.add(name)
    return out


def _finish(
    loop: Loop, trial: Trial, start: dict[str, Any], known: list[Cell], before: list[Node]
) -> None:
    """Make the scan node; put the final values into names and cells."""
    slots = {n: slots_of(h, start[n], trial.state[n]) for n, h in trial.held.items()}
    carries = [Carry(s.init, s.param, s.result) for each in slots.values() for s in each]
    written = [
        k for k, (p, v) in enumerate(zip(trial.params, trial.versions, strict=True)) if v is not p
    ]
    carries += [Carry(before[k], trial.params[k], trial.versions[k]) for k in written]
    untouched = {
        p: before[k] for k, p in enumerate(trial.params) if k not in set(written)
    }
    cond = [trial.cond] if trial.cond is not None else []
    effects = trial.region.effects
    simple = simplified(carries, [*cond, *effects], untouched)
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
    values = dict(zip(simple.kept, projections(node), strict=False)) | simple.constant
    known_bounds = session().bounds
    for k, carry in enumerate(carries):
        if carry.param in known_bounds:
            known_bounds.setdefault(values[k], known_bounds[carry.param])
    final = iter([values[k] for k in range(len(carries))])
    take = lambda: next(final)  # noqa: E731
    after = {n: leave(h, start[n], trial.state[n], take) for n, h in trial.held.items()}
    loop.put(tuple(after.get(n, Undefined(n)) for n in loop.names))
    for k in written:
        known[k].version = take()
