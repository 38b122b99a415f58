"""Finding the syntax tree of a function: by file, line and, for lambdas, column.

The whole file is parsed, once for each state of its text: positions are then the file's own, the
class around a method is known, and a lambda can be told from its neighbours on the line.
"""

import ast
import functools
import inspect
import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TypeVar

from arignote.errors import UnsupportedError

from .quiet import parsed
from .scope import parameter_names

Tree = TypeVar("Tree", bound=ast.AST)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

KEPT_FILES = 16


@dataclass(frozen=True)
class Source:
    """Where a function is written, and the private-name class around it.

    `lines` are those of the whole file; `node` belongs to the caller, who may change it.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef
    file: str
    lines: Sequence[str]
    class_name: str | None


def source_of(function: FunctionType) -> Source:
    """The definition of a function, as a new tree.

    Raises UnsupportedError where the text is not to be had or is not the text that was run.
    """
    code = function.__code__
    file = code.co_filename
    lines = linecache.getlines(file, function.__globals__) or _kept_with(function)
    if not lines:
        raise UnsupportedError(
            f"the source of {function.__qualname__} is not available (it comes from {file!r}, "
            f"line {code.co_firstlineno}), and its loops and branches cannot be captured without. "
            "Define it in a file or in a notebook cell, not with exec, `python -c` or at the "
            "plain interactive prompt."
        )
    try:
        found = _find(_definitions("".join(lines)), code)
    except SyntaxError:
        found = None
    if found is None:
        raise UnsupportedError(
            f"the source of {function.__qualname__} is not at line {code.co_firstlineno} of "
            f"{file}: the file has changed since it was imported. Import it again."
        )
    node, class_name = copied(found[0]), found[1]
    return Source(
        _as_definition(node) if isinstance(node, ast.Lambda) else node, file, lines, class_name
    )


def _kept_with(function: FunctionType) -> list[str]:
    """The lines that newer Pythons keep of `python -c` and of what is typed at the prompt."""
    try:
        return inspect.findsource(function)[0]
    except (OSError, TypeError):
        return []


def copied(root: Tree) -> Tree:
    """A copy of a tree, made without recursion; contexts and operators are shared."""
    new = type(root).__new__(type(root))
    waiting: list[tuple[ast.AST, ast.AST]] = [(root, new)]

    def copy(value: object) -> object:
        if isinstance(value, list):
            return [copy(v) for v in value]
        if not isinstance(value, ast.AST) or (not value._attributes and not value._fields):
            return value
        twin = type(value).__new__(type(value))
        waiting.append((value, twin))
        return twin

    while waiting:
        old, twin = waiting.pop()
        for name, value in ast.iter_fields(old):
            setattr(twin, name, copy(value))
        ast.copy_location(twin, old)
    return new


@functools.lru_cache(maxsize=KEPT_FILES)
def _definitions(text: str) -> list[tuple[Definition, str | None]]:
    """Every function and lambda of a file, with the class around it; never changed."""
    out: list[tuple[Definition, str | None]] = []
    waiting: list[tuple[ast.AST, str | None]] = [(parsed(text), None)]
    while waiting:
        node, class_name = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            out.append((node, class_name))
        elif isinstance(node, ast.ClassDef):
            class_name = node.name
        waiting.extend((child, class_name) for child in ast.iter_child_nodes(node))
    return out


def _find(
    definitions: list[tuple[Definition, str | None]], code: CodeType
) -> tuple[Definition, str | None] | None:
    """The smallest definition that starts where the code does and spans all its positions."""
    best: tuple[Definition, str | None] | None = None
    for node, class_name in definitions:
        if _matches(node, code, class_name) and (best is None or _within(node, best[0])):
            best = node, class_name
    return best


def _matches(node: Definition, code: CodeType, class_name: str | None) -> bool:
    if isinstance(node, ast.Lambda):
        if code.co_name != "<lambda>" or node.lineno != code.co_firstlineno:
            return False
        if not _spans(node.body, code):
            return False
    else:
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        if code.co_name != node.name or first != code.co_firstlineno:
            return False
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 4) + bool(code.co_flags & 8)  # *args, **kwargs
    written = [_mangled(n, class_name) for n in parameter_names(node.args)]
    return list(code.co_varnames[:count]) == written


def _spans(body: ast.expr, code: CodeType) -> bool:
    """Whether every instruction that has a column stands within an expression."""
    start = (body.lineno, body.col_offset)
    end = (body.end_lineno or body.lineno, body.end_col_offset or body.col_offset)
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None:
            continue
        if (line, column) == (line, 0) == (end_line, end_column):
            continue  # the artificial first instruction
        if not (start <= (line, column) and (end_line, end_column) <= end):
            return False
    return True


def _within(node: Definition, other: Definition) -> bool:
    return any(part is node for part in ast.walk(other))


def _mangled(name: str, class_name: str | None) -> str:
    if class_name is None or not name.startswith("__") or name.endswith("__"):
        return name
    return f"_{class_name.lstrip('_')}{name}" if class_name.strip("_") else name


def _as_definition(node: ast.Lambda) -> ast.FunctionDef:
    body = ast.copy_location(ast.Return(node.body), node.body)
    template = ast.parse("def _ag_lambda(): pass").body[0]
    assert isinstance(template, ast.FunctionDef)
    template.args, template.body = node.args, [body]
    return ast.copy_location(template, node)
