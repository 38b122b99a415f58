"""What each action becomes: writes, fills, reductions kept in memory, checks, scalars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ...fxgraph.affine import dim, plus
from ...fxgraph.constants import const, lit
from ...fxgraph.node import Node, make, op_named, origin
from ...fxgraph.ops.checks import out_of_bounds
from ...fxgraph.ops.elementwise import less
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import I64, TensorType
from ...fxgraph.window import place, window_of
from .choice import keeps_last_axis
from .element import aligned, chosen_place, element, gather_parts, gathered
from .program import Alloc, Assign, Buffer, Check, If, Site, Store, load
from .region import is_zero
from .scope import Scope, allocate, name_of, nest
from .versions import is_array

#: The versions an action overwrites, and where they are.
Over: TypeAlias = Mapping[Node, Buffer]


def perform(n: Node, scope: Scope, over: Over) -> None:
    """Emit the statements of one action (loops, branches and libraries are elsewhere)."""
    name = n.op.name
    if name in ("set_item", "add_at"):
        _write(n, scope, over)
    elif "scatter" in n.op.traits:
        _scatter(n, scope, over)
    elif "partial" in n.op.traits and name != "gather":
        _check(n, scope)
    elif "running" in n.op.traits:
        _running(n, scope)
    elif "arg_reduction" in n.op.traits:
        _extreme_position(n, scope)
    elif name == "reshape":
        _reshape_copy(n, scope)
    elif name == "gather" and not n.shape:
        check_positions(n, scope)
        _scalar(n, scope)
    elif is_array(n):
        scope.values[n] = fresh(n, scope)
    else:
        _scalar(n, scope)


def _scalar(n: Node, scope: Scope) -> None:
    value = element(n, (), scope)
    if value.op.name in ("local", "constant") or (value.op.name == "input" and not value.shape):
        scope.values[n] = value
        return
    where_ = origin.get(n)
    kept = scope.local(where_.name if where_ is not None and where_.name else "v", n.type)
    scope.emit(Assign(kept, value))
    scope.values[n] = kept


# ---- arrays in memory ---------------------------------------------------------------------------
def fresh(n: Node, scope: Scope) -> Buffer:
    """n in memory of its own."""
    zero = is_zero(n)
    b = allocate(scope, n, n.dtype, n.shape, zero=zero)
    if not zero and n.op.name != "empty":
        fill(b, n, scope)
    return b


def copied(v: Node, n: Node, scope: Scope) -> Buffer:
    """What v holds in memory of its own, for n to change: that of the output that n becomes, never
    of one that v becomes."""
    k = scope.state.copies.pop(n, None)
    if k is not None:
        scope.state.targets[n] = k
    zero = is_zero(v)
    b = allocate(scope, n, v.dtype, v.shape, zero=zero)
    if not zero:
        fill(b, v, scope)
    return b


def fill(b: Buffer, n: Node, scope: Scope) -> None:
    """b[...] = n; a copy of n where it has been computed: what it was computed from may have been
    written since."""
    computed = scope.buffer(n) is not None
    if n.op.name == "gather" and not computed:
        check_positions(n, scope)
    if "reduction" in n.op.traits and keeps_last_axis(n) and not computed:
        _accumulate_rows(b, n, scope)
        return

    def build(position: list[Node], inner: Scope) -> None:
        value = element(n, aligned(n, position), inner)
        inner.emit(Store(b, tuple(inner.scalar(i) for i in position), value))

    nest(scope, n.shape if n.rank == len(b.shape) else b.shape, build, origin.get(n))


def save(v: Node, scope: Scope) -> None:
    """Later reads of v find a copy, because its memory is about to be overwritten."""
    kept = scope.buffer(v)
    if kept is None:
        return
    copy = Buffer(name_of(v, "old"), v.dtype, kept.shape, "temporary")
    scope.emit(Alloc(copy))
    fill(copy, v, scope)
    scope.moved(v, copy)


def _accumulate_rows(b: Buffer, n: Node, scope: Scope) -> None:
    """A reduction that keeps the last axis: rows are folded into the result, in operand order."""
    x, axes = n.inputs[0], n.attr("axes")
    start = const(n.op.extra["start"](n.dtype), n.dtype)
    join = op_named(n.op.extra["join"])

    def begin(position: list[Node], inner: Scope) -> None:
        inner.emit(Store(b, tuple(position), start))

    def build(position: list[Node], inner: Scope) -> None:
        kept = tuple(p for k, p in enumerate(position) if k not in axes)
        inner.emit(Store(b, kept, make(join, (load(b, kept), element(x, position, inner)))))

    nest(scope, n.shape, begin, origin.get(n))
    nest(scope, x.shape, build, origin.get(n))


def _write(n: Node, scope: Scope, over: Over) -> None:
    base, value, window = n.inputs[0], n.inputs[-1], window_of(n)
    b = writable(base, n, scope, over)
    accumulate = n.op.name == "add_at"
    if value.op.name == "gather":
        check_positions(value, scope)

    def build(position: list[Node], inner: Scope) -> None:
        v = element(value, aligned(value, position), inner)
        at = tuple(inner.scalar(i) for i in place(window, position))
        inner.emit(Store(b, at, v, accumulate))

    nest(scope, window.shape, build, origin.get(n))
    scope.values[n] = b


def writable(base: Node, n: Node, scope: Scope, over: Over) -> Buffer:
    """The buffer of `base` if n may overwrite it, else a copy."""
    if base in over:
        return over[base]
    if scope.buffer(base) is not None:
        if base.op.name not in ("full", "empty"):
            scope.state.note(n, "copies the array it writes")
        return copied(base, n, scope)
    target = scope.state.targets
    if n in target and base not in target:
        target[base] = target.pop(n)
    return fresh(base, scope)


def _reshape_copy(n: Node, scope: Scope) -> None:
    x = n.inputs[0]
    source = scope.buffer(x)
    if source is not None and source.strides is None:  # an answer: read before x is overwritten
        scope.values[n] = fresh(n, scope)
        return
    b = allocate(scope, x, x.dtype, x.shape)
    fill(b, x, scope)
    scope.values[n] = scope.state.reshaped(b, scope.sizes(n.shape))
    scope.state.note(n, "copied to be reshaped: the argument is not contiguous")


# ---- gathers and scatters -----------------------------------------------------------------------
def check_positions(n: Node, scope: Scope) -> None:
    """Every index of a gather or scatter is in range, or IndexError; before anything is written."""
    if n.attr("mode") != "raise":
        return
    axes, _, base, index = gather_parts(n)
    for axis, i in zip(axes, index, strict=True):
        if _positions_of(i, base.shape[axis]):
            continue
        message = out_of_bounds("{0}", "{1}", axis)
        site = scope.state.site(Site("IndexError", message, origin.get(n)))
        size = base.shape[axis]

        def build(
            position: list[Node],
            inner: Scope,
            i: Node = i,
            size: int | Node = size,
            site: int = site,
        ) -> None:
            value = cast_to(element(i, position, inner), I64, weak=True)
            inner.emit(Check("check_index", (value, inner.size(size)), None, site))

        nest(scope, i.shape, build, origin.get(n))


def _positions_of(i: Node, size: int | Node) -> bool:
    """Is the index array made of valid positions of an axis of this size by construction?"""
    n = i
    while n.op.name in ("view", "cast"):
        n = n.inputs[0]
    if n.op.name == "iota":
        return dim(n.inputs[0]) is size or n.shape[0] == size
    limit = (
        n.inputs[0].op.extra.get("positions_below")
        if n.op.name == "proj"
        else n.op.extra.get("positions_below")
    )
    if limit is None:
        return False
    producer = n.inputs[0] if n.op.name == "proj" else n
    bound = limit(producer, n.attr("k") if n.op.name == "proj" else 0)
    return bound is size or bound == size


def _scatter(n: Node, scope: Scope, over: Over) -> None:
    base, value = n.inputs[0], n.inputs[1]
    check_positions(n, scope)
    b = writable(base, n, scope, over)
    axes, at, _, index = gather_parts(n)
    rest = [d for k, d in enumerate(base.shape) if k not in axes]
    shape = (*rest[:at], *index[0].shape, *rest[at:])

    def build(position: list[Node], inner: Scope) -> None:
        chosen = chosen_place(n, b, position, inner)
        to, at_ = chosen if chosen is not None else (b, gathered(n, position, inner))
        v = element(value, aligned(value, position), inner)
        inner.emit(Store(to, tuple(map(inner.scalar, at_)), v, n.op.name == "scatter_add"))

    nest(scope, shape, build, origin.get(n))
    scope.values[n] = b


# ---- checks -------------------------------------------------------------------------------------
_MESSAGES = {
    "same_size": (
        "ValueError",
        "operands could not be broadcast together: sizes {0} and {1} differ",
    ),
    "nonzero_check": ("ZeroDivisionError", "division by zero"),
    "fits64": ("OverflowError", "a Python integer does not fit in 64 bits"),
}


def _words_of_integers() -> str:
    """What this Python says of integers that are divided by zero."""
    try:
        return str(0 // 0)
    except ZeroDivisionError as error:
        return str(error)


_INTEGERS_BY_ZERO = _words_of_integers()


def _check(n: Node, scope: Scope) -> None:
    name = n.op.name
    if name == "require":
        error, message = n.attr("error"), n.attr("message").replace("{", "{{").replace("}", "}}")
    elif name == "check_index":
        error, message = "IndexError", out_of_bounds("{0}", "{1}", n.kwargs.get("axis"))
    elif name in _MESSAGES:
        error, message = _MESSAGES[name]
    else:
        error, message = n.op.extra["error"], n.op.extra["message"]
    if name == "nonzero_check" and n.dtype.kind in "iu":
        message = _INTEGERS_BY_ZERO
    site = scope.state.site(Site(error, message, origin.get(n)))
    operands = tuple(scope.scalar(x) for x in n.inputs if x.op.name != "token")
    result = scope.local("i" if name == "check_index" else "c", n.type)
    scope.emit(Check(name, operands, result, site))
    scope.values[n] = result


# ---- running folds and positions of extremes ----------------------------------------------------
def _running(n: Node, scope: Scope) -> None:
    """A prefix fold along one axis; the other axes are outside unless the axis is not the last."""
    x, axis, join = n.inputs[0], n.attr("axis"), op_named(n.op.extra["join"])
    b = allocate(scope, n, n.dtype, n.shape)
    if axis == n.rank - 1:
        _running_last(n, x, b, scope)
    else:

        def build(position: list[Node], inner: Scope) -> None:
            before = [plus(p, lit(-1)) if k == axis else p for k, p in enumerate(position)]
            value = element(x, position, inner)
            at = tuple(inner.scalar(i) for i in position)
            first = Store(b, at, value)
            rest = Store(b, at, make(join, (load(b, before), value)))
            inner.emit(If(make(less, (lit(0), position[axis])), (rest,), (first,)))

        order = (axis, *(k for k in range(n.rank) if k != axis))
        nest(scope, n.shape, build, origin.get(n), order)
    scope.values[n] = b


def _running_last(n: Node, x: Node, b: Buffer, scope: Scope) -> None:
    join = op_named(n.op.extra["join"])

    def outer(position: list[Node], inner: Scope) -> None:
        total = inner.local("s", n.type)
        start = n.op.extra["start"](n.dtype)
        inner.emit(Assign(total, const(start, n.dtype)))

        def along(k: list[Node], innermost: Scope) -> None:
            at = [*position, *k]
            innermost.emit(Assign(total, make(join, (total, element(x, at, innermost)))))
            innermost.emit(Store(b, tuple(innermost.scalar(i) for i in at), total))

        nest(inner, n.shape[-1:], along)

    nest(scope, n.shape[:-1], outer, origin.get(n))


def _better(n: Node, value: Node, best: Node) -> Node:
    """Does a value beat the best one so far?  A NaN beats anything but a NaN."""
    beats = make(op_named(n.op.extra["better"]), (value, best))
    if value.dtype.kind not in "fc":
        return beats
    differs = op_named("not_equal")
    new_nan = make(differs, (value, value))
    old_nan = make(op_named("equal"), (best, best))
    return make(op_named("logical_and"), (old_nan, make(op_named("logical_or"), (beats, new_nan))))


def _extreme_position(n: Node, scope: Scope) -> None:
    """argmax and argmin: the first of equals; the first NaN wins."""
    x, axis = n.inputs[0], n.attr("axis")
    target = allocate(scope, n, n.dtype, n.shape) if n.shape else None

    def outer(position: list[Node], inner: Scope) -> None:
        best = inner.local("best", TensorType(x.dtype))
        at = inner.local("at", TensorType(I64, (), True))
        first = element(x, [*position[:axis], lit(0), *position[axis:]], inner)
        inner.emit(Assign(best, first), Assign(at, lit(0)))

        def along(k: list[Node], innermost: Scope) -> None:
            value = element(x, [*position[:axis], *k, *position[axis:]], innermost)
            better = _better(n, value, best)
            innermost.emit(If(better, (Assign(best, value), Assign(at, innermost.scalar(k[0])))))

        nest(inner, (x.shape[axis],), along)
        if target is not None:
            inner.emit(Store(target, tuple(inner.scalar(i) for i in position), cast_to(at, I64)))
        else:
            scope.values[n] = at

    nest(scope, n.shape, outer, origin.get(n))
    if target is not None:
        scope.values[n] = target
