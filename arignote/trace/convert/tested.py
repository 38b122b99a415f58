"""Tests: where only the truth of `a and b` matters, its operands may be anything with a truth.

`while queue and n < 9` is no boolean operation on a list: of `queue`, it takes whether it is empty.
"""

import ast
from collections.abc import Sequence

from .context import Context
from .syntax import OPERATORS, Tested, operation, thunk


def mark_tests(body: Sequence[ast.stmt]) -> None:
    """Turn `and` and `or` that are tests into `Tested`; nodes are changed in place."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
                node.test = _marked(node.test)
            case ast.UnaryOp(op=ast.Not()):
                node.operand = _marked(node.operand)
            case ast.comprehension():
                node.ifs = [_marked(test) for test in node.ifs]
            case Tested():
                node.values = [_marked(value) for value in node.values]
            case _:
                pass
        waiting.extend(ast.iter_child_nodes(node))


def _marked(test: ast.expr) -> ast.expr:
    if type(test) is ast.BoolOp:
        return ast.copy_location(Tested(test.op, test.values), test)
    return test


def convert_tested(ctx: Context, node: Tested) -> ast.expr:
    """`a and b` -> `_ag.and_(_ag.truth(a), lambda: _ag.truth(b))`"""
    name = "and_" if isinstance(node.op, ast.And) else "or_"
    values = [_truth(value) for value in node.values]
    result = values[-1]
    for value in reversed(values[:-1]):
        result = operation(name, value, thunk(result))
    return result


def _truth(value: ast.expr) -> ast.expr:
    match value:
        case ast.Compare() | ast.Constant():
            return value
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=made)) if name == OPERATORS:
            return value if made in _TRUTHS else operation("truth", value)
        case _:
            return operation("truth", value)


_TRUTHS = {"and_", "or_", "not_", "contains", "compared"}
