"""The smallest call that still shows a difference: statements, expressions and sizes are left out
one after the other, as long as the same thing is to blame.

The function is reduced as text, so the result is a program in the user's own terms.  A `while` loop
stays whole or goes: part of one might never end.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import time
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..trace.convert.source import source_of
from .script import NAMELESS

Leaves = list[Any]
Fails = Callable[[Callable[..., Any], Leaves], bool]
_numbers = itertools.count()


def shrunk(
    function: Callable[..., Any], leaves: Sequence[Any], fails: Fails, seconds: float
) -> tuple[Callable[..., Any], Leaves]:
    """A smaller function and smaller arguments for which `fails` still holds, found in about the
    given time; the given ones where the source is not at hand.

    Greedy one-at-a-time reduction, after delta debugging (Zeller and Hildebrandt 2002).
    """
    end = time.perf_counter() + seconds
    now = list(leaves)
    now = _smaller_leaves(function, now, fails, end)
    tree = _definition(function)
    if tree is None or not fails(_function(function, tree), now):
        return function, now
    found = True
    while found and time.perf_counter() < end:
        found = False
        for smaller in _smaller_trees(tree):
            if time.perf_counter() >= end:
                break
            candidate = _function(function, smaller)
            if candidate is not None and fails(candidate, now):
                tree, found = smaller, True
                break
    made = _function(function, tree)
    return made, _smaller_leaves(made, now, fails, end)


# ---- arguments -----------------------------------------------------------------------------------
def _smaller_leaves(function: Any, leaves: Leaves, fails: Fails, end: float) -> Leaves:
    """Every size that occurs becomes as small as it can, in all arguments at once."""
    sizes = sorted({n for x in leaves if isinstance(x, np.ndarray) for n in x.shape}, reverse=True)
    for size in sizes:
        for n in (2, 3, 5, 9, size // 2):
            if n >= size or time.perf_counter() >= end:
                break
            cut = [_cut(x, size, n) for x in leaves]
            if fails(function, cut):
                leaves = cut
                break
    return leaves


def _cut(x: Any, size: int, n: int) -> Any:
    """The argument with axes of `size` elements cut to n; so are Python ints of that value."""
    if type(x) is int:
        return n if x == size else x
    if not isinstance(x, np.ndarray) or size not in x.shape:
        return x
    part = x[tuple(slice(n) if k == size else slice(None) for k in x.shape)]
    return np.asfortranarray(part) if _is_fortran(x) else part.copy()


def _is_fortran(x: Any) -> bool:
    return bool(x.flags.f_contiguous and not x.flags.c_contiguous)


# ---- the function --------------------------------------------------------------------------------
def _definition(function: Any) -> ast.FunctionDef | None:
    if not isinstance(function, FunctionType):
        return None
    try:
        found = source_of(function).node
    except UnsupportedError:
        return None
    if not isinstance(found, ast.FunctionDef):
        return None
    found.name = function.__name__ if function.__name__.isidentifier() else NAMELESS
    found.decorator_list = []
    return found


def _function(model: Any, tree: ast.FunctionDef) -> Any:
    """The function that a definition makes where the model stands, or None.

    Its source is kept where `inspect` finds it.
    """
    text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    file = f"<reduced {next(_numbers)}>"
    names = dict(model.__globals__)
    names.update(inspect.getclosurevars(model).nonlocals)
    try:
        exec(compile(text, file, "exec"), names)
    except (SyntaxError, ValueError):
        return None
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    return names[tree.name]


def _smaller_trees(tree: ast.FunctionDef) -> Iterator[ast.FunctionDef]:
    """The definition with one thing left out: whole statements first, the last of them first."""
    for change in (_without_statement, _without_frame, _with_operand):
        for k in range(sum(1 for _ in _places(tree, change))):
            new = ast.parse(ast.unparse(tree)).body[0]
            assert isinstance(new, ast.FunctionDef)
            places = list(_places(new, change))
            places[-1 - k]()
            yield new


Change = Callable[[ast.AST], Iterator[Callable[[], None]]]


def _places(tree: ast.AST, change: Change) -> Iterator[Callable[[], None]]:
    """What a kind of change could do, outside of `while` loops."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield from change(node)
        if not isinstance(node, ast.While):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def _without_statement(node: ast.AST) -> Iterator[Callable[[], None]]:
    if isinstance(node, ast.While):
        return
    for block in _blocks(node):
        for k, s in enumerate(block):
            if isinstance(s, ast.Pass):
                continue

            def change(block: list[ast.stmt] = block, k: int = k) -> None:
                block[k : k + 1] = [] if len(block) > 1 else [ast.Pass()]

            yield change


def _without_frame(node: ast.AST) -> Iterator[Callable[[], None]]:
    """`if c: A else: B` becomes A or B."""
    if isinstance(node, ast.While):
        return
    for block in _blocks(node):
        for k, s in enumerate(block):
            for inner in _blocks(s) if isinstance(s, ast.If | ast.With) else ():
                if inner:

                    def change(
                        block: list[ast.stmt] = block, k: int = k, inner: list[ast.stmt] = inner
                    ) -> None:
                        block[k : k + 1] = inner

                    yield change


def _with_operand(node: ast.AST) -> Iterator[Callable[[], None]]:
    """An expression becomes one of its operands."""
    if isinstance(node, ast.While):
        return
    for name, value in ast.iter_fields(node):
        values = value if isinstance(value, list) else [value]
        for k, x in enumerate(values):
            for part in _operands(x):

                def change(
                    name: str = name, value: Any = value, k: int = k, part: ast.expr = part
                ) -> None:
                    if isinstance(value, list):
                        value[k] = part
                    else:
                        setattr(node, name, part)

                yield change


def _operands(x: Any) -> Sequence[ast.expr]:
    match x:
        case ast.BinOp():
            return (x.left, x.right)
        case ast.UnaryOp():
            return (x.operand,)
        case ast.Call() if x.args:
            return tuple(a for a in x.args if not isinstance(a, ast.Starred))
        case ast.Tuple() if isinstance(x.ctx, ast.Load) and x.elts:
            return tuple(x.elts)
        case ast.IfExp():
            return (x.body, x.orelse)
    return ()


__all__ = ["shrunk"]
