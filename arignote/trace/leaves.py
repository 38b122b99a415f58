"""Leaves of what a loop carries: how one number, array or view goes from step to step.

A number or array is carried by value with a type; a view that moves is carried by where it starts,
an integer that counts not at all, an array of varying size as a buffer and a number of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import TraceError
from ..fxgraph.affine import minus, plus, size_node, times
from ..fxgraph.constants import is_const, new_param, value_of
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import I64, Shape, TensorType
from .aliasing import slid, slides
from .conflicts import Unmergeable
from .merging import NUMBERS, agreed, as_type, blank, is_number, join
from .proxy import Array, Scalar, node_of, same_place, wrap
from .session import session
from .slicing import int_node
from .varying import first_rows, only_first_differs, padded

#: Integers that only count steps stay below this: at most 2**53 steps run in the lifetime of a
#: machine, each adds at most MOST_PER_STEP.
COUNTED = 2**62
MOST_PER_STEP = 2**9
WEAK_INT = TensorType(I64, (), True)


class Unstable(TraceError):
    """No guess holds: what a name is changes from step to step."""


class EmptyList(Unstable, IndexError):
    """An element of an empty list is asked for."""


@dataclass(frozen=True)
class Slide:
    """A view that moves along its cell: `axes` of its window's starts are carried."""

    axes: tuple[int, ...]


@dataclass(frozen=True)
class Count:
    """A Python integer that grows by `by` at every step: no carry, a function of the counter."""

    by: int


@dataclass(frozen=True)
class Varying:
    """An array whose first size changes: the first rows of a buffer of this type, and a count."""

    type: TensorType


#: A value carried with a type, a view that slides, a count, a varying array, or None: the binding
#: stays.
Leaf: TypeAlias = "TensorType | Slide | Count | Varying | None"


def scalar_type(leaf: Any) -> TensorType | None:
    if isinstance(leaf, (Scalar, *NUMBERS)):
        t: TensorType = node_of(leaf).type
        return t
    return None


def wider_leaf(a: Leaf, b: Leaf) -> Leaf:
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, TensorType) and isinstance(b, Count):
        return b if a.weak and a.dtype == I64 else a
    if not isinstance(a, TensorType) or not isinstance(b, TensorType):
        return b if isinstance(b, TensorType) else a
    shape = agreed(a.shape, b.shape)
    t = join(a, b)
    return TensorType(t.dtype, shape, t.weak)


def sizes_of(t: Leaf) -> list[Node]:
    if isinstance(t, Varying):
        t = t.type
    if not isinstance(t, TensorType):
        return []
    return [d for d in t.shape if isinstance(d, Node)]


# ---- the start of a step -------------------------------------------------------------------------
def started(
    name: str, t: Leaf, leaf: Any, counted: bool, position: Node | None
) -> tuple[tuple[Node, ...], Any]:
    """(the params of a leaf, what it is inside)"""
    if t is None:
        return (), leaf
    if isinstance(t, Count):
        assert position is not None
        return (), wrap(plus(int_node(leaf), times(position, t.by)))
    if isinstance(t, Slide):
        starts = list(leaf.window.starts)
        made = []
        for axis in t.axes:
            starts[axis] = _counted_param(f"{name}_start{axis}", WEAK_INT, True)
            made.append(starts[axis])
        return tuple(made), slid(leaf, tuple(starts))
    if isinstance(t, Varying):
        buffer, rows = new_param(name, t.type), new_param(f"{name}_rows", WEAK_INT)
        session().bounds[rows] = (0, COUNTED)
        return (buffer, rows), first_rows(buffer, rows)
    p = _counted_param(name, t, counted)
    return (p,), wrap(p)


def _counted_param(name: str, t: TensorType, counted: bool) -> Node:
    p = new_param(name, t)
    if t.weak and t.dtype == I64 and counted:
        session().bounds[p] = (-COUNTED, COUNTED)
    return p


# ---- the end of a step ---------------------------------------------------------------------------
def leaf_type(t: Leaf, first: Any, was: Any, now: Any) -> Leaf:
    """The leaf that holds for what a step left (`now`) too; raises Unmergeable."""
    if isinstance(t, Count):
        if grown_by(was, now) == t.by:
            return t
        t = node_of(first).type
    if isinstance(t, Varying):
        return _still_varying(t, now)
    if isinstance(t, TensorType):
        if not is_number(now):
            raise Unmergeable(f"a number and {kind_words(now)}")
        found = node_of(now).type
        if _varies(t.shape, found.shape):
            return Varying(join_types(node_of(first).type, found))
        agreed(t.shape, found.shape)
        wider = join(t, found)
        if (wider.dtype, wider.weak) == (t.dtype, t.weak):
            return t
        return TensorType(wider.dtype, t.shape, wider.weak)
    if now is was or same_place(now, was):
        return t
    if slides(first, now):
        axes = _moved(first, now)
        return Slide(tuple(sorted({*axes, *(t.axes if isinstance(t, Slide) else ())})))
    if not is_number(now) or not is_number(first):
        if type(now) is type(was) and not is_number(now) and _same_static(now, was):
            return None
        raise Unmergeable(f"{kind_words(first)} and {kind_words(now)}")
    a, b = node_of(first).type, node_of(now).type
    if _varies(a.shape, b.shape):
        return Varying(join_types(a, b))
    shape = agreed(a.shape, b.shape)
    wider = join(a, b)
    return TensorType(wider.dtype, shape, wider.weak)


