"""Between which numbers an integer scalar lies, as far as the loops around it tell.

    for i in range(60): for j in range(i): ...        the trip count of j: 0 to 59

The ends of a loop's index are taken apart from each other, so sums are bounded, not exactly known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .affine import linear
from .constants import index
from .node import Node

#: Operations and loops inside one another before a number counts as unknown.
_NESTING = 12

Interval = tuple[int | None, int | None]
_Choice = Callable[[Sequence[int]], int]


def interval(n: Node, nesting: int = _NESTING) -> Interval:
    """The least and the largest value of an affine integer; None for an end that is not known."""
    coefs, const = linear(n)
    low: int | None = const
    high: int | None = const
    for atom, c in coefs.items():
        if nesting == 0:
            return None, None
        ends = [None if x is None else c * x for x in _atom(atom, nesting - 1)]
        if c < 0:
            ends.reverse()
        low = None if low is None or ends[0] is None else low + ends[0]
        high = None if high is None or ends[1] is None else high + ends[1]
    return low, high


def _atom(atom: Node, nesting: int) -> Interval:
    name = atom.op.name
    if atom.op is index:
        lo, hi = (interval(atom.attr(x), nesting) for x in ("lo", "hi"))
        if atom.attr("step") < 0:
            return None if hi[0] is None else hi[0] + 1, lo[1]
        return lo[0], None if hi[1] is None else hi[1] - 1
    if name not in ("minimum", "maximum", "floor_divide", "multiply"):
        return None, None
    a, b = (interval(x, nesting) for x in atom.inputs)
    if name == "minimum":
        return _both(min, a[0], b[0]), _either(min, a[1], b[1])
    if name == "maximum":
        return _either(max, a[0], b[0]), _both(max, a[1], b[1])
    if None in (*a, *b):
        return None, None
    if name == "multiply":
        ends = [x * y for x in a for y in b if x is not None and y is not None]
        return min(ends), max(ends)
    if b[0] != b[1] or b[0] is None or b[0] < 1 or a[0] is None or a[1] is None:
        return None, None
    return a[0] // b[0], a[1] // b[0]


def _both(choose: _Choice, x: int | None, y: int | None) -> int | None:
    return None if x is None or y is None else choose((x, y))


def _either(choose: _Choice, x: int | None, y: int | None) -> int | None:
    known = [v for v in (x, y) if v is not None]
    return choose(known) if known else None
