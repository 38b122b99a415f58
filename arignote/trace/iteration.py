"""What a `for` runs over: a counter with an item at each position, a shape, or plain Python items.

Ranges, arrays (rows), `enumerate`, `zip`, `reversed` of these count symbolically; dicts, sets,
lists and anything else Python can iterate give their items while tracing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from ..errors import TraceError
from ..fxgraph.affine import dim, minus, plus, size_node, times
from ..fxgraph.constants import is_const, lit, value_of
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.elementwise import where
from ..fxgraph.ops.scalar import least
from ..fxgraph.prove import ge0, hinted, sure_equal
from ..fxgraph.window import whole
from ..scanloop.scan import trip_count
from . import elements as elements_of
from . import queues
from .growing import growing, is_discarded
from .indexing import getitem
from .layout import memory_order
from .optional import used
from .proxy import Array, Scalar, node_of, wrap
from .queues import Deque
from .slicing import int_node
from .truth import known


@dataclass(frozen=True)
class Counter:
    """range(lo, hi, step) with a literal step; `item` gives the item for a value of the counter."""

    lo: Node
    hi: Node
    step: int
    item: Callable[[Any], Any]

    def __iter__(self) -> Iterator[Any]:
        return iter(listed(self))

    @property
    def length(self) -> Node:
        return trip_count(self.lo, self.hi, self.step)

    def literal(self) -> Iterable[Any]:
        """The items, for bounds that are literal, or that lie a literal number apart."""
        if is_const(self.lo):
            lo, hi = (int(value_of(n)) for n in (self.lo, self.hi))
            return (self.item(k) for k in range(lo, hi, self.step))
        span = int(value_of(minus(self.hi, self.lo)))
        return (self.item(wrap(plus(self.lo, lit(k)))) for k in range(0, span, self.step))

    def at(self, position: Any) -> Any:
        """The item at a position counted from 0."""
        return self.item(wrap(plus(self.lo, times(int_node(position), self.step))))

    def known(self, most: int) -> Counter | None:
        """The same with literal bounds, if short and dependent on arguments only (guarded)."""
        steps = hinted(minus(self.hi, self.lo))
        if steps is None or abs(steps) > most * abs(self.step):
            return None
        lo, hi = known(self.lo), known(self.hi)
        if lo is None or hi is None:
            return None
        return replace(self, lo=lit(lo), hi=lit(hi))


@dataclass(frozen=True)
class Nested:
    """Every position of a shape, the last axis fastest."""

    sizes: tuple[Node, ...]
    item: Callable[[tuple[Any, ...]], Any]


class SymbolicRange:
    """range(lo, hi, step) of traced integers."""

    def __init__(self, lo: Any, hi: Any, step: Any = 1) -> None:
        self.start, self.stop, self.step = lo, hi, step

    def counter(self) -> Counter:
        lo, hi, step = int_node(self.start), int_node(self.stop), int_node(self.step)
        if is_const(step):
            if value_of(step) == 0:
                raise ValueError("range() arg 3 must not be zero")
            return Counter(lo, hi, int(value_of(step)), lambda k: k)
        return _with_traced_step(lo, hi, step)

    def __len__(self) -> int:
        raise TraceError("len() of a range of traced values: use (stop - start) // step")

    def __iter__(self) -> Any:
        raise TraceError(
            "a range of traced integers is iterated outside converted code: write the loop in the "
            "compiled function itself"
        )

    def __getitem__(self, k: Any) -> Any:
        return self.counter().at(k)


def _with_traced_step(lo: Node, hi: Node, step: Node) -> Counter:
    s, gap = wrap(step), wrap(minus(hi, lo))
    required(node_of(s != 0), "ValueError", "range() arg 3 must not be zero")
    up = (gap + s - 1) // s
    down = (gap + s + 1) // s
    steps = (
        node_of(up) if ge0(step) else where(node_of(s > 0), node_of(up), node_of(down), weak=True)
    )
    start = wrap(lo)
    return Counter(lit(0), steps, 1, lambda k: start + k * s)


@dataclass(frozen=True)
class Lazy:
    """enumerate, zip, reversed or map of things that are counted; made by `call`."""

    parts: tuple[Any, ...]
    combine: Callable[..., Any]

    def __iter__(self) -> Iterator[Any]:
        """The items one by one, for what runs while tracing: `dict(zip(...))`."""
        return iter(listed(self))


#: More items than this are not counted out while tracing.
LISTED = 512

Found: TypeAlias = "Counter | Nested | Iterable[Any]"


def counter_of(iterable: Any) -> Found:
    """How a loop over `iterable` counts; an iterable of Python items is returned as it is."""
    iterable = used(iterable)
    if isinstance(iterable, Counter | Nested):
        return iterable
    if isinstance(iterable, range):
        return Counter(lit(iterable.start), lit(iterable.stop), iterable.step, lambda k: k)
    if isinstance(iterable, SymbolicRange):
        return iterable.counter()
    if isinstance(iterable, itertools.count):
        return _endless(iterable)
    if isinstance(iterable, np.ndarray) and iterable.dtype.kind in "biufc":
        iterable = wrap(node_of(iterable))
    if isinstance(iterable, Array):
        return _rows(iterable)
    if isinstance(iterable, np.ndindex):
        return list(iterable)
    if isinstance(iterable, Scalar):
        raise TypeError(f"{_type_name(iterable)!r} object is not iterable")
    if is_discarded(iterable):
        raise TraceError(
            "a list is read in the `while` loop that it grows in: preallocate an array"
        )
    g = growing(iterable)
    if g is not None:
        held, known_now = iterable, g
        return Counter(
            lit(0), g.count.version, 1,
            lambda k: elements_of.element(held, growing(held) or known_now, int_node(k)),
        )  # fmt: skip
    if isinstance(iterable, Deque):
        queue = iterable
        n = int_node(queues.length(queue))
        return Counter(lit(0), n, 1, lambda k: queues.element(queue, k))
    if isinstance(iterable, Lazy):
        return zipped(iterable.parts, iterable.combine)
    return iterable  # type: ignore[no-any-return]


def _endless(numbers: itertools.count[Any]) -> Counter:
    """itertools.count(...): a range as long as there are integers."""
    try:
        first, step = [*map(int, repr(numbers)[len("count(") : -1].split(", ")), 1][:2]
    except ValueError:
        raise TraceError(
            "itertools.count() of other numbers than integers: write a `while` loop"
        ) from None
    return Counter(lit(0), lit(_MOST_STEPS), 1, lambda k: k * step + first)


#: More than run in the lifetime of a machine.
_MOST_STEPS = 2**53


def listed(x: Any) -> Iterable[Any]:
    """The items while tracing, of which there must be a known number.  Raises TraceError."""
    found = listed_if_known(x)
    if found is None:
        raise TraceError(
            "a list of a length known at run time only: use an array, or a comprehension"
        )
    return found


def listed_if_known(x: Any) -> Iterable[Any] | None:
    """The items, where their number is known while tracing and small."""
    found = counter_of(x)
    if isinstance(found, Nested):
        return None
    if not isinstance(found, Counter):
        return found
    if is_const(found.lo) and is_const(found.hi):
        return found.literal()
    literal = found.known(LISTED)
    return None if literal is None else literal.literal()


def _type_name(x: Scalar) -> str:
    n = x.node
    names = {"i": "int", "f": "float", "b": "bool", "c": "complex"}
    return names[n.dtype.kind] if n.type.weak else f"numpy.{n.dtype}"


def _rows(a: Array) -> Counter:
    if not a.sizes:
        raise TypeError("iteration over a 0-d array")
    return Counter(lit(0), size_node(a.sizes[0]), 1, lambda k: getitem(a, k))


# ---- combinations --------------------------------------------------------------------------------
def is_counted(x: Any) -> bool:
    """Is the number of items known at run time only, or is it an array?"""
    return isinstance(x, SymbolicRange | Array | Lazy | Nested | Counter)


def zipped(parts: Sequence[Any], combine: Callable[..., Any]) -> Found:
    """combine(*items) of several iterables side by side, as long as the shortest."""
    found = [counter_of(p) for p in parts]
    if any(isinstance(f, Nested) for f in found):
        raise TraceError(
            "an iteration over every position of an array cannot be zipped with another"
        )
    if all(isinstance(f, Counter) for f in found):
        return _side_by_side([f for f in found if isinstance(f, Counter)], combine)
    return _with_python_items(found, combine)


def _side_by_side(counters: list[Counter], combine: Callable[..., Any]) -> Counter:
    if len(counters) == 1:
        c = counters[0]
        return replace(c, item=lambda k: combine(c.item(k)))
    steps = counters[0].length
    for c in counters[1:]:
        other = c.length
        steps = steps if sure_equal(steps, other) else least(steps, other)
    return Counter(lit(0), steps, 1, lambda k: combine(*(c.at(k) for c in counters)))


def _with_python_items(found: list[Any], combine: Callable[..., Any]) -> Iterable[Any]:
    lengths = [f.length for f in found if isinstance(f, Counter)]
    columns: list[Iterable[Any]] = []
    most: int | None = None
    for n in lengths:
        size = known(n)
        if size is None:
            raise TraceError(
                "a Python container is zipped with something whose length is known at run time only"
            )
        most = size if most is None else min(most, size)
    for f in found:
        columns.append(map(f.at, itertools.count()) if isinstance(f, Counter) else iter(f))
    together = zip(*columns, strict=False)
    return (combine(*items) for items in itertools.islice(together, most))


def enumerated(iterable: Any, start: Any = 0) -> Any:
    found = counter_of(iterable)
    if isinstance(found, Nested):
        raise TraceError("enumerate() of every position of an array: count in the loop instead")
    if not isinstance(found, Counter):
        return ((start + k, x) for k, x in enumerate(found))
    positions = Counter(lit(0), found.length, 1, lambda k: k)
    if is_const(found.lo) and value_of(found.lo) == 0 and found.step == 1:
        return replace(found, item=lambda k: (start + k, found.item(k)))
    return _side_by_side([positions, found], lambda k, x: (start + k, x))


def backwards(iterable: Any) -> Any:
    found = counter_of(iterable)
    if not isinstance(found, Counter):
        return reversed(found)  # type: ignore[call-overload]
    last = plus(found.lo, times(minus(found.length, lit(1)), found.step))
    beyond = minus(found.lo, lit(1 if found.step > 0 else -1))
    return Counter(last, beyond, -found.step, found.item)


# ---- shapes --------------------------------------------------------------------------------------
def positions(*shape: Any) -> Nested:
    """np.ndindex"""
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        shape = tuple(shape[0])
    return Nested(tuple(int_node(d) for d in shape), lambda at: at)


class Elements(Nested):
    """np.nditer over one array.  multi_index: of the element that the step being traced has."""

    multi_index: tuple[Any, ...]


def elements(
    a: Any, flags: Sequence[str] = (), op_flags: Sequence[Any] = (), order: str = "K"
) -> Elements:
    """np.nditer over one array: 0-d views of its elements, in the order of memory"""
    if isinstance(a, tuple | list):
        raise TraceError(
            "np.nditer over several arrays: loop over np.ndindex(a.shape) and index them"
        )
    if {*flags} - {"multi_index", "zerosize_ok", "refs_ok"} or order not in ("K", "C", "F"):
        raise TraceError(
            f"np.nditer with flags {list(flags)} and order {order!r}: loop over np.ndindex(a.shape)"
        )
    x = wrap(node_of(a)) if isinstance(a, np.ndarray | Scalar) else a
    if not {f for each in op_flags for f in ([each] if isinstance(each, str) else each)} & WRITES:
        x = x.window_view(whole(x.sizes), writeable=False)
    if "zerosize_ok" not in flags:
        for d in x.sizes:
            some = OPS["not_equal"](size_node(d), lit(0), weak=True)
            required(some, "ValueError", "Iteration of zero-sized operands is not enabled")
    axes, reverse = memory_order(x, order)
    n = [size_node(x.sizes[axis]) for axis in axes]
    out: Elements

    def item(at: tuple[Any, ...]) -> Any:
        place: list[Any] = [None] * len(axes)
        for axis, k, size in zip(axes, at, n, strict=True):
            place[axis] = wrap(minus(size, lit(1))) - k if axis in reverse else k
        if "multi_index" in flags:
            out.multi_index = tuple(place)
        return x[(*place, Ellipsis)]

    out = Elements(tuple(n), item)
    return out


WRITES = {"readwrite", "writeonly"}


def enumerated_elements(a: Any) -> Nested:
    """np.ndenumerate"""
    x = wrap(node_of(a)) if isinstance(a, np.ndarray) else a
    return Nested(tuple(size_node(d) for d in x.sizes), lambda at: (at, x[at]))


def product_of(*parts: Any, repeat: int = 1) -> Nested | list[Any]:
    """itertools.product of counted iterables"""
    counters = [counter_of(p) for p in parts] * repeat
    if not any(isinstance(c, Counter) for c in counters):
        return list(itertools.product(*parts, repeat=repeat))
    if not all(isinstance(c, Counter) for c in counters):
        return list(itertools.product(*(list(listed(p)) for p in parts), repeat=repeat))
    lengths = tuple(c.length for c in counters if isinstance(c, Counter))
    return Nested(lengths, lambda at: tuple(c.at(k) for c, k in zip(counters, at, strict=True)))  # type: ignore[union-attr]


def length_of(x: Any) -> Any:
    """len(x) of anything counted"""
    found = counter_of(x)
    if isinstance(found, Counter):
        return wrap(found.length)
    raise TypeError(f"object of type {type(x).__name__!r} has no len()")


def as_size(x: Any) -> int | Node:
    return dim(int_node(x))
