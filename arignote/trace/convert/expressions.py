"""The driver of expressions: children first, without recursion, one rule for each kind of node.

A long sum is as deep as it is long, so the tree is walked with a list, parents before children,
and rewritten in the reverse of that order.
"""

import ast
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from .arithmetic import convert_bin_op, convert_f_string
from .assign import convert_walrus
from .boolean import convert_bool_op, convert_compare, convert_if_exp, convert_not
from .calls import convert_attribute, convert_call, convert_subscript
from .comprehension import convert_comprehension, stays_python
from .context import Context
from .display import convert_display
from .scope import COMPREHENSIONS
from .syntax import Tested, located, operation
from .tested import convert_tested


class Reach(IntEnum):
    """How much of a part of the tree is converted."""

    NAMES = 0  # reads of names that may not be assigned yet
    WALRUS = 1  # those, and `:=`
    ALL = 2


Rule = Callable[[Context, Any], ast.expr]

RULES: dict[type[ast.AST], Rule] = {
    ast.BinOp: convert_bin_op,
    ast.BoolOp: convert_bool_op,
    Tested: convert_tested,
    ast.IfExp: convert_if_exp,
    ast.Compare: convert_compare,
    ast.Call: convert_call,
    ast.Subscript: convert_subscript,
    ast.Attribute: convert_attribute,
    ast.ListComp: convert_comprehension,
    ast.SetComp: convert_comprehension,
    ast.DictComp: convert_comprehension,
    ast.GeneratorExp: convert_comprehension,
    ast.JoinedStr: convert_f_string,
    ast.List: convert_display,
    ast.Dict: convert_display,
    ast.Set: convert_display,
}


def convert_expression(ctx: Context, node: ast.expr) -> ast.expr:
    """Convert an expression or an assignment target; nodes are changed in place."""
    holder = ast.Expr(node)
    rewrite(ctx, holder, Reach.ALL)
    return holder.value


def rewrite(ctx: Context, root: ast.AST, reach: Reach) -> None:
    """Convert everything below `root`."""
    order: list[tuple[ast.AST, str, int | None, ast.AST, Reach]] = []
    waiting: list[tuple[ast.AST, Reach]] = [(root, reach)]
    while waiting:
        parent, around = waiting.pop()
        for name, value in ast.iter_fields(parent):
            items = enumerate(value) if isinstance(value, list) else [(None, value)]
            for position, child in items:
                if isinstance(child, ast.AST) and not isinstance(child, ast.expr_context):
                    inside = _reach(child, around)
                    order.append((parent, name, position, child, inside))
                    waiting.append((child, inside))
    for parent, name, position, child, inside in reversed(order):
        new = _convert(ctx, child, inside)
        if new is child:
            continue
        located(new, child)
        if position is None:
            setattr(parent, name, new)
        else:
            getattr(parent, name)[position] = new


def _reach(node: ast.AST, around: Reach) -> Reach:
    if isinstance(node, ast.Lambda) and _binds(node):
        return Reach.NAMES
    if isinstance(node, COMPREHENSIONS) and stays_python(node):
        return min(around, Reach.WALRUS)
    return around


def _convert(ctx: Context, node: ast.AST, reach: Reach) -> ast.AST:
    if isinstance(node, ast.Name):
        return operation("defined", node) if node in ctx.unsure else node
    if isinstance(node, ast.NamedExpr) and reach >= Reach.WALRUS:
        return convert_walrus(ctx, node)
    if reach < Reach.ALL:
        return node
    if isinstance(node, ast.UnaryOp):
        return convert_not(ctx, node) if isinstance(node.op, ast.Not) else node
    rule = RULES.get(type(node))
    return node if rule is None else rule(ctx, node)


def _binds(node: ast.Lambda) -> bool:
    """Whether a lambda has a `:=` of its own, which a thunk in it could not assign."""
    return any(isinstance(part, ast.NamedExpr) for part in ast.walk(node.body))
