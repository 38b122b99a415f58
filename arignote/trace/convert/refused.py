"""What cannot be converted at all: generators that are sent values, coroutines, a few forms of
`try`.

Of the function asked for, that is an error at the line where it stands.  A function nested in it
stays plain Python instead: it may be one that is never called with traced values.
Everything else is converted, and the operators decide at run time (see `interface`).
"""

import ast
from collections.abc import Iterable

from .generators import odd_yields
from .jumps import blocks
from .scope import FunctionNode, own


def obstacle(function: FunctionNode) -> tuple[ast.AST, str] | None:
    """The first node that keeps a function from being converted, and what to say about it."""
    if isinstance(function, ast.AsyncFunctionDef):
        return function, "a coroutine cannot be captured; write a plain function"
    for node in odd_yields(function.body):
        return node, "a generator that is sent values cannot be captured; write a function"
    for node in own(function.body):
        message = _message(node)
        if message is not None:
            return node, message
    return None


def _message(node: ast.AST) -> str | None:
    match node:
        case ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return "asynchronous code cannot be captured; write a plain function"
        case ast.TryStar():
            return "`except*` cannot be captured; use `except`"
        case ast.Try(finalbody=final) if _jumps(final):
            return (
                "a jump out of `finally` would swallow exceptions and cannot be captured; "
                "jump after the `try` statement"
            )
        case _:
            return None


def _jumps(stmts: Iterable[ast.stmt], *, in_loop: bool = False) -> bool:
    """Whether a jump leaves these statements."""
    for stmt in stmts:
        if isinstance(stmt, ast.Return):
            return True
        if isinstance(stmt, (ast.Break, ast.Continue)) and not in_loop:
            return True
        if isinstance(stmt, (ast.For, ast.While)):
            if _jumps(stmt.body, in_loop=True) or _jumps(stmt.orelse, in_loop=in_loop):
                return True
        elif any(_jumps(block, in_loop=in_loop) for block in blocks(stmt)):
            return True
    return False
