"""Loops over contiguous arrays in pieces of 16 bytes.

    for k: out[k] = f(a[k], b)   ->   for q: va = a's piece q; vo[u] = f(va[u], b) for all u; store

Where a pointer is not aligned, and for what is left at the end, the loop runs element by element.
So does a nest of several loops whose rows are no whole number of pieces.  The compiler reads
several pieces ahead, as pieces of arguments are loaded first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...fxgraph.affine import linear, minus, size_node
from ...fxgraph.constants import is_const, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.access import Access, effects_of
from ...optimize.loopnest.program import Assign, Buffer, Fold, Loop, Statement, Store, walk
from ...optimize.loopnest.strides import stride
from ..cython.names import legal
from ..scalar_code import code
from .nest import Nest
from .scope import KernelScope, root

BYTES = 16
#: A piece has at most this many elements.
MOST = 8


@dataclass(frozen=True)
class Piece:
    """One array at k + something: the piece of it that a thread works on."""

    buffer: Buffer
    index: tuple[Node, ...]
    loaded: bool
    stored: bool


@dataclass(frozen=True)
class Vectors:
    """width: elements of a piece."""

    width: int
    pieces: tuple[Piece, ...]


def vectors_of(nest: Nest) -> Vectors | None:
    """The pieces of a loop that may run by pieces; None for others."""
    if nest.atomic:
        return None
    index, outer = nest.loops[-1].index, [x.index for x in nest.loops[:-1]]
    lo = index.attr("lo")
    if index.attr("step") != 1 or not (is_const(lo) and value_of(lo) == 0):
        return None
    if not all(isinstance(s, Assign | Fold | Store) or _computes(s) for s in nest.body):
        return None
    found: dict[tuple[Buffer, tuple[Node, ...]], list[Access]] = {}
    for a in effects_of(nest.body).accesses:
        if a.index is None:
            return None
        kind = stride(a, index)
        if kind == "far" or (kind == "none" and a.write):
            return None
        if kind == "unit":
            if not _forward(a, index) or (outer and not _by_rows(a, index, outer)):
                return None
            found.setdefault((a.buffer, a.index), []).append(a)
    if not found or not _clear(nest, list(found)):
        return None
    pieces = tuple(
        Piece(b, at, any(not a.write for a in group), any(a.write for a in group))
        for (b, at), group in found.items()
    )
    width = min(MOST, BYTES // max(int(p.buffer.dtype.itemsize) for p in pieces))
    return Vectors(width, pieces) if width > 1 else None


def _computes(s: Statement) -> bool:
    """A loop that touches no arrays?"""
    inside = all(isinstance(x, Assign | Loop) for x in walk((s,)))
    return isinstance(s, Loop) and inside and not effects_of((s,)).accesses


def _forward(a: Access, index: Node) -> bool:
    """Is the element's place something + index, in the last axis only?"""
    assert a.index is not None
    if a.buffer.strides is not None:
        last = a.buffer.strides[-1]
        if not (isinstance(last, int) and last == 1):
            return False
    if any(index in order_of((i,)) for i in a.index[:-1]):
        return False
    coefs, _ = linear(a.index[-1])
    if coefs.get(index) != 1:
        return False
    rest = minus(a.index[-1], index)
    return not any(m is index or m.op.name in ("load", "local") for m in order_of((rest,)))


def _by_rows(a: Access, index: Node, outer: list[Node]) -> bool:
    """Do counters alone choose the row, and nothing where the row begins?"""
    assert a.index is not None
    if any(m.op.name in ("load", "local") for m in order_of(a.index)):
        return False
    return not any(m in outer for m in order_of((minus(a.index[-1], index),)))


def _clear(nest: Nest, places: list[tuple[Buffer, tuple[Node, ...]]]) -> bool:
    """Is what is written accessed at one place only, and by nothing that may overlap it?"""
    written = {root(s.buffer) for s in nest.body if isinstance(s, Store)}
    for b in written:
        if not b.restrict or sum(root(x) is b for x, _ in places) != 1:
            return False
        inside = effects_of(nest.body).accesses
        if any(root(a.buffer) is b and (a.buffer, a.index) not in places for a in inside):
            return False
    return True


def element_type(p: Piece, width: int) -> str:
    return f"an_vector<an_{code(p.buffer.dtype)}, {width}>"


def whole_rows(scope: KernelScope, v: Vectors, span: str) -> str:
    """Do all rows begin where pieces do, and end so?"""
    tests = {f"{span} % {v.width} == 0": None}
    for p in v.pieces:
        b = p.buffer
        steps = b.shape[-1:] if b.strides is None else b.strides[:-1]
        for d in steps if len(b.shape) > 1 else ():
            tests[f"{scope.text(size_node(d))} % {v.width} == 0"] = None
    return " && ".join(tests)


def open_pieces(scope: KernelScope, v: Vectors, index: Node, q: str) -> Iterator[str]:
    """Variables for the pieces number q, loaded where their elements are read; yields the stores
    that follow."""
    stores = []
    for p in v.pieces:
        kind = element_type(p, v.width)
        name = scope.names.fresh(f"an_of_{legal(root(p.buffer).name)}")
        place = address(scope, p, index, f"{q} * {v.width}")
        qualifier = "" if p.stored else "const "
        load = f" = *(const {kind}*)({place})" if p.loaded else ""
        scope.put(f"{qualifier if p.loaded else ''}{kind} {name}{load};")
        scope.vectors[p.buffer, p.index] = f"{name}.at[an_u]"
        if p.stored:
            stores.append(f"*({kind}*)({place}) = {name};")
    yield from stores


def address(
    scope: KernelScope, p: Piece, index: Node, start: str, outer: Sequence[Node] = ()
) -> str:
    """The address of the piece that starts at `start`; of the first row, where `outer` are the
    counters of rows."""
    start = f"({start})" if start != "0" else "0"
    given = {index: start, **dict.fromkeys(outer, "0")}
    kept = {n: scope.counters.get(n) for n in given}
    scope.counters.update(given)
    declared = {t for t in given.values() if t not in scope.declared}
    scope.declared.update(dict.fromkeys(declared, "an_ix"))
    text = f"{scope.pointer(p.buffer)} + {scope.offset(p.buffer, p.index)}"
    for t in declared:
        del scope.declared[t]
    for n, before in kept.items():
        if before is None:
            del scope.counters[n]
        else:
            scope.counters[n] = before
    return text


def aligned(scope: KernelScope, v: Vectors, index: Node, outer: Sequence[Node] = ()) -> str:
    """Do all pieces start at multiples of their size?"""
    tests = []
    for p in v.pieces:
        size = int(p.buffer.dtype.itemsize) * v.width
        tests.append(f"((size_t)({address(scope, p, index, '0', outer)}) & {size - 1}) == 0")
    return " && ".join(dict.fromkeys(tests))
