"""Calls: every call goes through `_ag.call`, which may convert the function it calls.

`super()` is written out, since blocks are functions of their own; functions that look at the
caller's variables cannot work and are refused where they are called.
"""

import ast

from .context import Context
from .syntax import load, operation

FRAME_READERS = {"locals": 0, "vars": 0, "dir": 0, "eval": 1, "exec": 1}
"""Builtins that read the caller's variables when given no more arguments than this."""


def convert_call(ctx: Context, node: ast.Call) -> ast.expr:
    """`f(a, k=b)` -> `_ag.call(site, f, a, k=b)`"""
    match node.func:
        case ast.Name(id="super") if not node.args and ctx.first_parameter is not None:
            node.args = [load("__class__"), load(ctx.first_parameter)]
            return node
        case ast.Name(id=name) if (
            len(node.args) + len(node.keywords) <= FRAME_READERS.get(name, -1)
            and name not in ctx.scope.local
        ):
            message = f"{name}() looks at the caller's variables; name what is needed instead"
            return operation("refuse", ctx.site(node), ast.Constant(message))
    call = operation("call", ctx.site(node), node.func, *node.args)
    if isinstance(node.func, ast.Attribute):  # so the line of a method chain is that of its link
        ast.copy_location(call.func, node.func)
    call.keywords = node.keywords
    return call


def convert_subscript(ctx: Context, node: ast.Subscript) -> ast.expr:
    """`a[i]` -> `_ag.item(a)[i]`, so that a plain list or array can be read at a traced index."""
    node.value = operation("item", node.value)
    return node


def convert_attribute(ctx: Context, node: ast.Attribute) -> ast.expr:
    """`a.b = v` -> `_ag.owner(a).b = v`; reading an attribute stays as it is."""
    if not isinstance(node.ctx, ast.Load):
        node.value = operation("owner", node.value)
    return node
