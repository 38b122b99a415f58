"""Calls of library routines: matrix products through BLAS, anything else through op.reference.

A product becomes a BLAS call on panels (windows of memory, any strides); below a size at which
the call would not pay, and for integers, it is a loop nest with the unit stride innermost.
"""

from __future__ import annotations

from dataclasses import replace

from ...fxgraph.affine import plus, size_node
from ...fxgraph.constants import const, is_const, lit, proj, project, value_of
from ...fxgraph.graph import bodies
from ...fxgraph.node import Node, Origin, make, op_named, origin
from ...fxgraph.ops.elementwise import less, multiply
from ...fxgraph.ops.scalar import product, scaled
from ...fxgraph.types import OPAQUE, Shape, TensorType
from ...fxgraph.window import place, window_of
from .element import aligned_batch, element
from .program import Alloc, Assign, Buffer, If, Library, Panel, Site, Store, load
from .scope import Scope, allocate, nest
from .strides import buffer_strides
from .versions import is_array

#: Multiplications below which a product is a loop nest (a BLAS call costs about 0.7 us).
SMALL_PRODUCT = 512
#: The same for a row times a matrix, which the loops read once, along its rows: half as long as
#: the call up to 64 x 64, and as long at 96 x 96.
SMALL_ROW = 6144
_BLAS = frozenset("fdFD")


def lower_product(n: Node, scope: Scope) -> None:
    """c = a @ b"""
    a, b = n.inputs
    c = allocate(scope, n, n.dtype, n.shape)
    sizes = [size_node(d) for d in (n.shape[-2], n.shape[-1], a.shape[-1])]
    work = scope.scalar(product(sizes))
    x, y = panel_of(a, scope), panel_of(b, scope)
    panels = n.dtype.char in _BLAS and x is not None and y is not None and not _own_rows(n, x)
    small_row = y is not None and _is_one(n.shape[-2]) and _is_one(y.strides[-1])
    most = SMALL_ROW if small_row else SMALL_PRODUCT
    if not panels or (is_const(work) and int(value_of(work)) < SMALL_PRODUCT):
        _product_loops(n, c, scope)
    elif is_const(work) and int(value_of(work)) >= most:
        _gemm(n, c, scope)
    else:
        small, large = scope.child(), scope.child()
        _product_loops(n, c, small)
        _gemm(n, c, large)
        pred = make(less, (work, lit(most)))
        scope.emit(If(pred, tuple(small.out), tuple(large.out), origin.get(n)))
    scope.values[n] = c


def _own_rows(n: Node, x: Panel) -> bool:
    """A dense matrix times a column: sums of rows at memory's speed, without library threads."""
    return _is_one(n.shape[-1]) and _is_one(x.strides[-1])


def _product_loops(n: Node, c: Buffer, scope: Scope) -> None:
    if _is_one(n.shape[-1]):
        _rows(n, c, scope)
        return
    a, b = n.inputs
    zero = const(0, n.dtype)

    def begin(position: list[Node], inner: Scope) -> None:
        inner.emit(Store(c, tuple(inner.scalar(i) for i in position), zero))

    def build(position: list[Node], inner: Scope) -> None:
        *batch, row, column, k = position
        x = element(a, [*aligned_batch(a, batch), row, k], inner)
        y = element(b, [*aligned_batch(b, batch), k, column], inner)
        at = tuple(inner.scalar(i) for i in (*batch, row, column))
        inner.emit(Store(c, at, make(multiply, (x, y)), True, any_order=True))

    nest(scope, n.shape, begin, origin.get(n))
    rank = n.rank
    shape = (*n.shape, a.shape[-1])
    nest(scope, shape, build, origin.get(n), (*range(rank - 2), rank - 2, rank, rank - 1))


def _rows(n: Node, c: Buffer, scope: Scope) -> None:
    """A product with one column: each row is a sum of its own."""

    def build(position: list[Node], inner: Scope) -> None:
        value = element(n, position, inner)
        inner.emit(Store(c, tuple(inner.scalar(i) for i in position), value))

    nest(scope, n.shape, build, origin.get(n))


def _gemm(n: Node, c: Buffer, scope: Scope) -> None:
    """One BLAS call a batch position: gemv where a side is a single row or column."""
    a, b = n.inputs

    def build(batch: list[Node], inner: Scope) -> None:
        x = panel_of(a, inner, aligned_batch(a, batch))
        y = panel_of(b, inner, aligned_batch(b, batch))
        assert x is not None and y is not None
        out = _panel(c, inner, [*batch, lit(0), lit(0)], c.shape[-2:], (c.rank - 2, c.rank - 1))
        inner.emit(_routine(out, x, y, origin.get(n)))

    nest(scope, n.shape[:-2], build, origin.get(n))


def _routine(out: Panel, x: Panel, y: Panel, where: Origin | None) -> Library:
    if _is_one(out.shape[1]):
        return Library("gemv", (_axis(out, 0),), (x, _axis(y, 0)), (), origin=where)
    if _is_one(out.shape[0]):
        turned = replace(y, shape=y.shape[::-1], strides=y.strides[::-1])
        return Library("gemv", (_axis(out, 1),), (turned, _axis(x, 1)), (), origin=where)
    return Library("gemm", (out,), (x, y), (), origin=where)


def _is_one(d: int | Node) -> bool:
    return isinstance(d, int) and d == 1


