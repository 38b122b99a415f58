"""Methods and functions on lists and dicts that traced branches and loops change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.affine import linear, minus, plus, times
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.scalar import greatest, least, scaled
from ..fxgraph.prove import bounds
from . import elements
from .convert.site import Site
from .growing import (
    Discarded,
    Growing,
    Kind,
    from_items,
    growing,
    is_discarded,
    joined,
    kind_of,
    larger,
)
from .iteration import is_counted
from .journal import Contents, check_frozen, mutating, refill
from .leaves import Unstable
from .lookup import looked_up
from .proxy import Cell, Proxy
from .registry import IMPLEMENTED, hooks
from .texts import Text

NO_ANSWER = object()

_CHANGING: dict[Any, set[str]] = {
    list: {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"},
    dict: {"pop", "popitem", "clear", "update", "setdefault"},
    set: {
        "add", "discard", "remove", "pop", "clear", "update", "difference_update",
        "intersection_update", "symmetric_difference_update",
    },
}


def answer(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of a call that concerns a list that grows; NO_ANSWER for all others."""
    owner: Any = getattr(f, "__self__", None)
    if is_discarded(owner) and f.__name__ in ("append", "extend"):
        return None
    if any(is_discarded(x) for x in (owner, *args)):
        raise read_while_growing()
    if type(owner) is dict and f.__name__ == "get" and args and isinstance(args[0], Text):
        return looked_up(owner, args[0], *(args[1:] or (None,)))
    if type(owner) in _CHANGING:
        g = growing(owner)
        if g is not None:
            return _method(f.__name__, owner, g, args, kwargs)
        if f.__name__ == "sort" and type(owner) is list and has_proxy(owner):
            mutating(owner, linked=True)
            owner[:] = SORTED[0](owner, **kwargs)
            elements.changed(owner)
            return None
        if f.__name__ == "extend" and type(owner) is list and _is_traced_many(args[0]):
            extended(owner, args[0])
            return None
        if f.__name__ in _CHANGING[type(owner)]:
            if f.__name__ not in ("append", "extend"):
                elements.item_replaced(owner)
            mutating(owner, linked=True)
            if elements.is_linked(owner):
                out = f(*args, **kwargs)
                elements.changed(owner)
                return out
    if any(growing(a) is not None for a in args):
        return _function(f, args, kwargs)
    return NO_ANSWER


def _is_traced_many(values: Any) -> bool:
    return growing(values) is not None or is_counted(values)


#: Set by `comprehensions`: appends each of several values.
EXTENDED: list[Callable[[list[Any], Any], None]] = []
#: Set by `produced`: the first of the elements that are left.
NEXT: list[Callable[..., Any]] = []
#: Set by `sequences`: `a + b`.
JOINED: list[Callable[..., list[Any]]] = []
#: Set by `ordering`: sorted().
SORTED: list[Callable[..., list[Any]]] = []


def has_proxy(items: Sequence[Any]) -> bool:
    """Is a traced number among these, or in a tuple among them?"""
    return any(isinstance(x, Proxy) or (type(x) is tuple and has_proxy(x)) for x in items)


def read_while_growing() -> Unstable:
    return Unstable("a list is read in the `while` loop that it grows in: preallocate an array")


