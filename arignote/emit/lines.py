"""The text of a function while it is printed: its lines, with the user's own beside them."""

from __future__ import annotations

from ..fxgraph.node import Origin


class Lines:
    """mark: what a comment begins with.  depth: how far lines are moved in, in steps of four."""

    mark = "//"

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.lines: list[str] = []
        self._line: Origin | None = None

    def put(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def comment(self, where: Origin | None) -> None:
        """The user's line, unless it was the last one printed."""
        if where is None or where == self._line:
            return
        self._line = where
        self.put(f"{self.mark} {source_line(where)}")


def source_line(where: Origin) -> str:
    """file:line: expression, in one line that ends no comment early."""
    file = where.file.replace("\\", "/").rsplit("/", 1)[-1]
    text = " ".join(where.expression.split()).rstrip("\\")
    return f"{file}:{where.line}: {text}" if text else f"{file}:{where.line}"