def _axis(p: Panel, axis: int) -> Panel:
    """One row or column of a panel."""
    return replace(p, shape=(p.shape[axis],), strides=(p.strides[axis],))


def panel_of(x: Node, scope: Scope, batch: list[Node] | None = None) -> Panel | None:
    """A stored value or a window of one as a panel; None when it is computed on the spot.

    batch: fixed positions of its leading axes; the panel has the rest.
    """
    fixed = list(batch or [])
    rest = x.rank - len(fixed) if batch is not None else x.rank
    position = [*fixed, *(lit(0) for _ in range(rest))] if batch is not None else [lit(0)] * x.rank
    kept = range(x.rank - rest, x.rank)
    window = None
    source = x
    if x.op.name == "view":
        window, source = window_of(x), x.inputs[0]
    b = scope.buffer(source)
    if b is None and is_const(source) and source.shape:
        b = scope.state.constant(source)
    if b is None and source.op.name == "reshape":
        under = scope.buffer(source.inputs[0])
        if under is not None and under.strides is None:
            b = scope.state.reshaped(under, scope.sizes(source.shape))
    if b is None:
        return None
    strides = buffer_strides(b)
    if window is None:
        at = [scope.scalar(i) for i in position]
        along = [strides[k] for k in kept]
    else:
        at = [scope.scalar(i) for i in place(window, position)]
        along = []
        for axis in kept:
            total = lit(0)
            for k, (a, step) in enumerate(zip(window.axes, window.steps, strict=True)):
                if a == axis:
                    total = plus(total, scaled(strides[k], lit(step)))
            along.append(total)
    offset = lit(0)
    for i, s in zip(at, strides, strict=True):
        offset = plus(offset, scaled(i, s))
    shape = scope.sizes(x.shape[x.rank - rest :])
    return Panel(b, offset, shape, tuple(_size(s) for s in along))


def _panel(b: Buffer, scope: Scope, at: list[Node], shape: Shape, kept: tuple[int, ...]) -> Panel:
    strides = buffer_strides(b)
    offset = lit(0)
    for i, s in zip(at, strides, strict=True):
        offset = plus(offset, scaled(scope.scalar(i), s))
    return Panel(b, offset, scope.sizes(shape), tuple(_size(strides[k]) for k in kept))


def _size(s: Node) -> int | Node:
    return int(value_of(s)) if is_const(s) else s


# ---- anything else: the op's own NumPy meaning, through the runtime -----------------------------
def lower_callback(n: Node, scope: Scope) -> None:
    """Results of a library or effect op, computed by op.reference on windows of our memory.

    Handles (random generators) are not operands: the runtime has them from the call's own leaves.
    """
    types = n.type if isinstance(n.type, tuple) else (n.type,)
    outputs, after = [], []
    for k, t in enumerate(types):
        value = project(n, k) if isinstance(n.type, tuple) else n
        if t.dtype == OPAQUE:
            scope.values[value] = next(handle_of(x, scope) for x in n.inputs if x.dtype == OPAQUE)
            continue
        b = allocate(scope, value, t.dtype, t.shape)
        outputs.append(_panel(b, scope, [lit(0)] * b.rank, t.shape, tuple(range(b.rank))))
        if t.shape:
            scope.values[value] = b
        else:
            kept = scope.local("v", TensorType(t.dtype, (), t.weak))
            after.append(Assign(kept, load(b, ())))
            scope.values[value] = kept
    inputs = [_operand(x, scope) for x in n.inputs if x.op.name != "token" and x.dtype != OPAQUE]
    started = tuple(handle_of(x, scope) if x.dtype == OPAQUE else x for x in n.inputs)
    called = n if started == n.inputs else make(n.op, started, n.attrs)
    site = scope.state.site(Site("", f"op {n.op.name}", origin.get(n), called))
    scope.emit(Library("python", tuple(outputs), tuple(inputs), (), site, origin.get(n)), *after)


def lower_raise(n: Node, scope: Scope) -> None:
    """An exception whose message has values in it: made by op.reference, when the check fails."""
    failed = scope.child()
    lower_callback(n, failed)
    ok = scope.scalar(n.inputs[0])
    at = (("weak", True),) if ok.type.weak else ()
    pred = make(op_named("logical_not"), (ok,), at)
    scope.emit(If(pred, tuple(failed.out), (), origin.get(n)))
    scope.values[n] = ok


def handle_of(x: Node, scope: Scope) -> Node:
    """The input that an opaque state started as: a generator is one object, whatever was drawn."""
    while x.op is proj and x not in scope:
        owner, k = x.inputs[0], x.attr("k")
        if owner.op.name == "cond":
            x = bodies(owner)[0].results[k]
        elif owner.op.name == "scan":
            x = owner.inputs[k]
        else:
            x = next(y for y in owner.inputs if y.dtype == OPAQUE)
    kept = scope.find(x)
    return kept if isinstance(kept, Node) else x


def _operand(x: Node, scope: Scope) -> Panel:
    if is_array(x):
        panel = panel_of(x, scope)
        if panel is not None:
            return panel
        raise LookupError(f"{x} should have been stored for a library call")
    b = Buffer("scalar", x.dtype, (), "temporary")
    scope.emit(Alloc(b), Store(b, (), scope.scalar(x)))
    return Panel(b, lit(0), (), ())
