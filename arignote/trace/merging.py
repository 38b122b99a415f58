"""One value out of two: what a name holds after a branch, and the types of what loops carry.

Numbers join as NumPy promotes, Python numbers staying Python numbers among themselves.  None and a
value become a `Maybe`; what cannot be one value (a list and a number, arrays of different shapes)
becomes a `Conflict`, which is an error only where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..errors import TraceError
from ..fxgraph.affine import dim, size_node
from ..fxgraph.constants import const, is_const, lit, value_of
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to, resized
from ..fxgraph.ops.scalar import greatest
from ..fxgraph.ops.structure import empty
from ..fxgraph.prove import sure_equal
from ..fxgraph.types import BOOL, C128, F64, I64, OPAQUE, DType, Shape, TensorType
from ..fxgraph.window import Window
from .aliasing import ONE_OF_TWO, family, may_be, slid, slides, tie_both
from .conflicts import Conflict, Unmergeable
from .containers import filled, flatten
from .convert.site import Site
from .journal import Contents, freeze, holding, is_container
from .optional import Maybe
from .proxy import Array, Cell, Proxy, fresh, node_of, same_place, wrap
from .storage import read
from .texts import as_text, is_text
from .undefined import Undefined, certain, flag_of, unsure, yes
from .varying import check_room, first_rows, host_of, only_first_differs, padded

Nodes: TypeAlias = "Iterator[Node]"
Held: TypeAlias = "Sequence[tuple[Any, Contents]]"
Stale: TypeAlias = "Mapping[Cell, str]"
NUMBERS = (bool, int, float, complex, np.generic)
_WEAK: dict[str, DType] = {"b": BOOL, "i": I64, "u": I64, "f": F64, "c": C128}
_PYTHON = {"i": int, "u": int, "f": float, "c": complex}


# ---- types ---------------------------------------------------------------------------------------
def join(a: TensorType, b: TensorType) -> TensorType:
    """The type that holds values of both, whose shapes agree (see `agreed`)."""
    if a.dtype == OPAQUE or b.dtype == OPAQUE:
        if a.dtype != b.dtype:
            raise Unmergeable("a random generator and a number")
        return a
    if a.weak and b.weak:
        kind = max(a.dtype.kind, b.dtype.kind, key="biufc".index)
        return TensorType(_WEAK[kind], a.shape, True)
    dtype = np.result_type(*(_promoted(t) for t in (a, b)))
    return TensorType(dtype, a.shape, False)


def _promoted(t: TensorType) -> Any:
    if t.weak and t.dtype.kind in _PYTHON:
        return _PYTHON[t.dtype.kind](0)
    return t.dtype


def agreed(a: Shape, b: Shape) -> Shape:
    """One shape for both; raises Unmergeable when they are not provably equal."""
    if len(a) != len(b):
        raise Unmergeable(f"{_rank_words(a)} and {_rank_words(b)}")
    out = []
    for x, y in zip(a, b, strict=True):
        m, n = size_node(x), size_node(y)
        if not sure_equal(m, n):
            raise Unmergeable(f"arrays of shapes {_shape_words(a)} and {_shape_words(b)}")
        out.append(dim(m if m.serial <= n.serial else n))
    return tuple(out)


def _rank_words(shape: Shape) -> str:
    return f"an array of rank {len(shape)}" if shape else "a number"


def _shape_words(shape: Shape) -> str:
    return str(TensorType(I64, shape))[5:]


def as_type(n: Node, t: TensorType) -> Node:
    """n as type t: cast, and its sizes named as t names them."""
    n = cast_to(n, t.dtype, t.weak) if t.dtype != OPAQUE else n
    if n.shape != t.shape and n.rank:
        n = resized(n, {k - n.rank: d for k, d in enumerate(t.shape)})
    return n


def blank(t: TensorType) -> Node:
    """Any value of this type."""
    if t.shape:
        return empty(t.dtype, t.shape)
    if t.dtype == OPAQUE:
        raise Unmergeable("a random generator that exists on some paths only")
    return const(0, t.dtype, t.weak)


# ---- values --------------------------------------------------------------------------------------
def is_number(x: Any) -> bool:
    """Does x have a node?"""
    return isinstance(x, (Proxy, np.ndarray, *NUMBERS))


class Merge:
    """Collects what a cond must give, then puts the merged values together.

    first, second: the versions that the cells from before the branch have after either side.
    stale: why these cells are out of date there.
    tokens: of the two sides.  then, other: nodes of equal types, in step.  varied: whether an array
    has another size on either side.  held: what containers from before it hold after either side.
    """

    def __init__(
        self,
        first: Mapping[Cell, Node],
        second: Mapping[Cell, Node],
        site: Site | None,
        tokens: frozenset[Node],
        born: frozenset[int] = frozenset(),
        held: tuple[Held, Held] = ((), ()),
        stale: tuple[Stale, Stale] = ({}, {}),
    ) -> None:
        self.born = born
        self.stale = stale
        self.held = held
        self.first, self.second = first, second
        self.site = site
        self.tokens = tokens
        self.varied = False
        self.then: list[Node] = []
        self.other: list[Node] = []
        self.sources: list[tuple[Array, tuple[Cell, ...]]] = []

    def add(self, name: str, a: Any, b: Any) -> Callable[[Nodes], Any]:
        """Ask for the merged value of a name; the answer builds it from the cond's results."""
        if a is b:
            return lambda nodes: a
        if isinstance(a, Undefined) and isinstance(b, Undefined):
            return lambda nodes: a
        for x in (a, b):
            if isinstance(x, Conflict):
                return lambda nodes: x
        asked = len(self.then)
        flag = self._flag(flag_of(a), flag_of(b))
        if isinstance(a, Undefined) or isinstance(b, Undefined):
            one_sided = self._one_sided(name, a, b)
            return lambda nodes: self._flagged(one_sided, flag, name, nodes)
        try:
            made = self._merged(name, certain(a), certain(b))
        except Unmergeable as error:
            del self.then[asked:], self.other[asked:]  # the conflict takes no results
            conflict = Conflict(
                f"{_words(name)} is one of {error}, depending on a condition that is known at run "
                f"time only: give it one type and shape on every path",
                self.site,
            )
            return lambda nodes: conflict
        if flag is None:
            return made
        return lambda nodes: self._flagged(made, flag, name, nodes)

    def _flag(self, a: Node, b: Node) -> Callable[[Nodes], Node] | None:
        """Where the merged name is assigned; None: everywhere."""
        if a is b:
            return None if a is yes() else lambda nodes: a
        return self.pair(a, b)

    def _flagged(self, made: Any, flag: Any, name: str, nodes: Nodes) -> Any:
        value_of_flag = flag(nodes) if flag is not None else yes()
        return unsure(made(nodes), value_of_flag, name)

    def pair(self, a: Node, b: Node) -> Callable[[Nodes], Node]:
        """Ask for a where the condition holds, else b (of one type)."""
        if a is b:
            return lambda nodes: a
        self.then.append(a)
        self.other.append(b)
        return next

    def _one_sided(self, name: str, a: Any, b: Any) -> Callable[[Nodes], Any]:
        given = b if isinstance(a, Undefined) else a
        _, like, leaves = self._parts(certain(given), given is b)
        parts = [self._with_blank(leaf, isinstance(a, Undefined)) for leaf in leaves]
        return lambda nodes: filled(like, [part(nodes) for part in parts])

    def _with_blank(self, leaf: Any, on_other: bool) -> Callable[[Nodes], Any]:
        if not is_number(leaf):
            return lambda nodes: leaf
        if isinstance(leaf, Array) and leaf.cell in self.first:
            moved = self._beside(leaf, on_other)
            if moved is not None:
                return moved
        n = _node(leaf, self.second if on_other else self.first, self.stale[on_other])
        pair = (blank(n.type), n) if on_other else (n, blank(n.type))
        made = self.pair(*pair)
        source = (leaf.cell,) if isinstance(leaf, Array) else ()
        return lambda nodes: self._from(wrap(made(nodes)), source)

    def _beside(self, view: Array, on_other: bool) -> Callable[[Nodes], Any] | None:
        """A view of what was there before, which one side has; None where it cannot be kept."""
        try:
            w = view.window
        except ValueError:
            return None if _reads(view, self.tokens) else lambda nodes: view
        if any(size_node(d).free & self.tokens for d in w.shape):
            return None
        if not any(s.free & self.tokens for s in w.starts):
            return lambda nodes: view
        starts = [self.pair(*((lit(0), s) if on_other else (s, lit(0)))) for s in w.starts]
        return lambda nodes: slid(view, tuple(start(nodes) for start in starts))

    def _from(self, x: Any, sources: tuple[Cell, ...]) -> Any:
        """Note which cells an array by value may be in NumPy."""
        if isinstance(x, Array) and sources:
            self.sources.append((x, sources))
        return x

    def tie_results(self) -> None:
        """Tie the arrays that were merged by value to those they may share memory with."""
        why = ONE_OF_TWO
        for k, (x, cells) in enumerate(self.sources):
            for cell in {c for source in cells for c in family(source)}:
                tie_both(x.cell, cell, why)
            for y, others in self.sources[:k]:
                if set(cells) & set(others):
                    tie_both(x.cell, y.cell, why)

    def _merged(self, name: str, a: Any, b: Any) -> Callable[[Nodes], Any]:
        if a is b or same_place(a, b):
            return lambda nodes: a
        if is_number(a) and is_number(b):
            return self._numbers(a, b)
        if (a is None) != (b is None) or (type(a) is Maybe) != (type(b) is Maybe):
            return self._optional(name, a, b)
        if is_text(a) and is_text(b) and not (type(a) is type(b) is str and a == b):
            a, b = as_text(a), as_text(b)
            self.varied = True
        deep = type(a) is type(b)
        one, like, left = self._parts(a, False, deep)
        two, _, right = self._parts(b, True, deep)
        if one is None or one != two:
            return self._static(name, a, b)
        parts = [self._merged(name, x, y) for x, y in zip(left, right, strict=True)]
        if is_container(a) and not {id(a), id(b)} <= self.born:
            return lambda nodes: freeze(filled(like, [part(nodes) for part in parts], deep))
        return lambda nodes: filled(like, [part(nodes) for part in parts], deep)

    def _parts(self, x: Any, on_other: bool, deep: bool = False) -> tuple[Any, Any, list[Any]]:
        """The structure, a value like it and the leaves: as they are at the end of its side."""
        with holding(self.held[on_other]):
            structure, leaves = flatten(x, deep)
            return structure, filled(x, leaves, deep), leaves

    def _optional(self, name: str, a: Any, b: Any) -> Callable[[Nodes], Any]:
        """None or a value."""
        if isinstance(a, Conflict) or isinstance(b, Conflict):
            raise Unmergeable(repr(a if isinstance(a, Conflict) else b))
        self.varied = True
        some = [x.some if type(x) is Maybe else x is not None for x in (a, b)]
        flag = self.pair(*(as_type(node_of(x), yes().type) for x in some))
        one, two = (x.value if type(x) is Maybe else x for x in (a, b))
        if one is None or two is None:
            made = self._beside_none(two if one is None else one, one is None)
        else:
            made = self._merged(name, one, two)
        return lambda nodes: Maybe(wrap(flag(nodes)), made(nodes))

    def _beside_none(self, value: Any, on_other: bool) -> Callable[[Nodes], Any]:
        """A value of one side, where the other has None."""
        _, like, leaves = self._parts(value, on_other, True)
        for leaf in leaves:
            if not (is_number(leaf) or leaf is None or isinstance(leaf, str)):
                raise Unmergeable(f"None and {_kind(value)}")
            if is_number(leaf) and any(
                size_node(d).free & self.tokens for d in node_of(leaf).type.shape
            ):
                raise Unmergeable("None and an array whose size is computed")
        parts = [self._with_blank(leaf, on_other) for leaf in leaves]
        lasting = is_container(value) and id(value) not in self.born

        def make(nodes: Nodes) -> Any:
            new = filled(like, [part(nodes) for part in parts], True)
            return freeze(new) if lasting else new

        return make

    def _static(self, name: str, a: Any, b: Any) -> Callable[[Nodes], Any]:
        if isinstance(a, Conflict) or isinstance(b, Conflict):
            raise Unmergeable(repr(a if isinstance(a, Conflict) else b))
        if type(a) is type(b) and not is_number(a) and _equal(a, b):
            return lambda nodes: a
        raise Unmergeable(f"{_kind(a)} and {_kind(b)}")

    def _numbers(self, a: Any, b: Any) -> Callable[[Nodes], Any]:
        if slides(a, b):
            return self._moved(a, b)
        m, n = _node(a, self.first, self.stale[0]), _node(b, self.second, self.stale[1])
        try:
            shape = agreed(m.shape, n.shape)
        except Unmergeable:
            if not only_first_differs(m.shape, n.shape):
                raise
            return self._varying(m, n)
        t = join(m.type, n.type)
        t = TensorType(t.dtype if _fits(m, t) and _fits(n, t) else I64, shape, t.weak)
        made = self.pair(as_type(m, t), as_type(n, t))
        zero_rank = isinstance(a, Array) and isinstance(b, Array) and not t.shape
        arrays = tuple(x for x in (a, b) if isinstance(x, Array))

        def make(nodes: Nodes) -> Any:
            x = _wrapped(made(nodes), zero_rank)
            if isinstance(x, Array) and len(arrays) == 2:
                may_be(x.cell, *arrays)
            return self._from(x, tuple(x.cell for x in arrays))

        return make

    def _varying(self, m: Node, n: Node) -> Callable[[Nodes], Any]:
        """Arrays of another first size: the first rows of a buffer that has room for either."""
        sizes = [size_node(x.shape[0]) for x in (m, n)]
        known = [s for s in sizes if not s.free & self.tokens]
        if not known:
            raise Unmergeable("arrays whose sizes are computed on either path")
        self.varied = True
        t = join(m.type, n.type)
        hosts = [h for h in map(host_of, (m, n)) if h is not None and self._at_hand(h, t.dtype)]
        host = hosts[0] if hosts and all(h is hosts[0] for h in hosts) else None
        if host is not None:  # the branches write its first rows
            room = size_node(host.shape[0])
        else:
            room = greatest(*known) if len(known) == 2 else known[0]
        shape = (dim(room), *m.shape[1:])
        first, second = (padded(cast_to(x, t.dtype), shape, host) for x in (m, n))
        buffer, rows = self.pair(first, second), self.pair(*sizes)

        def make(nodes: Nodes) -> Any:
            made, count = buffer(nodes), rows(nodes)
            check_room(count, room)
            return first_rows(made, count)

        return make

    def _at_hand(self, host: Node, dtype: DType) -> bool:
        """Is it a carry around both paths, of this dtype?"""
        return host.op.name == "param" and host.dtype == dtype and not host.free & self.tokens

    def _moved(self, a: Array, b: Array) -> Callable[[Nodes], Any]:
        """Views of one cell that start at different places: a view that starts at one of them."""
        pairs = zip(a.window.starts, b.window.starts, strict=True)
        starts = [self.pair(x, y) for x, y in pairs]
        return lambda nodes: slid(a, tuple(start(nodes) for start in starts))


