"""`for`: the body becomes a block of `_ag.loop_for`, its target an ordinary assignment in it.

So the target keeps its value after the loop, survives an empty iterable, and may be reassigned
in the body, with no special case.
"""

import ast

from .blocks import block, state_of
from .context import Context
from .jumps import BoundedFor
from .scope import assigned, targets
from .syntax import PREFIX, definition, load, operation, strings

ITEM = PREFIX + "item"


def convert_for(ctx: Context, stmt: BoundedFor) -> list[ast.stmt]:
    """`for target in iterable: ...` -> `_ag.loop_for(iterable, body, test, get, put, ...)`."""
    number = next(ctx.numbers)
    site = ctx.site(stmt)
    iterable = ctx.expression(ctx, stmt.iter)
    state = state_of(ctx, number, stmt, [stmt.target, *stmt.body])
    carried = [n for n in state.names if n in ctx.live.head[stmt]]
    bound = sorted(targets(stmt.target) & ctx.scope.assignable)
    assigns = assigned([stmt.target, *stmt.body])
    first = ast.copy_location(ast.Assign([stmt.target], load(ITEM)), stmt.target)
    body = ctx.statements(ctx, [first, *stmt.body])
    definitions: list[ast.stmt] = [block(ctx, f"{PREFIX}body{number}", [ITEM], body, assigns)]
    test: ast.expr = ast.Constant(None)
    if stmt.until is not None:
        until = ast.Return(ctx.expression(ctx, stmt.until))
        definitions.append(definition(f"{PREFIX}test{number}", [], [until]))
        test = load(f"{PREFIX}test{number}")
    call = operation(
        "loop_for",
        iterable,
        load(f"{PREFIX}body{number}"),
        test,
        *state.arguments(),
        strings(state.names),
        strings(carried),
        strings(bound),
        site,
    )
    return [*definitions, *state.definitions, ast.Expr(call)]
