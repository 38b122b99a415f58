"""The driver of statements: one function through all passes, one rule for each kind of statement.

jumps -> flags      (jumps)         names live after each statement     (liveness)
reads to check      (binding)       blocks -> functions                 (the constructs' files)
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from .asserts import convert_assert, convert_raise
from .assign import convert_ann_assign, convert_assign, convert_aug_assign, convert_delete
from .binding import bindings_of
from .blocks import prologue
from .context import Context, SiteTable
from .expressions import Reach, convert_expression, rewrite
from .for_loop import convert_for
from .generators import is_generator, without_yields
from .guarded import convert_match, convert_try, convert_with
from .if_stmt import convert_if
from .jumps import BoundedFor, flags_in, without_jumps
from .liveness import liveness_of
from .matching import without_matches
from .refused import obstacle
from .scope import FunctionNode, scope_of
from .swaps import with_swaps
from .syntax import located, operator
from .tested import mark_tests
from .tries import without_tries
from .while_loop import convert_while


def convert_function(
    node: ast.FunctionDef,
    table: SiteTable,
    name: str,
    in_class: bool,
    around: Context | None = None,
) -> None:
    """Convert the body of a function in place; `around` is that of the function around it."""
    if is_generator(node):
        node.body = without_yields(node.body)
    node.body = without_tries(with_swaps(without_matches(node.body)))
    mark_tests(node.body)
    outer = around.scope if around is not None else None
    outer_unsure = around.unsure if around is not None else set()
    scope = scope_of(node, outer)
    unsure = bindings_of(node.body, scope).unsure | outer_unsure
    node.body = without_jumps(node.body)
    scope = replace(scope, local=scope.local | flags_in(node.body))
    parameters = [*node.args.posonlyargs, *node.args.args]
    ctx = Context(
        table=table,
        function=name,
        scope=scope,
        live=liveness_of(node.body, scope),
        unsure=unsure,
        before=bindings_of(node.body, scope, reads=False).before,
        first_parameter=parameters[0].arg if in_class and parameters else None,
        statements=convert_statements,
        expression=convert_expression,
    )
    documented = ast.get_docstring(node, clean=False) is not None
    start, rest = node.body[:documented], node.body[documented:]
    body = convert_statements(ctx, rest)
    first = [located(stmt, node.body[0]) for stmt in prologue(ctx)]
    node.body = [*start, *first, *body]


def convert_statements(ctx: Context, stmts: Iterable[ast.stmt]) -> list[ast.stmt]:
    """Convert the statements of a block; at least one comes back."""
    out: list[ast.stmt] = []
    for stmt in stmts:
        rule = RULES.get(type(stmt), _convert_simple)
        out += [located(new, stmt) for new in rule(ctx, stmt)]
    return out or [located(ast.Pass(), ast.Pass())]


def convert_nested(ctx: Context, stmt: FunctionNode) -> list[ast.stmt]:
    """A nested function is converted where it stands: its variables are those of this one."""
    shared = ctx.scope.shared & ctx.scope.local  # its blocks get them, assigned or not
    ctx.to_initialise |= shared - ctx.before.get(stmt, frozenset())
    stmt.decorator_list = [ctx.expression(ctx, d) for d in stmt.decorator_list]
    rewrite(ctx, stmt.args, Reach.ALL)
    if isinstance(stmt, ast.FunctionDef) and obstacle(stmt) is None:
        name = f"{ctx.function}.<locals>.{stmt.name}"
        if is_generator(stmt):
            stmt.decorator_list.append(operator("generator"))
        convert_function(stmt, ctx.table, name, ctx.first_parameter is not None, ctx)
    else:
        rewrite(ctx, stmt, Reach.NAMES)
    return [stmt]


def convert_class(ctx: Context, stmt: ast.ClassDef) -> list[ast.stmt]:
    """A nested class stays as it is; its methods are converted when they are called."""
    rewrite(ctx, stmt, Reach.NAMES)
    return [stmt]


def _convert_simple(ctx: Context, stmt: ast.stmt) -> list[ast.stmt]:
    """A statement without blocks that assigns nothing: its expressions are converted."""
    rewrite(ctx, stmt, Reach.ALL)
    return [stmt]


def _drop(ctx: Context, stmt: ast.stmt) -> list[ast.stmt]:
    """`global` and `nonlocal` stand at the top of the converted function and of its blocks."""
    return []


RULES: dict[type[ast.stmt], Callable[[Context, Any], list[ast.stmt]]] = {
    BoundedFor: convert_for,
    ast.While: convert_while,
    ast.If: convert_if,
    ast.Try: convert_try,
    ast.With: convert_with,
    ast.Match: convert_match,
    ast.Assert: convert_assert,
    ast.Raise: convert_raise,
    ast.Assign: convert_assign,
    ast.AugAssign: convert_aug_assign,
    ast.AnnAssign: convert_ann_assign,
    ast.Delete: convert_delete,
    ast.FunctionDef: convert_nested,
    ast.AsyncFunctionDef: convert_nested,
    ast.ClassDef: convert_class,
    ast.Global: _drop,
    ast.Nonlocal: _drop,
}
