"""`+`, `*`, comparisons and unpacking where an operand may be a list of traced length.

Such a list is a plain list with one stand-in for all its elements (see `growing`), so Python's own
operators would take the stand-in for an element.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import plus
from ..fxgraph.constants import lit
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.structure import set_item
from ..fxgraph.types import BOOL, Size
from ..fxgraph.window import Window
from .aliasing import tie_both
from .distinct import Distinct
from .growing import (
    SHARED,
    Growing,
    from_items,
    growing,
    has_containers,
    is_discarded,
    joined,
)
from .journal import made
from .lists import JOINED, has_proxy, read_while_growing
from .optional import Maybe, is_none, used
from .proxy import Scalar, node_of
from .shortcut import and_, or_
from .truthiness import not_, truth

_COMPARED = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


def add(a: Any, b: Any) -> Any:
    """`a + b`"""
    if type(a) is list and type(b) is list and (_is_long(a) or _is_long(b)):
        if not b:
            return [_of(a).shallow()]
        if not a:
            return [_of(b).shallow()]
        return [_chained(a, b)]
    return a + b


JOINED.append(add)


def displayed(container: Any) -> Any:
    """What a display `[a, *b]` made, where b may be a list of run-time length."""
    if type(container) is list and any(isinstance(x, Growing) for x in container):
        out: Any = []
        for x in container:
            out = add(out, [x])
        container = out
    return made(container)


def mul(a: Any, b: Any) -> Any:
    """`a * b`"""
    for items, count in ((a, b), (b, a)):
        if type(items) is list and _is_long(items) and type(count) in (int, bool):
            out: Any = []
            for _ in range(count):
                out = add(out, items)
            return out
    return a * b


def compared(name: str, a: Any, b: Any) -> Any:
    """`a == b` and its like; `a is True` and `a is None` where that is known at run time only"""
    if name == "is_":
        if type(a) is Maybe and b is None:
            return is_none(a)
        return a == b if _is_truth(a) and _is_truth(b) else a is b
    if type(a) is Distinct and type(b) is Distinct:
        a, b = a.items, b.items
    if type(a) is tuple and type(b) is tuple and has_proxy((*a, *b)):
        return _in_order(name, a, b)
    if (type(a) is list and _is_long(a)) or (type(b) is list and _is_long(b)):
        if name in ("eq", "ne"):
            equal = _equal_lists(a, b)
            return equal if name == "eq" else not_(equal)
        raise TraceError(
            "the order of lists whose length is known at run time only: compare their elements in "
            "a loop"
        )
    return _COMPARED[name](a, b)


def _is_truth(x: Any) -> bool:
    """A Python bool: there are only two of them."""
    if isinstance(x, Scalar):
        return bool(x.node.type.weak and x.node.dtype == BOOL)
    return type(x) is bool


def _equal_lists(a: Any, b: Any) -> Any:
    """`a == b`, where one is a list whose length is known at run time only"""
    if type(a) is not list or type(b) is not list:
        return False
    if not a or not b:
        return not_(truth(a or b))
    one, two = _of(a), _of(b)
    if one.kind.structure != two.kind.structure or one.kind.nested != two.kind.nested:
        raise TraceError("lists of elements of different kinds are compared: compare the elements")
    out: Any = True
    for k in range(len(one.buffers)):
        x, y = one.column(k), two.column(k)
        if x.ndim != y.ndim:
            return False
        sizes: Any = True
        for m, n in zip(x.shape, y.shape, strict=True):
            sizes = and_(truth(m == n), partial(truth, sizes))
        out = and_(and_(sizes, partial(_all_equal, x, y)), partial(truth, out))
    return out


def _all_equal(x: Any, y: Any) -> Any:
    return truth((x == y).all())


def _in_order(name: str, a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    """Tuples compared element by element, from the left."""
    if name == "ne":
        return not_(_in_order("eq", a, b))
    if name == "eq" and len(a) != len(b):
        return False
    strict = {"le": "lt", "ge": "gt"}.get(name, name)
    out: Any = True if name == "eq" else _COMPARED[name](len(a), len(b))
    for x, y in zip(reversed(a[: len(b)]), reversed(b[: len(a)]), strict=True):
        out = and_(truth(compared("eq", x, y)), partial(truth, out))
        if name != "eq":
            out = or_(truth(compared(strict, x, y)), partial(truth, out))
    return out


def is_sequence(value: Any, length: int) -> bool:
    """Whether a pattern of so many parts may fit the value."""
    if type(value) is list and _is_long(value):
        raise TraceError(
            "a list whose length is known at run time only is matched: take its elements by index"
        )
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) == length


def unpacked(values: Any) -> Any:
    """The right side of `x, *y = values`"""
    values = used(values)
    if type(values) is list and _is_long(values):
        raise TraceError(
            "a list whose length is known at run time only is unpacked: take its elements by index"
        )
    return values


def _is_long(held: list[Any]) -> bool:
    if is_discarded(held):
        raise read_while_growing()
    return growing(held) is not None


def _of(held: list[Any]) -> Growing:
    g = growing(held)
    return g if g is not None else from_items(held, lit(0))


def _chained(a: list[Any], b: list[Any]) -> Growing:
    """The elements of both, in a new list."""
    first, second = _of(a), _of(b)
    kind = joined(joined(first.kind, second.kind), first.kind)
    out = first.resized(plus(first.capacity, second.capacity), kind)
    for k, (cell, t) in enumerate(zip(out.buffers, kind.types, strict=True)):
        part = node_of(second.column(k))
        rank = part.rank
        shape: tuple[Size, ...] = part.shape
        starts = (first.count.version, *[lit(0)] * (rank - 1))
        w = Window(starts, (1,) * rank, tuple(range(rank)), shape)
        cell.version = set_item(cell.version, w, cast_to(part, t.dtype))
    for g in (first, second):
        for new, old in zip(out.buffers, g.buffers, strict=True):
            if new.version.rank > 1 or has_containers(kind):
                tie_both(new, old, SHARED)
    out.count.version = plus(first.count.version, second.count.version)
    return out


__all__ = ["add", "compared", "is_sequence", "mul", "unpacked"]
