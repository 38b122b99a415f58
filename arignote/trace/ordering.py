"""sorted() and list.sort(), stable and, by NumPy's sorts of arrays.

NaN comes last, where Python's own sort leaves it anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.constants import lit
from .comprehensions import comprehension
from .convert.site import Site
from .growing import Growing, from_items, growing
from .iteration import counter_of
from .lists import SORTED, has_proxy
from .pybuiltins import answers
from .registry import IMPLEMENTED

Key = Callable[[Any], Any]


@answers(sorted)
def sorted_(x: Any, /, *, key: Key | None = None, reverse: bool = False) -> list[Any]:
    """A new list of the items in order; those whose keys are equal stay as they were."""
    items = x if type(x) is list else _list(x)
    if growing(items) is None and len(items) < 2:
        return list(items)
    of: list[Any] = items if key is None else comprehension("list", items, key, None, _SITE)
    if growing(of) is None and growing(items) is None and not has_proxy(of):
        first = sorted(range(len(of)), key=of.__getitem__, reverse=reverse)
        return [items[k] for k in first]
    keys = _as_growing(of)
    columns = [keys.column(k) for k in range(len(keys.buffers))]
    if any(t.dtype.kind == "c" and t.weak for t in keys.kind.types):  # NumPy's have an order
        raise TypeError("'<' not supported between instances of 'complex' and 'complex'")
    if keys.kind.nested:
        raise TraceError(
            "lists whose length is known at run time only are put in order: sort by a number of "
            "each, key=lambda row: row[0]"
        )
    if any(d != 1 for c in columns for d in c.sizes[1:]):
        raise ValueError(
            "The truth value of an array with more than one element is ambiguous. Use a.any() or "
            "a.all()"
        )
    order = _order([c.reshape(-1) for c in columns], reverse)
    g = growing(items)
    parts = g if g is not None else from_items(items, lit(0))
    ordered = parts.taken(lambda column: column[order])
    return [ordered] if g is not None else [ordered.at(lit(k)) for k in range(len(items))]


SORTED.append(sorted_)


@answers(filter)
def filter_(f: Key | None, x: Any, /) -> list[Any]:
    """The items that a function is true of, as a list."""
    return comprehension("list", x, _itself, f if f is not None else _itself, _FILTER)  # type: ignore[no-any-return]


def _as_growing(of: list[Any]) -> Growing:
    g = growing(of)
    return g if g is not None else from_items(of, lit(0))


def _order(columns: Sequence[Any], reverse: bool) -> Any:
    """The positions in order.  Equal ones keep theirs, in reverse too."""
    if reverse:
        columns = [c[::-1] for c in columns]
    if len(columns) == 1:
        order = IMPLEMENTED[np.argsort](columns[0], kind="stable")
    else:
        order = IMPLEMENTED[np.lexsort](tuple(reversed(columns)))
    return columns[0].shape[0] - 1 - order[::-1] if reverse else order


def _list(x: Any) -> list[Any]:
    return comprehension("list", counter_of(x), _itself, None, _SITE)  # type: ignore[no-any-return]


def _itself(x: Any) -> Any:
    return x


_FILTER = Site("<builtin>", 0, 0, 0, "filter(...)", "filter")
_SITE = Site("<builtin>", 0, 0, 0, "sorted(...)", "sorted")
__all__ = ["filter_", "sorted_"]
