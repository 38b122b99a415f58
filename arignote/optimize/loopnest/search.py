"""Places in sorted tables, and values read between them: nests, so that a loop that looks something
up needs no call of Python's.

A search halves the table a number of times that depends on its size alone, without branches: where
a value lies costs the same for all values, and several searches are under way at once.
"""

from __future__ import annotations

from collections.abc import Callable

from ...fxgraph.affine import minus, plus
from ...fxgraph.constants import lit, new_index
from ...fxgraph.node import Node, make, origin
from ...fxgraph.ops.elementwise import (
    add,
    divide,
    equal,
    frexp_exponent,
    greater,
    less,
    less_equal,
    logical_and,
    multiply,
    not_equal,
    right_shift,
    subtract,
    where,
)
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.scalar import clip0, greatest, least
from ...fxgraph.types import F64, I64, TensorType
from .element import aligned, element
from .program import Assign, If, Loop, Statement, Store, new_local
from .scope import Scope, allocate, nest

_INT = TensorType(I64, (), True)
_WEAK = (("weak", True),)
#: When an element stays left of where a value goes.
_STAYS = {"left": less, "right": less_equal}

#: (the sought value, how many elements are before it) -> the result
Answer = Callable[[Node, Node, Scope], Node]


def is_search(n: Node) -> bool:
    """Is this a search that is a nest?  Not in complex tables, nor through an order."""
    if n.op.name == "searchsorted":
        return len(n.inputs) == 2 and n.inputs[0].dtype.kind != "c"
    return n.op.name == "interp" and n.dtype == F64


def tables_of(n: Node) -> tuple[Node, ...]:
    """The operands of a search that it reads in memory."""
    return n.inputs[:1] if n.op.name == "searchsorted" else n.inputs[1:3]


def lower_search(n: Node, scope: Scope) -> None:
    """Where each x would be inserted into a sorted table, or what a line through points is at x."""
    if n.op.name == "searchsorted":
        table, x = n.inputs
        _each(n, x, table, n.attr("side"), lambda value, low, inner: cast_to(low, I64), scope)
        return
    x, table, values, first, last = n.inputs
    ends = scope.scalar(first), scope.scalar(last)

    def between(value: Node, low: Node, inner: Scope) -> Node:
        return _between(value, low, (table, values), ends, inner)

    _each(n, x, table, "right", between, scope)


def _each(n: Node, x: Node, table: Node, side: str, answer: Answer, scope: Scope) -> None:
    """answer(how many elements of the table are before x), for each x"""
    size = scope.size(table.shape[0])
    halvings = make(frexp_exponent, (cast_to(clip0(minus(size, lit(1))), F64),))
    steps = scope.local("halvings", _INT)
    scope.emit(Assign(steps, cast_to(halvings, I64, weak=True)))
    target = allocate(scope, n, n.dtype, n.shape) if n.shape else None

    def build(position: list[Node], inner: Scope) -> None:
        value, low = inner.local("sought", TensorType(x.dtype)), inner.local("low", _INT)
        inner.emit(Assign(value, element(x, aligned(x, position), inner)))

        def halved(before: Callable[[Node], Node]) -> tuple[Statement, ...]:
            own = inner.child()
            own.emit(*_halve(low, size, steps, lambda at: before(element(table, (at,), own))))
            return tuple(own.out)

        here = halved(lambda there: make(_STAYS[side], (there, value)))
        if x.dtype.kind == "f":  # nan comes last, as sorting has it
            numbers: tuple[Statement, ...] = (Assign(low, size),)
            if side == "left":
                numbers = halved(lambda there: make(equal, (there, there)))
            here = (If(make(not_equal, (value, value)), numbers, here),)
        inner.emit(*here)
        result = answer(value, low, inner)
        if target is not None:
            inner.emit(Store(target, tuple(inner.scalar(i) for i in position), result))
        else:
            kept = inner.local("found", TensorType(n.dtype))
            inner.emit(Assign(kept, result))
            scope.values[n] = kept

    nest(scope, n.shape, build, origin.get(n))
    if target is not None:
        scope.values[n] = target


def _halve(
    low: Node, size: Node, steps: Node, before: Callable[[Node], Node]
) -> tuple[Statement, ...]:
    """low = how many elements, of the first on, `before` is true of"""
    left, half = new_local("left", _INT), new_local("half", _INT)

    def moved(by: Node, last: Node) -> Assign:
        return Assign(low, make(where, (before(last), plus(low, by), low), _WEAK))

    halve = (
        Assign(half, make(right_shift, (left, lit(1)), _WEAK)),
        moved(half, plus(low, plus(half, lit(-1)))),
        Assign(left, minus(left, half)),
    )
    return (
        Assign(low, lit(0)),
        Assign(left, size),
        Loop(new_index(lit(0), steps, 1, "halving"), halve),
        If(make(less, (lit(0), size)), (moved(lit(1), low),)),
    )


# ---- values between points ----------------------------------------------------------------------
def _between(
    x: Node, low: Node, points: tuple[Node, Node], ends: tuple[Node, Node], scope: Scope
) -> Node:
    """np.interp at x, which lies behind `low` of the points: NumPy's arithmetic, step by step."""
    top = minus(scope.size(points[0].shape[0]), lit(1))
    at = clip0(least(plus(low, lit(-1)), plus(top, lit(-1))))
    beside = least(plus(at, lit(1)), top)
    x0, x1, y0, y1 = (element(p, (k,), scope) for p in points for k in (at, beside))
    edge, end = (element(p, (greatest(top, lit(0)),), scope) for p in points)
    slope = make(divide, (make(subtract, (y1, y0)), make(subtract, (x1, x0))))

    def line(a: Node, b: Node) -> Node:
        return make(add, (make(multiply, (slope, make(subtract, (x, a)))), b))

    def instead(value: Node, other: Node) -> Node:
        return make(where, (make(not_equal, (value, value)), other, value))

    from_left, from_right = line(x0, y0), line(x1, y1)
    flat = make(where, (make(equal, (y0, y1)), y0, from_right))
    inside = instead(from_left, instead(from_right, flat))
    inside = make(where, (make(equal, (x0, x)), y0, inside))  # beside a point that is not finite
    behind = make(where, (make(greater, (x, edge)), ends[1], end))
    found = make(where, (make(less, (top, low)), behind, inside))
    found = make(where, (make(less, (low, lit(1))), ends[0], found))
    number = make(logical_and, (make(not_equal, (x, x)), make(less, (lit(0), top))))
    return make(where, (number, x, make(where, (make(equal, (x, x)), found, end))))
