"""What converted code calls (see `convert.interface`): entry points, nothing more."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from . import (
    callables,
    extremes,
    folding,
    heaps,
    lists,
    ordering,
    pycmath,
    pymath,
    pyrandom,
    repeating,
)
from .branches import if_, ifexp
from .callables import call
from .comprehensions import comprehension
from .effects import assert_, raise_
from .guarding import guarded, refuse, tracing_errors, with_
from .journal import made
from .loops import loop_for, loop_while
from .marks import marked, percent
from .pybuiltins import IN_PLACE
from .sequences import add, compared, is_sequence, mul, unpacked
from .session import is_tracing
from .shortcut import and_, contains, or_
from .targets import item, outside_written, owner
from .truthiness import not_, truth
from .undefined import Undefined, defined

__all__ = [
    "add", "and_", "assert_", "attribute", "aug", "aug_attribute", "call", "compared",
    "comprehension", "contains", "defined", "guarded", "if_", "ifexp", "is_sequence", "item",
    "loop_for", "loop_while", "made", "marked",
    "mul", "not_", "or_", "owner", "percent", "raise_", "refuse", "tracing_errors", "truth",
    "undefined", "unpacked", "with_",
]  # fmt: skip

undefined = Undefined
#: Their functions are registered when they are imported.
_ = extremes, folding, heaps, ordering, pycmath, pymath, pyrandom, repeating
callables.OPERATORS[:] = [sys.modules[__name__]]


def attribute(base: Any, name: str) -> tuple[Any, str, Any]:
    """What `base.name += value` changes: the object, the name, the value so far."""
    return owner(base), name, getattr(base, name)


def aug_attribute(name: str, target: tuple[Any, str, Any], value: Any) -> None:
    """`base.name += value`, where `name` is "iadd"."""
    base, key, old = target
    setattr(base, key, aug(name, old, value))


def aug(name: str, target: Any, value: Any) -> Any:
    """`target += value` of a name, where `name` is "iadd"; the result is assigned to it."""
    if name == "iadd" and type(target) is list:
        return lists.extended(target, value)
    if isinstance(target, np.ndarray) and is_tracing():
        raise outside_written(target)
    return IN_PLACE[name](target, value)
