"""Python lists that traced loops change."""

from __future__ import annotations

from typing import Any

from ..fxgraph.node import Node
from .journal import Contents, is_container, mutating

NO_ANSWER = object()

_CHANGING = {
    list: {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "__setitem__"},
    dict: {"pop", "popitem", "clear", "update", "setdefault", "__setitem__"},
}


def answer(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of a call that concerns a list that grows; NO_ANSWER for all others."""
    owner = getattr(f, "__self__", None)
    if type(owner) in _CHANGING and f.__name__ in _CHANGING[type(owner)]:
        mutating(owner)
    return NO_ANSWER


def has_grown(before: Contents, after: Contents) -> bool:
    return not before[0] and not after[0] and len(after[1]) > len(before[1])


def make_room(container: Any, before: Contents, after: Contents, steps: Node) -> None:
    raise NotImplementedError


def alike(container, a, b, site):
    raise NotImplementedError


__all__ = ["answer", "has_grown", "is_container", "make_room"]
