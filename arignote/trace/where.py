"""Where the user's code stands: the origin that new nodes get.

The frame nearest to us whose file is neither ours nor NumPy's or SciPy's is the user's; converted
functions keep the user's file and positions, so they need nothing special.
"""

from __future__ import annotations

import functools
import linecache
import os
import sys
import threading
from collections.abc import Callable
from types import CodeType
from typing import Any, TypeVar

import numpy as np

from ..fxgraph.node import Origin, at_origin

F = TypeVar("F", bound=Callable[..., Any])

_NUMPY = os.path.dirname(np.__file__)
_SCIPY = os.path.join(os.path.dirname(_NUMPY), "scipy")
_ARIGNOTE = os.path.dirname(os.path.dirname(__file__))
_OURS = tuple(f + os.sep for f in (_ARIGNOTE, _NUMPY, _SCIPY))
#: Programs of ours that stand for a user's.
_PROGRAMS = os.path.join(_ARIGNOTE, "cli") + os.sep
_pinned = threading.local()


class pinned:
    """Context manager: nodes come from `where`, an expression that was written earlier."""

    def __init__(self, where: Origin | None) -> None:
        self.where = where

    def __enter__(self) -> None:
        self.outer = getattr(_pinned, "origin", None)
        _pinned.origin = self.where

    def __exit__(self, *_: object) -> None:
        _pinned.origin = self.outer


def user_origin() -> Origin | None:
    """The file, line and expression of the user's innermost running frame."""
    where: Origin | None = getattr(_pinned, "origin", None)
    if where is not None:
        return where
    frame = sys._getframe(1)
    while frame is not None:
        known = _known(frame.f_code)
        if not known.ours:
            return known.origin(frame.f_lasti, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return None


def raised_at(error: BaseException) -> Origin | None:
    """The file, line and expression of the user's innermost frame that an error came through."""
    where: Origin | None = getattr(_pinned, "origin", None)
    step = error.__traceback__
    while step is not None:
        known = _known(step.tb_frame.f_code)
        if not known.ours:
            where = known.origin(step.tb_lasti, step.tb_lineno)
        step = step.tb_next
    return where


class _Code:
    """What is known of one code object, which stays alive with it: so its id tells it apart.

    Codes are not keys themselves, because hashing one takes as long as it has names and constants.
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        file = code.co_filename
        self.ours = file.startswith(_OURS) and not file.startswith(_PROGRAMS)
        self.origins: dict[int, Origin] = {}

    @functools.cached_property
    def positions(self) -> list[tuple[int | None, int | None, int | None, int | None]]:
        """Where each instruction stands: first and last line, first and last column."""
        return list(self.code.co_positions())

    def origin(self, instruction: int, line: int) -> Origin:
        found = self.origins.get(instruction)
        if found is None:
            found = self.origins[instruction] = self._find(instruction, line)
        return found

    def _find(self, instruction: int, line: int) -> Origin:
        file, name, at = self.code.co_filename, self.code.co_name, instruction // 2
        first, last, start, end = self.positions[at] if at < len(self.positions) else (None,) * 4
        if first is None:
            return Origin(file, line, linecache.getline(file, line).strip(), name)
        text = linecache.getline(file, first)
        expression = text.strip()
        if last == first and start is not None and end is not None:
            expression = text.encode()[start:end].decode(errors="replace")
        return Origin(file, first, expression, name)


_codes: dict[int, _Code] = {}


def _known(code: CodeType) -> _Code:
    known = _codes.get(id(code))
    if known is None:
        known = _codes[id(code)] = _Code(code)
    return known


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
