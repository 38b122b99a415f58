"""Generators of converted code: their loops run the body of the loop that goes through them.

A call of a generator function gives a `Generator`, which runs when a loop, a comprehension or a
function such as list() goes through it.  Every value that it yields runs the body of that loop, its
`Consumer`, in the middle of the generator's own loops and branches: these carry the names of both.
So values, writes and errors come in Python's order, and a loop that is left ends the generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import TraceError, UnsupportedError
from . import branches, loops
from .branches import State
from .convert.site import Site
from .regions import depth
from .session import record
from .truthiness import not_, truth
from .where import place


class Generator:
    """run: goes through all of it once, for the innermost consumer."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name = name
        self._run: Callable[[], None] | None = run
        self._depth = depth()
        self._ended = False

    def start(self, to_the_end: bool) -> Callable[[], None]:
        """`run`, for the first time that it is asked for; after the end nothing is left to do."""
        run, self._run = self._run, None
        if depth() != self._depth:
            raise self.refused("is gone through in a loop or branch that it is not from")
        if run is None:
            if not self._ended:
                raise self.refused("is gone through in two loops")
            return lambda: None
        self._ended = to_the_end
        return run

    def refused(self, what: str) -> TraceError:
        return TraceError(
            f"the generator {self.name} {what}, at {place()}: make it a list where it is called, "
            f"list({self.name}(...))"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__next__", "__len__"):
            raise AttributeError(name)
        raise self.refused("is used for more than a loop")

    def __iter__(self) -> Any:
        raise self.refused("is used for more than a loop")


@dataclass(frozen=True)
class Consumer:
    """The loop that goes through a generator, and the names that it carries."""

    body: Callable[[Any], None]
    test: Callable[[], Any] | None
    get: Callable[[], State]
    put: Callable[[State], None]
    names: tuple[str, ...]
    carried: tuple[str, ...]


class _Open(list[Consumer]):
    """The consumers of the generators that are being gone through, the innermost last."""


def generator(function: Any) -> Any:
    """A function that is defined in converted code and yields."""
    function.__arignote_generator__ = True
    return function


def yielded(value: Any) -> Any:
    """`yield value` in converted code: is the generator to end here?"""
    waiting = record(_Open)
    if not waiting:
        raise UnsupportedError(
            f"a generator is compiled by itself, at {place()}: compile the function that goes "
            "through it"
        )
    consumer = waiting.pop()
    try:
        consumer.body(value)
        return False if consumer.test is None else not_(truth(consumer.test()))
    finally:
        waiting.append(consumer)


def go_through(values: Generator, consumer: Consumer) -> None:
    """Run the consumer's body for every value."""
    run = values.start(consumer.test is None)
    waiting = record(_Open)
    waiting.append(consumer)
    try:
        run()
    finally:
        waiting.pop()


#: Set by `comprehensions`: a generator's values as a list.
LISTED: list[Callable[[Generator], list[Any]]] = []


def for_each(values: Generator, body: Callable[[Any], None]) -> None:
    """Run a body without names of its own for every value."""
    go_through(values, Consumer(body, None, lambda: (), lambda _: None, (), ()))


# ---- loops and branches of converted code --------------------------------------------------------
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
    get, put, names, more = _with_consumer(get, put, names)
    carried = (*carried, *more)
    if type(iterable) is Generator:
        go_through(iterable, Consumer(body, test, get, put, tuple(names), carried))
        return
    loops.loop_for(iterable, body, test, get, put, names, carried, target_names, site)


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
    get, put, names, more = _with_consumer(get, put, names)
    loops.loop_while(test, body, get, put, names, (*carried, *more), site)


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
    """`then() if pred else other()`"""
    get, put, names, more = _with_consumer(get, put, names)
    branches.if_(pred, then, other, get, put, names, (*outs, *more), site)


def _with_consumer(
    get: Callable[[], State], put: Callable[[State], None], names: Sequence[str]
) -> tuple[Callable[[], State], Callable[[State], None], Sequence[str], tuple[str, ...]]:
    """The names with those of the consumer that values are yielded to, and what it carries."""
    waiting = record(_Open)
    if not waiting:
        return get, put, names, ()
    consumer, n = waiting[-1], len(names)
    new = dict(zip(consumer.names, _unlike(consumer.names, names), strict=True))

    def put_both(state: State) -> None:
        put(state[:n])
        consumer.put(state[n:])

    carried = tuple(new[name] for name in consumer.carried)
    return lambda: (*get(), *consumer.get()), put_both, (*names, *new.values()), carried


def _unlike(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """The names, made unlike each other and the others."""
    taken, out = set(others), []
    for name in names:
        while name in taken:
            name += "_"
        taken.add(name)
        out.append(name)
    return out
