"""Containers as state: what a loop or a branch carries is what is in them.

Tuples and named tuples are values and always opened.  Lists, dicts and objects have an identity, so
they are opened only where a name changes from one of them to another (`deep`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .optional import Maybe
from .texts import Text

#: How a container is put together again from its parts.
Build: TypeAlias = "Callable[[Sequence[Any]], Any]"


def opened_up(value: Any, deep: bool = False) -> tuple[Any, list[Any], Build] | None:
    """(what two alike containers agree in, the parts, the way back); None for leaves."""
    if isinstance(value, tuple):
        kind = type(value)
        if hasattr(kind, "_fields"):
            return (kind, len(value)), list(value), lambda parts: kind(*parts)
        if kind is tuple:
            return (tuple, len(value)), list(value), tuple
    if type(value) is Text:
        return Text, [value.code], lambda parts: Text(parts[0])
    if type(value) is Maybe:
        return Maybe, [value.some, value.value], lambda parts: Maybe(*parts)
    if not deep:
        return None
    if type(value) is list:
        return (list, len(value)), list(value), list
    if type(value) is dict:
        keys = tuple(value)
        return (dict, keys), list(value.values()), lambda parts: dict(zip(keys, parts, strict=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _dataclass(value)
    return None


def _dataclass(value: Any) -> tuple[Any, list[Any], Build]:
    names = tuple(f.name for f in dataclasses.fields(value))
    kind = type(value)

    def build(parts: Sequence[Any]) -> Any:
        new = object.__new__(kind)
        for name, part in zip(names, parts, strict=True):
            object.__setattr__(new, name, part)
        return new

    return (kind, names), [getattr(value, name) for name in names], build


def rebuilt(value: Any, f: Callable[[Any], Any], deep: bool = False) -> Any:
    """`value` with every leaf replaced by f(leaf)."""
    found = opened_up(value, deep)
    if found is None:
        return f(value)
    _, parts, build = found
    new = [rebuilt(part, f, deep) for part in parts]
    if all(a is b for a, b in zip(new, parts, strict=True)):
        return value
    return build(new)


def told(value: Any) -> Any:
    """`value` with None or the value for every Maybe, whose flags are known; itself without any."""
    if type(value) is Maybe:
        return told(value.value) if value.some else None
    found = opened_up(value, True)
    if found is None:
        return value
    new = [told(part) for part in found[1]]
    return value if all(a is b for a, b in zip(new, found[1], strict=True)) else found[2](new)


def flatten(value: Any, deep: bool = False) -> tuple[Any, list[Any]]:
    """(structure, leaves); two values are alike when their structures are equal."""
    found = opened_up(value, deep)
    if found is None:
        return None, [value]
    key, parts, _ = found
    inner = [flatten(part, deep) for part in parts]
    return (key, tuple(s for s, _ in inner)), [leaf for _, leaves in inner for leaf in leaves]


def filled(value: Any, leaves: Sequence[Any], deep: bool = False) -> Any:
    """A container like `value` with these leaves."""
    waiting = iter(leaves)
    return _fill(value, waiting, deep)


def _fill(value: Any, waiting: Any, deep: bool) -> Any:
    found = opened_up(value, deep)
    if found is None:
        return next(waiting)
    _, parts, build = found
    return build([_fill(part, waiting, deep) for part in parts])
