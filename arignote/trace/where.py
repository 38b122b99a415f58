"""Where the user's code stands: the origin that new nodes get.

The frame nearest to us whose file is neither ours nor NumPy's is the user's; converted functions
keep the user's file and positions, so they need nothing special.
"""

from __future__ import annotations

import functools
import linecache
import os
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, TypeVar

import numpy as np

from ..fxgraph.node import Origin, at_origin

F = TypeVar("F", bound=Callable[..., Any])

_OURS = tuple(os.path.dirname(f) + os.sep for f in (os.path.dirname(__file__), np.__file__))
_origins: dict[tuple[CodeType, int], Origin] = {}
_ours: dict[CodeType, bool] = {}


def user_origin() -> Origin | None:
    """The file, line and expression of the user's innermost running frame."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        ours = _ours.get(code)
        if ours is None:
            ours = _ours[code] = code.co_filename.startswith(_OURS)
        if not ours:
            key = (code, frame.f_lasti)
            found = _origins.get(key)
            if found is None:
                found = _origins[key] = _origin_at(code, frame.f_lasti, frame.f_lineno)
            return found
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _origin_at(code: CodeType, instruction: int, line: int) -> Origin:
    for k, (first, last, start, end) in enumerate(code.co_positions()):
        if k == instruction // 2 and first is not None:
            text = linecache.getline(code.co_filename, first)
            expression = text.strip()
            if last == first and start is not None and end is not None:
                expression = text.encode()[start:end].decode(errors="replace")
            return Origin(code.co_filename, first, expression, code.co_name)
    text = linecache.getline(code.co_filename, line).strip()
    return Origin(code.co_filename, line, text, code.co_name)


def placed(f: F) -> F:
    """Nodes that the decorated function makes come from the user's present line."""

    @functools.wraps(f)
    def inner(*args: Any, **kwargs: Any) -> Any:
        with at_origin(user_origin()):
            return f(*args, **kwargs)

    return inner  # type: ignore[return-value]


def place() -> str:
    """`file:line: expression` of the user's code, for messages."""
    where = user_origin()
    return f"{where}: {where.expression}" if where is not None else "(unknown place)"
