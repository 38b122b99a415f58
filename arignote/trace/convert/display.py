"""Displays: lists, dicts and sets are made known, so a loop can tell its own from others."""

import ast

from .context import Context
from .syntax import operation


def convert_display(ctx: Context, node: ast.List | ast.Dict | ast.Set) -> ast.expr:
    """`[a, b]` -> `_ag.made([a, b])`; a list of targets stays"""
    if isinstance(node, ast.List) and not isinstance(node.ctx, ast.Load):
        return node
    return operation("made", node)
