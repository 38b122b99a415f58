"""What converted code calls (see `convert.interface`): entry points, nothing more."""

from __future__ import annotations

import sys

from . import (
    callables,
    distinct_of,
    extremes,
    first_left,
    folding,
    heaps,
    modular,
    ordering,
    pycmath,
    pymath,
    pyrandom,
    ragged,
    repeating,
)
from .augmenting import attribute, aug, aug_attribute, aug_item
from .branches import ifexp
from .callables import call
from .comprehensions import comprehension
from .effects import assert_, raise_
from .exchanging import exchanged
from .failing import failing, handler_of, written
from .generators import generator, if_, loop_for, loop_while, yielded
from .guarding import guarded, refuse, tracing_errors, with_
from .marks import marked, percent
from .sequences import add, compared, displayed, is_sequence, mul, unpacked
from .shortcut import and_, contains, or_
from .targets import item, owner
from .truthiness import not_, truth
from .undefined import Undefined, defined
from .unwinding import Finally

__all__ = [
    "add", "and_", "assert_", "attribute", "aug", "aug_attribute", "aug_item", "call", "compared",
    "comprehension", "contains", "defined", "exchanged", "failing", "finally_", "generator",
    "guarded", "handler_of", "if_", "ifexp", "is_sequence", "item", "loop_for", "loop_while",
    "made", "marked", "mul", "not_", "or_", "owner", "percent", "raise_", "refuse",
    "tracing_errors", "truth", "undefined", "unpacked", "with_", "written", "yielded",
]  # fmt: skip

undefined = Undefined
finally_ = Finally
made = displayed
#: Their functions are registered when they are imported.
_ = (
    distinct_of, extremes, first_left, folding, heaps, modular, ordering, pycmath, pymath,
    pyrandom, ragged, repeating,
)  # fmt: skip
callables.OPERATORS[:] = [sys.modules[__name__]]
