"""What rewrites statements of a function into others before they are converted."""

import ast
from collections.abc import Sequence
from itertools import count


class StatementRewriter(ast.NodeTransformer):
    """Visits the statements of one function: inner functions are converted by themselves, and
    expressions hold no statements.

    numbers: for the names that it makes up.
    """

    def __init__(self) -> None:
        self.numbers = count(1)

    def rewritten(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """The statements as `visit` wants them; nodes are changed in place."""
        out: list[ast.stmt] = []
        for stmt in body:
            new = self.visit(stmt)
            out += new if isinstance(new, list) else [new]
        return out

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node

    visit_Assign = visit_Return = visit_AugAssign = visit_Expr  # type: ignore[assignment]


__all__ = ["StatementRewriter"]
