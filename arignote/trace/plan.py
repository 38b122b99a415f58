"""A traced call: the graph, where its inputs come from, and how its outputs make the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from ..fxgraph.graph import Graph
from ..fxgraph.node import Node, turn_of
from ..fxgraph.types import DType
from .pytree import Tree
from .signature import Signature


# ---- where an input comes from -------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SizeOf:
    """The length of one axis of an array leaf."""

    leaf: int
    axis: int


@dataclass(frozen=True, slots=True)
class StrideOf:
    """The stride, in elements, of one axis of an array leaf."""

    leaf: int
    axis: int


@dataclass(frozen=True, slots=True)
class IntOf:
    """A Python int."""

    leaf: int


@dataclass(frozen=True, slots=True)
class DataOf:
    """An array leaf; `transposed` (layout "F"): the input is its transpose, which is in C order."""

    leaf: int
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class ValueOf:
    """A scalar leaf other than a Python int."""

    leaf: int


@dataclass(frozen=True, slots=True)
class HandleOf:
    """An opaque leaf."""

    leaf: int


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A large array from a closure or a global, frozen when the function was traced."""

    array: np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Held:
    """A random generator that is no argument: a global one, or one of a closure or an object."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)

    @property
    def type(self) -> type:
        return type(self.value)

    def made(self, leaves: Sequence[Any]) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar leaf of the call, as a part of a source."""

    leaf: int


@dataclass(frozen=True, slots=True)
class Made:
    """A random generator that every call makes anew: `maker(*args)`, the n-th of the function."""

    maker: Callable[..., Any]
    args: tuple[Any, ...]
    position: int

    @property
    def type(self) -> type:
        return self.maker if isinstance(self.maker, type) else np.random.Generator

    def made(self, leaves: Sequence[Any]) -> Any:
        return self.maker(*(leaves[a.leaf] if isinstance(a, Leaf) else a for a in self.args))


Hidden: TypeAlias = "Held | Made"
Source: TypeAlias = "SizeOf | StrideOf | IntOf | DataOf | ValueOf | HandleOf | Constant | Hidden"


# ---- what a leaf of the answer is ----------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ArrayResult:
    """Output k of the graph, as an array of its own (rank 0 included).

    axes: the answer is that array with its axes in this order; None: as they are.
    """

    output: int
    axes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class ScalarResult:
    """Output k, of rank 0: a NumPy scalar, or with `weak` a Python number."""

    output: int
    weak: bool


@dataclass(frozen=True, slots=True)
class Argument:
    """The very object that was passed as leaf j."""

    leaf: int


@dataclass(frozen=True, slots=True)
class ViewOf:
    """A view of an argument or result; offset, sizes and strides (in elements, from the first
    element of the base) are outputs of the graph.
    """

    base: Argument | ArrayResult
    dtype: DType
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    writeable: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Static:
    """A value known while tracing."""

    value: Any


Output: TypeAlias = "ArrayResult | ScalarResult | Argument | ViewOf | Static"


@dataclass(frozen=True, slots=True)
class Write:
    """Output k is the newest contents of array leaf j (the transpose where its layout is "F").

    effects: how many of the graph's effects come before it; an earlier one that raises leaves it
    undone.
    """

    leaf: int
    output: int
    effects: int


@dataclass(frozen=True, slots=True)
class Refill:
    """returned: the way to the container among (args, kwargs) that is the answer."""

    returned: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Trace:
    """graph.outputs are those of the answer, then what views need, then the contents of written
    arguments; `writes` are the final ones, `history` all of them in program order.
    refills: the tree is that of (answer, (args, kwargs)), and the containers among the arguments
    get what they hold there.
    """

    graph: Graph
    sources: tuple[Source, ...]
    outputs: tuple[Output, ...]
    tree: Tree
    writes: tuple[Write, ...]
    history: tuple[Write, ...]
    signature: Signature
    name: str
    slots: tuple[int, ...] = field(default=(), compare=False)
    refills: Refill | None = None

    def rewritten(self, graph: Graph) -> Trace:
        """The trace with another graph of the same meaning, whose effects its history counts."""
        old = self.graph.effects
        place = {e: k for k, e in enumerate(old)}

        def before(e: Node, count: int) -> bool:
            if e in place or count == len(old):
                return place.get(e, -1) < count
            return turn_of(e) < turn_of(old[count])

        history = tuple(
            replace(w, effects=sum(before(e, w.effects) for e in graph.effects))
            for w in self.history
        )
        return replace(self, graph=graph, history=history)

    @property
    def written(self) -> tuple[int, ...]:
        """The array leaves whose elements change."""
        return tuple(w.leaf for w in self.writes)
