"""`+` and `*`, which lists know too, where an operand may be one; `%` of texts; f-strings.

All other operators are Python's own: a list has none.
"""

import ast

from .context import Context
from .syntax import operation

_SHARED = {ast.Add: "add", ast.Mult: "mul"}


def convert_bin_op(ctx: Context, node: ast.BinOp) -> ast.expr:
    """`a + b` -> `_ag.add(a, b)`, unless one of them is surely a number"""
    if isinstance(node.op, ast.Mod) and _is_text(node.left):
        return operation("percent", node.left, node.right)
    name = _SHARED.get(type(node.op))
    if name is None or _is_number(node.left, name) or _is_number(node.right, name):
        return node
    return operation(name, node.left, node.right)


def convert_f_string(ctx: Context, node: ast.JoinedStr) -> ast.expr:
    """`f"{x}"` -> `_ag.marked(f"{x}")`"""
    if any(isinstance(part, ast.FormattedValue) for part in node.values):
        return operation("marked", node)
    return node


def _is_text(node: ast.expr) -> bool:
    """Is it a text, as far as the source says?"""
    while isinstance(node, ast.BinOp):
        node = node.left
    if isinstance(node, ast.Call):  # an f-string, a `+` or a `%` that is converted already
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        inner = node.args[0] if node.args and name in ("add", "percent", "marked") else None
        return isinstance(inner, ast.expr) and (name == "marked" or _is_text(inner))
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def may_be_list(node: ast.expr) -> bool:
    """Could the value be a list?  Not that of a constant, nor of an operator lists do not have."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mult)
    return not isinstance(node, ast.Constant | ast.UnaryOp | ast.JoinedStr)


def _is_number(node: ast.expr, name: str) -> bool:
    if name == "mul" and isinstance(node, ast.Constant) and type(node.value) is int:
        return False
    return not may_be_list(node)
