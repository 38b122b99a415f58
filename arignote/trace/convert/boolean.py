"""`and`, `or`, `not`, chained comparisons, `in`, conditional expressions.

All get children that are converted already.  What Python may skip becomes a thunk.
"""

import ast

from .arithmetic import may_be_list
from .context import Context
from .syntax import PREFIX, load, operation, store, thunk


def convert_bool_op(ctx: Context, node: ast.BoolOp) -> ast.expr:
    """`a and b and c` -> `_ag.and_(a, lambda: _ag.and_(b, lambda: c))`"""
    name = "and_" if isinstance(node.op, ast.And) else "or_"
    result = node.values[-1]
    for value in reversed(node.values[:-1]):
        result = operation(name, value, thunk(result))
    return result


def convert_not(ctx: Context, node: ast.UnaryOp) -> ast.expr:
    """`not a` -> `_ag.not_(a)`"""
    return operation("not_", node.operand)


def convert_if_exp(ctx: Context, node: ast.IfExp) -> ast.expr:
    """`a if p else b` -> `_ag.ifexp(p, lambda: a, lambda: b, site)`"""
    return operation("ifexp", node.test, thunk(node.body), thunk(node.orelse), ctx.site(node))


def convert_compare(ctx: Context, node: ast.Compare) -> ast.expr:
    """`a < f() < c` -> `_ag.and_(a < (_ag_t1 := f()), lambda: _ag_t1 < c)`; `in` -> `contains`"""
    plain = not any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops)
    if plain and len(node.ops) == 1:
        return _comparison(node.left, node.ops[0], node.comparators[0], node)
    links: list[ast.expr] = []
    left = node.left
    for position, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
        last = position == len(node.ops) - 1
        again = right
        if not last and not isinstance(right, (ast.Name, ast.Constant)):
            temporary = f"{PREFIX}t{next(ctx.numbers)}"
            right, again = ast.NamedExpr(store(temporary), right), load(temporary)
        links.append(_comparison(left, op, right))
        left = again
    result = links[-1]
    for link in reversed(links[:-1]):
        result = operation("and_", link, thunk(result))
    return result


_COMPARED = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
}  # fmt: skip


def _comparison(
    left: ast.expr, op: ast.cmpop, right: ast.expr, plain: ast.expr | None = None
) -> ast.expr:
    name = _COMPARED.get(type(op))
    if name is not None and may_be_list(left) and may_be_list(right):
        return operation("compared", ast.Constant(name), left, right)
    if isinstance(op, ast.Is | ast.IsNot):
        value, one = (right, left) if _is_single(left) else (left, right)
        same = operation("compared", ast.Constant("is_"), value, one)
        return same if isinstance(op, ast.Is) else operation("not_", same)
    if plain is not None:
        return plain
    match op:
        case ast.In():
            return operation("contains", left, right)
        case ast.NotIn():
            return operation("not_", operation("contains", left, right))
        case _:
            return ast.Compare(left, [op], [right])


def _is_single(node: ast.expr) -> bool:
    """True, False or None"""
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))
