"""`+`, `*` and comparisons that lists know too, where an operand may be one.

All other operators are Python's own: a list has none.
"""

import ast

from .context import Context
from .syntax import operation

_SHARED = {ast.Add: "add", ast.Mult: "mul"}


def convert_bin_op(ctx: Context, node: ast.BinOp) -> ast.expr:
    """`a + b` -> `_ag.add(a, b)`, unless one of them is surely a number"""
    name = _SHARED.get(type(node.op))
    if name is None or _is_number(node.left, name) or _is_number(node.right, name):
        return node
    return operation(name, node.left, node.right)


def may_be_list(node: ast.expr) -> bool:
    """Could the value be a list?  Not that of a constant, nor of an operator lists do not have."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mult)
    return not isinstance(node, ast.Constant | ast.UnaryOp | ast.JoinedStr)


def _is_number(node: ast.expr, name: str) -> bool:
    if name == "mul" and isinstance(node, ast.Constant) and type(node.value) is int:
        return False
    return not may_be_list(node)
