"""Windows that slide over the last axes of an array, and the largest or the total of each.

A few elements a window are strided slices, so that one nest reads them all; more are a gather with
the window's axes last, which a reduction reads without storing it.  The gradient of a maximum goes
to every element of the window that equals it, as in Theano.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..constants import lit, project
from ..node import Node, Op, make
from ..types import Shape
from ..window import Window, whole
from .elementwise import add, equal, maximum, multiply, where
from .reduce import reduce_max, reduce_sum
from .shaping import spread_axes, zeros_like
from .structure import add_at, gather, iota, scatter_add, set_item, view

#: Windows of up to this many elements are unrolled.
UNROLLED = 16


@dataclass(frozen=True)
class Sliding:
    """Windows of `sizes` elements, `steps` apart, along the last axes of an array."""

    sizes: tuple[int, ...]
    steps: tuple[int, ...]

    @property
    def unrolled(self) -> bool:
        return math.prod(self.sizes) <= UNROLLED

    @property
    def overlapping(self) -> bool:
        return any(n > s for n, s in zip(self.sizes, self.steps, strict=True))

    def slices(self, shape: Shape, counts: Shape) -> Iterator[Window]:
        """For each element of a window, where it stands in all of them; counts: how many windows
        there are along each axis."""
        lead = len(shape) - len(self.sizes)
        for tap in product(*map(range, self.sizes)):
            w = whole(shape)
            starts = (*w.starts[:lead], *map(lit, tap))
            yield Window(starts, (*w.steps[:lead], *self.steps), w.axes, (*shape[:lead], *counts))

    def gathered(self, x: Node, counts: Shape) -> Node:
        """[..., *counts, *sizes]"""
        axes = self.axes(x)
        return gather(x, *self.indices(counts), axes=axes, at=axes[0], mode="clip")

    def axes(self, x: Node) -> tuple[int, ...]:
        return tuple(range(x.rank - len(self.sizes), x.rank))

    def indices(self, counts: Shape) -> list[Node]:
        """Positions along each axis, as arrays [*counts, *sizes]."""
        rank = len(self.sizes)
        shape = (*counts, *self.sizes)
        out = []
        for k in range(rank):
            start = multiply(iota(counts[k]), self.steps[k])
            among = [[a for a in range(2 * rank) if a != at] for at in (k, rank + k)]
            within = spread_axes(iota(self.sizes[k]), shape, among[1])
            out.append(add(spread_axes(start, shape, among[0]), within))
        return out


def pool_sum(x: Node, over: Sliding, counts: Shape) -> Node:
    """The total of each window."""
    if not over.unrolled:
        whole_ = over.gathered(x, counts)
        return reduce_sum(whole_, axes=tuple(range(x.rank, whole_.rank)))
    return functools.reduce(add, (view(x, w) for w in over.slices(x.shape, counts)))


def pool_max(x: Node, over: Sliding, counts: Shape) -> Node:
    """The largest element of each window, nan where there is one."""
    if over.unrolled:
        out = functools.reduce(maximum, (view(x, w) for w in over.slices(x.shape, counts)))
    else:
        every = over.gathered(x, counts)
        out = reduce_max(every, axes=tuple(range(x.rank, every.rank)))
    return project(make(pool_max_op, (out, x), (("over", over),)), 0)


def only_largest(x: Node, over: Sliding, counts: Shape) -> Node:
    """x with 0 in place of what is not the largest of its window."""
    largest = project(pool_max(x, over, counts).inputs[0], 0)
    out = _to_all_largest((largest,), largest, largest, x, over=over)[1]
    assert out is not None
    return out


# ---- derivatives of the largest ------------------------------------------------------------------
def _to_all_largest(
    g: Sequence[Node | None], out: Node, largest: Node, x: Node, *, over: Sliding
) -> tuple[Node | None, ...]:
    (c,) = g
    if c is None:
        return None, None
    gx = zeros_like(x)
    axes = over.axes(x)
    counts = tuple(largest.shape[a] for a in axes)
    if not over.unrolled:
        every = over.gathered(x, counts)
        behind = range(x.rank, every.rank)
        same = equal(every, spread_axes(largest, every.shape, behind))
        part = where(same, spread_axes(c, every.shape, behind), zeros_like(every))
        at = over.indices(counts)
        return None, scatter_add(gx, part, *at, axes=axes, at=axes[0], mode="clip")
    write = add_at if over.overlapping else set_item
    for w in over.slices(x.shape, counts):
        gx = write(gx, w, where(equal(view(x, w), largest), c, zeros_like(c)))
    return None, gx


def _from_all_largest(
    tangents: Sequence[Node | None], out: Node, largest: Node, x: Node, *, over: Sliding
) -> tuple[Node | None]:
    t = tangents[1]
    if t is None:
        return (None,)
    counts = tuple(largest.shape[a] for a in over.axes(x))
    if not over.unrolled:
        every, moved = over.gathered(x, counts), over.gathered(t, counts)
        behind = tuple(range(x.rank, every.rank))
        same = equal(every, spread_axes(largest, every.shape, behind))
        return (reduce_sum(where(same, moved, zeros_like(moved)), axes=behind),)
    zero = zeros_like(largest)
    parts = [
        where(equal(view(x, w), largest), view(t, w), zero) for w in over.slices(x.shape, counts)
    ]
    return (functools.reduce(add, parts),)


def _flow(n: Node, active: Any) -> tuple[bool, ...]:
    return (n.inputs[0].dtype.kind in "fc" and active(n.inputs[1]),)


#: (the largest of each window, x): the largest; derivatives go to x
pool_max_op = Op(
    "pool_max",
    infer=lambda largest, x, *, over: (largest.type,),
    reference=lambda largest, x, *, over: (largest,),
    vjp=_to_all_largest,
    jvp=_from_all_largest,
    traits=frozenset({"passes"}),
    extra={"activity": _flow},
)

__all__ = ["Sliding", "only_largest", "pool_max", "pool_max_op", "pool_sum"]
