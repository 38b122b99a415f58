"""Convolutions and their two transposes as loops over the result, each with the sum of its terms.

    y[n, m, o] = sum over c, t of w[m, c, t] * x[n, group(m) * C + c, o * step + t * dilation - pad]

Nothing is copied or padded: a term outside of the other operand is left out (an implicit product of
matrices).  The transposes gather too, so no element is added to by several threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import const, lit
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, make, op_named
from ...fxgraph.ops.arithmetic import floor_divide, remainder
from ...fxgraph.ops.scalar import scaled
from ...fxgraph.types import TensorType
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Buffer,
    Fold,
    If,
    Library,
    Loop,
    Panel,
    Program,
    Statement,
    Store,
    children,
    expressions,
    new_local,
    walk,
    with_children,
)
from .expand import counter, element_at, place_at


def convolved(program: Program) -> Program:
    """The program with its convolutions written out."""
    numbers = _numbers(program)
    flat: dict[Buffer, Buffer] = {}

    def block(statements: Sequence[Statement]) -> tuple[Statement, ...]:
        out: list[Statement] = []
        for s in statements:
            made = _nest_of(program, s, flat, numbers)
            if made is None:
                blocks = tuple(block(c) for c in children(s))
                made = with_children(s, blocks) if blocks != children(s) else s
            out.append(made)
        return tuple(out)

    statements = block(program.statements)
    if statements == program.statements:
        return program
    read = _read(statements)
    kept = tuple(
        s
        for s in statements
        if not (isinstance(s, Alloc | Store) and s.buffer in numbers and s.buffer not in read)
    )
    return replace(program, statements=kept)


def _numbers(program: Program) -> dict[Buffer, Node]:
    """The cells that hold one number which follows from the sizes."""
    out: dict[Buffer, Node] = {}
    for s in program.statements:
        if isinstance(s, Store) and not s.index and s.buffer.role == "temporary":
            if not any(m.op.name in ("load", "local") for m in order_of((s.value,))):
                out[s.buffer] = s.value
    times = Counter(s.buffer for s in walk(program.statements) if isinstance(s, Store))
    return {b: v for b, v in out.items() if times[b] == 1}


def _read(block: Sequence[Statement]) -> set[Buffer]:
    """The cells that are read."""
    out: set[Buffer] = set()
    for s in walk(block):
        for m in order_of(expressions(s)):
            if m.op.name == "load":
                out.add(m.attr("buffer"))
        if isinstance(s, Library):
            out |= {p.buffer for p in (*s.inputs, *s.outputs) if isinstance(p, Panel)}
    return out


@dataclass(frozen=True)
class _Shape:
    """Of a convolution: sizes along the axes in space, and how they are walked."""

    pads: tuple[Node, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int

    @property
    def rank(self) -> int:
        return len(self.stride)

    def read(self, o: Sequence[Node], t: Sequence[Node]) -> list[Node]:
        """Where a tap of the filters reads for a place of the result."""
        return [
            minus(plus(scaled(lit(s), a), scaled(lit(d), b)), p)
            for a, b, s, d, p in zip(o, t, self.stride, self.dilation, self.pads, strict=True)
        ]


def _nest_of(
    program: Program, s: Statement, flat: dict[Buffer, Buffer], numbers: dict[Buffer, Node]
) -> Statement | None:
    """The loops of a call that is a convolution."""
    node = program.sites[s.site].node if isinstance(s, Library) and s.site >= 0 else None
    if node is None or not isinstance(s, Library) or s.name != "python":
        return None
    form = _FORMS.get(node.op.name)
    if form is None:
        return None
    a, b, *rest = s.inputs
    if not isinstance(a, Panel) or not isinstance(b, Panel):
        return None
    pads = tuple(
        (numbers.get(x.buffer) or element_at(x, (), flat)) if isinstance(x, Panel) else x
        for x in rest[: len(node.attr("stride"))]
    )
    shape = _Shape(pads, node.attr("stride"), node.attr("dilation"), int(node.attr("groups")))
    (out,) = s.outputs
    index = [counter(d, "nmijkl"[min(k, 5)]) for k, d in enumerate(out.shape)]
    inner, valid, left, right = form(shape, index, (a, b, out))
    total = new_local("s", TensorType(out.buffer.dtype))
    factors = (element_at(a, left, flat), element_at(b, right, flat))
    term: Statement = Fold(total, op_named("reduce_sum"), make(op_named("multiply"), factors))
    if valid:
        both = valid[0]
        for v in valid[1:]:
            both = make(op_named("logical_and"), (both, v))
        term = If(both, (term,))
    for i in reversed(inner):
        term = Loop(i, (term,))
    b_out, at = place_at(out, index, flat)
    body: tuple[Statement, ...] = (
        Assign(total, const(0, out.buffer.dtype)), term, Store(b_out, at, total),
    )  # fmt: skip
    for i in reversed(index):
        body = (Loop(i, body, origin=s.origin),)
    return body[0]


#: (counters of the sum, what must hold of a term, the places of its two factors)
_Terms = tuple[list[Node], list[Node], list[Node], list[Node]]


def _forward(c: _Shape, index: Sequence[Node], panels: Sequence[Panel]) -> _Terms:
    """conv: x, w -> y"""
    x, w, _ = panels
    n, m, *o = index
    channel = counter(w.shape[1], "c")
    taps = [counter(d, "t") for d in w.shape[2:]]
    read = c.read(o, taps)
    first = _first_channel(c, m, w.shape[0], size_node(w.shape[1]))
    where = [n, plus(first, channel), *read]
    return [channel, *taps], _inside(read, x.shape[2:]), where, [m, channel, *taps]


def _input(c: _Shape, index: Sequence[Node], panels: Sequence[Panel]) -> _Terms:
    """conv_input: y, w -> x; only places that a tap came from by whole steps count"""
    g, w, _ = panels
    n, channel, *i = index
    per = size_node(w.shape[1])
    many = _filters_of_group(c, w.shape[0])
    m = counter(many, "m")
    taps = [counter(d, "t") for d in w.shape[2:]]
    read, valid = [], []
    for at, t, s, d, p in zip(i, taps, c.stride, c.dilation, c.pads, strict=True):
        far = minus(plus(at, p), scaled(lit(d), t))
        valid.append(make(op_named("greater_equal"), (far, lit(0))))
        if s > 1:
            valid.append(make(op_named("equal"), (remainder(far, lit(s), weak=True), lit(0))))
            far = floor_divide(far, lit(s), weak=True)
        read.append(far)
    valid += [
        make(op_named("less"), (r, size_node(d))) for r, d in zip(read, g.shape[2:], strict=True)
    ]
    if c.groups == 1:
        which, own = m, channel
    else:
        group = floor_divide(channel, per, weak=True)
        which = plus(make(op_named("multiply"), (group, many), (("weak", True),)), m)
        own = remainder(channel, per, weak=True)
    return [m, *taps], valid, [n, which, *read], [which, own, *taps]


def _filters(c: _Shape, index: Sequence[Node], panels: Sequence[Panel]) -> _Terms:
    """conv_filters: x, y -> w"""
    x, g, out = panels
    m, channel, *taps = index
    n = counter(g.shape[0], "n")
    o = [counter(d, "o") for d in g.shape[2:]]
    read = c.read(o, taps)
    first = _first_channel(c, m, out.shape[0], size_node(out.shape[1]))
    where = [n, plus(first, channel), *read]
    return [n, *o], _inside(read, x.shape[2:]), where, [n, m, *o]


_FORMS: dict[str, Callable[[_Shape, Sequence[Node], Sequence[Panel]], _Terms]] = {
    "conv": _forward, "conv_input": _input, "conv_filters": _filters,
}  # fmt: skip


def _inside(read: Sequence[Node], sizes: Sequence[int | Node]) -> list[Node]:
    out = []
    for r, d in zip(read, sizes, strict=True):
        out.append(make(op_named("greater_equal"), (r, lit(0))))
        out.append(make(op_named("less"), (r, size_node(d))))
    return out


def _filters_of_group(c: _Shape, filters: int | Node) -> Node:
    whole = size_node(filters)
    return whole if c.groups == 1 else floor_divide(whole, lit(c.groups), weak=True)


def _first_channel(c: _Shape, m: Node, filters: int | Node, per: Node) -> Node:
    """The first channel that a filter reads."""
    if c.groups == 1:
        return lit(0)
    group = floor_divide(m, _filters_of_group(c, filters), weak=True)
    return make(op_named("multiply"), (group, per), (("weak", True),))
