"""Loops that are reductions: macros over lanes, early exits, and long ones in chunks for threads.

A reduction that is no part of another loop and has many steps is cut into chunks whose number
depends on the number of steps alone; each chunk's value goes into an array, which is reduced at the
end.  So threads may share the chunks, and the result has the same bits whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ...fxgraph.constants import const, is_const, value_of
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import BOOL
from ...optimize.loopnest.parallel import work_of
from ...optimize.loopnest.program import Fold, Loop, Statement
from .header import MOST_CHUNKS
from .reductions import (
    KINDS,
    accumulator,
    carried,
    join_function,
    lane_folds,
    lane_macro,
    macro_name,
)
from .runs import print_run, print_search
from .scope import Scope, function_text

#: Tenths of nanoseconds a step from which chunks are shorter: one takes 8 µs or more.
HEAVY = 10

Block = Callable[[Scope, Iterable[Statement]], None]


def print_reduction(scope: Scope, loop: Loop, block: Block) -> bool:
    """Print the loop if it is a reduction that has a form of its own."""
    if len(loop.body) == 1 and isinstance(loop.body[0], Fold) and loop.index.attr("step") == 1:
        fold = loop.body[0]
        if fold.op.name in ("reduce_all", "reduce_any"):
            _early(scope, loop, fold, block)
            return True
    if print_search(scope, loop):
        return True
    outermost = scope.outer is None and scope.depth == 1
    folds = lane_folds(loop, scope.module.local_to(loop), integers=outermost)
    if folds is None:
        return False
    lo, hi = (t.text for t in scope.texts(loop.index.attr("lo"), loop.index.attr("hi")))
    targets = [scope.assigned(f.local) for f in folds]
    if outermost:
        _in_chunks(scope, loop, folds, targets, (lo, hi), block)
    else:
        _in_lanes(scope, loop, folds, targets, (lo, hi), block)
    return True


def _in_lanes(
    scope: Scope,
    loop: Loop,
    folds: tuple[Fold, ...],
    targets: list[str],
    bounds: tuple[str, str],
    block: Block,
) -> None:
    """A reduction macro; its expressions are pasted, or calls of a function that needs locals."""
    if len(folds) == 1 and print_run(scope, loop, targets[0], bounds):
        return
    before = tuple(s for s in loop.body if not isinstance(s, Fold))
    index = scope.open_index(loop.index)
    values = [_term(scope, loop, before, f, block) for f in folds]
    scope.close_index(loop.index)
    shape = tuple((KINDS[f.op.name], accumulator(f.local.dtype)) for f in folds)
    _call(scope, shape, index, bounds, list(zip(targets, values, strict=True)))


def _call(
    scope: Scope,
    shape: tuple[tuple[str, str], ...],
    index: str,
    bounds: tuple[str, str],
    folded: list[tuple[str, str]],
) -> None:
    """The call of a reduction macro, which is made known to the header."""
    module = scope.module
    fresh = len(folded) == 1 and _starts_at_zero(scope, folded[0][0])
    name = macro_name(shape, fresh)
    if name not in module.folds:
        types = [module.type_of(t) for _, t in shape]
        declared = ", ".join(f"{t} s{j}, {t} e{j}" for j, t in enumerate(types))
        call = f"void {name}(int64_t k, int64_t lo, int64_t hi, {declared}) noexcept nogil"
        module.folds[name] = (lane_macro(shape, fresh), call)
    pairs = ", ".join(f"{t}, {v}" for t, v in folded)
    scope.put(f"{name}({index}, {bounds[0]}, {bounds[1]}, {pairs})")


def _starts_at_zero(scope: Scope, target: str) -> bool:
    """Was 0 assigned to it right before?"""
    before = next((x for x in reversed(scope.lines) if not x.lstrip().startswith("#")), "")
    here = "    " * scope.depth
    return before in (f"{here}{target} = 0.0", f"{here}{target} = <an_f4>0.0")


def _in_chunks(
    scope: Scope,
    loop: Loop,
    folds: tuple[Fold, ...],
    targets: list[str],
    bounds: tuple[str, str],
    block: Block,
) -> None:
    """The loop as a function of a range of its steps, called once, or once for each chunk."""
    module = scope.module
    module.parts["threads"] = None
    lo, hi = bounds
    inner, name = _chunk(scope, loop, folds, block)
    trip, chunks, piece, most = (
        scope.variable(w, "int64_t") for w in ("trip", "chunks", "piece", "most")
    )
    arrays = []
    for f in folds:
        kind = module.type_of(accumulator(f.local.dtype))
        arrays.append(scope.variable(f"{inner.module.held[f.local]}_part", f"{kind}q"))
        scope.declared[arrays[-1]] = f"{kind} {arrays[-1]}[{MOST_CHUNKS}]"
    rest = [scope.read(x) for x in inner.free]
    step = work_of(loop.body)
    work = scope.text(step)
    heavy = is_const(step) and value_of(step) >= HEAVY
    scope.put(f"{trip} = an_trip({lo}, {hi}, 1)")
    scope.put(f"{chunks} = an_chunks({trip}, {8192 if heavy else 65536})")
    least = f"{module.parallel_work!r}"
    scope.put(f"{most} = an_share({scope.context()}.threads, {trip}, {work}, {least})")
    cut = [f"an_chunk({lo}, {trip}, {k}, {chunks})" for k in (piece, f"{piece} + 1")]
    whole, into = [f"&{a}[0]" for a in arrays], [f"&{a}[{piece}]" for a in arrays]
    scope.put(f"if {chunks} == 1:")
    scope.put(f"    {name}({', '.join([lo, hi, *whole, *rest])})")
    scope.put("else:")
    scope.put(f"    for {piece} in prange({chunks}, num_threads=<int>{most}, schedule='dynamic'):")
    scope.put(f"        {name}({', '.join([*cut, *into, *rest])})")
    for f, a, target in zip(folds, arrays, targets, strict=True):
        kind, t = KINDS[f.op.name], accumulator(f.local.dtype)
        joined = f"an_join_{kind}_{t}"
        module.folds[joined] = join_function(kind, t)
        scope.put(f"{target} = {joined}({target}, {a}, {chunks})")


def _chunk(scope: Scope, loop: Loop, folds: tuple[Fold, ...], block: Block) -> tuple[Scope, str]:
    """The function that reduces a range of steps, and its name."""
    module = scope.module
    inner = Scope(module, scope)
    first, last = (module.names.counter(w) for w in ("first", "last"))
    outs, sums = [], []
    for f in folds:
        kind = module.type_of(accumulator(f.local.dtype))
        sums.append(inner.variable(module.held[f.local], kind))
        outs.append(module.names.fresh(f"{module.held[f.local]}_out"))
        start = const(f.op.extra["start"](f.local.dtype), f.local.dtype)
        inner.put(f"{sums[-1]} = {inner.text(carried(start))}")
    _in_lanes(inner, loop, folds, sums, (first, last), block)
    for s, out in zip(sums, outs, strict=True):
        inner.put(f"{out}[0] = {s}")
    kinds = [module.type_of(accumulator(f.local.dtype)) for f in folds]
    args = [f"int64_t {first}", f"int64_t {last}"]
    args += [f"{kind}* {out}" for kind, out in zip(kinds, outs, strict=True)]
    args += [f"{module.types[x]} {x}" for x in inner.free]
    name = module.names.fresh("chunk")
    head = f"cdef an_nest {name}({', '.join(args)}) noexcept nogil:"
    module.functions.append(function_text(head, inner))
    module.names.release("first", first)
    module.names.release("last", last)
    return inner, name


def _term(scope: Scope, loop: Loop, before: tuple[Statement, ...], f: Fold, block: Block) -> str:
    """A fold's value as an expression: itself, or a call where it takes several statements."""
    module = scope.module
    held = dict(module.held)
    inner = Scope(module, scope)
    if before:
        block(inner, before)
    value = inner.text(carried(f.value))
    for name in inner.free:
        scope.read(name)
    if not inner.lines:
        return value
    module.held = held  # the statements' variables belong to the function alone
    result = module.type_of(accumulator(f.local.dtype))
    name = module.names.fresh("term")
    inner.put(f"return {value}")
    args = ", ".join(f"{module.types[x]} {x}" for x in inner.free)
    module.functions.append(
        function_text(f"cdef inline {result} {name}({args}) noexcept nogil:", inner)
    )
    return f"{name}({', '.join(inner.free)})"


def _early(scope: Scope, loop: Loop, fold: Fold, block: Block) -> None:
    """all/any: blocks of the loop run without a test, and the answer is looked at between them."""
    module = scope.module
    lo, hi = (t.text for t in scope.texts(loop.index.attr("lo"), loop.index.attr("hi")))
    target = scope.assigned(fold.local)
    index = scope.open_index(loop.index)
    value = _term(scope, loop, (), replace(fold, value=cast_to(fold.value, BOOL)), block)
    scope.close_index(loop.index)
    module.type_of("b1")
    kind = fold.op.name.removeprefix("reduce_").upper()
    module.parts[kind.lower()] = None
    scope.put(f"AN_{kind}({index}, {lo}, {hi}, {target}, {value})")
