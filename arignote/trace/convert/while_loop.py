"""`while`: test and body become blocks of `_ag.loop_while`."""

import ast

from .blocks import block, state_of
from .context import Context
from .scope import assigned
from .syntax import PREFIX, definition, load, operation, strings


def convert_while(ctx: Context, stmt: ast.While) -> list[ast.stmt]:
    """`while test: ...` -> `_ag.loop_while(test, body, get, put, names, carried, site)`."""
    number = next(ctx.numbers)
    site = ctx.site(stmt)
    state = state_of(ctx, number, stmt, [stmt.test, *stmt.body])
    carried = [n for n in state.names if n in ctx.live.head[stmt]]
    assigns = assigned(stmt.body)
    test = definition(f"{PREFIX}test{number}", [], [ast.Return(ctx.expression(ctx, stmt.test))])
    body = ctx.statements(ctx, stmt.body)
    call = operation(
        "loop_while",
        load(test.name),
        load(f"{PREFIX}body{number}"),
        *state.arguments(),
        strings(state.names),
        strings(carried),
        site,
    )
    return [
        test,
        block(ctx, f"{PREFIX}body{number}", [], body, assigns),
        *state.definitions,
        ast.Expr(call),
    ]
