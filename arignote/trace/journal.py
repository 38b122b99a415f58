"""Lists, dicts and objects that traced branches and loops change.

Python changes them while tracing; the journal of a branch or a loop step keeps what they held
before, so that they can be put back, and what they hold afterwards becomes state like any name.  A
container that is made inside is nobody else's business.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import TraceError
from .session import is_tracing, record, session
from .where import place

#: What a container holds: its keys, and its items.  A set has one key, all its elements.
Contents = tuple[tuple[Any, ...], tuple[Any, ...]]


@dataclass
class Journal:
    """touched: containers changed inside, with what they held before.  born: those made inside.
    places: where those from outside are first changed."""

    touched: dict[int, tuple[Any, Contents]] = field(default_factory=dict)
    born: dict[int, Any] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)

    @property
    def changed(self) -> list[tuple[Any, Contents]]:
        """The containers from outside that were changed, in order, with what they held before."""
        return [pair for key, pair in self.touched.items() if key not in self.born]

    def undo(self) -> None:
        for container, before in self.changed:
            refill(container, before)


_local = threading.local()


def _open() -> list[Journal]:
    stack: list[Journal] | None = getattr(_local, "stack", None)
    if stack is None:
        _local.stack = stack = []
    return stack


@contextmanager
def journal() -> Iterator[Journal]:
    """Note what is changed inside; nothing is put back unless `undo` is called."""
    mine = Journal()
    stack = _open()
    stack.append(mine)
    try:
        yield mine
    finally:
        stack.pop()


def recording_changes() -> bool:
    """Is a call traced, or a branch or loop open?"""
    return bool(_open()) or session().changes is not None


class _Frozen(list[Any]):
    """Containers that stand for one of several."""


def freeze(container: Any) -> Any:
    """Call with a container that stands for one of several that live on: it cannot be changed."""
    record(_Frozen).append(container)
    return container


class Linked(dict[int, list[Any]]):
    """Containers that are elements of lists of run-time length, by identity (see `elements`)."""


def mutating(container: Any, linked: bool = False) -> None:
    """Call before a container is changed.  Raises TraceError for one that stands for several.

    linked: the caller writes it to the list that it is an element of, if it is one.
    """
    if not linked and is_tracing() and id(container) in record(Linked):
        raise TraceError(
            f"a {type(container).__name__} that is an element of a list of a length known at run "
            f"time only is changed at {place()}, in a way that cannot be followed: assign a new "
            "one, x[i] = ..., or use an array"
        )
    check_frozen(container)
    whole = session().changes
    for j in _open() if whole is None else (*_open(), whole):
        if id(container) not in j.touched and id(container) not in j.born:
            j.touched[id(container)] = (container, contents(container))
            if j is whole:
                j.places[id(container)] = place()


def is_frozen(container: Any) -> bool:
    return any(container is x for x in record(_Frozen))


def check_frozen(container: Any) -> None:
    """Raise TraceError for a container that stands for one of several."""
    if is_tracing() and is_frozen(container):
        raise TraceError(
            f"a {type(container).__name__} is changed that is one of several, depending on a "
            f"condition that is known at run time only, at {place()}: write an `if` for each, or "
            "keep the values in an array with one more axis"
        )


def made(container: Any) -> Any:
    """Call with a container that was just made; gives it back."""
    whole = session().changes
    for j in _open() if whole is None else (*_open(), whole):
        j.born[id(container)] = container
    return container


def born_here(container: Any) -> bool:
    """Was it made in the innermost branch or step that is traced?"""
    stack = _open()
    return not stack or id(container) in stack[-1].born


def times_born(container: Any) -> int:
    """How many journals hold it as one that was made inside."""
    whole = session().changes
    every = _open() if whole is None else (*_open(), whole)
    return sum(id(container) in j.born for j in every)


def is_container(x: Any) -> bool:
    """Can its contents be carried as state?"""
    return type(x) in (list, dict, set) or (hasattr(x, "__dict__") and not isinstance(x, type))


@contextmanager
def holding(new: Sequence[tuple[Any, Contents]]) -> Iterator[None]:
    """Containers as they are elsewhere: put back in the end, and noted nowhere."""
    before = [(c, contents(c)) for c, _ in new]
    for container, there in new:
        refill(container, there)
    try:
        yield
    finally:
        for container, own in before:
            refill(container, own)


def contents(container: Any) -> Contents:
    if isinstance(container, list):
        return (), tuple(container)
    if isinstance(container, set):
        return (frozenset(container),), ()
    held = container if isinstance(container, dict) else vars(container)
    return tuple(held), tuple(held.values())


def refill(container: Any, new: Contents) -> None:
    keys, items = new
    if isinstance(container, list):
        container[:] = items
        return
    if isinstance(container, set):
        container.clear()
        container.update(*keys)
        return
    held = container if isinstance(container, dict) else vars(container)
    held.clear()
    held.update(zip(keys, items, strict=True))
