"""Windows: all of basic indexing, transpose, flip, newaxis and broadcast in one normal form.

Axis k of the base is read at `starts[k] + steps[k] * r[axes[k]]`, where r is the position in the
result, or at `starts[k]` where `axes[k]` is -1.  A result axis that no base axis names repeats.
Windows of windows fold when they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .affine import dim, minus, plus, size_node, times
from .constants import lit
from .node import Node
from .types import Shape


@dataclass(frozen=True, slots=True)
class Window:
    """Starts are int64 scalar nodes, steps literal ints, `shape` the sizes of the result."""

    starts: tuple[Node, ...]
    steps: tuple[int, ...]
    axes: tuple[int, ...]
    shape: Shape

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def repeated(self) -> tuple[int, ...]:
        """Result axes of size other than 1 that no base axis names."""
        named = set(self.axes)
        return tuple(a for a, d in enumerate(self.shape) if a not in named and d != 1)


def whole(shape: Shape) -> Window:
    """The window that reads everything."""
    rank = len(shape)
    return Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), tuple(shape))


def is_whole(w: Window, base: Shape) -> bool:
    rank = len(base)
    return (
        len(w.shape) == rank
        and w.axes == tuple(range(rank))
        and all(s == 1 for s in w.steps)
        and all(s is lit(0) for s in w.starts)
        and all(size_node(a) is size_node(b) for a, b in zip(w.shape, base, strict=True))
    )


def compose(outer: Window, inner: Window) -> Window:
    """`inner` indexes the result of `outer`; the window of both on outer's base."""
    starts, steps, axes = [], [], []
    for start, step, axis in zip(outer.starts, outer.steps, outer.axes, strict=True):
        if axis < 0:
            starts.append(start)
            steps.append(step)
            axes.append(-1)
        else:
            starts.append(plus(start, times(inner.starts[axis], step)))
            steps.append(step * inner.steps[axis])
            axes.append(inner.axes[axis])
    return Window(tuple(starts), tuple(steps), tuple(axes), inner.shape)


def place(w: Window, position: Sequence[Node]) -> list[Node]:
    """Where in the base the element at `position` of the window stands."""
    return [
        s if a < 0 else plus(s, times(position[a], t))
        for s, t, a in zip(w.starts, w.steps, w.axes, strict=True)
    ]


def transposed(shape: Shape, order: Sequence[int]) -> Window:
    """Result axis j is base axis order[j]."""
    axes = [0] * len(shape)
    for j, k in enumerate(order):
        axes[k] = j
    rank = len(shape)
    return Window((lit(0),) * rank, (1,) * rank, tuple(axes), tuple(shape[k] for k in order))


def broadcast(shape: Shape, target: Shape) -> Window:
    """The window that repeats `shape` to `target` (sizes must fit; checked by the caller)."""
    rank, offset = len(shape), len(target) - len(shape)
    axes = tuple(
        offset + k if d != 1 or target[offset + k] == 1 else -1 for k, d in enumerate(shape)
    )
    return Window((lit(0),) * rank, (1,) * rank, axes, tuple(target))


def expanded(shape: Shape, at: Sequence[int], rank: int) -> Window:
    """New axes of length 1 at positions `at` of a result of rank `rank`."""
    kept = [a for a in range(rank) if a not in set(at)]
    sizes = iter(shape)
    result = tuple(next(sizes) if a in set(kept) else 1 for a in range(rank))
    n = len(shape)
    return Window((lit(0),) * n, (1,) * n, tuple(kept), result)


def flipped(shape: Shape, at: Sequence[int]) -> Window:
    """Axes `at` read backwards."""
    starts = tuple(
        minus(size_node(d), lit(1)) if k in set(at) else lit(0) for k, d in enumerate(shape)
    )
    steps = tuple(-1 if k in set(at) else 1 for k in range(len(shape)))
    return Window(starts, steps, tuple(range(len(shape))), tuple(shape))


def window_inputs(w: Window) -> tuple[Node, ...]:
    """Starts, then sizes: the operands a window adds to a node."""
    return (*w.starts, *(size_node(d) for d in w.shape))


def window_attrs(w: Window) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (("axes", w.axes), ("steps", w.steps))


def window_of(n: Node) -> Window:
    """The window of a `view` node, or of a `set_item`/`add_at` node (whose last operand is the
    value).
    """
    axes: tuple[int, ...] = n.attr("axes")
    k = len(axes)
    operands = n.inputs[1:] if n.op.name == "view" else n.inputs[1:-1]
    return Window(operands[:k], n.attr("steps"), axes, tuple(dim(x) for x in operands[k:]))
