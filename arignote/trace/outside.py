"""Containers from outside that a traced function changes.

The lists, dicts and dataclasses among the arguments are copies while the function is traced; each
call writes back what the function left in them (`refill`).  Other containers (globals, objects)
were read when the function was traced, so a change of what they hold would be seen by no later
call: it is refused, and nothing traced stays in them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FunctionType, MethodType, ModuleType
from typing import Any

from ..errors import UnsupportedError
from .growing import Growing
from .journal import Contents, Journal, contents, is_container
from .journal import refill as put_back
from .library_names import is_library
from .marks import MarkedText
from .names_read import with_nested
from .proxy import Proxy
from .pytree import is_registered
from .session import NeedTree
from .texts import Text

Path = tuple[Any, ...]
#: How far outsiders are looked for: containers in each other, in all, and entries of one.
_DEEPEST, _MOST, _LONGEST = 6, 10_000, 10_000


def containers_in(value: Any) -> list[tuple[Path, Any]]:
    """The containers that can change in a value, with the way to each."""
    return [(path, x) for path, x in _walk(value, ()) if _is_mutable(x)]


def outsiders(function: Any, leaves: Sequence[Any]) -> dict[int, Any]:
    """The lists, dicts and objects that a function finds: in names of other scopes, itself and
    those it calls by such names, and in arguments that are no trees.  By identity.
    """
    found: dict[int, Any] = {}
    waiting = [(x, 0) for x in (function, *leaves)]
    while waiting and len(found) < _MOST:
        x, deep = waiting.pop()
        if id(x) in found or deep > _DEEPEST:
            continue
        x = getattr(x, "__wrapped__", x) if callable(x) else x
        if isinstance(x, MethodType):
            waiting += [(x.__func__, deep), (x.__self__, deep)]
        elif isinstance(x, FunctionType):
            found[id(x)] = x
            if not is_library(x.__module__):
                waiting += [(v, deep + 1) for v in _read_by(x)]
        elif is_container(x) and not isinstance(x, ModuleType | Proxy) and _is_small(x):
            found[id(x)] = x
            if not is_library(type(x).__module__) or type(x) in (list, dict, set):
                waiting += [(v, deep + 1) for v in contents(x)[1]]
    return found


def _read_by(f: FunctionType) -> list[Any]:
    """What the names of other scopes in a function stand for."""
    cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
    out = []
    for code in with_nested(f.__code__):
        for name in (*code.co_names, *code.co_freevars):
            if name in cells:
                with suppress(ValueError):  # not assigned yet
                    out.append(cells[name].cell_contents)
            elif name in f.__globals__:
                out.append(f.__globals__[name])
    return out


def _is_small(x: Any) -> bool:
    return not isinstance(x, list | dict | set) or len(x) <= _LONGEST


def _walk(x: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, x
    for key, part in _parts(x):
        yield from _walk(part, (*path, key))


def _parts(x: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(x, list | tuple):
        return iter(enumerate(x))
    if type(x) is dict:
        return iter(x.items())
    if _is_object(x):
        return iter(vars(x).items())
    return iter(())


def _is_object(x: Any) -> bool:
    tree = dataclasses.is_dataclass(x) or is_registered(type(x))
    return tree and not isinstance(x, type) and hasattr(x, "__dict__")


def _is_mutable(x: Any) -> bool:
    return type(x) in (list, dict, set) or _is_object(x)


def settled(
    changes: Journal, given: list[tuple[Path, Any]], args: Any, others: dict[int, Any]
) -> bool:
    """Must calls write back what the function left in the containers among its arguments?

    given: those that it got.  others: those from elsewhere.  Raises UnsupportedError for changes
    that calls cannot do, NeedTree for an object whose attributes must become arguments.
    """
    own = {id(x) for _, x in given}
    for container, before in changes.changed:
        if id(container) in others:
            _check_outsider(container, before, changes)
    if not any(id(c) in own for c, _ in changes.changed):
        return False
    now = [(path, x) for path, x in _walk(args, ()) if id(x) in own]
    if [(p, id(x)) for p, x in now] != [(p, id(x)) for p, x in given]:
        raise UnsupportedError(
            "the function moves or removes a list, dict or object that is in another one among "
            "its arguments: return the new values instead"
        )
    return True


def _check_outsider(container: Any, before: Contents, changes: Journal) -> None:
    after = contents(container)
    traced = _is_traced(after[1])
    if not traced and not _replaced(before, after):
        return  # something was added while tracing, as a cache does
    put_back(container, before)
    kind, where = type(container).__name__, changes.places.get(id(container), "")
    if type(container) not in (list, dict, set):
        raise NeedTree(
            container,
            f"the function changes an attribute of a {kind} object, at {where}. What the object "
            "holds is read when the function is traced: pass the object as an argument (self of "
            "a method that is compiled in its class is one), or pass and return the values",
        )
    raise NeedTree(
        container,
        f"the function changes a {kind} that is none of its arguments, at {where}. What it holds "
        "is read when the function is traced: pass it as an argument, or return the new values",
    )


def _replaced(before: Contents, after: Contents) -> bool:
    """Is anything that was there another value now, or gone?"""
    if after[0] and isinstance(after[0][0], frozenset):
        return not before[0][0] <= after[0][0]
    old, new = (dict(zip(c[0] or range(len(c[1])), c[1], strict=True)) for c in (before, after))
    return any(k not in new or not _is_same(v, new[k]) for k, v in old.items())


def _is_same(a: Any, b: Any) -> bool:
    plain = (bool, int, float, complex, str)
    return a is b or (type(a) is type(b) and isinstance(a, plain) and a == b)


def _is_traced(x: Any, depth: int = 6) -> bool:
    if isinstance(x, Proxy | Growing | Text | MarkedText):
        return True
    if not depth:
        return False
    if type(x) in (set, frozenset):
        return any(isinstance(v, Proxy) for v in x)
    return any(_is_traced(part, depth - 1) for _, part in _parts(x))


def undo(changes: Journal, others: dict[int, Any], everything: bool) -> None:
    """After an error: nothing traced stays in containers from outside; after a refusal, nothing."""
    for container, before in changes.changed:
        if id(container) not in others:
            continue
        if everything or _is_traced(contents(container)[1]):
            put_back(container, before)


# ---- at each call --------------------------------------------------------------------------------
def refill(old: Any, new: Any) -> Any:
    """`old` with the contents of `new`; its containers stay the same objects."""
    if type(old) is not type(new) or old is new:
        return new
    if isinstance(old, tuple):
        for a, b in zip(old, new, strict=True):
            refill(a, b)
        return old
    if type(old) is list:
        old[:] = [refill(a, b) for a, b in zip(old, new, strict=False)] + new[len(old) :]
        return old
    if type(old) is set:
        old.intersection_update(new)
        old.update(new)
        return old
    if type(old) is dict:
        items = {k: refill(old[k], v) if k in old else v for k, v in new.items()}
        old.clear()
        old.update(items)
        return old
    if _is_object(old):
        for name, value in list(vars(new).items()):
            part = refill(vars(old).get(name), value)
            if part is not vars(old).get(name):
                object.__setattr__(old, name, part)
        for name in [k for k in vars(old) if k not in vars(new)]:
            object.__delattr__(old, name)
        return old
    return new


def at(value: Any, path: Path) -> Any:
    """What stands at the end of a path."""
    for key in path:
        value = value[key] if isinstance(value, list | tuple | dict) else vars(value)[key]
    return value
