"""Rows of results too large for the cache are written past it, as `streaming` does whole results.

    for i: for j: out[i, j] = x[i] * y[j]

The loop over j becomes a function.  It runs over short stretches of a row into a small array, from
where non-temporal stores take them.  Rows of a few elements, and of results that fit the cache, are
written as ever.

The kernel waits for such stores before its end, and before threads start or end a nest: waiting
after every row took a third of the time of the gradient of a triangular solver.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ...fxgraph.affine import linear, size_node
from ...fxgraph.graph import order_of
from ...fxgraph.ops.scalar import product
from ...optimize.loopnest.access import Effects
from ...optimize.loopnest.program import Assign, Buffer, Loop, Store, walk
from ..scalar_code import code
from .scope import Module, Scope, function_text, root
from .streaming import STRETCH

#: What AN_FAR is at least; rows shorter than this many bytes are not worth the call.
FAR, SHORT = 25165824, 1024

Body = Callable[[Scope, "tuple[str, str]"], None]


def print_rows(scope: Scope, loop: Loop, bounds: tuple[str, str], body: Body) -> bool:
    """Print the loop where it writes rows of large results; False, and nothing, where not.

    body: prints the loop itself, between two bounds.
    """
    stores = _streamed(scope.module, loop)
    if not stores:
        return False
    large = _is_large(stores)
    if large is None:
        size = stores[0].buffer.dtype.itemsize
        count = scope.text(product([size_node(d) for d in stores[0].buffer.shape]))
        lo, hi = bounds
        scope.put(f"if {count}*{size} < AN_FAR or ({hi} - {lo})*{size} < {SHORT}:")
        scope.depth += 1
        body(scope, bounds)
        scope.depth -= 1
        scope.put("else:")
        scope.depth += 1
    _print_stretches(scope, loop, stores, bounds, body)
    if large is None:
        scope.depth -= 1
    return True


def may_stream(module: Module) -> bool:
    """Has the kernel rows that are written past the cache?"""
    if module.streams is None:
        loops = (s for s in walk(module.program.statements) if isinstance(s, Loop))
        module.streams = any(_streamed(module, s) for s in loops)
    return module.streams


def _streamed(module: Module, loop: Loop) -> list[Store]:
    """The stores of one element a step, along rows of results that nothing reads or adds to."""
    if loop.index.attr("step") != 1 or not all(isinstance(s, Assign | Store) for s in loop.body):
        return []
    inside = module.local_to(loop)
    if any(isinstance(s, Assign) and s.local not in inside for s in loop.body):
        return []
    found = [s for s in loop.body if isinstance(s, Store) and _is_row(module, loop, s)]
    buffers = [root(s.buffer) for s in found]
    alike = len({b.dtype for b in buffers}) == 1 and buffers[0].dtype.itemsize in (4, 8)
    if not 0 < len(found) <= 2 or len(set(buffers)) < len(found) or not alike:
        return []
    if any(root(s.buffer) in buffers for s in loop.body if isinstance(s, Store) and s not in found):
        return []
    return found if _is_large(found) is not False else []


def _is_row(module: Module, loop: Loop, s: Store) -> bool:
    b = s.buffer
    if b.base is not None or b.role != "result" or b.strides is not None or s.accumulate:
        return False
    if len(b.shape) < 2 or not module.pointer_type(b).endswith("p"):
        return False
    coefs, _ = linear(s.index[-1])
    if coefs.get(loop.index) != 1 or loop.index in order_of(s.index[:-1]):
        return False
    return all(n is loop.index or loop.index not in order_of((n,)) for n in coefs) and (
        _is_only_written(module.effects(), b)
    )


def _is_only_written(facts: Effects, b: Buffer) -> bool:
    return all(x.write and not x.accumulate and x.index is not None for x in facts.at.get(b, ()))


def _is_large(stores: list[Store]) -> bool | None:
    """None: that is known when it runs."""
    verdicts = set()
    for s in stores:
        b = s.buffer
        sizes = [d for d in b.shape if isinstance(d, int)]
        if b.shape[-1] in sizes and sizes[-1] * b.dtype.itemsize < SHORT:
            return False
        if len(sizes) < len(b.shape):
            return None
        verdicts.add(math.prod(sizes) * b.dtype.itemsize >= FAR)
    return verdicts == {True}


def _print_stretches(
    scope: Scope, loop: Loop, stores: list[Store], bounds: tuple[str, str], body: Body
) -> None:
    module = scope.module
    module.parts["streaming"] = None
    scope.streams()
    inner, name = _row(scope, body)
    lo, hi = bounds
    kind = module.type_of(code(stores[0].buffer.dtype))
    size = f"<int64_t>sizeof({kind})"
    at, stop = (scope.variable(w, "int64_t") for w in ("at", "stop"))
    scope.put(f"{at} = {lo}")
    scope.put(f"while {at} < {hi}:")
    scope.depth += 1
    module.held[loop.index] = at
    given, places = {}, []
    for s in stores:
        pointer = scope.pointer(s.buffer)
        place = scope.variable("row", "int64_t")
        scope.put(f"{place} = {scope.offset(s.buffer, s.index, scope.texts(*s.index))}")
        near = scope.variable(f"{pointer}_near", f"{kind}p")
        scope.declared[near] = f"{kind} {near}[{STRETCH // s.buffer.dtype.itemsize}]"
        given[pointer] = f"<{kind}p>({near} - {place})"
        places.append((f"&{pointer}[{place}]", near))
    del module.held[loop.index]
    scope.put(f"{stop} = an_stretch({at}, {hi}, {places[0][0]}, {size})")
    args = ", ".join([at, stop, *(given.get(x) or scope.read(x) for x in inner.free)])
    scope.put(f"{name}({args})")
    for place, near in places:
        scope.put(f"an_stream({place}, {near}, ({stop} - {at})*{size})")
    scope.put(f"{at} = {stop}")
    scope.depth -= 1


def _row(scope: Scope, body: Body) -> tuple[Scope, str]:
    """The loop as a function over a range of its steps."""
    module = scope.module
    inner = Scope(module, scope)
    first, last = (module.names.counter(w) for w in ("first", "last"))
    for word in (first, last):
        module.types[word] = "int64_t"
        inner.declared[word] = ""
    body(inner, (first, last))
    del inner.declared[first], inner.declared[last]
    name = module.names.fresh("row")
    typed = [f"int64_t {first}", f"int64_t {last}"]
    typed += [f"{module.types[x]} {x}" for x in inner.free]
    head = f"cdef an_nest {name}({', '.join(typed)}) noexcept nogil:"
    module.parts["threads"] = None  # declares an_nest
    module.functions.append(function_text(head, inner))
    module.names.release("first", first)
    module.names.release("last", last)
    return inner, name
