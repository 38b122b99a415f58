"""What a name holds before a loop, in the form that the loop's steps need.

A string that the steps replace by others becomes a `Text`, None that they replace by a value (or
the other way round) a `Maybe`.
"""

from __future__ import annotations

from typing import Any

from .containers import rebuilt
from .merging import blank, is_number
from .optional import Maybe
from .proxy import Array, Cell, node_of, wrap
from .texts import Text, as_text, is_text


def like(value: Any, pattern: Any) -> Any:
    """The value with Texts for strings and Maybes for None or values, wherever the pattern has
    them.  Leaves of what is None are any numbers."""
    if type(pattern) is Text and type(value) is str:
        return as_text(value)
    if type(pattern) is Maybe:
        if value is None:
            return Maybe(False, pattern.value)
        if type(value) is Maybe:
            return Maybe(value.some, like(value.value, pattern.value))
        return Maybe(True, like(value, pattern.value))
    if type(value) is tuple and type(pattern) is tuple and len(value) == len(pattern):
        return tuple(like(v, p) for v, p in zip(value, pattern, strict=True))
    return value


def freed(before: Any, after: Any, optional: bool = False) -> Any:
    """`before` with Texts for strings and Maybes for None or values, where they are others in
    `after`; itself where there are none.

    optional: None and a value make a Maybe, too, not only what is one already.
    """
    if type(before) is str and is_text(after) and (type(after) is Text or after != before):
        return as_text(before)
    if type(before) is Maybe:
        inner = after.value if type(after) is Maybe else after
        free = before.value if inner is None else freed(before.value, inner, optional)
        return before if free is before.value else Maybe(before.some, free)
    if type(after) is Maybe:
        if before is None:
            return Maybe(False, _blanks(after.value))
        return Maybe(True, freed(before, after.value, optional))
    if optional and before is None and after is not None:
        return Maybe(False, _blanks(after))
    if optional and after is None and before is not None:
        return Maybe(True, before)
    if type(before) is tuple and type(after) is tuple and len(before) == len(after):
        parts = tuple(freed(b, a, optional) for b, a in zip(before, after, strict=True))
        return before if all(p is b for p, b in zip(parts, before, strict=True)) else parts
    return before


class Blank(Array):
    """An array that stands beside None: its elements do not matter."""

    __slots__ = ()


def _blanks(value: Any) -> Any:
    """Any value of the same form."""
    return rebuilt(value, _blank, True)


def _blank(leaf: Any) -> Any:
    if not is_number(leaf):
        return leaf
    n = blank(node_of(leaf).type)
    return Blank(Cell(n)) if n.rank else wrap(n)
