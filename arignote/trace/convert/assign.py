"""Assignments: augmented ones of names, walrus, `del`, names of other scopes.

`x += y` of a name goes through an operator, because arrays change in place and numbers do not.
So do those of attributes, whose arrays may belong to objects from outside.  Of elements it is
Python's own statement, which evaluates base and index once.
"""

import ast

from .blocks import refusal, setter
from .context import Context
from .scope import assigned
from .syntax import load, operation, store, undefined

IN_PLACE: dict[type[ast.operator], str] = {
    ast.Add: "iadd",
    ast.Sub: "isub",
    ast.Mult: "imul",
    ast.MatMult: "imatmul",
    ast.Div: "itruediv",
    ast.FloorDiv: "ifloordiv",
    ast.Mod: "imod",
    ast.Pow: "ipow",
    ast.LShift: "ilshift",
    ast.RShift: "irshift",
    ast.BitOr: "ior",
    ast.BitXor: "ixor",
    ast.BitAnd: "iand",
}


def convert_aug_assign(ctx: Context, stmt: ast.AugAssign) -> list[ast.stmt]:
    """`x += y` -> `x = _ag.aug('iadd', x, y)`"""
    if isinstance(stmt.target, ast.Attribute) and not stmt.target.attr.startswith("__"):
        base = ctx.expression(ctx, stmt.target.value)
        old: ast.expr = operation("attribute", base, ast.Constant(stmt.target.attr))
        name = ast.Constant(IN_PLACE[type(stmt.op)])
        return [ast.Expr(operation("aug_attribute", name, old, ctx.expression(ctx, stmt.value)))]
    if not isinstance(stmt.target, ast.Name):
        stmt.target = _aug_target(_target(ctx, stmt.target))
        stmt.value = ctx.expression(ctx, stmt.value)
        return [stmt]
    target = stmt.target.id
    old = load(target)
    if stmt.target in ctx.unsure:
        old = operation("defined", old)
    value = ctx.expression(ctx, stmt.value)
    new = operation("aug", ast.Constant(IN_PLACE[type(stmt.op)]), old, value)
    return [*foreign(ctx, stmt, stmt), ast.Assign([store(target)], new)]


def convert_assign(ctx: Context, stmt: ast.Assign) -> list[ast.stmt]:
    refusal = foreign(ctx, stmt, *stmt.targets)
    stmt.targets = [ctx.expression(ctx, t) for t in stmt.targets]
    stmt.value = ctx.expression(ctx, stmt.value)
    if any(isinstance(t, ast.Tuple | ast.List) for t in stmt.targets):
        if not isinstance(stmt.value, ast.Tuple):
            stmt.value = ast.copy_location(operation("unpacked", stmt.value), stmt.value)
    return [*refusal, stmt]


def convert_ann_assign(ctx: Context, stmt: ast.AnnAssign) -> list[ast.stmt]:
    """`x: T = v` -> `x = v`; without a value it says nothing that is left to say."""
    if stmt.value is None:
        return []
    plain = ast.copy_location(ast.Assign([stmt.target], stmt.value), stmt)
    return convert_assign(ctx, plain)


def convert_delete(ctx: Context, stmt: ast.Delete) -> list[ast.stmt]:
    """`del x` -> `x = _ag.undefined('x')`, after a check that it was assigned"""
    out = foreign(ctx, stmt, stmt)
    waiting = list(reversed(stmt.targets))
    while waiting:
        target = waiting.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            waiting.extend(reversed(target.elts))
        elif isinstance(target, ast.Name) and target.id in ctx.scope.assignable:
            if target in ctx.unsure:
                out.append(ast.Expr(operation("defined", load(target.id))))
            out.append(undefined(target.id))
        else:
            out.append(ast.Delete([ctx.expression(ctx, target)]))
    return out


def convert_walrus(ctx: Context, node: ast.NamedExpr) -> ast.expr:
    """`(x := v)` -> `_ag_set_x(v)`, since it may stand in a thunk of any depth"""
    name = node.target.id
    ctx.to_set.setdefault(name, ctx.site(node))
    return ast.Call(load(setter(name)), [node.value], [])


def foreign(ctx: Context, stmt: ast.stmt, *parts: ast.AST) -> list[ast.stmt]:
    """A refusal in front of a statement of which `parts` assign names of another scope."""
    names = sorted(assigned(parts) & ctx.scope.foreign)
    return [refusal(ctx.site(stmt), *names)] if names else []


def _aug_target(
    target: ast.Attribute | ast.Subscript,
) -> ast.Attribute | ast.Subscript:
    """`_ag.item(x)[k]` -> `_ag.aug_item(x)[k]`"""
    base = target.value
    if isinstance(base, ast.Call) and isinstance(base.func, ast.Attribute):
        if isinstance(base.func.value, ast.Name) and base.func.attr == "item":
            target.value = operation("aug_item", *base.args)
    return target


def _target(ctx: Context, target: ast.Attribute | ast.Subscript) -> ast.Attribute | ast.Subscript:
    new = ctx.expression(ctx, target)
    assert isinstance(new, (ast.Attribute, ast.Subscript))
    return new
