"""Windows that slide one element at a time, read with their axes at the end: a gather.

No op of its own.  Every position that is read lies in the array by the sizes alone, so that the
gather cannot fail and carries no token.
"""

from __future__ import annotations

from ..constants import lit
from ..node import Node
from ..types import Shape
from ..window import Window
from .elementwise import add
from .shaping import spread_axes
from .structure import gather, iota, view


def rolling(x: Node, axes: tuple[int, ...], shape: Shape) -> Node:
    """x[..., i + j, ...], the windows' axes j behind those of x; axes: which axis of x each of them
    runs along (one may be named twice); shape: that of the result.
    """
    if not axes:
        return x
    slid = tuple(sorted(set(axes)))
    places = (*(shape[a] for a in slid), *shape[x.rank :])
    index = [_positions(slid.index(a), places, _runs(axes, a, len(slid))) for a in slid]
    read = gather(x, *index, axes=slid, at=0, mode="clip")
    rest = [a for a in range(x.rank) if a not in slid]
    order = [*slid, *range(x.rank, x.rank + len(axes)), *rest]
    starts = (lit(0),) * len(order)
    return view(read, Window(starts, (1,) * len(order), tuple(order), shape))


def _runs(axes: tuple[int, ...], axis: int, before: int) -> list[int]:
    """Where the windows along an axis stand among the axes of the positions."""
    return [before + k for k, a in enumerate(axes) if a == axis]


def _positions(start: int, places: Shape, windows: list[int]) -> Node:
    """Along one axis of the array: where a window starts, and the way within it."""
    total: Node | None = None
    for at in (start, *windows):
        line = spread_axes(iota(places[at]), places, [k for k in range(len(places)) if k != at])
        total = line if total is None else add(total, line)
    assert total is not None
    return total
