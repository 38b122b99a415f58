"""Loops cut into parts for threads: the loop becomes a function over a range of its steps.

Each part has its own copy of the call context, so that of several errors the first in program order
is reported.  Scratch inside a part has a slot for each thread.
"""

from __future__ import annotations

from collections.abc import Callable

from ...fxgraph.affine import minus
from ...fxgraph.interval import interval
from ...optimize.loopnest.access import effects_of, root
from ...optimize.loopnest.program import Loop
from .header import MOST_PARTS
from .scope import Scope, assigned, function_text
from .streamed_rows import may_stream
from .streaming import print_streamed, streamed_buffers

#: How much more work a nest must have that writes what has been written before.
AGAIN = 4

Body = Callable[[Scope, "tuple[str, str]"], None]


def may_be_cut(scope: Scope, loop: Loop) -> bool:
    """Does the loop set only variables of its own, and may it be long enough?  A variable read
    behind it has one last value."""
    if _is_short(loop, _least_work(scope, loop)):
        return False
    return assigned(loop.body) <= scope.module.local_to(loop)


def _least_work(scope: Scope, loop: Loop) -> float:
    """Work from which threads share the loop.  What is written again and again, in a loop around
    or by one call after the other, moves between the caches of those who wrote it last: a nest that
    takes 20 µs alone took 80 (`a -= np.outer(b, c)` in a loop, 400 x 400)."""
    least = scope.module.parallel_work
    written = effects_of(loop.body).writes
    again = scope.depth > 1 or any(root(b).role == "argument" for b in written)
    return least * AGAIN if again else least


def _is_short(loop: Loop, least: float) -> bool:
    """Is its work known to be too little to be shared?  Then it stays where it is, so that the C
    compiler sees its bounds, and nothing is called in the steps of a loop around it."""
    if loop.work is None:
        return False
    lo, hi, step = (loop.index.attr(x) for x in ("lo", "hi", "step"))
    _, steps = interval(minus(hi, lo) if step > 0 else minus(lo, hi))
    _, work = interval(loop.work)
    if steps is None or work is None:
        return False
    trip: int = max(-(-steps // abs(step)), 0)
    return trip * work < least


def print_parallel(scope: Scope, loop: Loop, body: Body) -> None:
    """The nest as a function, and its call: whole, or in parts when there is work enough."""
    module = scope.module
    inner = Scope(module, scope)
    inner.parts_of_loop = True
    module.types["place"] = "int64_t"
    first, last = (module.names.counter(w) for w in ("first", "last"))
    for word in (first, last):
        module.types[word] = "int64_t"
        inner.declared[word] = ""
    body(inner, (first, last))
    del inner.declared[first], inner.declared[last]
    nest = _function(inner, first, last)
    far = () if inner.fails else streamed_buffers(module, loop)
    streamed = print_streamed(module, nest, inner, (first, last), far) if far else ""
    module.names.release("first", first)
    module.names.release("last", last)
    _call(scope, loop, inner, nest, streamed)


def _function(inner: Scope, first: str, last: str) -> str:
    module = inner.module
    name = module.names.fresh("nest")
    args = ", ".join(
        [f"int64_t {first}", f"int64_t {last}", *(f"{module.types[x]} {x}" for x in inner.free)]
    )
    if inner.fails:
        inner.put("return 0")
    kind = "int32_t" if inner.fails else "an_nest"
    module.parts["threads"] = None
    module.functions.append(function_text(f"cdef {kind} {name}({args}) noexcept nogil:", inner))
    return name


def _call(scope: Scope, loop: Loop, inner: Scope, nest: str, streamed: str) -> None:
    module = scope.module
    module.parts["threads"] = None
    index = loop.index
    step = index.attr("step")
    lo, hi = (t.text for t in scope.texts(index.attr("lo"), index.attr("hi")))
    trip, parts, t = (scope.variable(w, "int64_t") for w in ("trip", "parts", "piece"))
    work = scope.text(loop.work) if loop.work is not None else "1"
    scope.put(f"{trip} = an_trip({lo}, {hi}, {step})")
    least = _least_work(scope, loop)
    scope.put(f"{parts} = an_parts({scope.context()}.threads, {trip}, {work}, {least!r})")
    bounds = [f"an_cut({lo}, {step}, {trip}, {k}, {parts})" for k in (t, f"{t} + 1")]
    whole, cut = _arguments(scope, inner, "0"), _arguments(scope, inner, "threadid()")
    if streamed:
        nest, bounds, lo = streamed, [trip, *bounds], f"{trip}, {lo}"
    codes = _array(scope, "codes", "int32_t") if inner.fails else ""
    contexts = _array(scope, "contexts", "an_context") if codes else ""
    scope.put(f"if {parts} == 1:")
    if not codes:
        scope.put(f"    {nest}({', '.join([lo, hi, *whole])})")
    else:
        scope.put(f"    {codes}[0] = {nest}({', '.join([lo, hi, *whole])})")
        scope.put(f"    if {codes}[0] != 0:")
        scope.put(f"        return {codes}[0]")
    scope.put("else:")
    if may_stream(module):
        module.parts["streaming"] = None
        scope.put("    an_streamed()")
    threads = f"<int>an_most({scope.context()}.threads)"
    scope.put(f"    for {t} in prange({parts}, num_threads={threads}, schedule='dynamic'):")
    if not codes:
        scope.put(f"        {nest}({', '.join([*bounds, *cut])})")
        if inner.streamed:
            scope.put("        an_streamed()")
        return
    cut = [f"&{contexts}[{t}]" if x == "ctx" else x for x in cut]
    scope.put(f"        {contexts}[{t}] = {scope.context()}[0]")
    scope.put(f"        {codes}[{t}] = {nest}({', '.join([*bounds, *cut])})")
    if inner.streamed:
        scope.put("        an_streamed()")
    scope.put(f"    for {t} in range({parts}):")
    scope.put(f"        if {codes}[{t}] != 0:")
    scope.put(f"            an_report({scope.context()}, &{contexts}[{t}])")
    scope.put(f"            return {codes}[{t}]")
    scope.fails = True


def _arguments(scope: Scope, inner: Scope, place: str) -> list[str]:
    return [place if x == "place" else scope.read(x) for x in inner.free]


def _array(scope: Scope, name: str, kind: str) -> str:
    """One element a part."""
    found = scope.variable(name, f"{kind}*")
    scope.declared[found] = f"{kind} {found}[{MOST_PARTS}]"
    return found
