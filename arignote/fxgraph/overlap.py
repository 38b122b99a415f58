"""Windows of one array against each other: apart, one inside the other, meeting elements twice.

Every answer is a proof: False (or None) means that nothing is known.
"""

from __future__ import annotations

from .affine import minus, plus, size_node, times
from .constants import lit
from .node import Node
from .prove import ge0
from .types import Shape
from .window import Window


def injective(w: Window) -> bool:
    """Does the window meet each element at most once?"""
    return not w.repeated


def reach(w: Window, k: int) -> tuple[Node, Node]:
    """The least and the greatest position on base axis k (of a window that is not empty)."""
    start, axis = w.starts[k], w.axes[k]
    if axis < 0:
        return start, start
    end = plus(start, times(minus(size_node(w.shape[axis]), lit(1)), w.steps[k]))
    return (start, end) if w.steps[k] > 0 else (end, start)


def apart(a: Window, b: Window) -> bool:
    """Have the windows provably no element in common?"""
    for k in range(len(a.starts)):
        (low, high), (other_low, other_high) = reach(a, k), reach(b, k)
        if ge0(minus(minus(other_low, high), lit(1))) or ge0(minus(minus(low, other_high), lit(1))):
            return True
    return False


def inside(outer: Window, inner: Window) -> Window | None:
    """`inner` as a window of what `outer` reads, if it lies in it; both index the same base."""
    named = [a for a in outer.axes if a >= 0]
    if len(named) != outer.rank or len(set(named)) != outer.rank:
        return None
    starts: list[Node] = [lit(0)] * outer.rank
    steps, axes = [1] * outer.rank, [-1] * outer.rank
    for k, a in enumerate(outer.axes):
        if a < 0:
            if inner.axes[k] >= 0 or inner.starts[k] is not outer.starts[k]:
                return None
            continue
        if outer.steps[k] != 1:
            return None
        low, high = reach(inner, k)
        first, last = reach(outer, k)
        if not (ge0(minus(low, first)) and ge0(minus(last, high))):
            return None
        starts[a] = minus(inner.starts[k], outer.starts[k])
        steps[a], axes[a] = inner.steps[k], inner.axes[k]
    return Window(tuple(starts), tuple(steps), tuple(axes), inner.shape)


def in_range(w: Window, base: Shape) -> bool:
    """Is every element of the window (if it has any) proved to be one of the base's?"""
    for k, d in enumerate(base):
        low, high = reach(w, k)
        if not (ge0(low) and ge0(minus(minus(size_node(d), high), lit(1)))):
            return False
    return True
