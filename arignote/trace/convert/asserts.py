"""`assert` and `raise`: under a traced condition they become checks at run time."""

import ast

from .context import Context
from .syntax import operation, thunk


def convert_assert(ctx: Context, stmt: ast.Assert) -> list[ast.stmt]:
    """`assert test, message` -> `_ag.assert_(test, lambda: message, site)`; nothing under -O"""
    if not __debug__:
        return []
    message: ast.expr = ast.Constant(None)
    if stmt.msg is not None:
        message = thunk(ctx.expression(ctx, stmt.msg))
    test = ctx.expression(ctx, stmt.test)
    return [ast.Expr(operation("assert_", test, message, ctx.site(stmt)))]


def convert_raise(ctx: Context, stmt: ast.Raise) -> list[ast.stmt]:
    """`raise E from C` -> `_ag.raise_(lambda: E, site, lambda: C)`; a bare `raise` stays"""
    if stmt.exc is None:
        return [stmt]
    arguments = [thunk(ctx.expression(ctx, stmt.exc)), ctx.site(stmt)]
    if stmt.cause is not None:
        arguments.append(thunk(ctx.expression(ctx, stmt.cause)))
    return [ast.Expr(operation("raise_", *arguments))]
