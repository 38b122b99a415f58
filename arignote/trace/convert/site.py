"""Sites: where in the user's source an operator call stands.

A site is handed to the operators as an object, never as a number: converted functions call each
other and are called back by libraries, so no "current function" could resolve a number.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_EXPRESSION = 200


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the user's source: what messages and node origins name.

    `column` counts characters from 0; `expression` is the text as written, on one line, cut at
    200 characters; `function` is the name of the function around it.
    """

    file: str
    line: int
    end_line: int
    column: int
    expression: str
    function: str

    def __str__(self) -> str:
        return f'File "{self.file}", line {self.line}, in {self.function}: {self.expression}'


def site_of(node: ast.AST, lines: Sequence[str], file: str, function: str) -> Site:
    """The site of an expression, or of a statement up to the colon that opens its block."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    end_line, end_column = header_end(node)
    text = source_text(lines, line, column, end_line, end_column)
    shown = " ".join(text.split())
    if len(shown) > LONGEST_EXPRESSION:
        shown = shown[: LONGEST_EXPRESSION - 4] + " ..."
    start = lines[line - 1].encode()[:column].decode(errors="replace") if line <= len(lines) else ""
    return Site(file, line, end_line, len(start), shown, function)


def source_text(
    lines: Sequence[str], line: int, column: int, end_line: int, end_column: int
) -> str:
    """The text between two positions; columns are UTF-8 offsets, as the syntax tree has them."""
    if end_line > len(lines):
        return ""
    part = [text.encode() for text in lines[line - 1 : end_line]]
    part[-1] = part[-1][:end_column]
    part[0] = part[0][column:]
    return b"".join(part).decode(errors="replace")


def header_end(node: ast.AST) -> tuple[int, int]:
    """Where an expression ends, or a statement without its blocks."""
    match node:
        case ast.For() | ast.AsyncFor():
            last: ast.AST = node.iter
        case ast.While() | ast.If():
            last = node.test
        case ast.With() | ast.AsyncWith():
            last = node.items[-1].optional_vars or node.items[-1].context_expr
        case ast.Match():
            last = node.subject
        case ast.Try() | ast.TryStar():
            return node.lineno, node.col_offset + len("try")
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            word = {ast.FunctionDef: "def", ast.ClassDef: "class"}.get(type(node), "async def")
            return node.lineno, node.col_offset + len(f"{word} {node.name}".encode())
        case _:
            last = node
    end_line: int | None = getattr(last, "end_lineno", None)
    end_column: int | None = getattr(last, "end_col_offset", None)
    if end_line is None or end_column is None:  # a part that was generated, or a whole file
        return getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    return end_line, end_column
