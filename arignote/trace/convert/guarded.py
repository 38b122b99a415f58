"""`try`, `with`, `match`: they stay Python's own statements around converted blocks.

What they decide, they decide while tracing: which handler runs, which manager is entered, which
pattern fits.  The operators are told (`guarded`, `with_`), so that they can refuse what would
have to be decided at run time, such as a handler around a check on traced values; errors of
tracing itself pass every handler.
"""

import ast

from .assign import foreign
from .blocks import block, state_of
from .context import Context
from .scope import assigned, loads
from .syntax import PREFIX, assign, load, operation, operator, undefined


def convert_try(ctx: Context, stmt: ast.Try) -> list[ast.stmt]:
    """The body of a `try` with handlers runs in `with _ag.guarded(site)`, all that `finally`
    comes behind in `with _ag.finally_(block, get, put, site)`"""
    if stmt.finalbody:
        return _convert_finally(ctx, stmt)
    site = ctx.site(stmt)
    body = ctx.statements(ctx, stmt.body)
    if stmt.handlers:
        watched = ast.With([ast.withitem(operation("guarded", site), None)], body)
        body = [watched]
        handlers = [_convert_handler(ctx, h) for h in stmt.handlers]
        errors = operator("tracing_errors")
        stmt.handlers = [ast.ExceptHandler(errors, None, [ast.Raise()]), *handlers]
    stmt.body = body
    stmt.orelse = ctx.statements(ctx, stmt.orelse) if stmt.orelse else []
    return [stmt]


def _convert_finally(ctx: Context, stmt: ast.Try) -> list[ast.stmt]:
    number = next(ctx.numbers)
    site = ctx.site(stmt)
    state = state_of(ctx, number, stmt, stmt.finalbody)
    # an error may come before names are assigned that stand further down
    ctx.to_initialise |= loads(*stmt.finalbody) & ctx.scope.assignable
    assigns = assigned(stmt.finalbody)
    inner: list[ast.stmt] = stmt.body
    if stmt.handlers:
        inner = [ast.copy_location(ast.Try(stmt.body, stmt.handlers, stmt.orelse, []), stmt)]
    body = ctx.statements(ctx, inner)
    name = f"{PREFIX}final{number}"
    final = block(ctx, name, [], ctx.statements(ctx, stmt.finalbody), assigns)
    manager = operation("finally_", load(name), *state.arguments(), site)
    return [final, *state.definitions, ast.With([ast.withitem(manager, None)], body)]


def convert_with(ctx: Context, stmt: ast.With) -> list[ast.stmt]:
    """`with m as x:` -> `with _ag.with_(m, site) as x:`"""
    before = foreign(ctx, stmt, *stmt.items)
    for item in stmt.items:
        manager = ctx.expression(ctx, item.context_expr)
        item.context_expr = operation("with_", manager, ctx.site(item.context_expr))
        if item.optional_vars is not None:
            item.optional_vars = ctx.expression(ctx, item.optional_vars)
    stmt.body = ctx.statements(ctx, stmt.body)
    return [*before, stmt]


def convert_match(ctx: Context, stmt: ast.Match) -> list[ast.stmt]:
    stmt.subject = ctx.expression(ctx, stmt.subject)
    for case in stmt.cases:
        if case.guard is not None:
            case.guard = ctx.expression(ctx, case.guard)
        case.body = ctx.statements(ctx, case.body)
    return [stmt]


def _convert_handler(ctx: Context, handler: ast.ExceptHandler) -> ast.ExceptHandler:
    """`except E as e:` -> a temporary, since Python deletes `e` at the end, which may be state"""
    name = handler.name
    if handler.type is not None:
        handler.type = ctx.expression(ctx, handler.type)
    handler.body = ctx.statements(ctx, handler.body)
    if name is not None:
        handler.name = f"{PREFIX}e{next(ctx.numbers)}"
        body = ast.Try(handler.body, [], [], [undefined(name)])
        handler.body = [assign(name, load(handler.name)), body]
    return handler
