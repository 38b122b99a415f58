"""Generators: every `yield` hands its value to the loop that the generator is gone through by.

    def pairs(n):                       def pairs(n):
        for i in range(n):                  for i in range(n):
            yield i, i * i      ->              if _ag.yielded((i, i * i)):
                                                    return

`yielded` runs the body of that loop, and tells whether it was left.
"""

import ast
from collections.abc import Iterable, Sequence

from .scope import FunctionNode, own
from .syntax import PREFIX, Operation, load, located, operator, store

YIELDS = (ast.Yield, ast.YieldFrom)


def is_generator(function: FunctionNode) -> bool:
    return any(isinstance(node, YIELDS) for node in own(function.body))


def odd_yields(body: Iterable[ast.stmt]) -> list[ast.AST]:
    """The yields that are more than a statement: what they are sent would matter."""
    nodes = list(own(body))
    plain = {node.value for node in nodes if isinstance(node, ast.Expr)}
    return [node for node in nodes if isinstance(node, YIELDS) and node not in plain]


def without_yields(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function that hands its values on."""
    rewriter = _Rewriter()
    return [rewriter.visit(stmt) for stmt in body]


class _Rewriter(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # converted by itself

    visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        return node

    visit_AugAssign = visit_Assign  # type: ignore[assignment]

    def visit_Return(self, node: ast.Return) -> ast.AST:
        return located(ast.Return(None), node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        match node.value:
            case ast.Yield(value=value):
                return located(_handed_on(value or ast.Constant(None)), node)
            case ast.YieldFrom(value=value):
                each = f"{PREFIX}each"
                body: list[ast.stmt] = [_handed_on(load(each))]
                return located(ast.For(store(each), value, body, []), node)
        return node


def _handed_on(value: ast.expr) -> ast.stmt:
    return ast.If(Operation(operator("yielded"), [value], []), [ast.Return(None)], [])
