"""Loops: counted ones, reductions in lanes, loops cut into parts for threads, while."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import BOOL
from ...optimize.loopnest.program import Fold, Loop, Statement, While
from .expressions import ATOM
from .parallel import may_be_cut, print_parallel
from .reductions import KINDS, accumulator, lane_folds, lane_macro, macro_name
from .scope import Scope, function_text

Block = Callable[[Scope, Iterable[Statement]], None]


def print_loop(scope: Scope, loop: Loop, block: Block) -> None:
    """One counted loop and what is in it."""
    scope.comment(loop.origin)
    if loop.parallel and not _inside_parts(scope) and may_be_cut(scope, loop):
        print_parallel(scope, loop, lambda s, i: _counted(s, loop, block, i))
        return
    if _early(scope, loop, block):
        return
    folds = lane_folds(loop, scope.module.local_to(loop))
    if folds is not None:
        _in_lanes(scope, loop, folds, block)
        return
    lo, hi = (t.text for t in scope.texts(loop.index.attr("lo"), loop.index.attr("hi")))
    _counted(scope, loop, block, (lo, hi))


def _inside_parts(scope: Scope) -> bool:
    outer: Scope | None = scope
    while outer is not None:
        if outer.parts_of_loop:
            return True
        outer = outer.outer
    return False


def _counted(scope: Scope, loop: Loop, block: Block, bounds: tuple[str, str]) -> None:
    index = scope.open_index(loop.index)
    lo, hi = bounds
    step = loop.index.attr("step")
    span = hi if (lo, step) == ("0", 1) else f"{lo}, {hi}" if step == 1 else f"{lo}, {hi}, {step}"
    scope.put(f"for {index} in range({span}):")
    scope.depth += 1
    block(scope, loop.body)
    scope.depth -= 1
    scope.close_index(loop.index)


def _in_lanes(scope: Scope, loop: Loop, folds: tuple[Fold, ...], block: Block) -> None:
    """A reduction macro; its expressions are pasted, or calls of a function that needs locals."""
    module = scope.module
    lo, hi = (t.text for t in scope.texts(loop.index.attr("lo"), loop.index.attr("hi")))
    shape = tuple((KINDS[f.op.name], accumulator(f.local.dtype)) for f in folds)
    before = tuple(s for s in loop.body if not isinstance(s, Fold))
    targets = [scope.assigned(f.local) for f in folds]
    index = scope.open_index(loop.index)
    values = [_term(scope, loop, before, f, block) for f in folds]
    scope.close_index(loop.index)
    for _, t in shape:
        module.type_of(t)
    name = macro_name(shape)
    if name not in module.folds:
        declared = ", ".join(f"an_{t} s{j}, an_{t} e{j}" for j, (_, t) in enumerate(shape))
        call = f"void {name}(int64_t k, int64_t lo, int64_t hi, {declared}) noexcept nogil"
        module.folds[name] = (lane_macro(shape), call)
    pairs = ", ".join(f"{t}, {v}" for t, v in zip(targets, values, strict=True))
    scope.put(f"{name}({index}, {lo}, {hi}, {pairs})")


def _term(scope: Scope, loop: Loop, before: tuple[Statement, ...], f: Fold, block: Block) -> str:
    """A fold's value as an expression: itself, or a call where it takes several statements."""
    module = scope.module
    held = dict(module.held)
    inner = Scope(module, scope)
    if before:
        block(inner, before)
    value = inner.text(f.value)
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


def _early(scope: Scope, loop: Loop, block: Block) -> bool:
    """all/any: blocks of the loop run without a test, and the answer is looked at between them."""
    if len(loop.body) != 1 or not isinstance(loop.body[0], Fold) or loop.index.attr("step") != 1:
        return False
    fold = loop.body[0]
    if fold.op.name not in ("reduce_all", "reduce_any"):
        return False
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
    return True


def print_while(scope: Scope, s: While, block: Block) -> None:
    """while True: setup; leave unless cond; body.  Every 65536 steps a Ctrl-C is looked for."""
    scope.comment(s.origin)
    polls = scope.variable("polls", "int64_t")
    scope.put(f"{polls} = 0")
    scope.put("while True:")
    scope.depth += 1
    if s.setup:
        block(scope, s.setup)
    scope.put(f"if not {scope.texts(s.cond)[0].within(ATOM)}:")
    scope.put("    break")
    scope.put(f"{polls} = {polls} + 1")
    scope.put(f"if ({polls} & 65535) == 0:")
    scope.put(f"    if {scope.context()}.interrupted() != 0:")
    scope.put("        return 3")
    scope.fails = True
    block(scope, s.body)
    scope.depth -= 1
