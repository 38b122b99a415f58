"""Arguments that share memory while one of them is written: they become windows of one array.

Such calls get a trace of their own.  Every group of arrays that share memory is expressed as
windows of a base: one of the arrays, or the array they are all views of.  The windows are literal,
so the trace serves calls with the same overlap only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..errors import UnsupportedError
from ..fxgraph.constants import lit
from ..fxgraph.window import Window

NDArray: TypeAlias = "np.ndarray[Any, Any]"
_EFFORT: Any = 100_000


@dataclass(frozen=True, slots=True)
class Placement:
    """Array leaf `leaf` is a window of array leaf `base`; base axis k is read at
    starts[k] + steps[k] * r[axes[k]] (see Window).
    """

    leaf: int
    base: int
    starts: tuple[int, ...]
    steps: tuple[int, ...]
    axes: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def window(self) -> Window:
        return Window(tuple(lit(s) for s in self.starts), self.steps, self.axes, self.shape)


def share_memory(a: NDArray, b: NDArray) -> bool:
    """Whether two arrays have an element in common; where that is too hard to tell, yes."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return bool(np.shares_memory(a, b, max_work=_EFFORT))
    except np.exceptions.TooHardError:
        return True


def overlapping(leaves: Sequence[Any], written: Sequence[int]) -> bool:
    """Does an array that is written share memory with another array of the call?"""
    if not written:
        return False
    arrays = [(k, x) for k, x in enumerate(leaves) if isinstance(x, np.ndarray)]
    return any(k != w and share_memory(leaves[w], x) for w in written for k, x in arrays)


def placements(leaves: Sequence[Any]) -> tuple[list[Any], tuple[Placement, ...]]:
    """The leaves, bases that are no leaves added at the end, and where the others lie in theirs.

    Raises UnsupportedError for an overlap that no base explains.
    """
    out = list(leaves)
    found: list[Placement] = []
    for group in _groups(leaves):
        base, placed = _based(group, out)
        if base is None:
            names = " and ".join(str(k) for k in group)
            raise UnsupportedError(
                f"array arguments {names} (counted over all leaves) overlap in memory in a way "
                f"that cannot be compiled, and one of them is written: pass a copy of the others"
            )
        found.extend(placed)
    return out, tuple(found)


def stand_in(x: NDArray) -> NDArray:
    """Memory nobody has touched, with the dtype, shape and strides of x."""
    reach = [s * (n - 1) for s, n in zip(x.strides, x.shape, strict=True)]
    low = sum(r for r in reach if r < 0)
    high = sum(r for r in reach if r > 0) + x.itemsize
    memory = np.empty(high - low, np.uint8)
    return np.ndarray(x.shape, x.dtype, memory, -low, x.strides)


def _groups(leaves: Sequence[Any]) -> list[list[int]]:
    """Positions of arrays that share memory, directly or through others."""
    groups: list[list[int]] = []
    for k, x in enumerate(leaves):
        if not isinstance(x, np.ndarray) or not x.size:
            continue
        touching = [g for g in groups if any(share_memory(leaves[j], x) for j in g)]
        groups = [g for g in groups if g not in touching]
        groups.append(sorted([k, *(j for g in touching for j in g)]))
    return [g for g in groups if len(g) > 1]


def _based(group: list[int], leaves: list[Any]) -> tuple[int | None, list[Placement]]:
    """The base of a group, added to the leaves if it is none, and the windows of the others."""
    arrays = sorted(group, key=lambda k: -leaves[k].size)
    for k in arrays:
        placed = [_placed(j, leaves[j], k, leaves[k]) for j in group if j != k]
        if None not in placed:
            return k, [p for p in placed if p is not None]
    for owner in _owners(leaves[arrays[0]]):
        position = len(leaves)
        placed = [_placed(j, leaves[j], position, owner) for j in group]
        if None not in placed:
            leaves.append(owner)
            return position, [p for p in placed if p is not None]
    return None, []


def _owners(x: NDArray) -> list[NDArray]:
    out = []
    base = x.base
    while isinstance(base, np.ndarray):
        out.append(base)
        base = base.base
    return out


def _placed(leaf: int, x: NDArray, base: int, b: NDArray) -> Placement | None:
    """x as a window of b, None where it is none."""
    if x.dtype != b.dtype or any(s % b.itemsize for s in (*x.strides, *b.strides)):
        return None
    offset = x.__array_interface__["data"][0] - b.__array_interface__["data"][0]
    if offset % b.itemsize:
        return None
    offset //= b.itemsize
    order = sorted((k for k in range(b.ndim) if b.shape[k] > 1), key=lambda k: -abs(b.strides[k]))
    starts, steps, axes = [0] * b.ndim, [1] * b.ndim, [-1] * b.ndim
    strides = [s // b.itemsize for s in b.strides]
    free = [a for a in range(x.ndim) if x.shape[a] > 1]
    for k in order:
        if not strides[k]:
            return None
        starts[k] = offset // strides[k] if strides[k] > 0 else -(offset // -strides[k])
        offset -= starts[k] * strides[k]
        axis = next((a for a in free if _fits(x, a, strides[k], starts[k], b.shape[k])), None)
        if axis is not None:
            free.remove(axis)
            axes[k], steps[k] = axis, x.strides[axis] // b.itemsize // strides[k]
        if not 0 <= starts[k] < b.shape[k]:
            return None
    if offset or free:
        return None
    return Placement(leaf, base, tuple(starts), tuple(steps), tuple(axes), x.shape)


def _fits(x: NDArray, axis: int, stride: int, start: int, size: int) -> bool:
    """Does an axis of x run along a base axis of this stride?"""
    step, rest = divmod(x.strides[axis] // x.itemsize, stride)
    return not rest and step != 0 and 0 <= start + step * (x.shape[axis] - 1) < size
