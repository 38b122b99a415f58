"""Python's `sum`: its floats are added with what rounding leaves out, since 3.12.

A run of Python's own floats is compensated (Neumaier); an int in front of it is added plainly, and
so is everything from the first item on that is no such number: NumPy's scalars, arrays.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Iterable
from functools import reduce
from typing import Any

from ..fxgraph.node import OPS
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import F64
from .convert.site import Site
from .folds import fold
from .iteration import Counter
from .loops import loop_for
from .proxy import Proxy, Scalar, node_of, wrap

#: Are sums of floats compensated, and the ints among them, too?
COMPENSATED = sys.version_info >= (3, 12)
INTS_TOO = sys.version_info >= (3, 14)

_KINDS: dict[type, str] = {bool: "i", int: "i", float: "f"}


def sum_of(items: Iterable[Any], start: Any) -> Any:
    """The sum of items that are known one by one."""
    if not COMPENSATED:
        return reduce(operator.add, items, start)
    total, error, errors = start, 0.0, 0
    plain = False
    for item in items:
        kinds = "" if plain else _kind(total) + _kind(item)
        if kinds == "ff" or (kinds == "fi" and INTS_TOO):
            error, errors = error + _error(total, item), errors + 1
        elif kinds not in ("fi", "ii", "if"):
            total, plain = _joined(total, error, errors), True
            errors = 0
        elif errors:
            errors += 1
        total = total + item
    return _joined(total, error, errors)


def sum_over(counter: Counter, start: Any) -> Any:
    """The sum of items that are counted: a loop."""
    if not COMPENSATED or _kind(start) not in ("i", "f"):
        return fold(counter, operator.add, start, "sum")
    box = [start, 0.0, False]
    whole = _kind(start) == "i" and not (type(start) is int and start == 0)
    used = [False]

    def body(item: Any) -> None:
        total, error, seen = box
        kinds = _kind(total) + _kind(item)
        if kinds in ("ff", "if") or (kinds == "fi" and INTS_TOO):
            used[0] = True
            left = _error(total, item)
            if whole:  # the first float meets an int
                left = wrap(OPS["where"](node_of(seen), node_of(left), 0.0, weak=True))
            error = error + left
        box[:] = [total + item, error, True]

    def put(state: tuple[Any, ...]) -> None:
        box[: len(state)] = state

    names = ("sum", "sum's error", "sum's start")[: 3 if whole else 2]
    site = Site("<builtin>", 0, 0, 0, "sum(...)", "sum")
    loop_for(counter, body, None, lambda: tuple(box[: len(names)]), put, names, names, (), site)
    return _joined(box[0], box[1], 2) if used[0] else box[0]


def _kind(x: Any) -> str:
    """"i": a Python int, "f": a float; "": anything else."""
    if isinstance(x, Scalar):
        t = x.node.type
        return {"b": "i", "i": "i", "f": "f"}.get(t.dtype.kind, "") if t.weak else ""
    return "" if isinstance(x, Proxy) else _KINDS.get(type(x), "")


def _error(x: Any, y: Any) -> Any:
    return wrap(OPS["addition_error"](_float(x), _float(y), weak=True))


def _joined(total: Any, error: Any, errors: int) -> Any:
    """The sum with its error, which is lost after a single addition."""
    if errors < 2:
        return total
    return wrap(OPS["join_error"](_float(total), _float(error), weak=True))


def _float(x: Any) -> Any:
    return cast_to(node_of(x), F64, True)
