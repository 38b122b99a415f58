"""Loops: counted ones and `while`; reductions and threads have files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...optimize.loopnest.program import Loop, Statement, While, walk
from .ahead import print_pieces
from .checks import print_places
from .expressions import ATOM
from .lanes import print_reduction
from .parallel import may_be_cut, print_parallel
from .scope import Scope
from .short import MARK, has_known_divisors, is_short
from .streamed_rows import print_rows
from .vectors import print_vectors

Block = Callable[[Scope, Iterable[Statement]], None]


def print_loop(scope: Scope, loop: Loop, block: Block) -> None:
    """One counted loop and what is in it."""
    scope.comment(loop.origin)
    if loop.parallel and not _inside_parts(scope) and may_be_cut(scope, loop):
        print_parallel(scope, loop, lambda s, i: _counted(s, loop, block, i))
        return
    if print_reduction(scope, loop, block):
        return
    lo, hi = (t.text for t in scope.texts(loop.index.attr("lo"), loop.index.attr("hi")))
    if loop.ahead:
        print_pieces(scope, loop, (lo, hi), lambda b: _counted(scope, loop, block, b))
        return
    _counted(scope, loop, block, (lo, hi))


def _inside_parts(scope: Scope) -> bool:
    outer: Scope | None = scope
    while outer is not None:
        if outer.parts_of_loop:
            return True
        outer = outer.outer
    return False


def _counted(scope: Scope, loop: Loop, block: Block, bounds: tuple[str, str]) -> None:
    if not print_rows(scope, loop, bounds, lambda s, i: _steps(s, loop, block, i)):
        _steps(scope, loop, block, bounds)


def _steps(scope: Scope, loop: Loop, block: Block, bounds: tuple[str, str]) -> None:
    inside = print_vectors(scope, loop, bounds) or print_places(scope, loop, bounds)
    scope.depth += inside
    index = scope.open_index(loop.index)
    lo, hi = bounds
    step = loop.index.attr("step")
    watch = _watch(scope, loop)
    span = hi if (lo, step) == ("0", 1) else f"{lo}, {hi}" if step == 1 else f"{lo}, {hi}, {step}"
    mark = MARK if is_short(scope.module, loop) else ""
    scope.put(f"for {index} in range({span}):{mark}")
    scope.depth += 1
    if watch:
        scope.put(f"if an_stopped({scope.context()}, &{watch}):")
        scope.put("    return 3")
        scope.fails = True
    scope.each = has_known_divisors(scope.module, loop)
    block(scope, loop.body)
    scope.each = False
    scope.depth -= 1 + inside
    scope.close_index(loop.index)


def _watch(scope: Scope, loop: Loop) -> str:
    """What an outermost loop with loops inside looks for Ctrl-C by; empty for other loops."""
    nested = any(isinstance(s, Loop) for s in walk(loop.body))
    if not nested or scope.outer is not None or scope.depth > 1:
        return ""
    watch = scope.variable("watch", "an_polls")
    scope.require("polls")
    scope.put(f"an_watch(&{watch})")
    return watch


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