# ---- methods -------------------------------------------------------------------------------------
def _method(
    name: str, held: list[Any], g: Growing, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    f = METHODS.get(name)
    if name not in ("copy", "count", "index"):
        check_frozen(held)
    if f is None:
        raise TraceError(
            f"list.{name} of a list that grows in a loop: make it an array first, np.array(...)"
        )
    return f(held, g, *args, **kwargs)


def append(held: list[Any], g: Growing, value: Any) -> None:
    check_frozen(held)
    if not g.reserved:
        g = g.resized(plus(g.capacity, lit(1)))
        _replace(held, g)
    at = g.count.version
    g.append(value)
    elements.placed(held, at, value)


def _extend(held: list[Any], g: Growing, values: Any) -> None:
    EXTENDED[0](held, values)


def _clear(held: list[Any], g: Growing) -> None:
    g.count.version = lit(0)


def _copy(held: list[Any], g: Growing) -> list[Any]:
    return [g.shallow()]


def contents_of(held: list[Any]) -> Growing:
    """The elements of a list, for another list."""
    g = growing(held)
    assert g is not None
    return g.shallow()


METHODS: dict[str, Callable[..., Any]] = {
    "append": append,
    "extend": _extend,
    "clear": _clear,
    "copy": _copy,
}


def _replace(held: list[Any], g: Growing) -> None:
    mutating(held)
    held[:] = [g]


def extended(held: list[Any], values: Any) -> list[Any]:
    """`held += values`"""
    g = growing(held)
    if is_discarded(held):
        return held
    if g is None:
        if is_counted(values):
            EXTENDED[0](held, values)
            return held
        mutating(held, linked=True)
        if growing(values) is not None:
            held[:] = JOINED[0](held, values)
        else:
            held += values
        elements.changed(held)
    else:
        _extend(held, g, values)
    return held


# ---- functions -----------------------------------------------------------------------------------
def _function(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of lists that grow: NumPy's see arrays."""
    g = growing(args[0])
    if f is len and g is not None:
        return g.length
    if f is list and g is not None:
        return _copy(args[0], g)
    if f is next and g is not None:  # the list is what a generator expression gives
        return NEXT[0](*args)
    if isinstance(f, np.ufunc) or _is_implemented(f):
        return _again(f, tuple(_as_array(a) for a in args), kwargs)
    return NO_ANSWER


def _again(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if isinstance(f, np.ufunc):
        return f(*args, **kwargs)
    return IMPLEMENTED[f](*args, **kwargs)


def _is_implemented(f: Any) -> bool:
    try:
        return f in IMPLEMENTED
    except TypeError:
        return False


def _as_array(x: Any) -> Any:
    g = growing(x)
    return x if g is None else _columns(g)


def _array_of(x: Any) -> Any:
    g = growing(x)
    return None if g is None else _columns(g)


hooks.grown = _array_of


def _columns(g: Growing) -> Any:
    if len(g.buffers) == 1 and g.kind.structure is None:
        return g.array()
    parts = [g.column(k) for k in range(len(g.buffers))]
    return IMPLEMENTED[np.stack](parts, axis=1)


# ---- growth in loops and branches ----------------------------------------------------------------
def has_grown(before: Contents, after: Contents) -> bool:
    """Did a list get longer than it was?"""
    if before[0] or after[0]:
        return False
    if any(type(x) is Growing for x in (*before[1], *after[1])):
        return before[1] != after[1]
    return len(after[1]) > len(before[1])


def needs_room(a: Contents, b: Contents) -> bool:
    """Does a list hold another number of elements after one branch than after the other?"""
    return len(a[1]) != len(b[1]) or a[0] != b[0] or _growing_of(a) is not _growing_of(b)


def most_appended(before: Contents, after: Contents, steps: Node, own: frozenset[Node]) -> Node:
    """At most how many elements all steps of a loop append, after one of them.  Raises Unstable."""
    old, new = _growing_of(before), _growing_of(after)
    had = old.capacity if old is not None else lit(len(before[1]))
    has = new.capacity if new is not None else lit(len(after[1]))
    return scaled(_at_most(minus(has, had), own), steps)


def grown_kind(before: Contents, after: Contents, own: frozenset[Node]) -> Kind:
    """What a list holds, before and after a step that appends to it.  Raises Unstable."""
    old, new = _growing_of(before), _growing_of(after)
    kind = None
    for x in after[1] if new is None else ():
        kind = kind_of(x) if kind is None else joined(kind, kind_of(x))
    kind = new.wanted or new.kind if new is not None else kind
    assert kind is not None
    if any(d.free & own for t in kind.types for d in t.shape if isinstance(d, Node)):
        raise Unstable("a list grows by arrays whose size changes from step to step")
    return kind if old is None else joined(kind, old.kind)


def reserve(held: list[Any], room: Node, kind: Kind) -> None:
    """Turn a list into one with room for `room` more elements."""
    old = growing(held)
    if old is not None:
        made = old.resized(plus(old.capacity, room), kind)
    else:
        made = from_items(held, room, kind)
    made.reserved = True
    mutating(held)
    items = () if old is not None else tuple(held)
    refill(held, ((), (made,)))
    for k, x in enumerate(items):
        elements.placed(held, lit(k), x)


def discard(held: list[Any]) -> None:
    """Drop what is appended from here on (until the list is refilled)."""
    mutating(held)
    held[:] = [Discarded()]


def widened_kind(held: list[Any]) -> bool:
    """Take wider elements where a step asked for them."""
    g = growing(held)
    if g is None or g.wanted is None:
        return False
    kind, g.wanted = g.wanted, None
    new = g.resized(g.capacity, kind)
    new.reserved = True
    mutating(held)
    held[:] = [new]
    return True


def done_with(grown: list[list[Any]]) -> None:
    """The loop that made room for these lists has been captured."""
    for held in grown:
        g = growing(held)
        if g is not None:
            g.reserved = False


def _growing_of(c: Contents) -> Growing | None:
    return c[1][0] if len(c[1]) == 1 and type(c[1][0]) is Growing else None


def _at_most(n: Node, own: frozenset[Node], lower: bool = False, depth: int = 8) -> Node:
    """An upper bound of n that does not depend on the loop's own index; `lower`: a lower one."""
    for _ in range(depth):
        coefs, _ = linear(n)
        inner = [a for a in coefs if a.free & own]
        if not inner:
            return n
        atom = inner[-1]
        below = (coefs[atom] < 0) != lower
        limits, every = bounds(atom, below)
        if every:  # the greatest of several is bounded by a bound of each
            limits = [_at_most(x, own, below, depth // 2) for x in limits]
            limits = [least(*limits) if below else greatest(*limits)]
        limits = [x for x in limits if not x.free & own] or limits
        if not limits:
            break
        n = plus(n, times(minus(limits[0], atom), coefs[atom]))
    raise Unstable("how much a list grows in a step is computed from data: preallocate an array")


def alike(
    held: Any,
    a: Contents,
    b: Contents,
    site: Site | None,
    first: Mapping[Cell, Node],
    second: Mapping[Cell, Node],
) -> tuple[Growing, Growing]:
    """What a list holds after either branch, where cells have these versions, with one capacity."""
    if isinstance(held, set):
        raise TraceError(
            f"{site}\na set gets other elements on one path than on the other, depending on a "
            "condition that is known at run time only: keep a list of numbers, or an array of "
            "flags with one for each possible element"
        )
    if a[0] or b[0] or type(held) is not list:
        raise TraceError(
            f"{site}\na dict or an object gets other keys on one path than on the other, "
            "depending on "
            f"a condition that is known at run time only: give it all its keys before"
        )
    one, two = _growing_of(a), _growing_of(b)
    one, two = (
        g if g is None else g.borrowed(versions) for g, versions in ((one, first), (two, second))
    )
    kinds = [kind_of(x) for c, g in ((a, one), (b, two)) if g is None for x in c[1]]
    kinds += [g.kind for g in (one, two) if g is not None]
    kind = kinds[0]
    for k in kinds[1:]:
        kind = joined(kind, k)
    one = one if one is not None else from_items(a[1], lit(0), kind)
    two = two if two is not None else from_items(b[1], lit(0), kind)
    return larger(one, two)
