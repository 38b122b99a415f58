"""Statements as Cython text.

`block` is the entry; loops, memory, checks and library calls have files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...fxgraph.node import Op
from ...fxgraph.ops import elementwise
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import BOOL, DType
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Break,
    Check,
    Fold,
    If,
    Library,
    Loop,
    Note,
    Point,
    Statement,
    Store,
    While,
)
from ..scalar_code import code, scalar_function
from ..scalar_code import infix as infix_of
from .checks import print_check
from .expressions import Text, infix
from .libraries import print_library
from .loops import print_loop, print_while
from .memory import print_alloc, print_point
from .reductions import JOINS, carried
from .scope import Scope


def block(scope: Scope, statements: Iterable[Statement]) -> None:
    """Print statements into a scope; an empty block is `pass`."""
    start = len(scope.lines)
    for s in statements:
        _PRINTERS[type(s)](scope, s)
    if not any(line.lstrip()[:1] != "#" for line in scope.lines[start:]):
        scope.put("pass")


def each(scope: Scope, statements: Iterable[Statement]) -> list[int]:
    """Print statements into a scope; the line at which each begins."""
    starts = []
    for s in statements:
        starts.append(len(scope.lines))
        _PRINTERS[type(s)](scope, s)
    return starts


def _assign(scope: Scope, s: Assign) -> None:
    folded = s.local in scope.module.folded
    value = scope.text(carried(s.value) if folded else s.value)
    scope.put(f"{scope.assigned(s.local)} = {value}")


def _fold(scope: Scope, s: Fold) -> None:
    """local = local (op) value"""
    target = scope.assigned(s.local)
    half = code(s.local.dtype) == "f2"
    logical = s.op.name in ("reduce_all", "reduce_any")
    value = scope.texts(cast_to(s.value, BOOL) if logical else carried(s.value))[0]
    dtype = np.dtype("f4") if half else s.local.dtype
    scope.put(f"{target} = {join(scope, JOINS[s.op.name], dtype, Text(target), value)}")


def join(scope: Scope, name: str, dtype: DType, a: Text, b: Text) -> str:
    """Two values of one dtype joined by an elementwise op."""
    op: Op = getattr(elementwise, name)
    symbol = infix_of(op, (dtype, dtype))
    if symbol is not None:
        return infix(symbol, (a, b)).text
    return f"{scope.call(scalar_function(op, (dtype, dtype), dtype))}({a.text}, {b.text})"


def _store(scope: Scope, s: Store) -> None:
    *index, value = scope.texts(*s.index, s.value)
    place = f"{scope.pointer(s.buffer)}[{scope.offset(s.buffer, s.index, index)}]"
    if s.accumulate:
        text = join(scope, "add", s.buffer.dtype, Text(place), value)
    elif s.value.op.name == "load" and s.value.dtype.kind == "c":
        scope.module.type_of(code(s.value.dtype))
        text = f"an_parts_{code(s.value.dtype)}({value.text})"
    else:
        text = value.text
    scope.put(f"{place} = {text}")


def _if(scope: Scope, s: If) -> None:
    scope.comment(s.origin)
    scope.put(f"if {scope.text(s.pred)}:")
    _indented(scope, s.then)
    if s.other:
        scope.put("else:")
        _indented(scope, s.other)


def _indented(scope: Scope, statements: tuple[Statement, ...]) -> None:
    scope.depth += 1
    block(scope, statements)
    scope.depth -= 1


def _loop(scope: Scope, s: Loop) -> None:
    print_loop(scope, s, block)


def _while(scope: Scope, s: While) -> None:
    print_while(scope, s, block)


_PRINTERS: dict[type, Callable[[Scope, Any], None]] = {
    Assign: _assign,
    Fold: _fold,
    Store: _store,
    If: _if,
    Loop: _loop,
    While: _while,
    Break: lambda scope, s: scope.put("break"),
    Note: lambda scope, s: scope.comment(s.origin),
    Check: print_check,
    Library: print_library,
    Alloc: print_alloc,
    Point: print_point,
}
