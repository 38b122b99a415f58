"""A value at one position, as a scalar expression.

`element(n, position, scope)` reads n where it is kept, or computes it on the spot from its
operands' elements: this is what fuses elementwise chains, windows, broadcasts and reductions
without temporaries.  Reductions met on the way become loops emitted before the expression.
Recursion is bounded: `regions` stores values whose inlined expression would be deep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...fxgraph.affine import minus, plus, size_node
from ...fxgraph.constants import array_of, const, constant, lit
from ...fxgraph.masks import flat_places
from ...fxgraph.node import Node, Op, make, origin
from ...fxgraph.ops.elementwise import (
    fused_absolute,
    fused_multiply,
    fused_square,
    less,
    multiply,
    remainder,
    where,
)
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_sum
from ...fxgraph.ops.scalar import product
from ...fxgraph.prove import ge0
from ...fxgraph.types import Shape
from ...fxgraph.window import place, window_of
from .program import Assign, Buffer, Fold, load
from .scope import Scope, nest

Position = Sequence[Node]


def element(n: Node, position: Position, scope: Scope) -> Node:
    """n at `position` (one int64 node an axis) as an expression over loads and locals."""
    kept = scope.find(n)
    if isinstance(kept, Buffer):
        return load(kept, [scope.scalar(i) for i in position])
    if kept is not None:
        return kept
    key = tuple(position)
    known = scope.recall(n, key)
    if known is None:
        known = scope.memo[n, key] = _element(n, position, scope)
    return known


def _element(n: Node, position: Position, scope: Scope) -> Node:
    name = n.op.name
    if n.op is constant:
        if not n.shape:
            return n
        return load(scope.state.constant(n), [scope.scalar(i) for i in position])
    if name == "view":
        return element(n.inputs[0], place(window_of(n), position), scope)
    if "elementwise" in n.op.traits:
        operands = tuple(element(x, aligned(x, position), scope) for x in n.inputs)
        return make(_op_of(n), operands, n.attrs)
    if name == "full":
        return scope.scalar(n.inputs[0])
    if name == "empty":
        return const(0, n.dtype)
    if name == "iota":
        return cast_to(scope.scalar(position[0]), n.dtype)
    if "reduction" in n.op.traits:
        return _reduced(n, position, scope)
    if name == "matmul":
        return _product(n, position, scope)
    if name == "gather":
        base = scope.buffer(n.inputs[0])
        if base is not None and (at := chosen_place(n, base, position, scope)) is not None:
            return load(*at)
        return element(n.inputs[0], gathered(n, position, scope), scope)
    if name == "reshape":
        return _reshaped(n, position, scope)
    return scope.scalar(n)


_FUSED = {"multiply": fused_multiply, "square": fused_square, "absolute": fused_absolute}


def _op_of(n: Node) -> Op:
    """NumPy multiplies complex arrays with one rounding less than complex scalars."""
    fused = _FUSED.get(n.op.name)
    return fused if fused is not None and n.shape and n.inputs[0].dtype.kind == "c" else n.op


def aligned(x: Node, position: Position) -> list[Node]:
    """The position in an operand that is broadcast to the result's shape."""
    offset = len(position) - x.rank
    return [
        lit(0) if isinstance(d, int) and d == 1 else position[offset + k]
        for k, d in enumerate(x.shape)
    ]


def _reduced(n: Node, position: Position, scope: Scope) -> Node:
    """A loop over the reduced axes, folding into a local."""
    (x,) = n.inputs
    axes: tuple[int, ...] = n.attr("axes")

    def value(reduced: list[Node], inner: Scope) -> Node:
        outer, folded = iter(position), iter(reduced)
        full = [next(folded) if a in axes else next(outer) for a in range(x.rank)]
        return element(x, full, inner)

    return fold(n, tuple(x.shape[a] for a in axes), value, scope)


Value = Callable[[list[Node], Scope], Node]


def fold(n: Node, shape: Shape, value: Value, scope: Scope, op: Op | None = None) -> Node:
    """local = start; loops over `shape`: local = local (op) value(position)."""
    reduction = op if op is not None else n.op
    start = reduction.extra["start"](n.dtype)
    total = scope.local("s", n.type)
    scope.emit(Assign(total, const(start, n.dtype)))

    def build(position: list[Node], inner: Scope) -> None:
        inner.emit(Fold(total, reduction, value(position, inner)))

    nest(scope, shape, build, origin.get(n))
    return total


