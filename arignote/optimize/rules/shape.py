"""Reads of writes, writes over writes, reshapes: where elements stand, decided before they move."""

from __future__ import annotations

from ...autograd_sym.places import inverse
from ...fxgraph.affine import size_node
from ...fxgraph.constants import is_value, lit
from ...fxgraph.node import Node, make
from ...fxgraph.ops.elementwise import add
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.shaping import spread
from ...fxgraph.ops.structure import (
    add_at_op,
    full,
    full_op,
    iota_op,
    is_lasting,
    reshape,
    reshape_op,
    set_item,
    set_item_op,
    view,
    view_op,
)
from ...fxgraph.overlap import apart, injective, inside
from ...fxgraph.prove import equal
from ...fxgraph.types import Shape
from ...fxgraph.window import Window, window_of
from ..rule import rule


# ---- reads ---------------------------------------------------------------------------------------
@rule(view_op, keeps="bits", first=(set_item_op,))
def read_of_write(n: Node) -> Node | None:
    """set_item(A, w, v)[w] -> v, and parts of w alike"""
    written = n.inputs[0]
    if written.op is not set_item_op:
        return None
    where_written, where_read = window_of(written), window_of(n)
    if where_written == where_read and injective(where_written):
        return spread(written.inputs[-1], n.shape)
    part = inside(where_written, where_read)
    if part is None:
        return None
    return view(spread(written.inputs[-1], where_written.shape), part)


@rule(view_op, keeps="bits", first=(set_item_op, add_at_op))
def read_beside_write(n: Node) -> Node | None:
    """set_item(A, w, v)[u] -> A[u], when w and u have nothing in common; add_at alike"""
    written = n.inputs[0]
    if written.op not in (set_item_op, add_at_op) or not apart(window_of(written), window_of(n)):
        return None
    return view(written.inputs[0], window_of(n))


@rule(view_op, keeps="bits", first=(add_at_op,))
def read_of_add(n: Node) -> Node | None:
    """add_at(A, w, v)[w] -> A[w] + v, when w meets no element twice"""
    written = n.inputs[0]
    w = window_of(n)
    if window_of(written) != w or not injective(w):
        return None
    return add(view(written.inputs[0], w), written.inputs[-1])


@rule(view_op, keeps="bits", first=(iota_op,))
def read_of_counter(n: Node) -> Node | None:
    """iota(n)[i] -> i"""
    if n.inputs[0].op is not iota_op or n.rank:
        return None
    return cast_to(window_of(n).starts[0], n.dtype)


@rule(view_op, keeps="bits", first=(reshape_op,))
def read_of_reshape(n: Node) -> Node | None:
    """reshape(x)[window] -> x[window'], when the reshape only adds or drops axes of length 1"""
    base = n.inputs[0]
    if base.op is not reshape_op:
        return None
    as_window = squeezed(base.inputs[0].shape, base.shape)
    return None if as_window is None else view(view(base.inputs[0], as_window), window_of(n))


# ---- writes --------------------------------------------------------------------------------------
@rule(set_item_op, phase="useless", keeps="bits")
def write_whole(n: Node) -> Node | None:
    """set_item(A, all of it, v) -> v"""
    if is_lasting(n):
        return None
    w = window_of(n)
    if not w.shape:  # one place, whose next write may be behind a check (`trace/midway.py`)
        return None
    back = inverse(w, n.shape, same=equal)
    return None if back is None else view(spread(n.inputs[-1], w.shape), back)


@rule(set_item_op, keeps="bits", first=(set_item_op, add_at_op))
def write_over_write(n: Node) -> Node | None:
    """set_item(set_item(A, w, u), w, v) -> set_item(A, w, v)"""
    base = n.inputs[0]
    if base.op not in (set_item_op, add_at_op) or window_of(base) != window_of(n):
        return None
    if is_lasting(n):
        return None
    return set_item(base.inputs[0], window_of(n), n.inputs[-1], is_lasting(base))


@rule(set_item_op, keeps="bits")
def write_of_read(n: Node) -> Node | None:
    """set_item(A, w, A[w]) -> A"""
    base, value = n.inputs[0], n.inputs[-1]
    w = window_of(n)
    if value.op is not view_op or value.inputs[0] is not base or window_of(value) != w:
        return None
    return base if injective(w) else None


