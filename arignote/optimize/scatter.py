"""Additions into shifted windows of one array become one addition of shifted values.

The backward pass of a stencil adds its cotangent at each offset: b[2:] += t; b[1:-1] += t; b[:-2]
+= t. That reads and writes b once an offset.  Where all windows overlap, one pass adds the sum of
the shifted values; what is left of each window is a thin frame.  The order of the additions
changes, so only the reals agree.  A first value that was put into zeros counts as an addition, and
what meets nothing else is put there: of two windows that is everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..fxgraph.affine import linear, minus, plus, size_node
from ..fxgraph.constants import is_value, lit
from ..fxgraph.graph import Graph
from ..fxgraph.node import Node, at_origin, attr_nodes, dependencies, origin
from ..fxgraph.ops.elementwise import add, multiply, negative, subtract
from ..fxgraph.ops.shaping import spread
from ..fxgraph.ops.structure import (
    add_at,
    add_at_op,
    empty,
    full_op,
    set_item,
    set_item_op,
    view,
)
from ..fxgraph.overlap import apart, injective, inside
from ..fxgraph.prove import Knowledge, construction, ge0
from ..fxgraph.resolve import replaced
from ..fxgraph.window import Window, whole, window_of

#: More windows than this are left alone: the frame has pieces for each.
MOST = 16
#: Windows with an axis of fewer elements are left alone: they are frames.
THIN = 8


class Addition(NamedTuple):
    """One window and what is added there."""

    window: Window
    value: Node


def gather_additions(graph: Graph) -> Graph:
    """The graph with chains of shifted additions gathered, in bodies too."""
    nodes = graph.all_nodes
    if not any(n.op is add_at_op for n in nodes):
        return graph
    with construction(Knowledge(facts=list(graph.guards))):
        forward = {top: new for top, chain in chains(graph, nodes) if (new := gathered(top, chain))}
        if not forward:
            return graph
        return replaced(graph, forward)


def chains(graph: Graph, nodes: Sequence[Node]) -> Iterator[tuple[Node, list[Node]]]:
    """(last, all of it) for each chain of additions whose steps nobody else reads."""
    users: dict[Node, int] = {}
    inner: set[Node] = set()
    for n in nodes:
        for x in {*dependencies(n), *attr_nodes(n)}:
            users[x] = users.get(x, 0) + 1
        if n.op is add_at_op and n.inputs[0].op is add_at_op:
            inner.add(n.inputs[0])
    for r in graph.roots:
        users[r] = users.get(r, 0) + 1
    for n in reversed(nodes):
        if n.op is not add_at_op or (n in inner and users[n] == 1):
            continue
        chain = [n]
        while chain[-1].inputs[0].op is add_at_op and users[chain[-1].inputs[0]] == 1:
            chain.append(chain[-1].inputs[0])
        first = chain[-1].inputs[0]
        if users[first] == 1 and _into_zeros(first):
            chain.append(first)
        if len(chain) > 1:
            yield n, chain[::-1]


def _into_zeros(n: Node) -> bool:
    """Is it an array of zeros but for one window?"""
    return n.op is set_item_op and _zeros(n.inputs[0]) and injective(window_of(n))


def _zeros(n: Node) -> bool:
    return n.op is full_op and is_value(n.inputs[0], 0)


def gathered(top: Node, chain: Sequence[Node]) -> Node | None:
    """The chain with its shifted windows gathered; None where there are none."""
    groups: dict[tuple[object, ...], list[Addition]] = {}
    for n in chain:
        w = window_of(n)
        a = _upward(Addition(w, spread(n.inputs[-1], w.shape)))
        groups.setdefault(_alike(a.window), []).append(a)
    out = chain[0].inputs[0]
    first = chain[0] if chain[0].op is set_item_op else None
    changed = False
    with at_origin(origin.get(top)):
        for group in groups.values():
            pieces: Sequence[Addition] | None = None
            if 1 < len(group) <= MOST:
                pieces = split(group) or _on_one_place(group, chain)
            if pieces is not None:
                fresh = None if changed else _assigned(out, pieces[0])
                if fresh is None and _zeros(out):
                    out, pieces = _into(out, group, pieces)
                else:
                    out = fresh if fresh is not None else add_at(out, *pieces[0])
                    pieces = pieces[1:]
                changed = True
            elif first is not None:
                out, group = first, group[1:]
            first = None
            for a in pieces if pieces is not None else group:
                out = add_at(out, *a)
    return out if changed else None


def _upward(a: Addition) -> Addition:
    """The addition with the window that runs upward along every axis, and the value turned."""
    w = a.window
    down = [k for k, (step, axis) in enumerate(zip(w.steps, w.axes)) if step == -1 and axis >= 0]
    if not down:
        return a
    starts, steps = list(w.starts), list(w.steps)
    turned = whole(a.value.shape)
    from_, by = list(turned.starts), list(turned.steps)
    for k in down:
        last = minus(size_node(w.shape[w.axes[k]]), lit(1))
        starts[k], steps[k] = minus(w.starts[k], last), 1
        from_[w.axes[k]], by[w.axes[k]] = last, -1
    value = view(a.value, Window(tuple(from_), tuple(by), turned.axes, turned.shape))
    return Addition(Window(tuple(starts), tuple(steps), w.axes, w.shape), value)


def _on_one_place(group: Sequence[Addition], chain: Sequence[Node]) -> list[Addition] | None:
    """The sum of additions to the same elements of which some run upward and some downward."""
    if any(a.window != group[0].window for a in group) or not injective(group[0].window):
        return None
    if all(-1 not in window_of(n).steps for n in chain):
        return None  # loops over the same elements are fused
    total = group[0].value
    for a in group[1:]:
        total = add(total, a.value)
    return [Addition(group[0].window, total)]


def _into(
    zeros: Node, group: Sequence[Addition], pieces: Sequence[Addition]
) -> tuple[Node, Sequence[Addition]]:
    """Zeros with those pieces in place that meet no other one, and the rest of the pieces."""
    alone = len(pieces) if len(group) == 2 else 1
    out = empty(zeros.dtype, zeros.shape) if _all_covered(zeros, group) else zeros
    for a in pieces[:alone]:
        out = set_item(out, *a)
    return out, pieces[alone:]


def _all_covered(zeros: Node, group: Sequence[Addition]) -> bool:
    """Do two windows that are shifted along one axis leave no element?"""
    if len(group) != 2:
        return False
    a, b = (x.window for x in group)
    shifted = [k for k, (s, t) in enumerate(zip(a.starts, b.starts)) if s is not t]
    if len(shifted) != 1:
        return False
    for k, axis in enumerate(a.axes):
        starts = (a.starts[k], b.starts[k])
        low = starts[0] if ge0(minus(starts[1], starts[0])) else starts[1]
        high = starts[1] if low is starts[0] else starts[0]
        size = size_node(a.shape[axis]) if axis >= 0 else lit(1)
        if low is not lit(0) or not ge0(minus(plus(high, size), size_node(zeros.shape[k]))):
            return False
    return True


def _assigned(base: Node, a: Addition) -> Node | None:
    """`base` with a value added where it was just zeroed: the value is put there instead."""
    above = []
    while base.op is set_item_op and apart(window_of(base), a.window):
        above.append(base)
        base = base.inputs[0]
    if base.op is not set_item_op or not is_value(base.inputs[-1], 0):
        return None
    zeroed = window_of(base)
    if _alike(zeroed)[:2] != _alike(a.window)[:2] or inside(zeroed, a.window) is None:
        return None
    frame = _Frame(zeroed, [k for k, x in enumerate(zeroed.axes) if x >= 0])
    out = base.inputs[0]
    for box in frame.rest([0] * zeroed.rank, frame.box(a.window)):
        out = set_item(out, frame.window(box), base.inputs[-1])
    out = set_item(out, *a)
    for n in reversed(above):
        out = set_item(out, window_of(n), n.inputs[-1])
    return out


def _alike(w: Window) -> tuple[object, ...]:
    """Windows with equal keys differ by their starts along the axes that they range over."""
    fixed = tuple(s for s, a in zip(w.starts, w.axes) if a < 0)
    moving = tuple(
        tuple(sorted((x.serial, k) for x, k in linear(s)[0].items()))
        for s, a in zip(w.starts, w.axes)
        if a >= 0
    )
    return (w.axes, w.steps), fixed, w.shape, moving


def split(group: Sequence[Addition]) -> list[Addition] | None:
    """The sum over what all windows share, then the rest of each window."""
    first = group[0].window
    ranged = [k for k, a in enumerate(first.axes) if a >= 0]
    if any(a.value.shape != first.shape or not injective(a.window) for a in group):
        return None
    if any(first.steps[k] != 1 for k in ranged) or len(ranged) != first.rank:
        return None
    if sorted(first.axes[k] for k in ranged) != list(range(first.rank)):
        return None
    offsets = [
        tuple(linear(minus(a.window.starts[k], first.starts[k]))[1] for k in ranged) for a in group
    ]
    if len(set(offsets)) < 2:
        return None
    low = [min(o[j] for o in offsets) for j in range(len(ranged))]
    high = [max(o[j] for o in offsets) for j in range(len(ranged))]
    frame = _Frame(first, ranged)
    sizes = frame.sizes
    if any(isinstance(d, int) and d < THIN for d in first.shape):
        return None
    for size, least, most in zip(sizes, low, high):
        if not ge0(minus(size, lit(most - least))):
            return None
    inner = [(lit(h), plus(size, lit(lo))) for h, size, lo in zip(high, sizes, low)]
    terms = _factored([a.value for a in group])
    parts: dict[Node | None, list[tuple[bool, Node]]] = {}
    for t, o in zip(terms, offsets):
        parts.setdefault(t.factor, []).append((t.minus, frame.read(t.value, o, inner)))
    total: Node | None = None
    for factor, signed in parts.items():
        part = _times(_summed(signed), factor)
        total = part if total is None else add(total, part)
    assert total is not None
    out = [Addition(frame.window(inner), total)]
    for t, o in zip(terms, offsets):
        for box in frame.rest(o, inner):
            part = _times(_summed([(t.minus, frame.read(t.value, o, box))]), t.factor)
            out.append(Addition(frame.window(box), part))
    return out


class _Term(NamedTuple):
    """value * factor, or minus that; no factor counts as 1."""

    value: Node
    factor: Node | None
    minus: bool


def _factored(values: Sequence[Node]) -> list[_Term]:
    """The values without signs, and without the numbers that several are multiplied by: sums are
    multiplied once, and what is shifted needs no memory of its own."""
    terms = [_term(v) for v in values]
    often = [t.factor for t in terms if t.factor is not None]
    return [
        t if t.factor is None or often.count(t.factor) > 1 else _unsigned(v)
        for v, t in zip(values, terms)
    ]


def _term(value: Node) -> _Term:
    inner = _unsigned(value)
    product = inner.value
    if product.op is multiply:
        for x, c in (product.inputs, product.inputs[::-1]):
            if c.rank == 0 and x.shape == value.shape and x.dtype == value.dtype:
                t = _unsigned(x)
                return _Term(t.value, c, t.minus != inner.minus)
    return inner


def _unsigned(value: Node) -> _Term:
    minus = False
    while value.op is negative:
        value, minus = value.inputs[0], not minus
    return _Term(value, None, minus)


def _summed(signed: Sequence[tuple[bool, Node]]) -> Node:
    """What is added first, then what is subtracted."""
    plain = [x for minus, x in signed if not minus]
    turned = [x for minus, x in signed if minus]
    first, *others = plain or turned
    for x in others:
        first = add(first, x)
    if not plain:
        return negative(first)
    for x in turned:
        first = subtract(first, x)
    return first


def _times(value: Node, factor: Node | None) -> Node:
    return value if factor is None else multiply(value, factor)


Box = list[tuple[Node, Node]]


@dataclass(frozen=True)
class _Frame:
    """Boxes [start, stop) along the ranged axes, in positions relative to the first window."""

    first: Window
    ranged: list[int]

    @property
    def sizes(self) -> list[Node]:
        return [size_node(self.first.shape[self.first.axes[k]]) for k in self.ranged]

    def box(self, w: Window) -> Box:
        """Another window's box."""
        out: Box = []
        for k in self.ranged:
            start = minus(w.starts[k], self.first.starts[k])
            out.append((start, plus(start, size_node(w.shape[w.axes[k]]))))
        return out

    def window(self, box: Box) -> Window:
        w = self.first
        starts, shape = list(w.starts), list(w.shape)
        for k, (start, stop) in zip(self.ranged, box):
            starts[k] = plus(w.starts[k], start)
            size = minus(stop, start)
            coefs, const = linear(size)
            shape[w.axes[k]] = size if coefs else const
        return Window(tuple(starts), w.steps, w.axes, tuple(shape))

    def read(self, value: Node, offset: Sequence[int], box: Box) -> Node:
        """The part of a value, placed at an offset, that lies in the box."""
        target = self.window(box)
        base = whole(value.shape)
        starts = list(base.starts)
        for k, o, (start, _) in zip(self.ranged, offset, box):
            starts[self.first.axes[k]] = minus(start, lit(o))
        return view(value, Window(tuple(starts), base.steps, base.axes, target.shape))

    def rest(self, offset: Sequence[int], inner: Box) -> Iterator[Box]:
        """The window at an offset without the inner box, as disjoint boxes."""
        own: Box = [(lit(o), plus(size, lit(o))) for o, size in zip(offset, self.sizes)]
        for j, (outer, core) in enumerate(zip(own, inner)):
            before, after = inner[:j], own[j + 1 :]
            for start, stop in ((outer[0], core[0]), (core[1], outer[1])):
                if start is not stop:
                    yield [*before, (start, stop), *after]
