"""Small constructors for syntax trees, so that the constructs' files read like the code they make.

Every generated name begins with `_ag`; a generated node without a position gets the position of
the user's code that it stands for (`located`), so tracebacks point at the user's lines.
"""

import ast
import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from .site import header_end

OPERATORS = "_ag"
SITES = "_ag_sites"
PREFIX = "_ag_"

Located = TypeVar("Located", bound=ast.AST)


class Tested(ast.BoolOp):
    """`and` or `or` of which only the truth is taken."""


class Operation(ast.Call):
    """A call of an operator, which is no call of the user's."""


def load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())


def assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([store(name)], value)


def operator(name: str) -> ast.expr:
    """`_ag.name`"""
    return ast.Attribute(load(OPERATORS), name, ast.Load())


def operation(name: str, *args: ast.expr) -> ast.Call:
    """`_ag.name(*args)`"""
    return ast.Call(operator(name), list(args), [])


def undefined(name: str) -> ast.Assign:
    """`name = _ag.undefined('name')`"""
    return assign(name, operation("undefined", ast.Constant(name)))


def strings(names: Iterable[str]) -> ast.Tuple:
    return ast.Tuple([ast.Constant(n) for n in names], ast.Load())


def parameters(names: Sequence[str]) -> ast.arguments:
    return ast.arguments([], [ast.arg(n) for n in names], None, [], [], None, [])


def function_of(names: Sequence[str], value: ast.expr) -> ast.Lambda:
    """`lambda names: value`"""
    return ast.Lambda(parameters(names), value)


def thunk(value: ast.expr) -> ast.Lambda:
    """`lambda: value`"""
    return function_of((), value)


def definition(name: str, names: Sequence[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """`def name(names): body`"""
    node = ast.FunctionDef(name, parameters(names), body or [ast.Pass()], [])
    if sys.version_info >= (3, 12):
        node.type_params = []
    return node


def all_of(tests: Sequence[ast.expr]) -> ast.expr:
    """`test and test and ...`"""
    return tests[0] if len(tests) == 1 else Tested(ast.And(), list(tests))


def negated(name: str) -> ast.expr:
    return ast.UnaryOp(ast.Not(), load(name))


def located(node: Located, at: ast.AST) -> Located:
    """Give `node`, and every descendant that has no position yet, the position of `at`.

    Of a statement with blocks, that is the position of its header.
    """
    waiting: list[ast.AST] = [node]
    while waiting:
        part = waiting.pop()
        if "lineno" in part._attributes:
            if hasattr(part, "lineno"):
                continue
            _move(part, at)
        waiting.extend(ast.iter_child_nodes(part))
    return node


def complete(root: ast.AST) -> None:
    """Give every node that has no position yet that of the node around it."""
    waiting: list[tuple[ast.AST, ast.AST]] = [(root, root)]
    while waiting:
        part, around = waiting.pop()
        if "lineno" in part._attributes:
            if not hasattr(part, "lineno"):
                _move(part, around)
            around = part
        waiting.extend((child, around) for child in ast.iter_child_nodes(part))


def _move(node: ast.AST, at: ast.AST) -> None:
    line, column = getattr(at, "lineno", 1), getattr(at, "col_offset", 0)
    node.lineno, node.col_offset = line, column  # type: ignore[attr-defined]
    if not isinstance(node, ast.Attribute):  # a call stands where its attribute ends
        line, column = header_end(at)
    node.end_lineno, node.end_col_offset = line, column  # type: ignore[attr-defined]
