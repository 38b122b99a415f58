"""Maps that read one array along rows and another along columns: through tiles in shared memory.

    for i: for j: out[i, j] = f(a[j, i], b[i, j])

A warp that walks along j reads b's and writes out's neighbours, but a's elements far apart.  So a
block fetches 32 x 32 of them along i first; rows of the tile have 33 places, so that a column lies
in 32 different banks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...fxgraph.constants import is_const, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.access import Access, effects_of
from ...optimize.loopnest.program import Assign, Buffer, Loop, Store
from ...optimize.loopnest.strides import stride
from ..scalar_code import code
from .nest import Nest
from .scope import root

if TYPE_CHECKING:
    from .team import Printer, Team

SIDE = 32


@dataclass(frozen=True)
class Tiles:
    """The loads that go through tiles."""

    turned: tuple[tuple[Buffer, tuple[Node, ...]], ...]


def tiles_of(nest: Nest) -> Tiles | None:
    """The turned loads of a map over two axes; None for other nests."""
    if len(nest.loops) != 2 or nest.folds or nest.atomic:
        return None
    if not all(isinstance(s, Assign | Store) for s in nest.body):
        return None
    if not all(_plain(x) for x in nest.loops):
        return None
    i, j = (x.index for x in nest.loops)
    accesses = effects_of(nest.body).accesses
    written = {root(a.buffer) for a in accesses if a.write}
    turned: dict[tuple[Buffer, tuple[Node, ...]], None] = {}
    for a in accesses:
        along, across = stride(a, j), stride(a, i)
        if a.index is None or (a.write and along == "far"):
            return None
        if along == "far" and across == "unit":
            if root(a.buffer) in written or not _from_counters(a):
                return None
            turned[a.buffer, a.index] = None
    return Tiles(tuple(turned)) if turned else None


def _plain(x: Loop) -> bool:
    lo = x.index.attr("lo")
    return x.index.attr("step") == 1 and is_const(lo) and value_of(lo) == 0


def _from_counters(a: Access) -> bool:
    """Does the element's place follow from counters and sizes alone?"""
    assert a.index is not None
    return not any(m.op.name in ("load", "local") for m in order_of(a.index))


def print_tiles(printer: Printer, nest: Nest, t: Tiles, spans: list[str], thread: Team) -> None:
    """A block takes a tile: fetches what is turned, waits, computes."""
    scope = printer.scope
    scope.barriers = True
    tiles = []
    for b, _ in t.turned:
        name = scope.names.fresh("an_tile")
        scope.arrays.append(f"__shared__ an_{code(b.dtype)} {name}[{SIDE * (SIDE + 1)}];")
        tiles.append(name)
    k, row, wide = (scope.variable(f"an_{x}", "an_ix") for x in ("k", "row", "wide"))
    column = f"(an_ix)(threadIdx.x & {SIDE - 1})"
    down, across = (f"(({s} + {SIDE - 1}) / {SIDE})" for s in spans)
    scope.put(f"{wide} = {across};")
    scope.put(f"for ({k} = blockIdx.x; {k} < {down} * {wide}; {k} += gridDim.x) {{")
    scope.depth += 1
    i, j = (scope.open_index(x.index) for x in nest.loops)
    corner_i, corner_j = f"{k} / {wide} * {SIDE}", f"{k} % {wide} * {SIDE}"
    rows = f"for ({row} = threadIdx.x >> 5; {row} < {SIDE}; {row} += blockDim.x >> 5) {{"
    inside = f"if ({i} < {spans[0]} && {j} < {spans[1]}) {{"
    scope.put("__syncthreads();")
    scope.put(rows)
    scope.put(f"    {i} = {corner_i} + {column};")
    scope.put(f"    {j} = {corner_j} + {row};")
    scope.put(f"    {inside}")
    for (b, at), name in zip(t.turned, tiles, strict=True):
        scope.put(f"        {name}[{row} * {SIDE + 1} + {column}] = {scope.place(b, at)};")
    scope.put("    }")
    scope.put("}")
    scope.put("__syncthreads();")
    scope.put(rows)
    scope.depth += 1
    scope.put(f"{i} = {corner_i} + {row};")
    scope.put(f"{j} = {corner_j} + {column};")
    scope.put(inside)
    scope.depth += 1
    for place, name in zip(t.turned, tiles, strict=True):
        scope.vectors[place] = f"{name}[{column} * {SIDE + 1} + {row}]"
    printer.touched = printer.nothing()
    printer.block(nest.body, thread)
    for place in t.turned:
        del scope.vectors[place]
    for _ in range(3):
        scope.depth -= 1
        scope.put("}")
    for x in nest.loops:
        scope.close_index(x.index)
