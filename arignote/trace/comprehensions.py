"""Comprehensions: Python's own over Python items, captured loops over counted ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

from ..errors import TraceError
from ..scanloop.scan import steps_known
from .branches import if_
from .convert.site import Site
from .convert.syntax import PREFIX
from .generators import LISTED, Generator, for_each
from .growing import growing, is_discarded
from .iteration import Counter, Nested, counter_of
from .journal import made, mutating
from .lists import EXTENDED, append
from .loops import LONGEST_UNROLLED, loop_for
from .numpy_api.arguments import has_traced
from .produced import Produced
from .proxy import Proxy
from .regions import at_site
from .session import is_tracing
from .truthiness import decided, truth
from .undefined import OfSteps

#: Counted comprehensions up to this length give plain lists.
SHORT = 16


def comprehension(
    kind: str,
    iterable: Any,
    element: Callable[..., Any],
    condition: Callable[..., Any] | None,
    site: Site,
    nested: bool = False,
    unpack: Callable[[Any], Any] | None = None,
) -> Any:
    """`[element(item) for item in iterable if condition(item)]` as what `kind` says"""

    def parts(item: Any) -> Any:
        return unpack(item) if unpack is not None else (item,)

    if type(iterable) is Generator:
        out = _captured(iterable, condition, element, parts, site, nested)
        return out if kind in ("list", "generator") else made({"set": set, "dict": dict}[kind](out))
    with at_site(site):
        found = counter_of(iterable)
    if isinstance(found, Nested):
        if kind in ("set", "dict"):
            raise TraceError(f"{site}\na {kind} comprehension over every position of an array")
        return _captured(found, condition, element, parts, site, nested)
    if isinstance(found, Counter):
        setters = _setters(element, condition)
        steps = steps_known(found.lo, found.hi, found.step)
        if setters and steps is not None and steps <= LONGEST_UNROLLED:
            items: Any = found.literal()  # its steps hang together by names
        else:
            items = _as_python(found, kind, condition, element, parts)
        if items is None:
            capture = partial(_captured, found, condition, element, parts, site, nested)
            return _with_names_of_steps(setters, capture)
        found = items
    if condition is not None and kind in ("list", "generator") and is_tracing():
        items = list(found)
        if has_traced(items):  # whether an element belongs may be known at run time only
            out = _captured(items, condition, element, parts, site, nested)
            return iter(out) if kind == "generator" and growing(out) is None else out
        found = items
    if kind == "generator" and not nested and is_tracing():
        items = list(islice(source := iter(found), LONGEST_UNROLLED))
        if len(items) < LONGEST_UNROLLED:
            return Produced(items, lambda x: _produced([x], condition, element, parts, site))
        found = chain(items, source)
    produced = _produced(found, condition, element, parts, site)
    if nested:
        joined = _joined(produced, kind, found, site)
        if isinstance(joined, list):
            return joined
        produced = joined
        if kind == "generator" and is_tracing():
            return Produced(list(produced), _alone)
    if kind == "generator":
        return produced
    return made({"list": list, "set": set, "dict": dict}[kind](produced))


def _alone(x: Any) -> Iterable[Any]:
    return (x,)


def _setters(*functions: Callable[..., Any] | None) -> dict[str, Callable[[Any], Any]]:
    """What assigns the names of `:=` in them."""
    found: dict[str, Callable[[Any], Any]] = {}
    for f in functions:
        code, cells = getattr(f, "__code__", None), getattr(f, "__closure__", None) or ()
        for name, cell in zip(code.co_freevars if code is not None else (), cells, strict=False):
            if name.startswith(f"{PREFIX}set_"):
                found[name.removeprefix(f"{PREFIX}set_")] = cell.cell_contents
    return found


def _with_names_of_steps(
    setters: dict[str, Callable[[Any], Any]], capture: Callable[[], list[Any]]
) -> list[Any]:
    """Names that `:=` assigns in a captured loop belong to one step: not to the one before, and
    not to what follows."""
    for name, assign in setters.items():
        assign(OfSteps(name))
    out = capture()
    for name, assign in setters.items():
        assign(OfSteps(name))
    return out


def _as_python(
    counter: Counter,
    kind: str,
    condition: Callable[..., Any] | None,
    element: Callable[..., Any],
    parts: Callable[[Any], Any],
) -> Iterable[Any] | None:
    """The items one by one, where their number is known and small, or none of them is traced."""
    steps = steps_known(counter.lo, counter.hi, counter.step)
    if steps is not None and steps <= SHORT and condition is None:
        return counter.literal()
    if kind in ("set", "dict"):
        literal = counter.known(LONGEST_UNROLLED)
        if literal is None:
            raise TraceError(
                f"a {kind} comprehension over a number of items known at run time only"
            )
        return literal.literal()
    if steps is None:
        return None
    first = next(iter(counter.literal()), None)
    plain = not isinstance(first, Proxy) and condition is None
    return counter.literal() if plain and _is_plain(element(*parts(first))) else None


def _is_plain(x: Any) -> bool:
    if isinstance(x, tuple | list):
        return all(map(_is_plain, x))
    return not isinstance(x, Proxy)


def _produced(
    items: Iterable[Any],
    condition: Callable[..., Any] | None,
    element: Callable[..., Any],
    parts: Callable[[Any], Any],
    site: Site,
) -> Iterator[Any]:
    """The elements over Python items, as Python makes them: one after the other."""
    for item in items:
        values = parts(item)
        if condition is not None:
            t = decided(truth(condition(*values)))
            if t is None:
                raise TraceError(
                    f"{site}\nwhether an element belongs to a comprehension over Python items "
                    "depends "
                    f"on a traced value: loop over an array, or use a mask"
                )
            if not t:
                continue
        yield element(*values)


def _joined(
    produced: Iterator[Any], kind: str, items: Any, site: Site
) -> Iterator[Any] | list[Any]:
    """What inner loops produced, one after the other; a list where it takes running the function
    to tell how many elements they have."""
    if kind not in ("list", "generator") or not hasattr(items, "__len__"):
        return _chained(produced, kind, site)
    chunks = list(produced)
    if not any(map(_counted, chunks)):
        return chain.from_iterable(chunks)
    out: list[Any] = made([])
    for chunk in chunks:
        extend(out, chunk)
    return out


def _counted(values: Any) -> bool:
    return type(values) is Generator or growing(values) is not None


def _chained(produced: Iterator[Any], kind: str, site: Site) -> Iterator[Any]:
    for chunk in produced:
        if _counted(chunk):
            raise TraceError(
                f"{site}\nhow many elements the {kind} has is known at run time only: make a list "
                "of it"
            )
        yield from chunk


def _captured(
    items: Counter | Generator | Nested | list[Any],
    condition: Callable[..., Any] | None,
    element: Callable[..., Any],
    parts: Callable[[Any], Any],
    site: Site,
    nested: bool,
) -> list[Any]:
    """A loop that appends to a list."""
    out: list[Any] = made([])

    def body(item: Any) -> None:
        values = parts(item)
        if condition is None:
            add(element(*values))
        else:
            then = lambda: add(element(*values))
            if_(condition(*values), then, lambda: None, lambda: (), lambda _: None, (), (), site)

    def add(value: Any) -> None:
        if not nested:
            append_to(out, value)
            return
        _each(value, lambda x: append_to(out, x), site)

    _each(items, body, site)
    return out


def _each(values: Any, body: Callable[[Any], None], site: Site) -> None:
    """Run a body that assigns no names for every value."""
    if type(values) is Generator:
        for_each(values, body)
        return
    loop_for(counter_of(values), body, None, lambda: (), lambda _: None, (), (), (), site)


def _listed(values: Any) -> list[Any]:
    """The values of a generator, or of a range or the like of any length."""
    out: list[Any] = made([])
    extend(out, values)
    return out


LISTED.append(_listed)


def extend(held: list[Any], values: Any) -> None:
    """`held.extend(values)`"""
    if type(values) is Generator:
        for_each(values, lambda x: append_to(held, x))
        return
    found = counter_of(values)
    if not isinstance(found, Counter | Nested):
        for x in found:
            append_to(held, x)
        return
    each = lambda x: append_to(held, x)
    loop_for(found, each, None, lambda: (), lambda _: None, (), (), (), _EXTEND)


_EXTEND = Site("<builtin>", 0, 0, 0, "extend(...)", "extend")
EXTENDED.append(extend)


def append_to(held: list[Any], value: Any) -> None:
    """`held.append(value)`"""
    g = growing(held)
    if is_discarded(held):
        return
    if g is not None:
        append(held, g, value)
    else:
        mutating(held)
        held.append(value)