def _product(n: Node, position: Position, scope: Scope) -> Node:
    """One element of a matrix product: a sum along the shared axis."""
    a, b = n.inputs
    *batch, row, column = position

    def value(k: list[Node], inner: Scope) -> Node:
        x = element(a, [*aligned_batch(a, batch), row, k[0]], inner)
        y = element(b, [*aligned_batch(b, batch), k[0], column], inner)
        return make(multiply, (x, y))

    return fold(n, (a.shape[-1],), value, scope, reduce_sum)


def aligned_batch(x: Node, batch: Position) -> list[Node]:
    kept = batch[len(batch) - (x.rank - 2) :] if x.rank > 2 else []
    return [
        lit(0) if isinstance(d, int) and d == 1 else i for d, i in zip(x.shape, kept, strict=False)
    ]


def gathered(n: Node, position: Position, scope: Scope) -> list[Node]:
    """Where a gather (or scatter) at `position` of its result reads (writes) its base; in range."""
    axes, at, base, index = gather_parts(n)
    width = index[0].rank
    where_index = position[at : at + width]
    rest = iter([*position[:at], *position[at + width :]])
    chosen = {}
    for axis, i in zip(axes, index, strict=True):
        chosen[axis] = in_range(
            element(i, where_index, scope), i, base.shape[axis], n.attr("mode"), scope
        )
    return [chosen[k] if k in chosen else next(rest) for k in range(base.rank)]


def chosen_place(
    n: Node, base: Buffer, position: Position, scope: Scope
) -> tuple[Buffer, list[Node]] | None:
    """Where x[mask] reads or writes x, as a place in all of its memory; None where that is not what
    a gather (or scatter) does, or x is not contiguous."""
    if n.attr("mode") != "clip" or base.strides is not None:
        return None
    axes, _, x, index = gather_parts(n)
    at = flat_places(index, x.shape) if axes == (0, 1) and x.rank == 2 else None
    if at is None:
        return None
    flat = scope.state.reshaped(base, scope.sizes((product([size_node(d) for d in x.shape]),)))
    return flat, [scope.scalar(element(at, position, scope))]


def gather_parts(n: Node) -> tuple[tuple[int, ...], int, Node, tuple[Node, ...]]:
    """(axes, position of the index axes, base, index arrays) of a gather or scatter."""
    axes: tuple[int, ...] = n.attr("axes")
    first = 1 if n.op.name == "gather" else 2
    return axes, n.attr("at"), n.inputs[0], n.inputs[first : first + len(axes)]


def in_range(j: Node, source: Node, size: int | Node, mode: str, scope: Scope) -> Node:
    """An index value wrapped as the mode says (checked elsewhere when the mode is "raise")."""
    n = scope.size(size)
    j = _weak(j)
    if mode == "clip" and _true_positions(source):
        return j
    if mode == "clip":
        low = make(where, (make(less, (j, lit(0))), lit(0), j))
        return make(where, (make(less, (low, n)), low, minus(n, lit(1))))
    if mode == "wrap":
        return make(remainder, (j, n), (("weak", True),))
    if never_negative(source) or ge0(j):
        return j
    return make(where, (make(less, (j, lit(0))), plus(j, n), j))


def _true_positions(source: Node) -> bool:
    """Positions found by `compress`: in range by construction."""
    while source.op.name == "view":
        source = source.inputs[0]
    return source.op.name == "proj" and source.inputs[0].op.name == "compress"


def never_negative(source: Node) -> bool:
    """Is every element of an index array known to be >= 0?"""
    n = source
    while n.op.name in ("view", "cast", "reshape"):
        n = n.inputs[0]
        if n.type.__class__ is not tuple and n.dtype.kind in "bu":
            return True
    if n.op is constant:
        a = array_of(n)
        return bool(a.size) and bool((a >= 0).all())
    if n.op.name == "iota":
        return True
    return (
        bool(n.op.name == "proj" and "positions" in n.inputs[0].op.traits)
        or "positions" in n.op.traits
    )


def _weak(j: Node) -> Node:
    return cast_to(j, "i8", weak=True) if j.op is constant or j.dtype != lit(0).dtype else j


def _reshaped(n: Node, position: Position, scope: Scope) -> Node:
    source = scope.buffer(n.inputs[0])
    if source is None or source.strides is not None:
        raise LookupError(f"{n} reads a value that is not stored in C order")
    return load(
        scope.state.reshaped(source, scope.sizes(n.shape)), [scope.scalar(i) for i in position]
    )