def _varies(a: Shape, b: Shape) -> bool:
    """Do two shapes differ in the first size, and in nothing else?"""
    try:
        agreed(a, b)
    except Unmergeable:
        return only_first_differs(a, b)
    return False


def join_types(a: TensorType, b: TensorType) -> TensorType:
    """The type of the elements of both, in the shape of a."""
    t = join(a, b)
    return TensorType(t.dtype, a.shape, t.weak)


def _still_varying(t: Varying, now: Any) -> Varying:
    if not is_number(now):
        raise Unmergeable(f"an array and {kind_words(now)}")
    found = node_of(now).type
    if not only_first_differs(t.type.shape, found.shape):
        agreed(t.type.shape, found.shape)
    wider = join_types(t.type, found)
    return t if wider.dtype == t.type.dtype else Varying(wider)


def grown_by(was: Any, now: Any) -> int | None:
    """By how much a Python integer is larger at the end of a step, if that is a literal."""
    if not is_number(now) or not is_number(was):
        return None
    a, b = node_of(was), node_of(now)
    if any(not n.type.weak or n.type.dtype != I64 for n in (a, b)):
        return None
    by = minus(b, a)
    return int(value_of(by)) if is_const(by) else None


def _moved(a: Array, b: Array) -> tuple[int, ...]:
    """The axes of the cell along which two views of it start elsewhere."""
    pairs = enumerate(zip(a.window.starts, b.window.starts, strict=True))
    return tuple(k for k, (x, y) in pairs if x is not y)


def _same_static(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False


def kind_words(x: Any) -> str:
    if x is None:
        return "None"
    if is_number(x):
        t = node_of(x).type
        return f"an array {t}" if t.rank else "a number"
    return f"a {type(x).__name__}"


# ---- the carries ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Slot:
    """One carried value."""

    init: Node
    param: Node
    result: Node
    place: tuple[int, int] = (-1, 0)  # the leaf, and the axis of a view that slides


def leaf_slots(t: Leaf, params: tuple[Node, ...], first: Any, last: Any, k: int) -> list[Slot]:
    """The carries of a leaf; first, last: None where the name is not assigned there."""
    if isinstance(t, Slide):
        starts = zip(t.axes, params, strict=True)
        return [
            Slot(first.window.starts[a], p, p if last is None else last.window.starts[a], (k, a))
            for a, p in starts
        ]
    if isinstance(t, Varying):
        return _varying_slots(t, params, first, last, last is None, k)
    if isinstance(t, TensorType):
        missing = first is None or node_of(first).rank != len(t.shape)  # a place beside None
        init = blank(t) if missing else as_type(node_of(first), t)
        return [
            Slot(init, params[0], params[0] if last is None else as_type(node_of(last), t), (k, 0))
        ]
    return []


def _varying_slots(
    t: Varying, params: tuple[Node, ...], first: Any, last: Any, missing: bool, k: int
) -> list[Slot]:
    """The buffer and the number of rows."""
    buffer, rows = params
    if first is None:
        raise Unstable("an array of varying size is assigned in the loop only")
    begin = cast_to(node_of(first), t.type.dtype)
    end = begin if missing else cast_to(node_of(last), t.type.dtype)
    shape = t.type.shape
    slots = [
        Slot(padded(begin, shape), buffer, padded(end, shape, buffer), (k, 0)),
        Slot(size_node(begin.shape[0]), rows, size_node(end.shape[0]), (k, 1)),
    ]
    return slots


def final_leaf(
    t: Leaf, params: tuple[Node, ...], leaf: Any, results: Callable[[], Node], steps: Node
) -> Any:
    if isinstance(t, Count):
        return wrap(plus(int_node(leaf), times(steps, t.by)))
    if isinstance(t, Slide):
        starts = list(leaf.window.starts)
        for axis in t.axes:
            starts[axis] = results()
        return slid(leaf, tuple(starts))
    if isinstance(t, Varying):
        buffer = results()
        return first_rows(buffer, results())
    return wrap(results()) if params else leaf
