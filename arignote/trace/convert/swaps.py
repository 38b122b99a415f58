"""`m[i], m[j] = m[j], m[i]` of lists of lists: the rows exchange what is in them.

    if not _ag.exchanged(m, i, j):
        m[i], m[j] = m[j], m[i]

By an index that is known at run time only there is no row to be moved.  What is in the rows may be
exchanged instead where no name stands for one of them: in a function that takes rows of `m` only to
take them apart, `m[i][k]`, or for their length.
"""

import ast
from collections.abc import Sequence

from .syntax import Operation, load, located, operator


def with_swaps(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function, with such swaps asked first; nodes are changed in place."""
    bases = _whole_rows(body)
    rewriter = _Rewriter(bases)
    out: list[ast.stmt] = []
    for stmt in body:
        new = rewriter.visit(stmt)
        out.append(new)
    return out


class _Rewriter(ast.NodeTransformer):
    def __init__(self, refused: set[str]) -> None:
        self.refused = refused

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # converted by itself

    visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node

    visit_Return = visit_AugAssign = visit_Expr  # type: ignore[assignment]

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        swap = swap_of(node)
        if swap is None or swap[0] in self.refused:
            return node
        name, one, two = swap
        done = Operation(operator("exchanged"), [load(name), one, two], [])
        return located(ast.If(ast.UnaryOp(ast.Not(), done), [node], []), node)


def swap_of(node: ast.stmt) -> tuple[str, ast.expr, ast.expr] | None:
    """(m, i, j) of `m[i], m[j] = m[j], m[i]`"""
    match node:
        case ast.Assign(
            targets=[ast.Tuple(elts=[ast.Subscript() as a, ast.Subscript() as b])],
            value=ast.Tuple(elts=[ast.Subscript() as c, ast.Subscript() as d]),
        ):
            if _text(a) == _text(d) and _text(b) == _text(c) and isinstance(a.value, ast.Name):
                if _base(b) == a.value.id and _is_plain(a.slice) and _is_plain(b.slice):
                    return a.value.id, _copied(a.slice), _copied(b.slice)
    return None


def _text(node: ast.Subscript) -> str:
    return ast.unparse(node)


def _base(node: ast.Subscript) -> str:
    return node.value.id if isinstance(node.value, ast.Name) else ""


def _copied(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _is_plain(index: ast.expr) -> bool:
    """Names, numbers and arithmetic of them."""
    return all(
        isinstance(p, ast.Name | ast.Constant | ast.BinOp | ast.operator | ast.expr_context)
        for p in ast.walk(index)
    )


def _whole_rows(body: Sequence[ast.stmt]) -> set[str]:
    """The lists of which a row, as a whole, may get a name."""
    refused: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt) and swap_of(node) is not None:
            continue
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript):
            inner = node.value  # an element of a row
            waiting += [node.slice, inner.slice]
            waiting += [] if isinstance(inner.value, ast.Name) else [inner.value]
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            for value in node.args:
                inner_ = value.value if isinstance(value, ast.Subscript) else value
                waiting += [] if isinstance(inner_, ast.Name) else [value]
            continue
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            refused.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return refused
