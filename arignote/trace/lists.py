"""Python lists that traced loops change."""

from __future__ import annotations

from typing import Any

NO_ANSWER = object()


def answer(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of a call that concerns a list that grows; NO_ANSWER for all others."""
    return NO_ANSWER
