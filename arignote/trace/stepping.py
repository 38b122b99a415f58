"""One step of a loop, traced: the body under a guess about what it carries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..fxgraph.affine import minus, times
from ..fxgraph.constants import new_index, new_param
from ..fxgraph.node import Node
from ..fxgraph.prove import inside
from ..scanloop.carry import position_of
from ..scanloop.scan import loop_facts
from .aliasing import forget, recall
from .branches import State
from .carries import Guess, Held, check_rooms, enter, slots_of
from .convert.site import Site
from .growing import Appended, Growing
from .iteration import Counter
from .journal import Contents, contents, journal, mutating, refill
from .midway import last_versions
from .proxy import Cell, cells, wrap
from .regions import Region, facts_of, opened
from .rotation import Carried, Links, bind, carried_arrays
from .session import record
from .truthiness import decided, truth
from .undefined import Undefined

#: An integer among the carries: a name, and where in its value.
Way: TypeAlias = "tuple[str, tuple[int, int]]"


@dataclass
class Memory:
    """What was found out about a loop, for when the loop around it is traced again.

    optional: names may hold None at first and values later.
    """

    guesses: dict[str, Guess] = field(default_factory=dict)
    unbounded: set[str] = field(default_factory=set)
    monotone: dict[Way, int] = field(default_factory=dict)
    inner: dict[tuple[Site, int], Memory] = field(default_factory=dict)
    counts: dict[Site, int] = field(default_factory=dict)
    optional: bool = False


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
    """One trace of the body under a guess.  cond: None where the test is always true.  shared: what
    may be elements of lists that are made anew."""

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
    appended: list[tuple[Cell, Cell]]
    shared: list[Cell]

    @property
    def own(self) -> frozenset[Node]:
        """The leaves that mean something inside the body only."""
        params = [p for h in self.held.values() for each in h.params for p in each]
        flags = [h.flag for h in self.held.values() if h.flag is not None]
        index = [self.index] if self.index is not None else []
        return frozenset((*self.params, *params, *flags, *index, self.region.token))


_local = threading.local()


# ---- memory --------------------------------------------------------------------------------------
def memory_of(site: Site) -> Memory:
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


@dataclass
class Outer:
    """The cells around a loop, and what they held before a step was traced."""

    cells: list[Cell]
    versions: list[Node]
    aliases: list[Any]
    lines: list[object]

    @classmethod
    def now(cls) -> Outer:
        known = cells()
        lines = [c.line for c in known]
        return cls(known, [c.version for c in known], forget(known), lines)

    def set(self, versions: list[Node]) -> None:
        for cell, version in zip(self.cells, versions, strict=True):
            cell.version = version

    def back(self) -> None:
        self.set(self.versions)
        recall(self.cells, self.aliases)
        for cell, line in zip(self.cells, self.lines, strict=True):
            cell.line = line


def read_state(loop: Loop) -> dict[str, Any]:
    """The state: names, then what is in the containers that the body changes."""
    state = dict(zip(loop.names, loop.get(), strict=True))
    state.update((container_key(k), contents(c)) for k, c in enumerate(loop.containers))
    return state


def write_state(loop: Loop, state: Mapping[str, Any]) -> None:
    loop.put(tuple(state[n] for n in loop.names))
    for k, container in enumerate(loop.containers):
        mutating(container, linked=True)
        refill(container, state[container_key(k)])


def container_key(k: int) -> str:
    return f"container {k}"


def traced_step(
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
    position = (
        position_of(index) if index is not None and c is not None and abs(c.step) == 1 else None
    )
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
    appended = len(record(Appended))
    with journal() as changes:
        write_state(loop, {n: held[n].value if n in held else Undefined(n) for n in start})
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
                    end = read_state(loop)
                    for name, each in held.items():
                        check_rooms(each, end[name])
        state = read_state(loop)
        versions = last_versions(outer.cells, region)
        changed = [(x, before, contents(x)) for x, before in changes.changed]
        if region.ended:  # every step raises: only what it writes before that can be seen
            state = {n: held[n].value if n in held else v for n, v in state.items()}
            changed = []
        changes.undo()
    stale = {cell: cell.stale for cell in outer.cells if cell.stale is not None}
    put, shared = record(Appended)[appended:], [*_shared(changed)]
    trial = Trial(
        index, held, params, region, cond, state, versions, arrays, changed, stale, put, shared
    )
    outer.back()
    write_state(loop, start)
    return None if never else trial


def _shared(changed: list[tuple[Any, Contents, Contents]]) -> Iterator[Cell]:
    """The arrays that may be elements of lists that a step changed."""
    for held, _, (_, items) in changed:
        found = [x for x in items if isinstance(x, Growing)] if type(held) is list else []
        for cell in (b for g in found for b in g.buffers):
            for seen, _ in cell.ties or ():
                other = seen()
                if other is not None:
                    yield other


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
