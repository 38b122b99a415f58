"""Stacks of loops: a row of memory a step.

How many rows there are is known before a loop over a range.  A while loop's grow: where they are
full, there are twice as many, so that a row is moved less than twice on average.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import is_const, lit, project, value_of
from ...fxgraph.graph import Body
from ...fxgraph.node import Node, origin
from ...fxgraph.ops.elementwise import add, equal, floor_divide
from ...fxgraph.ops.scalar import least, product
from ...fxgraph.types import I64, Shape, TensorType
from .element import aligned, element
from .program import GROW, Assign, Buffer, If, Library, Panel, Store
from .scope import Scope, allocate, nest
from .strides import buffer_strides

#: What growing stacks have room for at first: elements of all, rows at most.
FIRST, MOST_ROWS = 1 << 15, 32


def stacks_of(n: Node, body: Body, scope: Scope) -> tuple[list[Buffer], Node | None]:
    """The memory of the stacks; of those that grow, the rows that there is room for."""
    first = n.attr("n")
    types = n.type[first : first + len(body.stacks)]
    room = None
    if types and n.attr("trip") < 0:
        room = scope.local("room", TensorType(I64, (), True))
        scope.emit(Assign(room, scope.scalar(_first_rows([t.shape[1:] for t in types]))))
    found = []
    for k, t in enumerate(types):
        shape = t.shape if room is None else (room, *t.shape[1:])
        found.append(allocate(scope, project(n, first + k), t.dtype, shape))
    return found, room


def _first_rows(rows: Sequence[Shape]) -> Node:
    row = lit(1)
    for shape in rows:
        row = plus(row, product([size_node(d) for d in shape]))
    return plus(lit(1), least(lit(MOST_ROWS - 1), floor_divide(lit(FIRST), row, weak=True)))


def grow(stacks: Sequence[Buffer], room: Node, counter: Node, inner: Scope) -> None:
    """Twice the room, where the rows that there is room for are full."""
    more = add(room, room, weak=True)
    calls = []
    for b in stacks:
        before, after = (Panel(b, lit(0), _rows(n, b), _strides(b)) for n in (room, more))
        calls.append(Library(GROW, (after,), (before,)))
    full = equal(counter, room, weak=True)
    inner.emit(If(full, (*calls, Assign(room, more))))


def _rows(n: Node, b: Buffer) -> Shape:
    return (n, *b.shape[1:])


def _strides(b: Buffer) -> Shape:
    return tuple(int(value_of(x)) if is_const(x) else x for x in buffer_strides(b))


def push(n: Node, s: Node, b: Buffer, body: Body, counter: Node | None, inner: Scope) -> None:
    """stack[step] = value"""
    row = counter
    if row is None:
        assert body.index is not None
        lo, step = body.index.attr("lo"), body.index.attr("step")
        offset = minus(inner.scalar(body.index), inner.scalar(lo))
        row = offset if step == 1 else floor_divide(offset, lit(step), weak=True)

    def build(position: list[Node], innermost: Scope) -> None:
        value = element(s, aligned(s, position), innermost)
        innermost.emit(Store(b, (row, *(innermost.scalar(i) for i in position)), value))

    nest(inner, s.shape, build, origin.get(n))
