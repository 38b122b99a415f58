"""Pages for a terminal, made of rich's parts, as plain text too."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

WIDTH = 100


def text_of(page: Any) -> str:
    """The text of something that rich prints, without colours or spaces at ends of lines."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, highlight=False, color_system=None).print(page)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