@rule(set_item_op, add_at_op, phase="useless", keeps="bits")
def write_nothing(n: Node) -> Node | None:
    """set_item(A, w, v) -> A, when w is empty"""
    return n.inputs[0] if any(d == 0 for d in window_of(n).shape if isinstance(d, int)) else None


@rule(set_item_op, keeps="bits")
def write_of_fill(n: Node) -> Node | None:
    """set_item(A, w, full(v)) -> set_item(A, w, v); nothing at all if A is filled with v"""
    base, value = n.inputs[0], n.inputs[-1]
    scalar = value.inputs[0] if value.op is full_op else value
    if base.op is full_op and base.inputs[0] is scalar:
        return base
    return set_item(base, window_of(n), scalar, is_lasting(n)) if scalar is not value else None


@rule(add_at_op, keeps="reals", first=(full_op,))
def add_to_zeros(n: Node) -> Node | None:
    """add_at(zeros, w, v) -> set_item(zeros, w, v), when w meets no element twice"""
    base = n.inputs[0]
    if base.op is not full_op or not is_value(base.inputs[0], 0):
        return None
    w = window_of(n)
    return set_item(base, w, n.inputs[-1]) if injective(w) else None


@rule(add_at_op, keeps="reals", first=(set_item_op,))
def add_over_zeros(n: Node) -> Node | None:
    """add_at(set_item(A, w, 0), w, v) -> set_item(A, w, v), when w meets no element twice"""
    base, w = n.inputs[0], window_of(n)
    if base.op is not set_item_op or not is_value(base.inputs[-1], 0) or is_lasting(base):
        return None
    if window_of(base) != w or not injective(w):
        return None
    return set_item(base.inputs[0], w, n.inputs[-1])


# ---- reshapes ------------------------------------------------------------------------------------
@rule(reshape_op, phase="useless", keeps="bits")
def reshape_reshape(n: Node) -> Node | None:
    """reshape(reshape(x)) -> reshape(x); reshape(x) to its own shape -> x"""
    x = n.inputs[0]
    if x.op is reshape_op or x.type == n.type:
        return reshape(x, n.shape)
    return None


@rule(reshape_op, keeps="bits", first=(full_op,))
def reshape_of_fill(n: Node) -> Node | None:
    """reshape(full(v)) -> full(v)"""
    return full(n.inputs[0].inputs[0], n.shape) if n.inputs[0].op is full_op else None


@rule(reshape_op, keeps="bits")
def reshape_of_ones(n: Node) -> Node | None:
    """reshape that only adds or drops axes of length 1 -> a window"""
    w = squeezed(n.inputs[0].shape, n.shape)
    if w is None:
        return None
    return view(n.inputs[0], w) if n.inputs[0].rank else spread(n.inputs[0], n.shape)


@rule("elementwise", phase="specialize", keeps="bits", among=(reshape_op,))
def reshape_of_elementwise(n: Node) -> Node | None:
    """f(reshape(x), reshape(y)) -> reshape(f(x, y)), where x or y is computed or moved: it need not
    be stored for that"""
    parts = [x for x in n.inputs if x.rank]
    if not parts or any(x.op is not reshape_op or x.type.shape != n.shape for x in parts):
        return None
    sources = [x.inputs[0] for x in parts]
    shape = sources[0].shape
    if any(s.shape != shape for s in sources) or not any(map(_on_the_spot, sources)):
        return None
    whole = make(n.op, tuple(x.inputs[0] if x.rank else x for x in n.inputs), n.attrs)
    return reshape(whole, n.shape)


def _on_the_spot(x: Node) -> bool:
    """Is a value computed where it is read?"""
    return x.op in (view_op, full_op, iota_op) or "elementwise" in x.op.traits


def squeezed(old: Shape, new: Shape) -> Window | None:
    """The window that reads `old` as `new`, if they differ by axes of length 1 only."""
    from_old = [k for k, d in enumerate(old) if d != 1]
    to_new = [k for k, d in enumerate(new) if d != 1]
    if len(from_old) != len(to_new):
        return None
    if any(size_node(old[a]) is not size_node(new[b]) for a, b in zip(from_old, to_new)):
        return None
    axes = [-1] * len(old)
    for a, b in zip(from_old, to_new):
        axes[a] = b
    return Window((lit(0),) * len(old), (1,) * len(old), tuple(axes), tuple(new))
