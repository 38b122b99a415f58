"""Loops: `for` and `while` over traced values become one scan node.

A body is traced a few times until the guess about what it carries holds (see `carries`); the work
does not depend on how often the loop runs.  Short literal loops, and loops over Python containers,
are unrolled; so are loops that cannot be captured and whose length is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import minus, plus
from ..fxgraph.constants import lit
from ..fxgraph.prove import sure
from ..scanloop.scan import loop_facts, steps_known
from .aliasing import Aliased
from .branches import State, if_
from .capturing import capture
from .convert.site import Site
from .iteration import Counter, Nested, counter_of
from .journal import journal
from .leaves import Unstable
from .proxy import Proxy, wrap
from .regions import at_site, depth, facts_of, recorded
from .stepping import Loop, Memory, Outer, memory_of
from .truthiness import decided, truth

#: Loops over this many literal steps are unrolled.
SHORT = 4
#: Loops that cannot be captured are unrolled up to this length.
LONGEST_UNROLLED = 512


# ---- statements ----------------------------------------------------------------------------------
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
    if sure(minus(found.lo, found.hi) if found.step > 0 else minus(found.hi, found.lo)):
        return  # no step in this call (guarded): names, types and arrays are what they were
    target = target_names[0] if len(target_names) == 1 else "i"
    loop = Loop(
        found, body, test, get, put, names, frozenset(carried), site, memory_of(site), target
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
        None, lambda _: body(), test, get, put, names, frozenset(carried), site, memory_of(site)
    )
    if _never(loop):
        return
    outer, start = Outer.now(), get()
    try:
        with journal() as changes:
            capture(loop)
    except (Unstable, TraceError) as error:
        changes.undo()
        outer.back()
        put(start)
        if not _with_none(loop, error):
            _while_in_python(loop, error)


def _never(loop: Loop) -> bool:
    """Does a comparison of integers that depend on arguments only say that no step runs in this
    call (guarded)?  Then names, types and arrays are what they were."""
    assert loop.test is not None
    if depth():
        return False
    outer, start, count = Outer.now(), loop.get(), len(recorded())
    try:
        with journal() as changes:
            t = truth(loop.test())
    except (Unstable, TraceError):
        t = None
    finally:
        changes.undo()
        outer.back()
        loop.put(start)
        del recorded()[count:]
    if not isinstance(t, Proxy) or t.node.op.name not in _ORDER:
        return False
    if len(facts_of(t.node, True)) != 1:
        return False
    (runs,), (stays,) = facts_of(t.node, True), facts_of(t.node, False)
    return not sure(runs) and sure(stays)  # a kernel is for one of the two


_ORDER = ("less", "less_equal", "greater", "greater_equal")


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
    inner = lambda k: _nested(
        found, (*at, k), body, test, get, put, names, carried, target_names, site
    )
    loop = Loop(axis, inner, test, get, put, names, frozenset({*carried, *target_names}), site,
                memory_of(site), f"i{len(at)}")  # fmt: skip
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
            if_(t, partial(body, item), lambda: None, get, put, names, names, site)


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
        if _peeled(loop, error) or _with_none(loop, error):
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


def _with_none(loop: Loop, error: Exception) -> bool:
    """The loop, its names being None or values: for those that begin as None."""
    if loop.memory.optional or not isinstance(error, Unstable):
        return False
    again = replace(loop, memory=Memory(optional=True), containers=[], grown=[])
    outer, start = Outer.now(), loop.get()
    try:
        with journal() as changes:
            capture(again)
    except (Unstable, TraceError):
        changes.undo()
        outer.back()
        loop.put(start)
        return False
    loop.memory.optional = True
    return True


def refusal(loop: Loop, error: Exception) -> Exception:
    if isinstance(error, Unstable):
        return TraceError(
            f"{loop.site}\nthis loop cannot be captured: {error}. Give the variable one type "
            "and shape "
            f"before the loop, and keep it."
        )
    return error
