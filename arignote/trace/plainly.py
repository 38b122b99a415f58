"""Containers whose changes are not followed: they must not be changed where a branch is traced."""

from __future__ import annotations

import array
import queue
from typing import Any

from ..errors import UnsupportedError
from .where import place

_OTHERS = (list, dict, set, bytearray, array.array, queue.Queue, queue.SimpleQueue)


def is_unfollowed(x: Any) -> bool:
    """Is it a defaultdict, a Counter, a subclass of list, an array.array, ...?"""
    return isinstance(x, _OTHERS) and type(x) not in (list, dict, set)


def unfollowed(x: Any) -> UnsupportedError:
    return UnsupportedError(
        f"a {type(x).__name__} is changed at {place()}, in a branch or loop that is decided when "
        "the function runs: use a list, a dict with all its keys, an array, collections.deque or "
        "heapq"
    )
