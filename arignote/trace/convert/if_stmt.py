"""`if`: both branches become blocks of `_ag.if_`."""

import ast

from .blocks import block, state_of
from .context import Context
from .scope import assigned
from .syntax import PREFIX, load, operation, strings


def convert_if(ctx: Context, stmt: ast.If) -> list[ast.stmt]:
    """`if test: ...` -> `_ag.if_(test, then, else, get, put, names, outs, site)`"""
    number = next(ctx.numbers)
    site = ctx.site(stmt.test)
    state = state_of(ctx, number, stmt, [*stmt.body, *stmt.orelse])
    outs = [n for n in state.names if n in ctx.live.after[stmt]]
    branches: list[ast.stmt] = []
    for kind, stmts in (("then", stmt.body), ("else", stmt.orelse)):
        assigns = assigned(stmts)
        body = ctx.statements(ctx, stmts)
        branches.append(block(ctx, f"{PREFIX}{kind}{number}", [], body, assigns))
    call = operation(
        "if_",
        ctx.expression(ctx, stmt.test),
        load(f"{PREFIX}then{number}"),
        load(f"{PREFIX}else{number}"),
        *state.arguments(),
        strings(state.names),
        strings(outs),
        site,
    )
    return [*branches, *state.definitions, ast.Expr(call)]