def _node(x: Any, versions: Mapping[Cell, Node], stale: Stale) -> Node:
    """The node of a value where the cells have these versions, and these are out of date."""
    if isinstance(x, Array) and x.cell in versions:
        if x.cell in stale:
            raise TraceError(stale[x.cell])
        return read(versions[x.cell], x.path)
    return node_of(x)


def _reads(view: Array, tokens: frozenset[Node]) -> bool:
    """Do positions or sizes of a view depend on these?"""
    return any(
        size_node(d).free & tokens
        for step in view.path
        for d in (*(step.starts if isinstance(step, Window) else ()), *step.shape)
    )


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False


def _wrapped(n: Node, zero_rank: bool) -> Any:
    return fresh(n) if zero_rank else wrap(n)


def _words(name: str) -> str:
    return "the value returned" if name == "_ag_val" else f"{name!r}"


def _kind(x: Any) -> str:
    if x is None:
        return "None"
    if type(x) is Maybe:
        return f"None or {_kind(x.value)}"
    if is_number(x):
        n = node_of(x)
        return f"an array {n.type}" if n.rank else f"a number ({n.type})"
    if isinstance(x, tuple):
        return f"a tuple of {len(x)}"
    try:
        return f"a {type(x).__name__} {x!r}"[:80]
    except TraceError:
        return "a list of a length known at run time only"


def _fits(n: Node, t: TensorType) -> bool:
    """Can the type hold n, if n is a Python integer that is known?"""
    if not is_const(n) or not n.type.weak or n.dtype.kind != "i" or t.dtype.kind not in "iu":
        return True
    info = np.iinfo(t.dtype)
    return bool(info.min <= value_of(n) <= info.max)
